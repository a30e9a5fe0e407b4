#define _GNU_SOURCE
#include "search.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sha256.h"
#include "thread_settings.h"
#include "wake.h"

#define STACK_BYTES (256 * 1024)
/* The duty cycle of limit_percent. */
#define SLICE_NS 10000000

_Static_assert(sizeof(rb_search_counters) == 128, "a counter block is 128 bytes");
_Static_assert(sizeof(rb_thread_counters) == 128, "a counter block is 128 bytes");

/* Written by one thread, read by JavaScript's. */
typedef struct {
  _Alignas(128) _Atomic uint32_t head;
  _Alignas(128) _Atomic uint32_t tail;
  rb_hit hits[RB_RING_SIZE];
} hit_ring;

typedef struct {
  hit_ring ring;
  rb_search *search;
  unsigned index;
  pthread_t handle;
  rb_thread_counters *counters;
  /* Generation this thread last started on, and the one it found used up: nothing to do until the next. */
  uint64_t started_generation, done_generation;
  /* Top 64 bits of the best hash of the generation `best_generation`. */
  uint64_t best, best_generation;
  /* Sleep owed to the duty cycle. */
  int64_t owed_ns;
  rb_midstate midstates[RB_MAX_MIDSTATES];
  uint64_t midstate_generation, midstate_version;
  /* One unit, should every hash pass the mask; the lanes past the end of a window included. */
  rb_candidate candidates[RB_MAX_UNIT_HASHES];
} worker;

struct rb_search {
  rb_wake wake;
  /* generation << 16 | job slot; generation 0 = no job. */
  _Atomic uint64_t current;
  _Atomic uint32_t paused, stopping, limit_percent;
  _Atomic uint32_t notified;
  _Atomic uint32_t alive;
  uint64_t generation;
  rb_search_options options;
  int32_t *affinity;
  rb_search_counters *counters;
  worker *workers;
  unsigned started;
  int joined;
  /* One more than the threads can hold plus the current one: a free slot always exists, so setJob never waits. */
  unsigned slots;
  rb_job *jobs;
};

