/*
 * The search loops around the generated parts (kernels/generator/search.ts says what they compute), written once. The
 * including file defines
 *   V, LANES            the vector type and its nonces
 *   operations          see kernels/generator/emit-c.ts and vector.h
 *   FIRST_NONCES(first) first, first + 1, ... one per lane
 *   ANY_ZERO(v, masks)  whether some lane of v & masks is zero
 *   MIDSTATES           most midstates of a call, a multiple of LANES
 *   SCAN                the name of the function
 *   BEGIN()             what has to be done before anything else, if anything
 *   SPREAD              when a word in memory is as cheap an operand, spread over all lanes, as a vector: small tables
 *   PIPELINED           to run the first hash of an item together with the second hash of the item before
 *
 * The nonce stands little-endian in the header and SHA-256 reads big-endian words: the vector counts in byte-swapped
 * order only when it is loaded (NONCE_WORDS), so lanes are consecutive nonces as the header counts them.
 */

#ifdef SPREAD
/* A row per slot, a word per midstate. */
typedef uint32_t U;
#define UNIFORM(u, slot) SPLAT((u)[(slot) * MIDSTATES])
#define TABLE(name, slots) union { V row[slots][MIDSTATES / LANES]; U word[(slots) * MIDSTATES]; } name
#define OF_MIDSTATE(table, slots, m) ((table).word + (m))
#define MIDSTATES_AT_ONCE LANES
#define PUT(table, slot, first, value) ((table).row[slot][(first) / LANES] = (value))
#else
/* A row per midstate, each word already spread. */
typedef V U;
#define UNIFORM(u, slot) (u)[slot]
#define TABLE(name, slots) struct { U word[MIDSTATES * (slots)]; } name
#define OF_MIDSTATE(table, slots, m) ((table).word + (m) * (slots))
#define MIDSTATES_AT_ONCE 1
#define PUT(table, slot, first, value) ((table).word[(first) * (sizeof (table).word / sizeof (V) / MIDSTATES) + (slot)] = (value))
#endif

#include "sha256d.gen.h"

typedef union {
  V vector;
  uint32_t lane[LANES];
} lanes;

/* Appends a candidate for every lane of `top` that has only zero bits under the mask. */
static inline size_t collect(V top, V masks, uint32_t offset, uint32_t midstate, rb_candidate *out, size_t found)
{
  const lanes words = {AND(top, masks)};
  for (uint32_t i = 0; i < LANES; i++) {
    if (words.lane[i] != 0) continue;
    out[found].offset = offset + i;
    out[found].midstate = midstate;
    found++;
  }
  return found;
}

/* Words of the midstates `first` and up, one midstate per lane or one for all of them, then those of the tail. */
static inline void load_inputs(V *in, const rb_tail *tail, const rb_midstate *midstates, unsigned first, unsigned count)
{
  for (unsigned i = 0; i < 8; i++) {
    lanes words;
    for (unsigned lane = 0; lane < LANES; lane++) {
      const unsigned m = first + lane % MIDSTATES_AT_ONCE;
      words.lane[lane] = midstates[m < count ? m : first].word[i];
    }
    in[i] = words.vector;
  }
  for (unsigned i = 0; i < 3; i++) in[8 + i] = SPLAT(tail->word[i]);
}

/* Fills the tables of two parts for all midstates. */
#define PREPARE(one, one_slots, one_table, two, two_slots, two_table)                                     \
  for (unsigned m = 0; m < count; m += MIDSTATES_AT_ONCE) {                                               \
    V in[11], a[one_slots], b[two_slots];                                                                 \
    load_inputs(in, tail, midstates, m, count);                                                           \
    one(in, a);                                                                                           \
    two(in, b);                                                                                           \
    for (unsigned slot = 0; slot < (one_slots); slot++) PUT(one_table, slot, m, a[slot]);                 \
    for (unsigned slot = 0; slot < (two_slots); slot++) PUT(two_table, slot, m, b[slot]);                 \
  }

