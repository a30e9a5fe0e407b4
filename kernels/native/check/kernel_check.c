#define _POSIX_C_SOURCE 200809L
/*
 * Checks every kernel of this build that this processor can run, without Node: for processors that are emulated, and for compilers
 * that check memory. The reference is the plain SHA-256 of sha256.c, which has to find the first block before anything else.
 *
 *   kernel_check [RUNS [SEED]]    random searches of each kernel (default 200), seed of the numbers (default 1)
 *
 * Prints a line per kernel: `NAME ok HASHES hashes`, `NAME skipped: REASON`, or what is wrong. Exit code 1 when something is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kernel.h"
#include "random.h"
#include "sha256.h"

#define GENESIS_NONCE 2083236893u
#define MOST_BATCHES 6

static const char GENESIS[] =
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa"
  "4b1e5e4a29ab5f49ffff001d1dac2b7c";

static int passes(const rb_midstate *midstate, const rb_tail *tail, uint32_t nonce, uint32_t mask)
{
  uint32_t hash[8];
  rb_header_hash(hash, midstate, tail, nonce);
  return (rb_swap32(hash[7]) & mask) == 0;
}

/*
 * Searches with the kernel and without, and compares. `out` and the marks are allocated at the size the contract names, so that
 * a write beyond it is seen. Returns 1 when they agree.
 */
static int agrees(const rb_kernel *kernel, const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches,
                  uint32_t mask)
{
  const size_t nonces = (size_t)batches * kernel->lanes, hashes = nonces * count;
  rb_candidate *out = malloc(hashes * sizeof *out);
  rb_midstate *given = malloc(count * sizeof *given);
  unsigned char *marks = calloc(hashes, 1);
  if (out == NULL || given == NULL || marks == NULL) abort();
  memcpy(given, midstates, count * sizeof *given);
  size_t wrong = 0;
  const size_t found = kernel->scan(tail, given, count, first, batches, mask, out);
  if (found > hashes) wrong = found;
  for (size_t i = 0; wrong == 0 && i < found; i++) {
    if (out[i].offset >= nonces || out[i].midstate >= count || marks[out[i].midstate * nonces + out[i].offset]++) wrong = i + 1;
  }
  for (unsigned m = 0; wrong == 0 && m < count; m++) {
    for (uint32_t n = 0; n < nonces; n++) wrong += passes(&midstates[m], tail, first + n, mask) != marks[m * nonces + n];
  }
  if (wrong != 0) printf("%s WRONG: %u midstates, nonces %08x + %zu, mask %08x: %zu candidates\n", kernel->name, count, (unsigned)first, nonces, (unsigned)mask, found);
  free(out);
  free(given);
  free(marks);
  return wrong == 0;
}

static void random_midstates(rb_midstate *midstates, unsigned count)
{
  for (unsigned m = 0; m < count; m++) {
    for (unsigned i = 0; i < 8; i++) midstates[m].word[i] = random_word();
  }
}

/* The first block, with its nonce in every lane and its midstate in every place, among others that do not pass. */
static int finds_genesis(const rb_kernel *kernel, const rb_tail *tail, const rb_midstate *genesis, uint64_t *hashes)
{
  rb_midstate midstates[RB_MAX_MIDSTATES];
  for (unsigned count = 1; count <= kernel->midstates; count++) {
    if (count > 4 && count < kernel->midstates && count % 7 != 0) continue;
    for (unsigned place = 0; place < count; place++) {
      random_midstates(midstates, count);
      midstates[place] = *genesis;
      const uint32_t first = GENESIS_NONCE - (place + count) % kernel->lanes;
      if (!agrees(kernel, tail, midstates, count, first, 1, 0xffffffffu)) return 0;
      *hashes += (uint64_t)kernel->lanes * count;
    }
  }
  for (uint32_t lane = 0; lane < 2 * kernel->lanes; lane++) {
    if (!agrees(kernel, tail, genesis, 1, GENESIS_NONCE - lane, 2, 0xffffffffu)) return 0;
    *hashes += 2 * kernel->lanes;
  }
  return 1;
}

