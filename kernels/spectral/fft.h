/*
 * Complex FFT of LANES lines at a time, one in each lane. To wave numbers by decimation in time, back by decimation in frequency: so neither
 * way has to put anything into another order. Radix 8 with a 4 or 2 where needed.
 */
#ifndef RB_FFT_H
#define RB_FFT_H

#include "lanes.h"
#include "spectral.h"

/* Times (w[0], w[1]), or its conjugate for the way back (sign > 0). */
INLINE void twist(vd *re, vd *im, const double *w, int sign) {
  vd c = splat(w[0]), s = splat(sign < 0 ? w[1] : -w[1]);
  vd r = *re * c - *im * s;
  *im = *re * s + *im * c;
  *re = r;
}

INLINE void bf2(vd *ar, vd *ai, vd *br, vd *bi) {
  vd r = *ar - *br, i = *ai - *bi;
  *ar += *br; *ai += *bi;
  *br = r; *bi = i;
}

/* sign * i times a value */
INLINE void turn(vd *re, vd *im, int sign) {
  vd r = *re;
  if (sign < 0) { *re = *im; *im = -r; } else { *re = -*im; *im = r; }
}

INLINE void bf4(vd r[4], vd i[4], int sign) {
  bf2(&r[0], &i[0], &r[2], &i[2]);
  bf2(&r[1], &i[1], &r[3], &i[3]);
  turn(&r[3], &i[3], sign);
  bf2(&r[0], &i[0], &r[1], &i[1]);
  bf2(&r[2], &i[2], &r[3], &i[3]);
  /* order now 0, 2, 1, 3 */
  vd t = r[1]; r[1] = r[2]; r[2] = t;
  t = i[1]; i[1] = i[2]; i[2] = t;
}

INLINE void bf8(vd r[8], vd i[8], int sign) {
  vd er[4] = {r[0], r[2], r[4], r[6]}, ei[4] = {i[0], i[2], i[4], i[6]};
  vd or_[4] = {r[1], r[3], r[5], r[7]}, oi[4] = {i[1], i[3], i[5], i[7]};
  const double h = 0.70710678118654752440;
  bf4(er, ei, sign);
  bf4(or_, oi, sign);
  vd t;
  if (sign < 0) {
    t = (or_[1] + oi[1]) * h; oi[1] = (oi[1] - or_[1]) * h; or_[1] = t;
    t = (oi[3] - or_[3]) * h; oi[3] = (-or_[3] - oi[3]) * h; or_[3] = t;
  } else {
    t = (or_[1] - oi[1]) * h; oi[1] = (oi[1] + or_[1]) * h; or_[1] = t;
    t = (-or_[3] - oi[3]) * h; oi[3] = (or_[3] - oi[3]) * h; or_[3] = t;
  }
  turn(&or_[2], &oi[2], sign);
  for (int q = 0; q < 4; q++) {
    r[q] = er[q] + or_[q]; i[q] = ei[q] + oi[q];
    r[q + 4] = er[q] - or_[q]; i[q + 4] = ei[q] - oi[q];
  }
}

/* A stage to wave numbers: twist, then mix; and its mirror image to positions: mix, then twist back. */
#define STAGE(R, MIX)                                                                                      \
  INLINE void stage##R(vd *re, vd *im, int n, int m, const double *w, int sign) {                          \
    for (int j = 0; j < m; j++, w += 2 * (R - 1))                                                          \
      for (int g = j; g < n; g += m * R) {                                                                 \
        vd r[R], i[R];                                                                                     \
        for (int q = 0; q < R; q++) { r[q] = re[g + q * m]; i[q] = im[g + q * m]; }                        \
        if (sign < 0 && j) for (int q = 1; q < R; q++) twist(&r[q], &i[q], w + 2 * (q - 1), sign);         \
        MIX;                                                                                               \
        if (sign > 0 && j) for (int q = 1; q < R; q++) twist(&r[q], &i[q], w + 2 * (q - 1), sign);         \
        for (int q = 0; q < R; q++) { re[g + q * m] = r[q]; im[g + q * m] = i[q]; }                        \
      }                                                                                                    \
  }
STAGE(8, bf8(r, i, sign))
STAGE(4, bf4(r, i, sign))
STAGE(2, bf2(&r[0], &i[0], &r[1], &i[1]))

INLINE void lanes_stage(vd *re, vd *im, int n, int radix, int m, const double *w, int sign) {
  if (radix == 8) stage8(re, im, n, m, w, sign);
  else if (radix == 4) stage4(re, im, n, m, w, sign);
  else stage2(re, im, n, m, w, sign);
}

/* In place. sign < 0: positions as the plan has them to wave numbers in order; sign > 0: the way back. */
INLINE void lanes_fft(const rb_fft_plan *plan, vd *re, vd *im, int sign) {
  if (sign < 0) {
    const double *w = plan->twiddle;
    for (int s = 0, m = 1; s < plan->stages; m *= plan->radix[s++]) {
      lanes_stage(re, im, plan->n, plan->radix[s], m, w, sign);
      w += 2 * (plan->radix[s] - 1) * m;
    }
    return;
  }
  const double *w = plan->twiddle + 2 * (plan->n - 1);
  for (int s = plan->stages - 1, m = plan->n; s >= 0; s--) {
    m /= plan->radix[s];
    w -= 2 * (plan->radix[s] - 1) * m;
    lanes_stage(re, im, plan->n, plan->radix[s], m, w, sign);
  }
}
#endif
