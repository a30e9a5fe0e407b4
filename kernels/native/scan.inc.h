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
 *   SPREAD              when a word in memory, spread over all lanes, is as cheap an operand as a vector: for smaller tables
 *   PIPELINED           to run the first hash of an item together with the second hash of the item before
 *
 * The nonce stands little-endian in the header and SHA-256 reads big-endian words: the vector counts in byte-swapped
 * order only when it is loaded (NONCE_WORDS), so lanes are consecutive nonces as the header counts them.
 */

typedef union {
  V vector;
  uint32_t lane[LANES];
} lanes;

#ifdef SPREAD
/* A row per slot, a word per midstate: made for as many midstates at once as there are lanes. */
typedef uint32_t U;
#define UNIFORM(u, slot, stride) SPLAT((u)[(slot) * (stride)])
#define AT_ONCE LANES
#define STRIDE MIDSTATES
#define TABLE(name, slots) union { V row[slots][MIDSTATES / LANES]; U word[(slots) * MIDSTATES]; } name
#define ROW(table, m) ((table).word + (m))
#define PUT(table, slot, m, value) ((table).row[slot][(m) / LANES] = (value))
#define FIRST_LANE(v) (((const lanes *)&(v))->lane[0])
#else
/* A row per midstate, each word spread already. */
typedef V U;
#define UNIFORM(u, slot, stride) (u)[slot]
#define AT_ONCE 1
#define STRIDE 1
#define TABLE(name, slots) U name[MIDSTATES][slots]
#define ROW(table, m) (table)[m]
#define PUT(table, slot, m, value) ((table)[m][slot] = (value))
#define FIRST_LANE(v) (v)
#endif

#include "sha256d.gen.h"

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
      const unsigned m = first + lane % AT_ONCE;
      words.lane[lane] = midstates[m < count ? m : first].word[i];
    }
    in[i] = words.vector;
  }
  for (unsigned i = 0; i < 3; i++) in[8 + i] = SPLAT(tail->word[i]);
}

/* One midstate: every nonce has the whole search for itself. */
static size_t scan_plain(const rb_tail *tail, const rb_midstate *midstate, uint32_t first, uint32_t batches, uint32_t mask, rb_candidate *out)
{
  V in[RB_INPUT_WORDS], row[RB_FIRST_UNIFORMS + RB_SECOND_UNIFORMS];
  U u_first[RB_FIRST_UNIFORMS], u_second[RB_SECOND_UNIFORMS];
  load_inputs(in, tail, midstate, 0, 1);
  rb_first_prepare(in, row);
  for (unsigned slot = 0; slot < RB_FIRST_UNIFORMS; slot++) u_first[slot] = FIRST_LANE(row[slot]);
  rb_second_prepare(in, row);
  for (unsigned slot = 0; slot < RB_SECOND_UNIFORMS; slot++) u_second[slot] = FIRST_LANE(row[slot]);
  const V masks = SPLAT(mask);
  V nonces = FIRST_NONCES(first), digest[8], top;
  size_t found = 0;
#ifdef PIPELINED
  for (unsigned i = 0; i < 8; i++) digest[i] = masks;
  for (uint32_t batch = 0; batch <= batches; batch++) {
    rb_first_second(NONCE_WORDS(nonces), NULL, u_first, digest, digest, u_second, &top, 1);
    /* The first step has no item before it. */
    if (ANY_ZERO(top, masks) && batch > 0) found = collect(top, masks, (batch - 1) * LANES, 0, out, found);
    nonces = ADD(nonces, SPLAT(LANES));
  }
#else
  for (uint32_t batch = 0; batch < batches; batch++) {
    rb_first(NONCE_WORDS(nonces), NULL, u_first, 1, digest);
    rb_second(nonces, digest, u_second, 1, &top);
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
  U u_schedule[RB_SCHEDULE_UNIFORMS];
  V in[RB_INPUT_WORDS], row[RB_ROLLED_UNIFORMS + RB_SECOND_UNIFORMS], stored[RB_STORED_WORDS];
  load_inputs(in, tail, midstates, 0, count);
  rb_schedule_prepare(in, row);
  for (unsigned slot = 0; slot < RB_SCHEDULE_UNIFORMS; slot++) u_schedule[slot] = FIRST_LANE(row[slot]);
  for (unsigned m = 0; m < count; m += AT_ONCE) {
    load_inputs(in, tail, midstates, m, count);
    rb_rolled_prepare(in, row);
    for (unsigned slot = 0; slot < RB_ROLLED_UNIFORMS; slot++) PUT(u_rolled, slot, m, row[slot]);
    rb_second_prepare(in, row);
    for (unsigned slot = 0; slot < RB_SECOND_UNIFORMS; slot++) PUT(u_second, slot, m, row[slot]);
  }
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
    rb_schedule(nonce, NULL, u_schedule, 1, stored);
    steps_left = count + (batch + 1 == batches);
    for (unsigned m = 0; m < steps_left; m++) {
      const unsigned now = m < count ? m : 0;
      rb_rolled_second(nonce, stored, ROW(u_rolled, now), digest, digest, ROW(u_second, before), &top, STRIDE);
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
    rb_schedule(nonce, NULL, u_schedule, 1, stored);
    for (unsigned m = 0; m < count; m++) {
      rb_rolled(nonce, stored, ROW(u_rolled, m), STRIDE, digest);
      rb_second(nonce, digest, ROW(u_second, m), STRIDE, &top);
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
