/* The threads that search: they share one job, report hits through bounded rings, and never wait for JavaScript. */
#ifndef RB_SEARCH_H
#define RB_SEARCH_H

#include <stdatomic.h>
#include <stdint.h>
#include "hit_ring.h"
#include "job.h"
#include "kernel.h"

#define RB_MAX_THREADS 1024
/*
 * Read by JavaScript as shared memory, 16 words of 64 bits each; kernels/counters.ts knows the layout. A word of a
 * thread has that thread as its only writer. Block 0 belongs to the search, block 1 + i to thread i.
 */
typedef struct {
  /* Last generation whose search space was used up. */
  _Alignas(128) _Atomic uint64_t exhausted_generation;
  _Atomic uint64_t threads_alive;
} rb_search_counters;

typedef struct {
  _Alignas(128) _Atomic uint64_t hashes;
  /* Generation being hashed; 0 = not hashing. */
  _Atomic uint64_t generation;
  /* From setJob to the first hash of that generation. */
  _Atomic uint64_t switch_ns;
  _Atomic uint64_t hits;
  /* Hits lost because the ring was full. */
  _Atomic uint64_t dropped;
  /* Candidates of the kernel whose full hash did not have the zero bits it claimed. */
  _Atomic uint64_t wrong;
  _Atomic uint64_t tid;
  /* Bit 0: nice value set. Bit 1: affinity set. */
  _Atomic uint64_t settings;
} rb_thread_counters;

typedef struct rb_search rb_search;

typedef struct {
  /* Runs jobs with one version, and jobs with more. */
  const rb_kernel *plain, *rolled;
  unsigned threads;
  int nice;
  unsigned limit_percent;
  /* CPU numbers the threads are bound to in turn; none = the scheduler decides. */
  unsigned affinity_count;
  const int32_t *affinity;
  /* Called from any thread when there may be something to read: at most once until rb_search_drain. Must not block. */
  void (*notify)(void *context);
  void *context;
} rb_search_options;

/* Starts the threads, idle. NULL with *error set when memory or threads run out. */
rb_search *rb_search_open(const rb_search_options *options, const char **error);

/* The shared counter blocks (1 + threads of 128 bytes), valid until rb_search_free. */
void *rb_search_counter_blocks(rb_search *search, size_t *bytes);

/* Replaces the job; returns its generation (from 1, increasing). Never blocks. */
uint64_t rb_search_set_job(rb_search *search, const rb_job_spec *spec);

/* Drops the job: threads sleep until the next. Never blocks. */
void rb_search_clear_job(rb_search *search);

void rb_search_pause(rb_search *search, int paused);
void rb_search_limit(rb_search *search, unsigned percent);

/* Reads up to `capacity` hits of the current generation; older ones are thrown away. Allows the next notification if none are left. */
size_t rb_search_drain(rb_search *search, rb_hit *out, size_t capacity);

/* Tells the threads to end and returns at once; notify is called when the last one is about to. */
void rb_search_stop(rb_search *search);

/* rb_search_stop, then waits for the threads: at most a unit of work each. Twice is the same as once. */
void rb_search_join(rb_search *search);

/* After rb_search_join. */
void rb_search_free(rb_search *search);

#endif
