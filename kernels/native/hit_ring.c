#include "hit_ring.h"

int rb_hit_ring_push(rb_hit_ring *ring, rb_hit hit, int record)
{
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  const uint32_t used = head - atomic_load_explicit(&ring->tail, memory_order_acquire);
  if (used >= RB_RING_SIZE - (record ? 0 : RB_RING_RESERVED)) return 0;
  ring->hits[head % RB_RING_SIZE] = hit;
  atomic_store_explicit(&ring->head, head + 1, memory_order_release);
  return 1;
}

size_t rb_hit_ring_drain(rb_hit_ring *ring, uint64_t generation, rb_hit *out, size_t capacity, int *left)
{
  size_t count = 0;
  uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  const uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
  for (; tail != head && count < capacity; tail++) {
    const rb_hit hit = ring->hits[tail % RB_RING_SIZE];
    if (hit.generation == generation) out[count++] = hit;
  }
  atomic_store_explicit(&ring->tail, tail, memory_order_release);
  if (tail != head) *left = 1;
  return count;
}
