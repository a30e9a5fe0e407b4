/* Powers of vectors: exp(a log x), both by their series, to about 1e-15. */
#ifndef RB_POWER_H
#define RB_POWER_H

#include "lanes.h"

#define LN2_HIGH 0.693147180369123816490
#define LN2_LOW 1.90821492927058770002e-10

/* Of normal numbers above zero: mantissa in [sqrt(1/2), sqrt 2), then 2 atanh((m - 1) / (m + 1)). */
INLINE vd logarithm(vd x)
{
  const vi bits = (vi)x;
  const vi exponent = (bits - 0x3fe6a09e667f3bcdLL) >> 52;
  const vd m = (vd)((vu)bits - ((vu)exponent << 52));
  const vd s = (m - 1.0) / (m + 1.0), z = s * s;
  vd p = splat(1.0 / 21);
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  const vd k = __builtin_convertvector(exponent, vd);
  return k * LN2_HIGH + (2.0 * s + (2.0 * s * z * p + k * LN2_LOW));
}

/* For |x| <= 700: 2^k times Taylor's series up to x^13 on |r| <= ln 2 / 2. */
INLINE vd exponential(vd x)
{
  /* Adding it rounds to a whole number, which then stands in the lowest bits. */
  const double magic = 6755399441055744.0;
  const vd t = x * 1.44269504088896340736 + magic;
  const vu k = (vu)t - (vu)splat(magic);
  const vd n = t - magic;
  vd r = x - n * LN2_HIGH;
  r = r - n * LN2_LOW;
  vd p = splat(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return (vd)((vu)p + (k << 52));
}

/* x^a within [low, high], which lie within e^-700 and e^700; x > 0 or anything else, for which it is `low`. */
INLINE vd bounded_power(vd x, double a, double low, double high)
{
  const vi above = x > 0;
  const vd normal = choose(above, most_of(x, splat(2.3e-308)), splat(1.0));
  const vd power = exponential(least_of(most_of(logarithm(normal) * a, splat(-700.0)), splat(700.0)));
  return choose(above, most_of(splat(low), least_of(splat(high), power)), splat(low));
}

#endif
