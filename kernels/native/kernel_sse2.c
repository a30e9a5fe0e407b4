/* x86-64 baseline: four nonces in 128-bit registers. */
#include <emmintrin.h>
#include "kernel.h"
#include "upper_halves.h"

typedef uint32_t V __attribute__((vector_size(16)));
#define LANES 4
#define SPLAT(word) ((V)_mm_set1_epi32((int)(word)))
#define FIRST_NONCES(first) (SPLAT(first) + (V){0, 1, 2, 3})
#define ANY_ZERO(v, masks) (_mm_movemask_epi8(_mm_cmpeq_epi32((__m128i)((v) & (masks)), _mm_setzero_si128())) != 0)
#define MIDSTATES 16
#define BEGIN() rb_clear_upper_halves()
#define SCAN rb_scan_sse2
#include "vector.h"
#include "scan.inc.h"
