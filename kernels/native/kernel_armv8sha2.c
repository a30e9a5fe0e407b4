/* The SHA-256 instructions of ARMv8: one nonce per chain. */
#include <arm_neon.h>

typedef uint32x4_t V;
#define SET(w0, w1, w2, w3) ((V){(w0), (w1), (w2), (w3)})
#define ADD(x, y) vaddq_u32(x, y)
/* The state is (a, b, c, d) and (e, f, g, h), lowest word first. The two halves of four rounds are two instructions. */
#define TWO_ROUNDS(s, t, wk) ((void)0)
#define HIGH(wk) (wk)
#define TWO_MORE_ROUNDS(s, t, high)                                     \
  do {                                                                  \
    const V abcd = (s), both = (high);                                  \
    (s) = vsha256hq_u32(s, t, both);                                    \
    (t) = vsha256h2q_u32(t, abcd, both);                                \
  } while (0)
#define PACK(s, t, w) ((s) = SET((w)[0], (w)[1], (w)[2], (w)[3]), (t) = SET((w)[4], (w)[5], (w)[6], (w)[7]))
#define UNPACK(s, t, x0, x1) ((x0) = (s), (x1) = (t))
#define PLACE_A(s) vandq_u32(s, SET(0xffffffffu, 0, 0, 0))
#define PLACE_WORD(word) vsetq_lane_u32(word, vdupq_n_u32(0), 0)
#define ADD_A_E(s, t, placed) ((s) = ADD(s, placed), (t) = ADD(t, placed))
#define LAST_WORD(x, placed) vcopyq_laneq_u32(x, 3, placed, 0)
#define SHIFT_IN(x, y) vextq_u32(x, y, 1)
#define SCHEDULE_START(w0, w4) vsha256su0q_u32(w0, w4)
#define SCHEDULE_END(m, w9, w13) vsha256su1q_u32(m, w9, w13)
#define SCHEDULE_END_OF_ZERO(w9, w13) SCHEDULE_END(vdupq_n_u32(0), w9, w13)
#define SCHEDULE_ONLY_S1(m, w13) SCHEDULE_END(m, vdupq_n_u32(0), w13)
#define ONLY_S1_ADDS_W 1
#define MASKS(mask) vdupq_n_u32(mask)
#define HAS_HIT(s, t, masks) (vgetq_lane_u32(vandq_u32(t, masks), 0) == 0)
#define VERSIONS 2
#define BEGIN() ((void)0)
#define SCAN rb_scan_armv8sha2
#include "sha_instructions.inc.h"
