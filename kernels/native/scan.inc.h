/*
 * The search loop around the generated hash, written once. The including file defines the vector type V, LANES, the
 * operations (see kernels/generator/emit-c.ts), FIRST_NONCES(first), ANY_ZERO(v), and SCAN, the name of the function.
 *
 * The nonce stands little-endian in the header and SHA-256 reads big-endian words: the vector counts in byte-swapped
 * order only when it is loaded (NONCE_WORDS), so lanes are consecutive nonces as the header counts them.
 */
#include "sha256d.gen.h"

size_t SCAN(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches, uint32_t mask,
            rb_candidate *out)
{
  size_t found = 0;
  for (unsigned m = 0; m < count; m++) {
    uint32_t in[11];
    V u[RB_UNIFORMS];
    for (unsigned i = 0; i < 8; i++) in[i] = midstates[m].word[i];
    for (unsigned i = 0; i < 3; i++) in[8 + i] = tail->word[i];
    rb_prepare(in, u);
    const V masks = SPLAT(mask);
    V nonces = FIRST_NONCES(first);
    for (uint32_t batch = 0; batch < batches; batch++) {
      const V top = AND(rb_top_word(NONCE_WORDS(nonces), u), masks);
      if (ANY_ZERO(top)) {
        uint32_t lane[LANES];
        memcpy(lane, &top, sizeof lane);
        for (uint32_t i = 0; i < LANES; i++) {
          if (lane[i] == 0) {
            out[found].offset = batch * LANES + i;
            out[found].midstate = m;
            found++;
          }
        }
      }
      nonces = ADD(nonces, SPLAT(LANES));
    }
  }
  return found;
}
