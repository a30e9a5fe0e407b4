/* Random words for the checks in this folder. */
#ifndef RB_CHECK_RANDOM_H
#define RB_CHECK_RANDOM_H

#include <stdint.h>

static uint64_t random_state;

/* xorshift64*: the same numbers everywhere. */
static inline uint32_t random_word(void)
{
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (uint32_t)(random_state * 2685821657736338717u >> 32);
}

#endif
