#define _GNU_SOURCE
#include "search.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "worker.h"

#define STACK_BYTES (256 * 1024)

_Static_assert(sizeof(rb_search_counters) == 128, "a counter block is 128 bytes");
_Static_assert(sizeof(rb_thread_counters) == 128, "a counter block is 128 bytes");

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
    rb_worker *self = &search->workers[i];
    self->search = search;
    self->index = i;
    self->counters = (rb_thread_counters *)search->counters + 1 + i;
    atomic_fetch_add(&search->counters->threads_alive, 1);
    failed = pthread_create(&self->handle, &attributes, rb_work, self) != 0;
    if (failed) atomic_fetch_sub(&search->counters->threads_alive, 1);
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
  rb_job_set(&search->jobs[slot], spec, search->options.plain, search->options.rolled, generation, rb_now_ns());
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
  /*
   * Before reading: what a thread adds afterwards notifies again. Exchanged and not stored: what a thread added before it found
   * the notification made already is then seen below.
   */
  atomic_exchange(&search->notified, 0);
  for (unsigned i = 0; i < search->started; i++) {
    count += rb_hit_ring_drain(&search->workers[i].ring, generation, out + count, capacity - count, &left);
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
