/*
 * SHA-NI and AVX-512 in one thread: the loop around the generated assembly (kernels/generator/hybrid). Compiled without AVX:
 * this file and the assembly leave ymm0-15 and zmm0-15 alone, because SHA instructions have no VEX form and Intel processors
 * take hundreds of cycles for every switch.
 */
#ifdef RB_HYBRID
#include <string.h>
#include "kernel.h"
#include "sha256.h"
#include "upper_halves.h"

/* One word at a time: what is made once per job and version. */
typedef uint32_t V, U;
#define SPLAT(word) ((V)(word))
#define UNIFORM(u, slot, stride) (u)[slot]
#define CONSTANTS(name, ...) static const uint32_t name[] = {__VA_ARGS__}; (void)name;
#define CONSTANT(k, i, word) (word)
#include "vector.h"
#include "hybrid.gen.h"

#define LANES 16
#define MIDSTATES 64
/*
 * The vector half begins an item two steps after the SHA half had it: what it reads was stored long enough ago to come from
 * the cache whole. Some variants end it one step later. Tables live until the vector half has begun the last item of theirs, and one
 * more may be in the making.
 */
#define BEGIN_LAG 2
#define STATES (BEGIN_LAG + 1)
#define TABLES (BEGIN_LAG + 2)
/* State and schedule words between the two. */
#define MIDDLE_BYTES (24 * 64)
#define MAX_TABLE_BYTES 4096
#define MAX_UNIFORMS 48

/* What one step reads and writes; the assembly knows the offsets. */
typedef struct {
  const uint8_t *sha_table;
  const uint32_t *start;
  uint8_t *state_out;
  const uint8_t *state_in;
  const uint8_t *keys;
  const uint32_t *uniforms;
  uint8_t *middle_out;
  const uint8_t *middle_in;
  uint8_t *next_table;
  const uint32_t *tail;
  uint32_t mask;
  /* Bit i: lane i of the item that ended passed the mask. */
  uint32_t hits;
} step;

_Static_assert(offsetof(step, sha_table) == RB_FIELD_SHA_TABLE && offsetof(step, start) == RB_FIELD_START, "as the assembly has it");
_Static_assert(offsetof(step, state_out) == RB_FIELD_STATE_OUT && offsetof(step, state_in) == RB_FIELD_STATE_IN, "as the assembly has it");
_Static_assert(offsetof(step, keys) == RB_FIELD_KEYS && offsetof(step, uniforms) == RB_FIELD_UNIFORMS, "as the assembly has it");
_Static_assert(offsetof(step, middle_out) == RB_FIELD_MIDDLE_OUT && offsetof(step, middle_in) == RB_FIELD_MIDDLE_IN, "as the assembly has it");
_Static_assert(offsetof(step, next_table) == RB_FIELD_NEXT_TABLE && offsetof(step, tail) == RB_FIELD_TAIL, "as the assembly has it");
_Static_assert(offsetof(step, mask) == RB_FIELD_MASK && offsetof(step, hits) == RB_FIELD_HITS, "as the assembly has it");

typedef struct {
  /* Offsets in a table. */
  struct {
    uint32_t nonces, fixed, keys, words, bytes;
  } at;
  void (*prepare)(const uint32_t *in, uint32_t *uniforms);
  void (*batch)(step *);
  void (*step)(step *);
  void (*plain_step)(step *);
  /* Steps from the beginning of the vector half of an item to its end. */
  unsigned end_lag;
} variant;

/* Start of the SHA half and words of the vector half. */
typedef struct {
  _Alignas(64) uint32_t start[8];
  uint32_t uniforms[MAX_UNIFORMS];
} version;

typedef struct {
  const variant *variant;
  uint32_t first;
  _Alignas(64) uint8_t tables[TABLES][MAX_TABLE_BYTES];
  _Alignas(64) uint8_t states[STATES][RB_STATE_BYTES];
  _Alignas(64) uint8_t middles[2][MIDDLE_BYTES];
  version versions[MIDSTATES];
  uint32_t tail[MAX_UNIFORMS];
  uint32_t fixed[16];
} search;

/* How far a part of the pipeline has come. */
typedef struct {
  uint32_t batch;
  unsigned version;
} position;

static void prepare(search *self, const rb_tail *tail, const rb_midstate *midstates, unsigned count)
{
  uint32_t in[11];
  memcpy(in + 8, tail->word, sizeof tail->word);
  for (unsigned i = 0; i < count; i++) {
    /* F E B A, H G D C: the order of the SHA registers. */
    static const uint8_t order[8] = {5, 4, 1, 0, 7, 6, 3, 2};
    uint32_t words[RB_START_UNIFORMS], state[8];
    memcpy(in, midstates[i].word, sizeof midstates[i].word);
    rb_start_prepare(in, words);
    rb_start(0, NULL, words, 1, state);
    for (unsigned k = 0; k < 8; k++) self->versions[i].start[k] = state[order[k]];
    self->variant->prepare(in, self->versions[i].uniforms);
  }
  uint32_t words[RB_FIXED_UNIFORMS];
  rb_fixed_prepare(in, words);
  rb_fixed(0, NULL, words, 1, self->fixed);
  rb_schedule_prepare(in, self->tail);
}

