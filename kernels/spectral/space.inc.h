/* A step in three dimensions: one transform after the other. Included by steps.inc.h. */

/* Blocks of modes that the 2/3 rule keeps, or some of them: 8/27 of all. The others are zero and stay so. */
#define EACH_LIVE(s) \
  for (int row = 0; row < (s)->points / (s)->n; row++) \
    if (s->live_rows[row]) \
      for (int i = row * (s)->n; i < (row + 1) * (s)->n; i += LANES) \
        if (any_live(s, i - row * (s)->n))

/* Whether the 2/3 rule keeps any of LANES indices. */
INLINE int any_live(const rb_spectral *s, int from)
{
  uint64_t any = 0;
  memcpy(&any, s->live + from, LANES);
  return any != 0;
}

/*
 * Wave numbers of two real fields, one in the real and one in the imaginary part at the points, each through its filter: `before` to
 * `smooth`. A mode and its mirror, -k, tell the two apart.
 */
static void filter_pair(rb_spectral *s)
{
  const int n = s->n, rows = s->points / n;
  const rb_field f = s->before;
  double mirror_re[RB_SPECTRAL_MAX_N + 1], mirror_im[RB_SPECTRAL_MAX_N + 1];
  for (int row = 0; row < rows; row++) {
    const int slow = row / n, fast = row % n;
    const int mirror = (n - slow) % n * n + (n - fast) % n;
    memcpy(mirror_re, f.re + (size_t)mirror * (size_t)n, sizeof(double) * (size_t)n);
    memcpy(mirror_im, f.im + (size_t)mirror * (size_t)n, sizeof(double) * (size_t)n);
    mirror_re[n] = mirror_re[0];
    mirror_im[n] = mirror_im[0];
    for (int x = 0; x < n; x += LANES) {
      const int i = row * n + x, from = n - x - (LANES - 1);
      const vd re = GET(f.re), im = GET(f.im), other_re = reversed(load(mirror_re + from)), other_im = reversed(load(mirror_im + from));
      const vd first = GET(s->kernel) * 0.5, second = GET(s->elliptic) * 0.5;
      PUT(s->smooth.re, first * (re + other_re) + second * (re - other_re));
      PUT(s->smooth.im, first * (im - other_im) + second * (im + other_im));
    }
  }
}

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

static void find_nonlinear(rb_spectral *s, rb_field u, rb_field out)
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

/* The nonlinear part of u, with the geometry u makes. Modes that the 2/3 rule drops are left undefined: their coefficients are zero. */
static void evaluate(rb_spectral *s, rb_field u, rb_field out)
{
  find_nonlinear(s, u, out);
  if (s->source.re == NULL) return;
  EACH_LIVE(s)
  {
    PUT(out.re, GET(out.re) + GET(s->source.re));
    PUT(out.im, GET(out.im) + GET(s->source.im));
  }
}

/* out = e2 from + q (2 n - minus), or e2 from + q n. */
INLINE void stage(rb_spectral *s, rb_field from, rb_field n, const rb_field *minus, rb_field out)
{
  EACH_LIVE(s)
  {
    vd n_re = GET(n.re), n_im = GET(n.im);
    if (minus != NULL) {
      n_re = 2.0 * n_re - GET(minus->re);
      n_im = 2.0 * n_im - GET(minus->im);
    }
    const vd e_re = GET(s->e2.re), e_im = GET(s->e2.im), q_re = GET(s->q.re), q_im = GET(s->q.im), re = GET(from.re), im = GET(from.im);
    PUT(out.re, e_re * re - e_im * im + q_re * n_re - q_im * n_im);
    PUT(out.im, e_re * im + e_im * re + q_re * n_im + q_im * n_re);
  }
}

static void step_space(rb_spectral *s)
{
  const rb_field u = s->spectrum;
  evaluate(s, u, s->nu);
  stage(s, u, s->nu, NULL, s->a);
  evaluate(s, s->a, s->na);
  stage(s, u, s->na, NULL, s->b);
  evaluate(s, s->b, s->nb);
  stage(s, s->a, s->nb, &s->nu, s->c);
  evaluate(s, s->c, s->nc);
  EACH_LIVE(s)
  {
    const vd e_re = GET(s->e.re), e_im = GET(s->e.im), re = GET(u.re), im = GET(u.im);
    const vd first_re = GET(s->nu.re), first_im = GET(s->nu.im), last_re = GET(s->nc.re), last_im = GET(s->nc.im);
    const vd middle_re = 2.0 * (GET(s->na.re) + GET(s->nb.re)), middle_im = 2.0 * (GET(s->na.im) + GET(s->nb.im));
    const vd a_re = GET(s->f1.re), a_im = GET(s->f1.im), b_re = GET(s->f2.re), b_im = GET(s->f2.im), c_re = GET(s->f3.re), c_im = GET(s->f3.im);
    PUT(u.re, e_re * re - e_im * im + a_re * first_re - a_im * first_im + b_re * middle_re - b_im * middle_im + c_re * last_re - c_im * last_im);
    PUT(u.im, e_re * im + e_im * re + a_re * first_im + a_im * first_re + b_re * middle_im + b_im * middle_re + c_re * last_im + c_im * last_re);
  }
}
