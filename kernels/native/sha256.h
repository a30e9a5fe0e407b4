/* SHA-256 (FIPS 180-4) for the few hashes outside the kernels: midstates and the full check of a candidate. */
#ifndef RB_SHA256_H
#define RB_SHA256_H

#include <stdint.h>
#include "kernel.h"

uint32_t rb_load_be32(const uint8_t *bytes);
uint32_t rb_load_le32(const uint8_t *bytes);
uint32_t rb_swap32(uint32_t word);

/* State after the first 64 bytes of the header with its version replaced. */
void rb_midstate_of(rb_midstate *out, const uint8_t header[80], uint32_t version);

/* The last 12 fixed bytes of the header: merkle tail, time, bits. */
void rb_tail_of(rb_tail *out, const uint8_t header[80]);

/* SHA-256d of a header given by midstate, tail and nonce, as eight little-endian words, least significant first. */
void rb_header_hash(uint32_t hash[8], const rb_midstate *midstate, const rb_tail *tail, uint32_t nonce);

/* 1 when hash <= target, both least significant word first. */
int rb_meets_target(const uint32_t hash[8], const uint32_t target[8]);

#endif
