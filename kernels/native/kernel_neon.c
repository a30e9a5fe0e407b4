/* ARM NEON: four nonces. SRI makes a rotate of two instructions, BSL a choice of one. */
#include <arm_neon.h>
#include "kernel.h"

/* Sums stay in the order of the generator: regrouped, more values are alive than there are registers. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-reassoc")
#endif

typedef uint32x4_t V;
#define LANES 4
#define ROTR(x, n) vsriq_n_u32(vshlq_n_u32((x), 32 - (n)), (x), (n))
#define SHR(x, n) vshrq_n_u32((x), (n))
#define CH(e, f, g) vbslq_u32((e), (f), (g))
#define MAJ(a, b, c, ab, bc) vbslq_u32((ab), (c), (b))
#define NONCE_WORDS(x) vreinterpretq_u32_u8(vrev32q_u8(vreinterpretq_u8_u32(x)))
#define SPLAT(word) vdupq_n_u32(word)
#define FIRST_NONCES(first) vaddq_u32(vdupq_n_u32(first), vld1q_u32((const uint32_t[4]){0, 1, 2, 3}))
static inline int any_zero(uint32x4_t v)
{
  const uint32x4_t zero = vceqq_u32(v, vdupq_n_u32(0));
  const uint32x2_t half = vorr_u32(vget_low_u32(zero), vget_high_u32(zero));
  return (vget_lane_u32(half, 0) | vget_lane_u32(half, 1)) != 0;
}
#define ANY_ZERO(v, masks) any_zero(vandq_u32((v), (masks)))
#define MIDSTATES 64
#define SPREAD
#define SCAN rb_scan_neon
#include "vector.h"
#include "scan.inc.h"
