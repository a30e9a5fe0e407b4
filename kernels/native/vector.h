/* The operations of the generated kernel on GCC/Clang vector types. A kernel file may define better ones first. */
#ifndef RB_VECTOR_H
#define RB_VECTOR_H

#include <stdint.h>
#include <string.h>

#ifndef ADD
#define ADD(x, y) ((x) + (y))
#endif
#ifndef AND
#define AND(x, y) ((x) & (y))
#endif
#ifndef XOR
#define XOR(x, y) ((x) ^ (y))
#endif
#ifndef SHR
#define SHR(x, n) ((x) >> (n))
#endif
#ifndef ROTR
#define ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#endif
#ifndef XOR3
#define XOR3(x, y, z) ((x) ^ (y) ^ (z))
#endif
#ifndef CH
#define CH(e, f, g) ((((f) ^ (g)) & (e)) ^ (g))
#endif
/* ab = a ^ b and bc = b ^ c come along because the next round reads the same a ^ b as its b ^ c. */
#ifndef MAJ
#define MAJ(a, b, c, ab, bc) (((ab) & (bc)) ^ (b))
#endif
#ifdef CONSTANTS_FROM_MEMORY
/*
 * Where an instruction reads one word and spreads it for nothing. Compilers like to make constants with two instructions
 * instead, so they are not told that these words are constant.
 */
#define CONSTANTS(name, ...)                            \
  static const uint32_t name##_words[] = {__VA_ARGS__}; \
  const uint32_t *name = name##_words;                  \
  __asm__ volatile("" : "+r"(name));
#define CONSTANT(k, i, word) SPLAT((k)[i])
#elif !defined CONSTANT
#define CONSTANTS(k, ...)
#define CONSTANT(k, i, word) SPLAT(word)
#endif
#ifndef NONCE_WORDS
#define NONCE_WORDS(x) (((x) << 24) | (((x) & SPLAT(0xff00u)) << 8) | (((x) >> 8) & SPLAT(0xff00u)) | ((x) >> 24))
#endif

#endif
