#define _POSIX_C_SOURCE 200809L
/*
 * Runs the searching threads without Node, for compilers that check for data races: jobs that replace each other, pauses, limits
 * and ends at any moment; after each storm a job that is let run until it is used up, whose hits must be exactly those that plain
 * SHA-256 finds.
 *
 *   search_check [RUNS [SEED]]    searches (default 50), seed of the numbers (default 1)
 *
 * Prints `threads ok RUNS searches, HITS hits`, or what is wrong. Exit code 1 when something is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "random.h"
#include "search.h"
#include "sha256.h"

#define MOST_THREADS 6
/* One hash in 256 is a hit: so few that all find room in the ring of one thread. */
#define MOST_NONCES 300
#define MOST_VERSION_BITS 6
#define MOST_HITS 224
#define PATIENCE_S 60

static _Atomic unsigned notified;

static void on_notify(void *context)
{
  (void)context;
  atomic_fetch_add(&notified, 1);
}

/* One that this processor can run. */
static const rb_kernel *any_kernel(void)
{
  size_t count;
  const rb_kernel *const *kernels = rb_kernels(&count);
  for (;;) {
    const rb_kernel *kernel = kernels[random_word() % count];
    if ((kernel->features & ~rb_cpu_features()) == 0) return kernel;
  }
}

/* A job whose window may end at the last nonce, with any version bits free. */
static rb_job_spec random_job(void)
{
  rb_job_spec job = {.target = {[31] = 0}};
  memset(job.target, 0xff, 31);
  for (unsigned i = 0; i < sizeof job.header; i++) job.header[i] = (uint8_t)random_word();
  for (unsigned bits = random_word() % (MOST_VERSION_BITS + 1); bits > 0; bits--) job.version_mask |= 1u << random_word() % 32;
  const uint32_t nonces = 1 + random_word() % MOST_NONCES;
  job.nonce_from = random_word() % 3 ? random_word() % (0u - nonces) : 0u - nonces;
  job.nonce_to = job.nonce_from + (nonces - 1);
  return job;
}

/* Every hit of the job by plain SHA-256. Returns how many; *hashes is set to the hashes of the job. */
static size_t expected_hits(const rb_job_spec *job, rb_hit *out, uint64_t *hashes)
{
  rb_tail tail;
  uint32_t target[8];
  rb_tail_of(&tail, job->header);
  for (unsigned i = 0; i < 8; i++) target[i] = rb_load_le32(job->target + 4 * i);
  const uint32_t own = rb_load_le32(job->header), free_bits = job->version_mask & ~own;
  size_t count = 0;
  *hashes = 0;
  /* Every subset of the free bits, the empty one last. */
  for (uint32_t subset = free_bits;; subset = (subset - 1) & free_bits) {
    rb_midstate midstate;
    rb_midstate_of(&midstate, job->header, own | subset);
    for (uint64_t nonce = job->nonce_from; nonce <= job->nonce_to; nonce++) {
      uint32_t hash[8];
      rb_header_hash(hash, &midstate, &tail, (uint32_t)nonce);
      if (rb_meets_target(hash, target) && count < MOST_HITS) out[count++] = (rb_hit){0, (uint32_t)nonce, own | subset};
      ++*hashes;
    }
    if (subset == 0) return count;
  }
}

static uint64_t sum_of_hashes(rb_search *search, unsigned threads)
{
  size_t bytes;
  const rb_search_counters *blocks = rb_search_counter_blocks(search, &bytes);
  const rb_thread_counters *thread = (const rb_thread_counters *)blocks + 1;
  uint64_t sum = 0;
  for (unsigned i = 0; i < threads; i++) sum += atomic_load(&thread[i].hashes);
  return sum;
}

static void nap(long ns)
{
  nanosleep(&(struct timespec){0, ns}, NULL);
}

