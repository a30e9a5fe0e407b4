/* A hashing thread, and what all of them and the event loop share. Only search.c and worker.c look inside. */
#ifndef RB_WORKER_H
#define RB_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include "hit_ring.h"
#include "job.h"
#include "search.h"
#include "wake.h"

typedef struct {
  rb_hit_ring ring;
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
} rb_worker;

struct rb_search {
  rb_wake wake;
  /* generation << 16 | job slot; generation 0 = no job. */
  _Atomic uint64_t current;
  _Atomic uint32_t paused, stopping, limit_percent;
  uint64_t generation;
  rb_search_options options;
  int32_t *affinity;
  rb_search_counters *counters;
  rb_worker *workers;
  unsigned started;
  int joined;
  /* One more than the threads can hold plus the current one: a free slot always exists, so setJob never waits. */
  unsigned slots;
  rb_job *jobs;
  /* Written at every hit: not in the line that every unit reads. */
  _Alignas(128) _Atomic uint32_t notified;
};

/* Nanoseconds since an arbitrary point, never set back. */
uint64_t rb_now_ns(void);

/* Body of a thread: hashes until told to stop. `argument` is its rb_worker. */
void *rb_work(void *argument);

#endif
