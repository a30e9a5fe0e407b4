/* What a nonce-search kernel is: the contract between the thread loop and the instruction sets. */
#ifndef RB_KERNEL_H
#define RB_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Header words 16, 17, 18 (merkle tail, time, bits) as SHA-256 reads them: big-endian. */
typedef struct {
  uint32_t word[3];
} rb_tail;

/* SHA-256 state after the first 64 bytes of the header. One per rolled version. */
typedef struct {
  uint32_t word[8];
} rb_midstate;

/* A hash whose top word passed the mask: which nonce, relative to the first, and under which midstate. */
typedef struct {
  uint32_t offset;
  uint32_t midstate;
} rb_candidate;

/*
 * Hashes nonces first .. first + batches * lanes - 1 (wrapping) under each of `count` midstates. Writes a candidate for every
 * hash with (H7 & mask) == 0 and returns how many; `out` must hold batches * lanes * count of them. `first` is the number
 * whose little-endian bytes stand in the header.
 */
typedef size_t rb_scan_fn(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches,
                          uint32_t mask, rb_candidate *out);

enum {
  RB_FEATURE_SSE2 = 1u << 0,
  RB_FEATURE_AVX2 = 1u << 1,
  RB_FEATURE_AVX512 = 1u << 2, /* F and VL, with the operating system saving the registers */
  RB_FEATURE_NEON = 1u << 3
};

typedef struct {
  const char *name;
  const char *isa;
  unsigned lanes;
  /* Midstates a unit of work is given at once when versions may be rolled. */
  unsigned midstates;
  /* Nonces in a unit of work, a multiple of lanes: about 0.1 ms, so that a new job starts well within 1 ms. */
  uint32_t unit_nonces;
  uint32_t features;
  rb_scan_fn *scan;
} rb_kernel;

/* Upper bounds over all kernels, for buffers. */
#define RB_MAX_MIDSTATES 4
#define RB_MAX_UNIT_NONCES 4096

/* RB_FEATURE_ bits of this processor. */
uint32_t rb_cpu_features(void);

/* Kernels compiled in, fastest first. */
const rb_kernel *const *rb_kernels(size_t *count);

/* The kernel of that name, or NULL. */
const rb_kernel *rb_kernel_named(const char *name);

#endif
