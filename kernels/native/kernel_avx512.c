/* AVX-512F: sixteen nonces, with its rotate and its three-input logic. The immediates of ternlog are truth tables. */
#include <immintrin.h>
#include "kernel.h"

/* The generator has put the operations in order, for two streams that share the registers: the compiler is to keep it. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns", "no-schedule-insns2", "no-tree-reassoc", "no-tree-ter")
#endif

typedef uint32_t V __attribute__((vector_size(64)));
#define LANES 16
#define TERNARY(x, y, z, table) ((V)_mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), (table)))
#define ROTR(x, n) ((V)_mm512_ror_epi32((__m512i)(x), (n)))
#define XOR3(x, y, z) TERNARY(x, y, z, 0x96)
#define CH(e, f, g) TERNARY(e, f, g, 0xca)
#define MAJ(a, b, c, ab, bc) TERNARY(a, b, c, 0xe8)
#define SPLAT(word) ((V)_mm512_set1_epi32((int)(word)))
#define CONSTANTS_FROM_MEMORY
#define FIRST_NONCES(first) (SPLAT(first) + (V){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
#define ANY_ZERO(v, masks) (_mm512_testn_epi32_mask((__m512i)(v), (__m512i)(masks)) != 0)
#define MIDSTATES 64
#define SPREAD
#define PIPELINED
#define SCAN rb_scan_avx512
#include "vector.h"
#include "scan.inc.h"
