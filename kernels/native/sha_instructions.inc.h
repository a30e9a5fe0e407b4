/*
 * The nonce search on processors with instructions for SHA-256 itself. They do four rounds at a time on one nonce, so lanes are
 * not side by side in a vector: they are independent chains of instructions, mixed so that none waits for its own results.
 *
 * Round t turns the state before round t into the one before round t + 1 and reads W[t] + K[t]. What is saved:
 *   first hash   Rounds 0 to 2 read only what the job gives. Round 3 adds the nonce (W3) to a and e of a state known before.
 *                So four rounds at a time start at round 4. W4 to W15 are padding: W + K of rounds 4 to 15 are constants. W16
 *                and W17 do not depend on the nonce, so most terms of W18 to W31 are constants too.
 *   second hash  W8 to W15 are padding. Round 0 starts from the initial state: two additions. Four rounds at a time start at
 *                round 1, with words 1-4, 5-8, ... in a vector: rounds 57-60 are the last, for H7 is e after round 60 plus the
 *                last word of the initial state, which K60 carries. W16 is the only word made apart.
 * Both are STEPS steps of four rounds. While one group of lanes takes step s of its first hash, the group before takes step s of
 * its second hash: the processor has twice as many chains to choose from.
 *
 * With several midstates the lanes are versions of one nonce. They share the schedule: W + K of the first hash are made once per
 * nonce and read from memory.
 *
 * The including file defines V (four words, lowest first) and
 *   SET(w0, w1, w2, w3), ADD(x, y)
 *   TWO_ROUNDS(s, t, wk)       rounds on a state in two vectors, in the order of the instruction set; and the two after
 *   TWO_MORE_ROUNDS(s, t, high)  them, with HIGH(wk) of the same wk. What can only do four at once does all in the second one
 *   PACK(s, t, words)          puts a state, as eight words a to h, into that order
 *   UNPACK(s, t, x0, x1)       takes it back out: a to d, e to h
 *   PLACE_A(s)                 word a of a state where ADD_A_E wants it, zeros elsewhere
 *   PLACE_WORD(word)           the same from a number
 *   ADD_A_E(s, t, placed)      adds it to a and to e
 *   LAST_WORD(x, placed)       x with its highest word replaced
 *   SCHEDULE_START(w0, w4)     for words t to t + 3: W[t-16] + s0(W[t-15])
 *   SCHEDULE_END(m, w9, w13)   + W[t-7] + s1(W[t-2]), from words t-8.. and t-4..
 *   SCHEDULE_END_OF_ZERO(w9, w13)  the same from zero
 *   SCHEDULE_ONLY_S1(m, w13)   + s1(W[t-2]) alone, but
 *   ONLY_S1_ADDS_W             1 when that adds word t-4 to the last sum, as the instruction takes W[t-7] from the same vectors
 *   SHIFT_IN(x, y)             words 1 to 3 of x, then word 0 of y
 *   HAS_HIT(s, t, masks)       whether e has only zero bits under the mask, MASKS(mask) made before
 *   VERSIONS                   lanes of the rolled search, 2 or 4: as many chains as the registers carry
 *   BEGIN()                    what has to be done before the first of these instructions
 *   SCAN                       the name of the function
 */
#include <stddef.h>
#include "kernel.h"
#include "sha256_constants.h"

#define LANES 2
#define EACH_LANE(DO) DO(0) DO(1)
#if VERSIONS == 2
#define EACH_VERSION(DO) DO(0) DO(1)
#define ONE_HALF(DO) DO(0)
#define OTHER_HALF(DO) DO(1)
#else
#define EACH_VERSION(DO) DO(0) DO(1) DO(2) DO(3)
#define ONE_HALF(DO) DO(0) DO(1)
#define OTHER_HALF(DO) DO(2) DO(3)
#endif
#define STEPS 15
#define EACH_STEP(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)
#define MAX_MIDSTATES 64

#define INLINE static inline __attribute__((always_inline))
#define K4(t) SET(K[t], K[(t) + 1], K[(t) + 2], K[(t) + 3])
#define PADDING_BIT 0x80000000u
/* Length in bits of what is hashed: the header, and the first hash. */
#define HEADER_BITS 640u
#define DIGEST_BITS 256u