static int random_searches(const rb_kernel *kernel, unsigned runs, uint64_t *hashes)
{
  /* No bit, few bits and all bits; the nonce wraps in some. */
  static const uint32_t MASKS[] = {0, 1, 0x80000000u, 0xffu, 0xffff0000u, 0xffffffffu};
  rb_midstate midstates[RB_MAX_MIDSTATES];
  for (unsigned run = 0; run < runs; run++) {
    const unsigned count = run % 2 ? 1 + random_word() % kernel->midstates : 1;
    const uint32_t batches = 1 + random_word() % MOST_BATCHES;
    const uint32_t first = run % 5 ? random_word() : 0u - random_word() % (2 * kernel->lanes);
    const uint32_t mask = run % 3 ? 1u << random_word() % 32 | 1u << random_word() % 32 : MASKS[random_word() % (sizeof MASKS / sizeof MASKS[0])];
    const rb_tail tail = {{random_word(), random_word(), random_word()}};
    random_midstates(midstates, count);
    if (!agrees(kernel, &tail, midstates, count, first, batches, mask)) return 0;
    *hashes += (uint64_t)batches * kernel->lanes * count;
  }
  return 1;
}

#if defined(__x86_64__)
/* Processor seconds of a scan, the best of some; `dirty` leaves something in the upper half of a register before each. */
static double scan_seconds(const rb_kernel *kernel, int dirty)
{
  const rb_tail tail = {{1, 2, 3}};
  rb_midstate midstate;
  rb_candidate *out = malloc(kernel->unit_nonces * sizeof *out);
  if (out == NULL) abort();
  random_midstates(&midstate, 1);
  double best = 1;
  for (int i = 0; i < 25; i++) {
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    if (dirty && __builtin_cpu_supports("avx512f")) __asm__ volatile("vpternlogd $255, %%zmm3, %%zmm3, %%zmm3" ::: "xmm3");
    else if (dirty) __asm__ volatile("vcmptrueps %%ymm3, %%ymm3, %%ymm3" ::: "xmm3");
    kernel->scan(&tail, &midstate, 1, 0, kernel->unit_nonces / kernel->lanes, 0xffffffffu, out);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    const double seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    if (seconds < best) best = seconds;
  }
  free(out);
  return best;
}

/* Whether the kernel is as fast after other code has used wide registers: without care some run at a third of their speed. */
static int minds_wide_registers(const rb_kernel *kernel)
{
  if (!__builtin_cpu_supports("avx")) return 0;
  const double clean = scan_seconds(kernel, 0), dirty = scan_seconds(kernel, 1);
  if (dirty < 1.6 * clean) return 0;
  printf("%s WRONG: %.0f us a unit, %.0f us after wide registers were used\n", kernel->name, 1e6 * clean, 1e6 * dirty);
  return 1;
}
#else
static int minds_wide_registers(const rb_kernel *kernel)
{
  (void)kernel;
  return 0;
}
#endif

int main(int argc, char **argv)
{
  const unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint8_t header[80];
  for (unsigned i = 0; i < sizeof header; i++) {
    const char digits[3] = {GENESIS[2 * i], GENESIS[2 * i + 1], 0};
    header[i] = (uint8_t)strtoul(digits, NULL, 16);
  }
  rb_midstate genesis;
  rb_tail tail;
  rb_midstate_of(&genesis, header, rb_load_le32(header));
  rb_tail_of(&tail, header);
  if (rb_load_le32(header + 76) != GENESIS_NONCE || !passes(&genesis, &tail, GENESIS_NONCE, 0xffffffffu) || passes(&genesis, &tail, GENESIS_NONCE - 1, 0xffffffffu)) {
    printf("reference WRONG: the first block does not pass\n");
    return 1;
  }
  const uint32_t features = rb_cpu_features();
  size_t count;
  const rb_kernel *const *kernels = rb_kernels(&count);
  int failed = 0;
  for (size_t i = 0; i < count; i++) {
    const rb_kernel *kernel = kernels[i];
    uint64_t hashes = 0;
    if (kernel->features & ~features) {
      printf("%s skipped: this processor has no %s\n", kernel->name, kernel->isa);
      continue;
    }
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    if (finds_genesis(kernel, &tail, &genesis, &hashes) && random_searches(kernel, runs, &hashes) && !minds_wide_registers(kernel)) {
      printf("%s ok %llu hashes\n", kernel->name, (unsigned long long)hashes);
    } else {
      failed = 1;
    }
    fflush(stdout);
  }
  return failed;
}
