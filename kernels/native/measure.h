/* How fast a kernel hashes on the calling thread: the benchmark's inner loop. */
#ifndef RB_MEASURE_H
#define RB_MEASURE_H

#include <stdint.h>
#include "kernel.h"

typedef struct {
  /* Pairs of (version, nonce), none of them twice. */
  uint64_t hashes;
  uint64_t wall_ns;
  /* Processor time of this thread in the same span: what other programs took is not in it. */
  uint64_t cpu_ns;
  /* Hashes whose top word passed the mask, each hashed again in plain C, and how many of these had been told wrongly. */
  uint64_t candidates;
  uint64_t wrong;
} rb_measurement;

/*
 * Hashes for about `wall_ns` (over by less than a unit of work) under `count` versions, 1 to the kernel's midstates: nonces from 0
 * upwards; when all have been used, the time in the header moves on by a second. 0 when there is no memory.
 */
int rb_measure(const rb_kernel *kernel, const uint8_t header[80], const uint32_t *versions, unsigned count, uint32_t mask,
               uint64_t wall_ns, rb_measurement *result);

/*
 * Clock rate of the processor at this moment, from a chain of multiplications each of which waits for the one before: 3 cycles
 * on every x86 core since 2008, but for the Atom of that time. Takes 0.5 ms. 0 = not known on this processor family.
 */
double rb_clock_hertz(void);

/*
 * Binds the calling thread to a CPU; -1 = the last one it may use (interrupts usually go to the first). Returns the CPU, or -1
 * when the system refuses.
 */
int rb_pin_thread(int cpu);

/* Back to where the thread might run before the first rb_pin_thread. */
void rb_unpin_thread(void);

#endif