#define FOUR_ROUNDS(s, t, wk)                                           \
  do {                                                                  \
    const V sum = (wk);                                                 \
    TWO_ROUNDS(s, t, sum);                                              \
    TWO_MORE_ROUNDS(s, t, HIGH(sum));                                   \
  } while (0)

/* State and the last 16 words of the schedule, in a ring of four vectors. */
typedef struct {
  V s, t, w[4];
} chain;

/* What follows from a midstate: the state after round 3 with a nonce of zero, and the midstate to add at the end. */
typedef struct {
  V s, t, end_s, end_t;
} start;

/* What follows from the tail of the header: words 0 to 3 without the nonce, and constant terms of words 16 to 31. */
typedef struct {
  V w0, of_w16, of_w20, of_w28;
} schedule;

static inline uint32_t rotr(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }
static inline uint32_t small_sigma0(uint32_t x) { return rotr(x, 7) ^ rotr(x, 18) ^ x >> 3; }
static inline uint32_t small_sigma1(uint32_t x) { return rotr(x, 17) ^ rotr(x, 19) ^ x >> 10; }

/* One round on eight words in place: what it leaves in h becomes a of the next round, and so on down. */
INLINE void one_round(uint32_t state[8], uint32_t k_plus_w)
{
  const uint32_t a = state[0], b = state[1], c = state[2], e = state[4], f = state[5], g = state[6];
  const uint32_t t1 = state[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (((f ^ g) & e) ^ g) + k_plus_w;
  const uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (((a | b) & c) | (a & b));
  for (unsigned i = 7; i > 0; i--) state[i] = state[i - 1];
  state[4] += t1;
  state[0] = t1 + t2;
}

static void prepare_start(start *out, const rb_midstate *midstate, const rb_tail *tail)
{
  uint32_t words[8];
  for (unsigned i = 0; i < 8; i++) words[i] = midstate->word[i];
  PACK(out->end_s, out->end_t, words);
  for (unsigned t = 0; t < 4; t++) one_round(words, K[t] + (t < 3 ? tail->word[t] : 0));
  PACK(out->s, out->t, words);
}

static void prepare_schedule(schedule *out, const rb_tail *tail)
{
  const uint32_t *w = tail->word;
  const uint32_t w16 = w[0] + small_sigma0(w[1]), w17 = w[1] + small_sigma0(w[2]) + small_sigma1(HEADER_BITS);
  out->w0 = SET(w[0], w[1], w[2], 0);
  /* W9 to W12 are zero. What is left to add is W[t-16] + s0(W[t-15]), where the nonce is. */
  out->of_w16 = SET(0, small_sigma1(HEADER_BITS), small_sigma1(w16), small_sigma1(w17));
  /* All but s1(W18) to s1(W21). */
  out->of_w20 = SET(PADDING_BIT, 0, HEADER_BITS, ONLY_S1_ADDS_W ? 0 : w16);
  /* All but W21 to W24 and s1. */
  out->of_w28 = SET(0, 0, small_sigma0(HEADER_BITS), HEADER_BITS + small_sigma0(w16));
}

/* Puts words 4 * i to 4 * i + 3 of the first hash into the ring, i from 4 to 15. */
INLINE V first_words(V w[4], const schedule *job, int i)
{
  switch (i) {
    case 4: return w[0] = ADD(SCHEDULE_START(w[0], SET(PADDING_BIT, 0, 0, 0)), job->of_w16);
    case 5: return w[1] = SCHEDULE_ONLY_S1(job->of_w20, w[0]);
    case 6: return w[2] = SCHEDULE_END_OF_ZERO(w[0], w[1]);
    case 7: return w[3] = SCHEDULE_END(job->of_w28, w[1], w[2]);
    default: return w[i & 3] = SCHEDULE_END(SCHEDULE_START(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
  }
}

/* W + K of step s of the first hash, rounds 4 * s + 4 to 4 * s + 7. */
INLINE V first_sum(const V w[4], int s)
{
  switch (s) {
    case 0: return SET(K[4] + PADDING_BIT, K[5], K[6], K[7]);
    case 1: return K4(8);
    case 2: return SET(K[12], K[13], K[14], K[15] + HEADER_BITS);
    default: return ADD(K4(4 * s + 4), w[(s + 1) & 3]);
  }
}

/* Puts words 4 * i + 1 to 4 * i + 4 of the second hash into the ring, i from 4 to 14. */
INLINE V second_words(V w[4], int i)
{
  switch (i) {
    case 4: return w[0] = SCHEDULE_ONLY_S1(SCHEDULE_START(w[0], w[1]), w[3]); /* W10 to W13 are zero. */
    case 5: return w[1] = SCHEDULE_END(SCHEDULE_START(w[1], SET(0, 0, 0, 0)), w[3], w[0]);
    case 6: return w[2] = SCHEDULE_END_OF_ZERO(w[0], w[1]);
    case 7: return w[3] = SCHEDULE_END(SCHEDULE_START(w[3], w[0]), w[1], w[2]);
    default: return w[i & 3] = SCHEDULE_END(SCHEDULE_START(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
  }
}

/* W + K of step s of the second hash, rounds 4 * s + 1 to 4 * s + 4. */
INLINE V second_sum(const V w[4], int s)
{
  switch (s) {
    case 2: return K4(9); /* W9 to W12 are zero. */
    case 14: return ADD(SET(K[57], K[58], K[59], K[60] + INITIAL[7]), w[2]);
    default: return ADD(K4(4 * s + 1), w[s & 3]);
  }
}

/* Takes the first hash from a finished chain and starts the second one with it: round 0 and words 1 to 16. */
INLINE void begin_second(chain *second, const chain *first, const start *from)
{
  V x0, x1, s = ADD(first->s, from->end_s), t = ADD(first->t, from->end_t);
  uint32_t words[8];
  for (unsigned i = 0; i < 8; i++) words[i] = INITIAL[i];
  one_round(words, K[0]);
  const V a = PLACE_A(s);
  UNPACK(s, t, x0, x1);
  PACK(second->s, second->t, words);
  ADD_A_E(second->s, second->t, a);
  second->w[0] = SHIFT_IN(x0, x1);
  second->w[1] = SHIFT_IN(x1, SET(PADDING_BIT, 0, 0, 0));
  /* W13, W14, W15, and W16 = W0 + s0(W1), for W9 and s1(W14) are zero. */
  second->w[3] = SHIFT_IN(SET(0, 0, 0, DIGEST_BITS), SCHEDULE_START(x0, x1));
}

/* Step s of the second hash, and the words of the step after it. */
#define SECOND_ROUNDS(k) FOUR_ROUNDS(second[k].s, second[k].t, second_sum(second[k].w, step));
#define SECOND_WORDS(k) if (step >= 3 && step < STEPS - 1) second_words(second[k].w, step + 1);

static inline uint32_t nonce_word(uint32_t nonce) { return __builtin_bswap32(nonce); }

/* One midstate: the lanes are nonces, each with a schedule of its own. */
static size_t scan_plain(const rb_tail *tail, const rb_midstate *midstate, uint32_t nonce, uint32_t batches, uint32_t mask, rb_candidate *out)
{
  start from;
  schedule job;
  prepare_start(&from, midstate, tail);
  prepare_schedule(&job, tail);
  const V masks = MASKS(mask);
  chain first[LANES], second[LANES];
  for (unsigned k = 0; k < LANES; k++) second[k] = (chain){masks, masks, {masks, masks, masks, masks}};
  size_t found = 0;
  /* The second hashes of the first time through are of nothing; the first hashes of the last time are not used. */
  for (uint32_t batch = 0; batch <= batches; batch++) {
#define BEGIN_FIRST(k)                                               \
    {                                                                \
      const V word = PLACE_WORD(nonce_word(nonce + k));              \
      first[k].s = from.s;                                           \
      first[k].t = from.t;                                           \
      ADD_A_E(first[k].s, first[k].t, word);                         \
      first[k].w[0] = LAST_WORD(job.w0, word);                       \
    }
    EACH_LANE(BEGIN_FIRST)
#define FIRST_ROUNDS(k) FOUR_ROUNDS(first[k].s, first[k].t, first_sum(first[k].w, step));
#define FIRST_WORDS(k) if (step >= 2 && step < STEPS - 1) first_words(first[k].w, &job, step + 2);
#define BOTH(k) FIRST_WORDS(k) FIRST_ROUNDS(k) SECOND_WORDS(k) SECOND_ROUNDS(k)
#define PLAIN_STEP(s) { enum { step = s }; EACH_LANE(BOTH) }
    EACH_STEP(PLAIN_STEP)
#define COLLECT(k)                                                   \
    if (__builtin_expect(HAS_HIT(second[k].s, second[k].t, masks), 0) && batch > 0) out[found++] = (rb_candidate){(batch - 1) * LANES + k, 0};
    EACH_LANE(COLLECT)
#define BEGIN_SECOND(k) begin_second(&second[k], &first[k], &from);
    EACH_LANE(BEGIN_SECOND)
    nonce += LANES;
  }
  return found;
}

/* Many midstates: the lanes are versions of one nonce, and the first hash reads W + K made once for all of them. */
static size_t scan_rolled(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t nonce, uint32_t batches, uint32_t mask,
                          rb_candidate *out)
{
  start from[MAX_MIDSTATES + VERSIONS - 1];
  schedule job;
  /* What is left of the last group of lanes hashes the last midstate again, unseen. */
  const unsigned padded = (count + VERSIONS - 1) / VERSIONS * VERSIONS;
  for (unsigned m = 0; m < padded; m++) prepare_start(&from[m], &midstates[m < count ? m : count - 1], tail);
  prepare_schedule(&job, tail);
  const V masks = MASKS(mask);
  chain first[VERSIONS], second[VERSIONS];
  for (unsigned k = 0; k < VERSIONS; k++) second[k] = (chain){masks, masks, {masks, masks, masks, masks}};
  V sums[STEPS], highs[STEPS];
  /* Which hash the second chains are at. */
  uint32_t offset = 0;
  unsigned midstate = count;
  size_t found = 0;
  for (uint32_t next = 0; next <= batches * LANES; next++) {
    const V word = PLACE_WORD(nonce_word(nonce + next));
    V w[4] = {LAST_WORD(job.w0, word), masks, masks, masks};
#define MAKE_SUM(s) { if (s >= 3) first_words(w, &job, s + 1); sums[s] = first_sum(w, s); highs[s] = HIGH(sums[s]); }
    EACH_STEP(MAKE_SUM)
    for (unsigned m = 0; m < padded; m += VERSIONS) {
#define BEGIN_FIRST_OF(k) first[k].s = from[m + k].s; first[k].t = from[m + k].t; ADD_A_E(first[k].s, first[k].t, word);
      EACH_VERSION(BEGIN_FIRST_OF)
#define FIRST_TWO(k) TWO_ROUNDS(first[k].s, first[k].t, sums[step]);
#define FIRST_TWO_MORE(k) TWO_MORE_ROUNDS(first[k].s, first[k].t, highs[step]);
/* The words a step ahead of their rounds, and this order: the fastest of a dozen measured (Zen 4). */
#define WORDS_AND_ROUNDS(k) SECOND_WORDS(k) SECOND_ROUNDS(k)
#define ROLLED_BODY EACH_VERSION(FIRST_TWO) ONE_HALF(WORDS_AND_ROUNDS) EACH_VERSION(FIRST_TWO_MORE) OTHER_HALF(WORDS_AND_ROUNDS)
#define ROLLED_STEP(s) { enum { step = s }; ROLLED_BODY }
      EACH_STEP(ROLLED_STEP)
#define COLLECT_OF(k)                                                \
      if (__builtin_expect(HAS_HIT(second[k].s, second[k].t, masks), 0) && midstate + k < count) out[found++] = (rb_candidate){offset, midstate + k};
      EACH_VERSION(COLLECT_OF)
      /* Of the nonce after the last one only as much as ends the last second hashes. */
      if (next == batches * LANES) break;
#define BEGIN_SECOND_OF(k) begin_second(&second[k], &first[k], &from[m + k]);
      EACH_VERSION(BEGIN_SECOND_OF)
      offset = next;
      midstate = m;
    }
  }
  return found;
}

size_t SCAN(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches, uint32_t mask, rb_candidate *out)
{
  BEGIN();
  return count == 1 ? scan_plain(tail, midstates, first, batches, mask, out) : scan_rolled(tail, midstates, count, first, batches, mask, out);
}
