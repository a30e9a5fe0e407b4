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
 * hash with (H7 & mask) == 0, in any order, and returns how many; `out` must hold batches * lanes * count of them. `first` is
 * the number whose little-endian bytes stand in the header. `count` is 1 (the plain search) up to the kernel's `midstates`
 * (the rolled one, which shares the first schedule between them); any number between must work.
 */
typedef size_t rb_scan_fn(const rb_tail *tail, const rb_midstate *midstates, unsigned count, uint32_t first, uint32_t batches,
                          uint32_t mask, rb_candidate *out);

enum {
  RB_FEATURE_SSE2 = 1u << 0,
  RB_FEATURE_AVX2 = 1u << 1,
  RB_FEATURE_AVX512 = 1u << 2, /* F, VL, BW and DQ, with the operating system saving the registers */
  RB_FEATURE_NEON = 1u << 3,
  RB_FEATURE_SHA = 1u << 4, /* the SHA instructions of x86, SSSE3 and SSE4.1 */
  RB_FEATURE_ARM_SHA2 = 1u << 5,
  RB_FEATURE_FMA = 1u << 6 /* fused multiply-add of x86 */
};

typedef struct {
  const char *name;
  const char *isa;
  /* Nonces side by side. */
  unsigned lanes;
  /* Most midstates (rolled versions) one call shares the first schedule between, a power of two; 1 = it cannot. */
  unsigned midstates;
  /*
   * Nonces in a unit of work with one midstate, and with `midstates` of them: multiples of lanes, about 0.1 ms of hashing, and
   * below 1 ms on the slowest processors that have nothing better than this kernel, as a unit delays the start of a new job.
   */
  uint32_t unit_nonces;
  uint32_t rolled_nonces;
  /* RB_FEATURE_ bits it needs. */
  uint32_t features;
  rb_scan_fn *scan;
} rb_kernel;

/* Upper bounds over all kernels, for buffers: of midstates, and of both unit_nonces and rolled_nonces * midstates. */
#define RB_MAX_MIDSTATES 64
#define RB_MAX_UNIT_HASHES 8192

/* RB_FEATURE_ bits of this processor. */
uint32_t rb_cpu_features(void);

/* Kernels compiled in, fastest first. */
const rb_kernel *const *rb_kernels(size_t *count);

/* The kernel of that name, or NULL. */
const rb_kernel *rb_kernel_named(const char *name);

#endif
