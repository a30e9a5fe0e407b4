/* The nonlinear part in three dimensions: one transform after the other. Included by steps.inc.h. */

/* Wave numbers to positions. masked: the modes that the 2/3 rule drops are zero. `in` is left as it is, and is not `out`. */
static void to_positions(rb_spectral *s, rb_field in, rb_field out, int masked)
{
  const rb_fft_plan *plan = &s->plan;
  const rb_field t = s->turned;
  const int rows = s->points / s->n;
  fft_turned(plan, rows, masked ? s->live_rows : NULL, NULL, in.re, in.im, out.re, out.im, 1);
  fft_turned(plan, rows, masked ? s->live_inner : NULL, NULL, out.re, out.im, t.re, t.im, 1);
  fft_turned(plan, rows, NULL, NULL, t.re, t.im, out.re, out.im, 1);
}

/* Positions to wave numbers. masked: nobody reads the modes that the 2/3 rule drops, which are then not written. */
static void to_modes(rb_spectral *s, rb_field in, rb_field out, int masked)
{
  const rb_fft_plan *plan = &s->plan;
  const rb_field t = s->turned;
  const int rows = s->points / s->n;
  const unsigned char *live = masked ? s->live : NULL;
  fft_turned(plan, rows, NULL, live, in.re, in.im, out.re, out.im, -1);
  fft_turned(plan, rows, masked ? s->live_outer : NULL, live, out.re, out.im, t.re, t.im, -1);
  fft_turned(plan, rows, masked ? s->live_rows : NULL, live, t.re, t.im, out.re, out.im, -1);
}

/* i k f along an axis, times `scale`, into `before`. Axis 0 is the slowest. */
static void derive(rb_spectral *s, rb_field f, int axis, double scale)
{
  const int n = s->n, stride = axis == 2 ? 1 : axis == 1 ? n : n * n;
  EACH_POINT(s)
  {
    const vd k = (stride == 1 ? load(s->wave + i % n) : splat(s->wave[i / stride % n])) * scale;
    PUT(s->before.re, -k * GET(f.im));
    PUT(s->before.im, k * GET(f.re));
  }
}

/* Field, gradient and Laplacian at the points. */
static void find_fields(rb_spectral *s, rb_field u)
{
  const double scale = 1.0 / s->points;
  EACH_POINT(s)
  {
    PUT(s->before.re, GET(u.re) * scale);
    PUT(s->before.im, GET(u.im) * scale);
  }
  to_positions(s, s->before, s->psi, 1);
  for (int axis = 0; axis < 3; axis++) {
    derive(s, u, axis, scale);
    to_positions(s, s->before, s->gradient[axis], 1);
  }
  EACH_POINT(s)
  {
    const vd minus_k_squared = GET(s->k_squared) * -scale;
    PUT(s->before.re, GET(u.re) * minus_k_squared);
    PUT(s->before.im, GET(u.im) * minus_k_squared);
  }
  to_positions(s, s->before, s->laplacian, 1);
}

/* The density into pair.re, the source of the geometry into pair.im. */
static void find_sources(rb_spectral *s)
{
  EACH_POINT(s)
  {
    const vd re = GET(s->psi.re), im = GET(s->psi.im), rho = re * re + im * im;
    vd gradient_re[3], gradient_im[3];
    for (int axis = 0; axis < 3; axis++) {
      gradient_re[axis] = GET(s->gradient[axis].re);
      gradient_im[axis] = GET(s->gradient[axis].im);
    }
    PUT(s->pair.re, rho);
    PUT(s->pair.im, source_at(&s->number, re, im, rho, gradient_re, gradient_im, 3));
  }
}

/* Smoothed density (pair.re) and solution of the elliptic equation (pair.im) to the geometry and the nonlinear part, into `before`. */
static void combine(rb_spectral *s)
{
  EACH_POINT(s)
  {
    const vd re = GET(s->psi.re), im = GET(s->psi.im), rho = re * re + im * im;
    vd ratio, out_re, out_im;
    const vd bent = bend_at(&s->number, rho, GET(s->pair.im), &ratio);
    push_at(&s->number, re, im, rho, GET(s->pair.re), bent, GET(s->laplacian.re), GET(s->laplacian.im), &out_re, &out_im);
    PUT(s->ratio, ratio);
    PUT(s->inverse_omega_squared, bent);
    PUT(s->before.re, out_re);
    PUT(s->before.im, out_im);
  }
}

/* -1/2 D grad(Omega^-2) . grad psi on top; the sum goes to `smooth`. */
static void add_slopes(rb_spectral *s)
{
  const rb_spectral_numbers *number = &s->number;
  EACH_POINT(s)
  {
    PUT(s->smooth.re, GET(s->before.re));
    PUT(s->smooth.im, GET(s->before.im));
    PUT(s->pair.re, GET(s->inverse_omega_squared));
    PUT(s->pair.im, splat(0));
  }
  to_modes(s, s->pair, s->laplacian, 0);
  for (int axis = 0; axis < 3; axis++) {
    derive(s, s->laplacian, axis, -0.5 / s->points);
    to_positions(s, s->before, s->pair, 0);
    EACH_POINT(s)
    {
      const vd half = GET(s->pair.re), re = GET(s->gradient[axis].re), im = GET(s->gradient[axis].im);
      PUT(s->smooth.re, GET(s->smooth.re) + half * (number->d_re * re - number->d_im * im));
      PUT(s->smooth.im, GET(s->smooth.im) + half * (number->d_re * im + number->d_im * re));
    }
  }
}

static void evaluate_space(rb_spectral *s, rb_field u, rb_field out)
{
  find_fields(s, u);
  find_sources(s);
  to_modes(s, s->pair, s->before, 0);
  filter_pair(s);
  to_positions(s, s->smooth, s->pair, 0);
  combine(s);
  add_slopes(s);
  to_modes(s, s->smooth, out, 1);
}
