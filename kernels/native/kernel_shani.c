/*
 * SHA-NI: one nonce per chain, 128 bits only. The instructions have no VEX form: nothing here may be compiled to write ymm0-15
 * or zmm0-15, since mixing costs some processors hundreds of cycles a time.
 */
#include <immintrin.h>
#include "upper_halves.h"
#if defined(__GNUC__) && !defined(__clang__)
/* The order written is the order wanted: another scheduling pass moves what belongs side by side apart. */
#pragma GCC optimize("no-schedule-insns2")
#endif

typedef __m128i V;
#define SET(w0, w1, w2, w3) _mm_setr_epi32((int)(w0), (int)(w1), (int)(w2), (int)(w3))
#define ADD(x, y) _mm_add_epi32(x, y)
/*
 * The state is (f, e, b, a) and (h, g, d, c), lowest word first. Two rounds turn the pair into a new first vector; the old first
 * vector is then the second one. The instruction reads the low half of W + K.
 */
#define TWO_ROUNDS(s, t, wk) ((t) = _mm_sha256rnds2_epu32(t, s, wk))
#define HIGH(wk) _mm_shuffle_epi32(wk, 0x0e)
#define TWO_MORE_ROUNDS(s, t, high) ((s) = _mm_sha256rnds2_epu32(s, t, high))
#define PACK(s, t, w) ((s) = SET((w)[5], (w)[4], (w)[1], (w)[0]), (t) = SET((w)[7], (w)[6], (w)[3], (w)[2]))
#define UNPACK(s, t, x0, x1)                                            \
  do {                                                                  \
    const V abef = _mm_shuffle_epi32(s, 0x1b), cdgh = _mm_shuffle_epi32(t, 0x1b); \
    (x0) = _mm_unpacklo_epi64(abef, cdgh);                              \
    (x1) = _mm_unpackhi_epi64(abef, cdgh);                              \
  } while (0)
/* a and e stand in the same vector. */
#define PLACE_A(s) _mm_shuffle_epi8(s, _mm_setr_epi8(-1, -1, -1, -1, 12, 13, 14, 15, -1, -1, -1, -1, 12, 13, 14, 15))
#define PLACE_WORD(word) _mm_shuffle_epi8(_mm_cvtsi32_si128((int)(word)), _mm_setr_epi8(-1, -1, -1, -1, 0, 1, 2, 3, -1, -1, -1, -1, 0, 1, 2, 3))
#define ADD_A_E(s, t, placed) ((s) = ADD(s, placed))
#define LAST_WORD(x, placed) _mm_blend_epi16(x, placed, 0xc0)
#define SHIFT_IN(x, y) _mm_alignr_epi8(y, x, 4)
#define SCHEDULE_START(w0, w4) _mm_sha256msg1_epu32(w0, w4)
#define SCHEDULE_ONLY_S1(m, w13) _mm_sha256msg2_epu32(m, w13)
#define ONLY_S1_ADDS_W 0
#define SCHEDULE_END_OF_ZERO(w9, w13) SCHEDULE_ONLY_S1(SHIFT_IN(w9, w13), w13)
#define SCHEDULE_END(m, w9, w13) SCHEDULE_ONLY_S1(ADD(m, SHIFT_IN(w9, w13)), w13)
#define MASKS(mask) SET(0, mask, 0, 0)
#define HAS_HIT(s, t, masks) _mm_testz_si128(s, masks)
#define BEGIN() rb_clear_upper_halves()
#ifndef SCAN
#define SCAN rb_scan_shani
#define VERSIONS 2
#endif
#include "sha_instructions.inc.h"
