#include "sha256.h"
#include "sha256_constants.h"

static inline uint32_t rotr(uint32_t x, unsigned n)
{
  return x >> n | x << (32 - n);
}

static void compress(uint32_t out[8], const uint32_t in[8], const uint32_t block[16])
{
  uint32_t w[64];
  for (unsigned t = 0; t < 16; t++) w[t] = block[t];
  for (unsigned t = 16; t < 64; t++) {
    const uint32_t x = w[t - 15], y = w[t - 2];
    w[t] = w[t - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ x >> 3) + w[t - 7] + (rotr(y, 17) ^ rotr(y, 19) ^ y >> 10);
  }
  uint32_t a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5], g = in[6], h = in[7];
  for (unsigned t = 0; t < 64; t++) {
    const uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (((f ^ g) & e) ^ g) + K[t] + w[t];
    const uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (((a | b) & c) | (a & b));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t end[8] = {a, b, c, d, e, f, g, h};
  for (unsigned i = 0; i < 8; i++) out[i] = in[i] + end[i];
}

uint32_t rb_load_be32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t rb_load_le32(const uint8_t *p)
{
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

uint32_t rb_swap32(uint32_t x)
{
  return x << 24 | (x & 0xff00) << 8 | (x >> 8 & 0xff00) | x >> 24;
}

void rb_midstate_of(rb_midstate *out, const uint8_t header[80], uint32_t version)
{
  uint32_t block[16];
  block[0] = rb_swap32(version);
  for (unsigned i = 1; i < 16; i++) block[i] = rb_load_be32(header + 4 * i);
  compress(out->word, INITIAL, block);
}

void rb_tail_of(rb_tail *out, const uint8_t header[80])
{
  for (unsigned i = 0; i < 3; i++) out->word[i] = rb_load_be32(header + 64 + 4 * i);
}

void rb_header_hash(uint32_t hash[8], const rb_midstate *midstate, const rb_tail *tail, uint32_t nonce)
{
  const uint32_t block[16] = {tail->word[0], tail->word[1], tail->word[2], rb_swap32(nonce), 0x80000000, [15] = 640};
  uint32_t second[16] = {[8] = 0x80000000, [15] = 256};
  compress(second, midstate->word, block);
  uint32_t digest[8];
  compress(digest, INITIAL, second);
  for (unsigned i = 0; i < 8; i++) hash[i] = rb_swap32(digest[i]);
}

int rb_meets_target(const uint32_t hash[8], const uint32_t target[8])
{
  for (unsigned i = 8; i-- > 0;) {
    if (hash[i] != target[i]) return hash[i] < target[i];
  }
  return 1;
}