static uint64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void bump(_Atomic uint64_t *counter, uint64_t by)
{
  /* One writer: no read-modify-write needed. */
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static void notify(rb_search *search)
{
  if (!atomic_exchange(&search->notified, 1)) search->options.notify(search->options.context);
}

/* A thread may finish the last unit of an older job after a newer one was used up: the newest is what is told. */
static void tell_exhausted(rb_search *search, uint64_t generation)
{
  uint64_t told = atomic_load(&search->counters->exhausted_generation);
  while (told < generation && !atomic_compare_exchange_weak(&search->counters->exhausted_generation, &told, generation)) continue;
  notify(search);
}

/* Pins the current job. NULL when there is none. */
static rb_job *acquire(rb_search *search)
{
  for (;;) {
    const uint64_t current = atomic_load(&search->current);
    if (current >> 16 == 0) return NULL;
    rb_job *job = &search->jobs[current & 0xffff];
    atomic_fetch_add(&job->readers, 1);
    if (atomic_load(&search->current) == current) return job;
    atomic_fetch_sub(&job->readers, 1);
  }
}

static void push(worker *self, const rb_job *job, uint32_t nonce, uint32_t version, uint64_t rank)
{
  hit_ring *ring = &self->ring;
  const int record = self->best_generation != job->generation || rank < self->best;
  if (record) self->best_generation = job->generation, self->best = rank;
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  const uint32_t used = head - atomic_load_explicit(&ring->tail, memory_order_acquire);
  bump(&self->counters->hits, 1);
  if (used >= RB_RING_SIZE - (record ? 0 : RB_RING_RESERVED)) {
    bump(&self->counters->dropped, 1);
    return;
  }
  ring->hits[head % RB_RING_SIZE] = (rb_hit){job->generation, nonce, version};
  atomic_store_explicit(&ring->head, head + 1, memory_order_release);
  notify(self->search);
}

/* Hashes one unit. Gives up on its candidates when the job is replaced meanwhile. */
static void run_unit(worker *self, const rb_job *job, const rb_unit *unit)
{
  rb_search *search = self->search;
  const rb_kernel *kernel = job->kernel;
  if (self->midstate_generation != job->generation || self->midstate_version != unit->version) {
    for (unsigned i = 0; i < job->group; i++) {
      rb_midstate_of(&self->midstates[i], job->header, rb_job_version(job, unit->version + i));
    }
    self->midstate_generation = job->generation;
    self->midstate_version = unit->version;
  }
  const uint32_t batches = (unit->nonces + kernel->lanes - 1) / kernel->lanes;
  const size_t found = kernel->scan(&job->tail, self->midstates, job->group, unit->first, batches, job->top_mask, self->candidates);
  bump(&self->counters->hashes, (uint64_t)unit->nonces * job->group);
  for (size_t i = 0; i < found; i++) {
    const rb_candidate candidate = self->candidates[i];
    /* Lanes of the last batch may reach past the window. */
    if (candidate.offset >= unit->nonces) continue;
    if (atomic_load_explicit(&search->current, memory_order_relaxed) >> 16 != job->generation) return;
    uint32_t hash[8];
    rb_header_hash(hash, &self->midstates[candidate.midstate], &job->tail, unit->first + candidate.offset);
    if (rb_swap32(hash[7]) & job->top_mask) bump(&self->counters->wrong, 1);
    else if (rb_meets_target(hash, job->target)) {
      const uint64_t rank = (uint64_t)hash[7] << 32 | hash[6];
      push(self, job, unit->first + candidate.offset, rb_job_version(job, unit->version + candidate.midstate), rank);
    }
  }
}

/* Sleeps what the duty cycle owes, once a slice is full. A new job interrupts it; the rest stays owed. */
static void rest(worker *self, uint32_t seen, uint64_t busy_ns)
{
  const uint32_t percent = atomic_load_explicit(&self->search->limit_percent, memory_order_relaxed);
  if (percent >= 100) return;
  self->owed_ns += (int64_t)(busy_ns * (100 - percent) / percent);
  if (self->owed_ns < (int64_t)SLICE_NS / 100 * (100 - percent)) return;
  const uint64_t start = now_ns();
  rb_wake_wait(&self->search->wake, seen, self->owed_ns);
  self->owed_ns -= (int64_t)(now_ns() - start);
  /* Oversleeping is not paid back: that would end in a burst. */
  if (self->owed_ns < 0) self->owed_ns = 0;
}

/* Works on a pinned job until anything changes or the search space is used up. */
static void run_job(worker *self, rb_job *job, uint32_t seen)
{
  rb_search *search = self->search;
  /* A new limit wakes the threads, so it cannot change unseen. */
  const int limited = atomic_load_explicit(&search->limit_percent, memory_order_relaxed) < 100;
  if (!limited) self->owed_ns = 0;
  if (self->started_generation != job->generation) {
    self->started_generation = job->generation;
    atomic_store(&self->counters->switch_ns, now_ns() - job->published_ns);
  }
  atomic_store(&self->counters->generation, job->generation);
  while (atomic_load_explicit(&search->wake.count, memory_order_relaxed) == seen) {
    const uint64_t start = limited ? now_ns() : 0;
    rb_unit unit;
    if (!rb_job_claim(job, &unit)) {
      self->done_generation = job->generation;
      return;
    }
    run_unit(self, job, &unit);
    if (atomic_fetch_add(&job->finished, 1) + 1 == job->units) {
      tell_exhausted(search, job->generation);
    }
    if (limited) rest(self, seen, now_ns() - start);
  }
}

static void *work(void *argument)
{
  worker *self = argument;
  rb_search *search = self->search;
  const int cpu = search->options.affinity_count ? search->affinity[self->index % search->options.affinity_count] : -1;
  rb_thread_settings(self->index, search->options.nice, cpu, &self->counters->tid, &self->counters->settings);
  for (;;) {
    const uint32_t seen = atomic_load(&search->wake.count);
    if (atomic_load(&search->stopping)) break;
    rb_job *job = atomic_load(&search->paused) ? NULL : acquire(search);
    const int useful = job != NULL && job->generation != self->done_generation;
    if (useful) run_job(self, job, seen);
    if (job != NULL) atomic_fetch_sub(&job->readers, 1);
    if (!useful) {
      atomic_store(&self->counters->generation, 0);
      rb_wake_wait(&search->wake, seen, -1);
    }
  }
  atomic_store(&self->counters->generation, 0);
  const uint32_t left = atomic_fetch_sub(&search->alive, 1) - 1;
  atomic_store(&search->counters->threads_alive, left);
  /* Unconditional: the event loop waits for this one. */
  if (left == 0) search->options.notify(search->options.context);
  return NULL;
}

static void *aligned_zero(size_t bytes)
{
  void *memory = NULL;
  if (posix_memalign(&memory, 128, bytes) != 0) return NULL;
  memset(memory, 0, bytes);
  return memory;
}

rb_search *rb_search_open(const rb_search_options *options, const char **error)
{
  *error = "out of memory";
  rb_search *search = aligned_zero(sizeof *search);
  if (search == NULL) return NULL;
  search->options = *options;
  search->slots = options->threads + 2;
  search->jobs = aligned_zero(search->slots * sizeof *search->jobs);
  search->workers = aligned_zero(options->threads * sizeof *search->workers);
  search->counters = aligned_zero(128 * (1 + (size_t)options->threads));
  search->affinity = malloc(sizeof(int32_t) * (options->affinity_count + 1));
  rb_wake_init(&search->wake);
  if (!search->jobs || !search->workers || !search->counters || !search->affinity) {
    search->joined = 1;
    rb_search_free(search);
    return NULL;
  }
  for (unsigned i = 0; i < options->affinity_count; i++) search->affinity[i] = options->affinity[i];
  atomic_store(&search->limit_percent, options->limit_percent);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  /* Threads inherit the mask: signals are for the main thread. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  for (unsigned i = 0; i < options->threads && !failed; i++) {
    worker *self = &search->workers[i];
    self->search = search;
    self->index = i;
    self->counters = (rb_thread_counters *)search->counters + 1 + i;
    atomic_fetch_add(&search->alive, 1);
    failed = pthread_create(&self->handle, &attributes, work, self) != 0;
    if (failed) atomic_fetch_sub(&search->alive, 1);
    else search->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failed) {
    *error = "the system refused another thread";
    rb_search_join(search);
    rb_search_free(search);
    return NULL;
  }
  atomic_store(&search->counters->threads_alive, search->started);
  return search;
}

void *rb_search_counter_blocks(rb_search *search, size_t *bytes)
{
  *bytes = 128 * (1 + (size_t)search->options.threads);
  return search->counters;
}

uint64_t rb_search_set_job(rb_search *search, const rb_job_spec *spec)
{
  const uint64_t in_use = atomic_load(&search->current) & 0xffff;
  const int any = atomic_load(&search->current) >> 16 != 0;
  unsigned slot = 0;
  while ((any && slot == in_use) || atomic_load(&search->jobs[slot].readers) != 0) slot = (slot + 1) % search->slots;
  const uint64_t generation = ++search->generation;
  rb_job_set(&search->jobs[slot], spec, search->options.plain, search->options.rolled, generation, now_ns());
  atomic_store(&search->current, generation << 16 | slot);
  rb_wake_all(&search->wake);
  return generation;
}

void rb_search_clear_job(rb_search *search)
{
  atomic_store(&search->current, 0);
  rb_wake_all(&search->wake);
}

void rb_search_pause(rb_search *search, int paused)
{
  atomic_store(&search->paused, paused ? 1 : 0);
  rb_wake_all(&search->wake);
}

void rb_search_limit(rb_search *search, unsigned percent)
{
  atomic_store(&search->limit_percent, percent);
  rb_wake_all(&search->wake);
}

size_t rb_search_drain(rb_search *search, rb_hit *out, size_t capacity)
{
  const uint64_t generation = atomic_load(&search->current) >> 16;
  size_t count = 0;
  int left = 0;
  /* Before reading: what a thread adds afterwards notifies again. */
  atomic_store(&search->notified, 0);
  for (unsigned i = 0; i < search->started; i++) {
    hit_ring *ring = &search->workers[i].ring;
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    const uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    for (; tail != head && count < capacity; tail++) {
      const rb_hit hit = ring->hits[tail % RB_RING_SIZE];
      if (hit.generation == generation) out[count++] = hit;
    }
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
    if (tail != head) left = 1;
  }
  /* The caller has more to read and will come back by itself. */
  if (left) atomic_store(&search->notified, 1);
  return count;
}

void rb_search_stop(rb_search *search)
{
  atomic_store(&search->stopping, 1);
  rb_wake_all(&search->wake);
}

void rb_search_join(rb_search *search)
{
  if (search->joined) return;
  rb_search_stop(search);
  for (unsigned i = 0; i < search->started; i++) pthread_join(search->workers[i].handle, NULL);
  search->joined = 1;
}

void rb_search_free(rb_search *search)
{
  rb_wake_destroy(&search->wake);
  free(search->jobs);
  free(search->workers);
  free(search->counters);
  free(search->affinity);
  free(search);
}
