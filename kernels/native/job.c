#include "job.h"
#include <string.h>
#include "sha256.h"

/* More versions than a job lives for; keeps unit numbers far from overflow. */
#define MAX_FREE_BITS 24

uint32_t rb_top_mask(const uint32_t target[8])
{
  uint32_t top = target[7];
  for (unsigned shift = 1; shift < 32; shift <<= 1) top |= top >> shift;
  return rb_swap32(~top);
}

uint32_t rb_job_version(const rb_job *job, uint64_t index)
{
  uint32_t version = job->version;
  for (uint32_t bits = job->free_bits; bits != 0 && index != 0; bits &= bits - 1, index >>= 1) {
    if (index & 1) version |= bits & (~bits + 1);
  }
  return version;
}

void rb_job_set(rb_job *job, const rb_job_spec *spec, const rb_kernel *plain, const rb_kernel *rolled, uint64_t generation, uint64_t now_ns)
{
  memcpy(job->header, spec->header, sizeof job->header);
  rb_tail_of(&job->tail, spec->header);
  for (unsigned i = 0; i < 8; i++) job->target[i] = rb_load_le32(spec->target + 4 * i);
  job->top_mask = rb_top_mask(job->target);
  job->version = rb_load_le32(spec->header);
  /* Only bits the version does not have are set, never cleared: pools that OR, replace or XOR then agree on the result. */
  job->free_bits = spec->version_mask & ~job->version;
  unsigned bits = 0;
  for (uint32_t rest = job->free_bits; rest != 0; rest &= rest - 1) bits++;
  job->versions = 1ull << (bits < MAX_FREE_BITS ? bits : MAX_FREE_BITS);
  job->nonce_from = spec->nonce_from;
  job->nonces = (uint64_t)spec->nonce_to - spec->nonce_from + 1;
  job->kernel = job->versions > 1 ? rolled : plain;
  /* Both are powers of two, so every group is full. */
  job->group = job->versions < job->kernel->midstates ? (unsigned)job->versions : job->kernel->midstates;
  /* A smaller group than the kernel's takes more nonces: a unit stays as long. */
  job->unit_nonces = job->group > 1 ? job->kernel->rolled_nonces * (job->kernel->midstates / job->group) : job->kernel->unit_nonces;
  job->units_per_group = (job->nonces + job->unit_nonces - 1) / job->unit_nonces;
  job->units = job->versions / job->group * job->units_per_group;
  job->generation = generation;
  job->published_ns = now_ns;
  atomic_store(&job->claimed, 0);
  atomic_store(&job->finished, 0);
}

int rb_job_claim(rb_job *job, rb_unit *unit)
{
  const uint64_t number = atomic_fetch_add(&job->claimed, 1);
  if (number >= job->units) return 0;
  const uint64_t start = number % job->units_per_group * job->unit_nonces;
  const uint64_t left = job->nonces - start;
  unit->version = number / job->units_per_group * job->group;
  unit->first = (uint32_t)(job->nonce_from + start);
  unit->nonces = left < job->unit_nonces ? (uint32_t)left : job->unit_nonces;
  return 1;
}
