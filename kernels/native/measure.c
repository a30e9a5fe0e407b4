#define _GNU_SOURCE
#include "measure.h"
#include <stdlib.h>
#include <time.h>
#include "sha256.h"
#ifdef __linux__
#include <sched.h>
#endif

static uint64_t clock_ns(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void check(const rb_candidate *candidates, size_t count, const rb_midstate *midstates, const rb_tail *tail, uint32_t first,
                  uint32_t mask, rb_measurement *result)
{
  for (size_t i = 0; i < count; i++) {
    uint32_t hash[8];
    rb_header_hash(hash, &midstates[candidates[i].midstate], tail, first + candidates[i].offset);
    /* Its words are little-endian; the mask is for the last word as SHA-256 has it. */
    if ((rb_swap32(hash[7]) & mask) != 0) result->wrong++;
  }
  result->candidates += count;
}

int rb_measure(const rb_kernel *kernel, const uint8_t header[80], const uint32_t *versions, unsigned count, uint32_t mask,
               uint64_t wall_ns, rb_measurement *result)
{
  const uint32_t unit = count > 1 ? kernel->rolled_nonces : kernel->unit_nonces;
  rb_midstate midstates[RB_MAX_MIDSTATES];
  rb_tail tail;
  rb_candidate *candidates = malloc(sizeof *candidates * unit * count);
  if (candidates == NULL) return 0;
  *result = (rb_measurement){0};

  const uint64_t start = clock_ns(CLOCK_MONOTONIC);
  const uint64_t start_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  for (unsigned i = 0; i < count; i++) rb_midstate_of(&midstates[i], header, versions[i]);
  rb_tail_of(&tail, header);
  uint64_t first = 0, now = start;
  do {
    const uint64_t left = (UINT64_C(1) << 32) - first;
    const uint32_t nonces = left < unit ? (uint32_t)left : unit;
    const size_t found = kernel->scan(&tail, midstates, count, (uint32_t)first, nonces / kernel->lanes, mask, candidates);
    if (found > 0) check(candidates, found, midstates, &tail, (uint32_t)first, mask, result);
    result->hashes += (uint64_t)nonces * count;
    first += nonces;
    if (first >> 32 != 0) {
      first = 0;
      tail.word[1] = rb_swap32(rb_swap32(tail.word[1]) + 1);
    }
    /* Every unit, as a look takes 0.03 % of one. */
    now = clock_ns(CLOCK_MONOTONIC);
  } while (now - start < wall_ns);
  result->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_cpu;
  result->wall_ns = now - start;
  free(candidates);
  return 1;
}

#if defined(__x86_64__)

#define SAMPLES 9
#define TURNS 2048
#define FOUR(text) text text text text

double rb_clock_hertz(void)
{
  uint64_t times[SAMPLES];
  uint32_t x = 3;
  for (unsigned s = 0; s < SAMPLES; s++) {
    const uint64_t start = clock_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < TURNS; i++) __asm__ volatile(FOUR(FOUR("imull %0, %0\n\t")) : "+r"(x));
    times[s] = clock_ns(CLOCK_MONOTONIC) - start;
    /* Sorted as they come: the median leaves out those that were interrupted. */
    for (unsigned i = s; i > 0 && times[i] < times[i - 1]; i--) {
      const uint64_t swap = times[i];
      times[i] = times[i - 1];
      times[i - 1] = swap;
    }
  }
  return 3.0 * 16 * TURNS * 1e9 / (double)times[SAMPLES / 2];
}

#else

double rb_clock_hertz(void)
{
  return 0;
}

#endif

#ifdef __linux__

/* One thread measures at a time: the event loop's. */
static cpu_set_t before;
static int pinned;

int rb_pin_thread(int cpu)
{
  cpu_set_t allowed, wanted;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  if (!pinned) before = allowed;
  if (cpu < 0) {
    for (int i = 0; i < CPU_SETSIZE; i++) {
      if (CPU_ISSET((unsigned)i, &before)) cpu = i;
    }
  }
  if (cpu < 0 || cpu >= CPU_SETSIZE) return -1;
  CPU_ZERO(&wanted);
  CPU_SET((unsigned)cpu, &wanted);
  if (sched_setaffinity(0, sizeof wanted, &wanted) != 0) return -1;
  pinned = 1;
  return cpu;
}

void rb_unpin_thread(void)
{
  if (pinned) sched_setaffinity(0, sizeof before, &before);
  pinned = 0;
}

#else

int rb_pin_thread(int cpu)
{
  (void)cpu;
  return -1;
}

void rb_unpin_thread(void)
{
}

#endif
