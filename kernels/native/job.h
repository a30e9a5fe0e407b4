/* One job: a header, the versions and nonces to search, and how far the search has come. */
#ifndef RB_JOB_H
#define RB_JOB_H

#include <stdatomic.h>
#include <stdint.h>
#include "kernel.h"

typedef struct {
  uint8_t header[80];
  /* Bits that may be set in the version, besides those it has. */
  uint32_t version_mask;
  /* 256-bit number, least significant byte first. */
  uint8_t target[32];
  /* Inclusive. */
  uint32_t nonce_from, nonce_to;
} rb_job_spec;

/*
 * The search space is cut into units: `units_per_group` ranges of `unit_nonces` nonces for each group of `group` versions
 * that share one call of the kernel. Threads claim units by number, so no two ever hash the same header.
 */
typedef struct {
  /* The plain or the rolled kernel of the search, whichever the job was planned for. */
  const rb_kernel *kernel;
  uint8_t header[80];
  rb_tail tail;
  uint32_t target[8];
  uint32_t top_mask;
  uint32_t version, free_bits;
  uint64_t versions;
  unsigned group;
  uint32_t unit_nonces;
  uint32_t nonce_from;
  uint64_t nonces;
  uint64_t units_per_group, units;
  uint64_t generation;
  uint64_t published_ns;
  _Alignas(128) _Atomic uint64_t claimed;
  _Alignas(128) _Atomic uint64_t finished;
  _Alignas(128) _Atomic uint32_t readers;
} rb_job;

/* A claimed unit: `nonces` nonces from `first`, under a group of versions starting with number `version`. */
typedef struct {
  uint64_t version;
  uint32_t first;
  uint32_t nonces;
} rb_unit;

/*
 * Fills everything but `readers`, which may be in use. A job with one version is planned for `plain`, one with more for
 * `rolled`.
 */
void rb_job_set(rb_job *job, const rb_job_spec *spec, const rb_kernel *plain, const rb_kernel *rolled, uint64_t generation, uint64_t now_ns);

/* Claims the next unit; 0 when the search space is used up. */
int rb_job_claim(rb_job *job, rb_unit *unit);

/* Version number `index`: the job's version with the bits of `index` spread over the free bits. Number 0 is the version itself. */
uint32_t rb_job_version(const rb_job *job, uint64_t index);

/*
 * The bits of H7 that are zero in every hash at or below the target. H7 is the last word of the digest; byte-swapped it is
 * the top of the number that is compared. 0 = every hash is a candidate.
 */
uint32_t rb_top_mask(const uint32_t target[8]);

#endif
