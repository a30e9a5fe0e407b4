/* Hits on their way from one hashing thread to the event loop: bounded, without locks, one writer and one reader. */
#ifndef RB_HIT_RING_H
#define RB_HIT_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Hits a thread may have waiting for JavaScript; the last RESERVED only for a new best hash of the job. */
#define RB_RING_SIZE 256
#define RB_RING_RESERVED 32

typedef struct {
  uint64_t generation;
  uint32_t nonce;
  uint32_t version;
} rb_hit;

typedef struct {
  /* Written by the thread that hashes, and by the event loop: each on a cache line of its own. */
  _Alignas(128) _Atomic uint32_t head;
  _Alignas(128) _Atomic uint32_t tail;
  _Alignas(128) rb_hit hits[RB_RING_SIZE];
} rb_hit_ring;

/* Called by the hashing thread only. `record`: the hit is the best of its job so far. 0 when there was no room. */
int rb_hit_ring_push(rb_hit_ring *ring, rb_hit hit, int record);

/*
 * Called by the event loop only. Reads hits of `generation` into `out`, throws older ones away. Returns how many it wrote;
 * *left is set when there was no room for all.
 */
size_t rb_hit_ring_drain(rb_hit_ring *ring, uint64_t generation, rb_hit *out, size_t capacity, int *left);

#endif
