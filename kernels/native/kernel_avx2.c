/* AVX2: eight nonces in 256-bit registers. */
#include <immintrin.h>
#include "kernel.h"

/* The generator has put the operations in order; moved about, more values would be alive than there are registers. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns", "no-schedule-insns2", "no-tree-reassoc")
#endif

typedef uint32_t V __attribute__((vector_size(32)));
#define LANES 8
#define SPLAT(word) ((V)_mm256_set1_epi32((int)(word)))
#define CONSTANTS_FROM_MEMORY
#define FIRST_NONCES(first) (SPLAT(first) + (V){0, 1, 2, 3, 4, 5, 6, 7})
#define ANY_ZERO(v, masks) (_mm256_movemask_epi8(_mm256_cmpeq_epi32((__m256i)((v) & (masks)), _mm256_setzero_si256())) != 0)
#define MIDSTATES 64
#define SPREAD
#define SCAN rb_scan_avx2
#include "vector.h"
#include "scan.inc.h"
