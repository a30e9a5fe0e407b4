#define _GNU_SOURCE
#include "worker.h"
#include <time.h>
#include "sha256.h"
#include "thread_settings.h"

/* The duty cycle of limit_percent. */
#define SLICE_NS 10000000

uint64_t rb_now_ns(void)
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

static void push(rb_worker *self, const rb_job *job, uint32_t nonce, uint32_t version, uint64_t rank)
{
  const int record = self->best_generation != job->generation || rank < self->best;
  if (record) self->best_generation = job->generation, self->best = rank;
  bump(&self->counters->hits, 1);
  if (rb_hit_ring_push(&self->ring, (rb_hit){job->generation, nonce, version}, record)) notify(self->search);
  else bump(&self->counters->dropped, 1);
}

/* Hashes one unit. Gives up on its candidates when the job is replaced meanwhile. */
static void run_unit(rb_worker *self, const rb_job *job, const rb_unit *unit)
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
static void rest(rb_worker *self, uint32_t seen, uint64_t busy_ns)
{
  const uint32_t percent = atomic_load_explicit(&self->search->limit_percent, memory_order_relaxed);
  if (percent >= 100) return;
  self->owed_ns += (int64_t)(busy_ns * (100 - percent) / percent);
  if (self->owed_ns < (int64_t)SLICE_NS / 100 * (100 - percent)) return;
  const uint64_t start = rb_now_ns();
  rb_wake_wait(&self->search->wake, seen, self->owed_ns);
  self->owed_ns -= (int64_t)(rb_now_ns() - start);
  /* Oversleeping is not paid back: that would end in a burst. */
  if (self->owed_ns < 0) self->owed_ns = 0;
}

/* Works on a pinned job until anything changes or the search space is used up. */
static void run_job(rb_worker *self, rb_job *job, uint32_t seen)
{
  rb_search *search = self->search;
  /* A new limit wakes the threads, so it cannot change unseen. */
  const int limited = atomic_load_explicit(&search->limit_percent, memory_order_relaxed) < 100;
  if (!limited) self->owed_ns = 0;
  if (self->started_generation != job->generation) {
    self->started_generation = job->generation;
    atomic_store(&self->counters->switch_ns, rb_now_ns() - job->published_ns);
  }
  atomic_store(&self->counters->generation, job->generation);
  /* In order after the store above: who wakes the threads and then sees none hashing may rely on it. */
  while (atomic_load(&search->wake.count) == seen) {
    const uint64_t start = limited ? rb_now_ns() : 0;
    rb_unit unit;
    if (!rb_job_claim(job, &unit)) {
      self->done_generation = job->generation;
      return;
    }
    run_unit(self, job, &unit);
    if (atomic_fetch_add(&job->finished, 1) + 1 == job->units) {
      tell_exhausted(search, job->generation);
    }
    if (limited) rest(self, seen, rb_now_ns() - start);
  }
}

void *rb_work(void *argument)
{
  rb_worker *self = argument;
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
  /* The count itself is what JavaScript reads: a copy written later could be an older one, and the last thread never be missed. */
  const uint64_t left = atomic_fetch_sub(&search->counters->threads_alive, 1) - 1;
  /* Unconditional: the event loop waits for this one. */
  if (left == 0) search->options.notify(search->options.context);
  return NULL;
}
