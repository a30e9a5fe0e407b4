/* What happens at a point, for LANES of them. */
#ifndef RB_POINTWISE_H
#define RB_POINTWISE_H

#include "power.h"
#include "spectral.h"

/* The source of the geometry, T_00 / rho_ref, from the field, its density and its gradient along `dim` axes. */
INLINE vd source_at(const rb_spectral_numbers *number, vd re, vd im, vd rho, const vd *gradient_re, const vd *gradient_im, int dim)
{
  vd current = splat(0), slope = splat(0);
  for (int axis = 0; axis < dim; axis++) {
    const vd j = re * gradient_im[axis] - im * gradient_re[axis], r = re * gradient_re[axis] + im * gradient_im[axis];
    current += j * j;
    slope += r * r;
  }
  return (number->kappa * current + number->eta * slope) / (rho + number->delta) * number->per_reference;
}

/* rho_s / rho_vac and Omega^-2, from the density and the solution of the elliptic equation. */
INLINE vd bend_at(const rb_spectral_numbers *number, vd rho, vd excess, vd *ratio)
{
  *ratio = number->algebraic != 0 ? rho * number->per_vacuum : 1.0 + excess;
  return bounded_power(*ratio, number->alpha, number->least, number->greatest);
}

/* The nonlinear part, but for the slope term of three dimensions. */
INLINE void push_at(const rb_spectral_numbers *number, vd re, vd im, vd rho, vd smooth, vd bent, vd lap_re, vd lap_im, vd *out_re, vd *out_im)
{
  const vd stretch = bent - number->gamma, damp = number->damp * rho + number->nonlocal * smooth, turn = number->turn * rho;
  lap_re *= stretch;
  lap_im *= stretch;
  *out_re = number->d_re * lap_re - number->d_im * lap_im - damp * re + turn * im;
  *out_im = number->d_re * lap_im + number->d_im * lap_re - damp * im - turn * re;
}

#endif