static inline void advance(position *at, unsigned versions)
{
  if (++at->version == versions) at->version = 0, at->batch++;
}

static uint8_t *table_of(search *self, uint32_t batch)
{
  return self->tables[batch % TABLES];
}

/* The part of a table that is not made by vector code. */
static uint8_t *begin_table(search *self, uint32_t batch)
{
  uint8_t *table = table_of(self, batch);
  uint32_t *words = (uint32_t *)(table + self->variant->at.words);
  uint32_t *nonces = (uint32_t *)(table + self->variant->at.nonces);
  for (unsigned lane = 0; lane < LANES; lane++) {
    const uint32_t nonce = rb_swap32(self->first + batch * LANES + lane);
    words[lane] = nonce;
    nonces[4 * lane] = nonces[4 * lane + 2] = 0;
    nonces[4 * lane + 1] = nonces[4 * lane + 3] = nonce;
  }
  memcpy(table + self->variant->at.fixed, self->fixed, 14 * sizeof *self->fixed);
  return table;
}

static size_t scan(const variant *variant, const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches,
                   uint32_t mask, rb_candidate *out)
{
  if (batches == 0) return 0;
  rb_clear_upper_halves();
  search self;
  self.variant = variant;
  self.first = first;
  prepare(&self, tail, midstates, count);
  /* The first steps of the vector half have no item yet: what it reads then must be memory of ours, no more. */
  memset(self.states, 0, sizeof self.states);
  memset(self.tables, 0, sizeof self.tables);
  memset(self.middles, 0, sizeof self.middles);
  step step = {.tail = self.tail, .mask = mask};
  step.next_table = begin_table(&self, 0);
  variant->batch(&step);

  const int plain = count == 1;
  const uint64_t items = (uint64_t)batches * count;
  position sha = {0}, begin = {0}, end = {0};
  size_t found = 0;
  unsigned slot = 0;
  const unsigned end_lag = BEGIN_LAG + variant->end_lag;
  for (uint64_t item = 0; item < items + end_lag; item++) {
    step.sha_table = table_of(&self, sha.batch);
    step.start = self.versions[sha.version].start;
    step.state_out = self.states[slot];
    slot = slot + 1 == STATES ? 0 : slot + 1;
    step.state_in = self.states[slot];
    step.keys = table_of(&self, begin.batch) + variant->at.keys;
    step.uniforms = self.versions[begin.version].uniforms;
    step.middle_out = self.middles[item % 2];
    step.middle_in = self.middles[(item + 1) % 2];
    if (plain) {
      step.next_table = begin_table(&self, sha.batch + 1);
      variant->plain_step(&step);
    } else variant->step(&step);
    if (item >= BEGIN_LAG) advance(&begin, count);
    if (item >= end_lag) {
      for (uint32_t hits = step.hits; hits != 0; hits &= hits - 1) {
        out[found].offset = end.batch * LANES + (uint32_t)__builtin_ctz(hits);
        out[found].midstate = end.version;
        found++;
      }
      advance(&end, count);
    }
    advance(&sha, count);
    if (sha.version == 0 && !plain) {
      step.next_table = begin_table(&self, sha.batch);
      variant->batch(&step);
    }
  }
  return found;
}

#define VARIANT(split)                                                                                                                   \
  void rb_hybrid_##split##_batch(step *), rb_hybrid_##split##_step(step *), rb_hybrid_##split##_plain_step(step *);                      \
  _Static_assert(RB_HASH_##split##_UNIFORMS <= MAX_UNIFORMS && RB_SCHEDULE_UNIFORMS <= MAX_UNIFORMS, "words have their places");         \
  static const variant variant_##split = {RB_LAYOUT_##split, rb_hash_##split##_prepare, rb_hybrid_##split##_batch, rb_hybrid_##split##_step, \
                                          rb_hybrid_##split##_plain_step, RB_END_LAG_##split};                                                              \
  size_t rb_scan_hybrid_##split(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches,     \
                                uint32_t mask, rb_candidate *out)                                                                        \
  {                                                                                                                                      \
    return scan(&variant_##split, tail, midstates, count, first, batches, mask, out);                                                    \
  }

VARIANT(44)
VARIANT(46)
VARIANT(50)
VARIANT(64)
#else
typedef int rb_no_hybrid;
#endif