/* One midstate: every nonce has the whole search for itself. */
static size_t scan_plain(const rb_tail *tail, const rb_midstate *midstates, uint32_t first, uint32_t batches, uint32_t mask, rb_candidate *out)
{
  const unsigned count = 1;
  TABLE(u_first, RB_FIRST_UNIFORMS);
  TABLE(u_second, RB_SECOND_UNIFORMS);
  PREPARE(rb_first_prepare, RB_FIRST_UNIFORMS, u_first, rb_second_prepare, RB_SECOND_UNIFORMS, u_second)
  const V masks = SPLAT(mask);
  V nonces = FIRST_NONCES(first), digest[8], top;
  size_t found = 0;
#ifdef PIPELINED
  for (unsigned i = 0; i < 8; i++) digest[i] = masks;
  for (uint32_t batch = 0; batch <= batches; batch++) {
    rb_first_second(NONCE_WORDS(nonces), NULL, u_first.word, digest, digest, u_second.word, &top);
    if (ANY_ZERO(top, masks) && batch > 0) found = collect(top, masks, (batch - 1) * LANES, 0, out, found);
    nonces = ADD(nonces, SPLAT(LANES));
  }
#else
  for (uint32_t batch = 0; batch < batches; batch++) {
    rb_first(NONCE_WORDS(nonces), NULL, u_first.word, digest);
    rb_second(digest[0], digest, u_second.word, &top);
    if (ANY_ZERO(top, masks)) found = collect(top, masks, batch * LANES, 0, out, found);
    nonces = ADD(nonces, SPLAT(LANES));
  }
#endif
  return found;
}

/* Many midstates: the schedule of the first hash is made once per vector of nonces. */
static size_t scan_rolled(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches, uint32_t mask,
                          rb_candidate *out)
{
  TABLE(u_rolled, RB_ROLLED_UNIFORMS);
  TABLE(u_second, RB_SECOND_UNIFORMS);
  PREPARE(rb_rolled_prepare, RB_ROLLED_UNIFORMS, u_rolled, rb_second_prepare, RB_SECOND_UNIFORMS, u_second)
  TABLE(u_schedule, RB_SCHEDULE_UNIFORMS);
  V in[11], row[RB_SCHEDULE_UNIFORMS], stored[RB_STORED_WORDS];
  load_inputs(in, tail, midstates, 0, 1);
  rb_schedule_prepare(in, row);
  for (unsigned slot = 0; slot < RB_SCHEDULE_UNIFORMS; slot++) PUT(u_schedule, slot, 0, row[slot]);
  const V masks = SPLAT(mask);
  V nonces = FIRST_NONCES(first), digest[8], top;
  size_t found = 0;
#ifdef PIPELINED
  /* The first hash of item i runs together with the second hash of item i - 1, so there is one step more than items. */
  for (unsigned i = 0; i < 8; i++) digest[i] = masks;
  uint32_t before_offset = 0;
  unsigned before = 0, steps_left = 0;
  int started = 0;
  for (uint32_t batch = 0; batch < batches; batch++) {
    const V nonce = NONCE_WORDS(nonces);
    rb_schedule(nonce, NULL, u_schedule.word, stored);
    steps_left = count + (batch + 1 == batches);
    for (unsigned m = 0; m < steps_left; m++) {
      const unsigned now = m < count ? m : 0;
      rb_rolled_second(nonce, stored, OF_MIDSTATE(u_rolled, RB_ROLLED_UNIFORMS, now), digest, digest, OF_MIDSTATE(u_second, RB_SECOND_UNIFORMS, before), &top);
      /* The first step has no item before it. */
      if (ANY_ZERO(top, masks) && started) found = collect(top, masks, before_offset, before, out, found);
      started = 1;
      before = now;
      before_offset = batch * LANES;
    }
    nonces = ADD(nonces, SPLAT(LANES));
  }
#else
  for (uint32_t batch = 0; batch < batches; batch++) {
    const V nonce = NONCE_WORDS(nonces);
    rb_schedule(nonce, NULL, u_schedule.word, stored);
    for (unsigned m = 0; m < count; m++) {
      rb_rolled(nonce, stored, OF_MIDSTATE(u_rolled, RB_ROLLED_UNIFORMS, m), digest);
      rb_second(nonce, digest, OF_MIDSTATE(u_second, RB_SECOND_UNIFORMS, m), &top);
      if (ANY_ZERO(top, masks)) found = collect(top, masks, batch * LANES, m, out, found);
    }
    nonces = ADD(nonces, SPLAT(LANES));
  }
#endif
  return found;
}

size_t SCAN(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches, uint32_t mask,
            rb_candidate *out)
{
#ifdef BEGIN
  BEGIN();
#endif
  if (count == 1) return scan_plain(tail, midstates, first, batches, mask, out);
  return scan_rolled(tail, midstates, count, first, batches, mask, out);
}