/* Everything an event loop does to a search, in any order. */
static void storm(rb_search *search)
{
  rb_hit hits[16];
  for (unsigned i = random_word() % 150; i > 0; i--) {
    const rb_job_spec job = random_job();
    switch (random_word() % 8) {
      case 0: rb_search_pause(search, 1); break;
      case 1: rb_search_pause(search, 0); break;
      case 2: rb_search_limit(search, 1 + random_word() % 100); break;
      case 3: rb_search_clear_job(search); break;
      case 4: rb_search_drain(search, hits, random_word() % 16); break;
      default: rb_search_set_job(search, &job);
    }
    if (random_word() % 6 == 0) nap(random_word() % 200000);
  }
}

/* Lets one job run until it is used up. Returns what is wrong with what it found, or NULL. */
static const char *runs_to_the_end(rb_search *search, unsigned threads, size_t *found)
{
  rb_hit expected[MOST_HITS], hits[MOST_HITS];
  size_t bytes, seen = 0;
  uint64_t hashes;
  const rb_job_spec job = random_job();
  const size_t count = expected_hits(&job, expected, &hashes);
  const rb_search_counters *counters = rb_search_counter_blocks(search, &bytes);
  rb_search_limit(search, 100);
  /* Nothing of an older job may be under way when the hashes are counted. */
  rb_search_clear_job(search);
  rb_search_pause(search, 0);
  const rb_thread_counters *thread = (const rb_thread_counters *)counters + 1;
  for (unsigned i = 0; i < threads; i++) {
    while (atomic_load(&thread[i].generation) != 0) nap(20000);
  }
  while (rb_search_drain(search, hits, MOST_HITS) > 0) continue;
  const uint64_t before = sum_of_hashes(search, threads);
  const uint64_t generation = rb_search_set_job(search, &job);
  const time_t start = time(NULL);
  for (int ended = 0; !ended;) {
    /* The hits of a job are there before it is told that it is used up. */
    ended = atomic_load(&counters->exhausted_generation) == generation;
    seen += rb_search_drain(search, hits + seen, MOST_HITS - seen);
    if (time(NULL) - start > PATIENCE_S) return "a job was not used up within a minute";
    if (!ended) nap(20000);
  }
  if (sum_of_hashes(search, threads) - before != hashes) return "hashes were not counted as they are";
  if (seen != count) return "hits are missing, or too many";
  for (size_t i = 0; i < seen; i++) {
    size_t same = 0;
    for (size_t k = 0; k < count; k++) same += hits[i].nonce == expected[k].nonce && hits[i].version == expected[k].version;
    for (size_t k = 0; k < i; k++) same += hits[i].nonce == hits[k].nonce && hits[i].version == hits[k].version;
    if (same != 1) return "a hit is none, or was found twice";
  }
  *found += seen;
  return NULL;
}

int main(int argc, char **argv)
{
  const unsigned runs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 50;
  random_state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15u + 1;
  size_t found = 0;
  for (unsigned run = 0; run < runs; run++) {
    const unsigned threads = 1 + random_word() % MOST_THREADS;
    const rb_search_options options = {.plain = any_kernel(), .rolled = any_kernel(), .threads = threads, .limit_percent = 1 + random_word() % 100, .notify = on_notify};
    const char *error = NULL;
    rb_search *search = rb_search_open(&options, &error);
    if (search == NULL) {
      printf("threads WRONG: %s\n", error);
      return 1;
    }
    storm(search);
    const char *wrong = runs_to_the_end(search, threads, &found);
    /* Ended at once, or in the middle of something. */
    if (random_word() % 2) storm(search);
    const unsigned before = atomic_load(&notified);
    rb_search_stop(search);
    rb_search_join(search);
    size_t bytes;
    const rb_search_counters *counters = rb_search_counter_blocks(search, &bytes);
    if (wrong == NULL && atomic_load(&counters->threads_alive) != 0) wrong = "a thread that has ended counts as alive";
    if (wrong == NULL && atomic_load(&notified) == before) wrong = "the end of the last thread was not told";
    rb_search_free(search);
    if (wrong != NULL) {
      printf("threads WRONG: %s (run %u, %u threads)\n", wrong, run, threads);
      return 1;
    }
  }
  printf("threads ok %u searches, %zu hits\n", runs, found);
  return 0;
}
