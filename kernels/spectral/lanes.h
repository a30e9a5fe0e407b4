/* Vectors of LANES doubles, by the compiler's own vector types: the same source for every instruction set. */
#ifndef RB_LANES_H
#define RB_LANES_H

#include <stdint.h>
#include <string.h>

typedef double vd __attribute__((vector_size(LANES * 8), may_alias));
/* In memory, at any double. */
typedef double vd_somewhere __attribute__((vector_size(LANES * 8), aligned(8), may_alias));
typedef int64_t vi __attribute__((vector_size(LANES * 8), may_alias));
typedef uint64_t vu __attribute__((vector_size(LANES * 8), may_alias));

#if defined(__SANITIZE_ADDRESS__)
/* With a check at every access, what is inlined everywhere takes minutes to compile. */
#define INLINE static __attribute__((unused))
#else
#define INLINE static inline __attribute__((always_inline))
#endif

INLINE vd splat(double x) { return x - (vd){0}; }
INLINE vd load(const double *p) { return *(const vd_somewhere *)p; }
INLINE void store(double *p, vd v) { *(vd_somewhere *)p = v; }

INLINE vd choose(vi mask, vd yes, vd no) { return (vd)(((vi)yes & mask) | ((vi)no & ~mask)); }
INLINE vd least_of(vd a, vd b) { return choose(a < b, a, b); }
INLINE vd most_of(vd a, vd b) { return choose(a > b, a, b); }

/* Elements of two vectors, counted through both. Older GCC has only its own form of it, clang only the other one. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

#if LANES == 2

INLINE vd reversed(vd v) { return SHUFFLE(v, v, 1, 0); }

INLINE void transpose(vd r[2])
{
  const vd a = SHUFFLE(r[0], r[1], 0, 2), b = SHUFFLE(r[0], r[1], 1, 3);
  r[0] = a;
  r[1] = b;
}

#elif LANES == 4

INLINE vd reversed(vd v) { return SHUFFLE(v, v, 3, 2, 1, 0); }

INLINE void transpose(vd r[4])
{
  const vd a = SHUFFLE(r[0], r[1], 0, 4, 2, 6), b = SHUFFLE(r[0], r[1], 1, 5, 3, 7);
  const vd c = SHUFFLE(r[2], r[3], 0, 4, 2, 6), d = SHUFFLE(r[2], r[3], 1, 5, 3, 7);
  r[0] = SHUFFLE(a, c, 0, 1, 4, 5);
  r[1] = SHUFFLE(b, d, 0, 1, 4, 5);
  r[2] = SHUFFLE(a, c, 2, 3, 6, 7);
  r[3] = SHUFFLE(b, d, 2, 3, 6, 7);
}

#elif LANES == 8

INLINE vd reversed(vd v) { return SHUFFLE(v, v, 7, 6, 5, 4, 3, 2, 1, 0); }

INLINE void transpose(vd r[8])
{
  vd t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = SHUFFLE(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    t[i + 1] = SHUFFLE(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      u[i + j] = SHUFFLE(t[i + j], t[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      u[i + j + 2] = SHUFFLE(t[i + j], t[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int j = 0; j < 4; j++) {
    r[j] = SHUFFLE(u[j], u[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[j + 4] = SHUFFLE(u[j], u[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

#else
#error "LANES must be 2, 4 or 8"
#endif

#endif
