/*
 * A step in three dimensions: one transform after the other, each a plane at a time along two axes and then along the slowest. Included by
 * steps.inc.h, after plane.inc.h, whose lines it uses.
 */

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

/* What of a field is taken to positions: itself, a slope (axis 0 is the slowest), or the Laplacian. */
enum { SLOPE_0, SLOPE_1, SLOPE_2, ITSELF, LAPLACIAN };

/* Doubles in a line of the cache: lines along the slowest axis are taken so many at a time, whatever a vector holds. */
#define BESIDE 8

/* A block of a plane, `row` and `x` its first indices: the lanes become rows. */
INLINE void block_load(const double *from, int pitch, int row, int x, vd block[LANES])
{
  for (int l = 0; l < LANES; l++) block[l] = load(from + (row + l) * pitch + x);
  transpose(block);
}

/* Rows of what is kept of a plane between its two axes: not a power of two apart. */
INLINE int plane_pitch(const rb_spectral *s) { return s->n + BESIDE; }

/* Wave numbers of a plane to positions, [ky][kx] to [y][x], in the cache. masked: as for to_positions. */
INLINE void plane_to_positions(rb_spectral *s, rb_field in, rb_field out, int z, int masked, int what, double scale)
{
  const int n = s->n, pitch = plane_pitch(s);
  const size_t plane = (size_t)z * (size_t)n * (size_t)n;
  double *const kept_re = s->turned.re, *const kept_im = s->turned.im;
  const vd k_0 = splat(s->wave[z]);
  lines a;
  for (int row = 0; row < n; row += LANES) {
    if (masked && !any_live(s, row)) continue;
    const vd k_1 = load(s->wave + row);
    for (int x = 0; x < n; x += LANES) {
      block_load(in.re + plane, n, row, x, a.re + x);
      block_load(in.im + plane, n, row, x, a.im + x);
      for (int i = x; i < x + LANES; i++) {
        const vd re = a.re[i], im = a.im[i], k_2 = splat(s->wave[i]);
        if (what == ITSELF || what == LAPLACIAN) {
          vd factor = splat(scale);
          if (what == LAPLACIAN) factor *= -(k_0 * k_0 + k_1 * k_1 + k_2 * k_2);
          a.re[i] = re * factor;
          a.im[i] = im * factor;
        } else {
          vd k = splat(scale);
          if (what == SLOPE_0) k *= k_0;
          else if (what == SLOPE_1) k *= k_1;
          else k *= k_2;
          a.re[i] = -k * im;
          a.im[i] = k * re;
        }
      }
    }
    lines_to_positions(&s->plan, &a);
    for (int x = 0; x < n; x++) {
      store(kept_re + x * pitch + row, a.re[x]);
      store(kept_im + x * pitch + row, a.im[x]);
    }
  }
  for (int row = 0; row < n; row += LANES) {
    for (int y = 0; y < n; y += LANES) {
      if (masked && !any_live(s, y)) {
        for (int i = y; i < y + LANES; i++) a.re[i] = a.im[i] = splat(0);
        continue;
      }
      block_load(kept_re, pitch, row, y, a.re + y);
      block_load(kept_im, pitch, row, y, a.im + y);
    }
    lines_to_positions(&s->plan, &a);
    for (int y = 0; y < n; y++) {
      store(out.re + plane + y * n + row, a.re[y]);
      store(out.im + plane + y * n + row, a.im[y]);
    }
  }
}

/* Positions of a plane to wave numbers, in place. masked: as for to_modes. */
static void plane_to_modes(rb_spectral *s, rb_field field, int z, int masked)
{
  const int n = s->n, pitch = plane_pitch(s);
  const size_t plane = (size_t)z * (size_t)n * (size_t)n;
  double *const kept_re = s->turned.re, *const kept_im = s->turned.im;
  lines a;
  for (int row = 0; row < n; row += LANES) {
    for (int x = 0; x < n; x += LANES) {
      block_load(field.re + plane, n, row, x, a.re + x);
      block_load(field.im + plane, n, row, x, a.im + x);
    }
    lines_to_modes(&s->plan, &a);
    for (int x = 0; x < n; x++) {
      store(kept_re + x * pitch + row, a.re[x]);
      store(kept_im + x * pitch + row, a.im[x]);
    }
  }
  for (int row = 0; row < n; row += LANES) {
    if (masked && !any_live(s, row)) continue;
    for (int y = 0; y < n; y += LANES) {
      block_load(kept_re, pitch, row, y, a.re + y);
      block_load(kept_im, pitch, row, y, a.im + y);
    }
    lines_to_modes(&s->plan, &a);
    for (int y = 0; y < n; y++) {
      if (masked && !s->live[y]) continue;
      store(field.re + plane + y * n + row, a.re[y]);
      store(field.im + plane + y * n + row, a.im[y]);
    }
  }
}

/* Along the slowest axis. masked: planes of wave numbers that the 2/3 rule drops are zero, or not wanted. */
INLINE void depth(rb_spectral *s, rb_field in, rb_field out, int sign, int masked)
{
  const int n = s->n;
  const size_t plane = (size_t)n * (size_t)n;
  lines a[BESIDE / LANES];
  for (size_t i = 0; i < plane; i += BESIDE) {
    for (int z = 0; z < n; z++) {
      const int is_zero = sign > 0 && masked && !s->live[z];
      for (int part = 0; part < BESIDE / LANES; part++) {
        const size_t at = (size_t)z * plane + i + (size_t)part * LANES;
        a[part].re[z] = a[part].im[z] = splat(0);
        if (is_zero) continue;
        a[part].re[z] = load(in.re + at);
        a[part].im[z] = load(in.im + at);
      }
    }
    for (int part = 0; part < BESIDE / LANES; part++) {
      if (sign > 0) lines_to_positions(&s->plan, a + part);
      else lines_to_modes(&s->plan, a + part);
    }
    for (int z = 0; z < n; z++) {
      if (sign < 0 && masked && !s->live[z]) continue;
      for (int part = 0; part < BESIDE / LANES; part++) {
        const size_t at = (size_t)z * plane + i + (size_t)part * LANES;
        store(out.re + at, a[part].re[z]);
        store(out.im + at, a[part].im[z]);
      }
    }
  }
}

/* Wave numbers to positions. masked: the modes that the 2/3 rule drops are zero. `in` is left as it is, and is not `out`. */
INLINE void to_positions(rb_spectral *s, rb_field in, rb_field out, int masked, int what, double scale)
{
  for (int z = 0; z < s->n; z++) {
    if (!masked || s->live[z]) plane_to_positions(s, in, out, z, masked, what, scale);
  }
  depth(s, out, out, 1, masked);
}

/* Positions to wave numbers. masked: nobody reads the modes that the 2/3 rule drops, which are then left undefined. */
static void to_modes(rb_spectral *s, rb_field in, rb_field out, int masked)
{
  depth(s, in, out, -1, masked);
  for (int z = 0; z < s->n; z++) {
    if (!masked || s->live[z]) plane_to_modes(s, out, z, masked);
  }
}

/* Field, gradient and Laplacian at the points. */
static void find_fields(rb_spectral *s, rb_field u)
{
  const double scale = 1.0 / s->points;
  to_positions(s, u, s->psi, 1, ITSELF, scale);
  to_positions(s, u, s->gradient[0], 1, SLOPE_0, scale);
  to_positions(s, u, s->gradient[1], 1, SLOPE_1, scale);
  to_positions(s, u, s->gradient[2], 1, SLOPE_2, scale);
  to_positions(s, u, s->laplacian, 1, LAPLACIAN, scale);
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

/* Adds the part of the Laplacian that pair.re makes: the slope of -1/2 Omega^-2 along an axis, times D times the field's slope. */
static void add_slope(rb_spectral *s, rb_field gradient)
{
  const rb_spectral_numbers *number = &s->number;
  EACH_POINT(s)
  {
    const vd half = GET(s->pair.re), re = GET(gradient.re), im = GET(gradient.im);
    PUT(s->before.re, GET(s->before.re) + half * (number->d_re * re - number->d_im * im));
    PUT(s->before.im, GET(s->before.im) + half * (number->d_re * im + number->d_im * re));
  }
}

/* -1/2 D grad(Omega^-2) . grad psi on top of `before`. */
static void add_slopes(rb_spectral *s)
{
  const double scale = -0.5 / s->points;
  EACH_POINT(s)
  {
    PUT(s->pair.re, GET(s->inverse_omega_squared));
    PUT(s->pair.im, splat(0));
  }
  to_modes(s, s->pair, s->laplacian, 0);
  to_positions(s, s->laplacian, s->pair, 0, SLOPE_0, scale);
  add_slope(s, s->gradient[0]);
  to_positions(s, s->laplacian, s->pair, 0, SLOPE_1, scale);
  add_slope(s, s->gradient[1]);
  to_positions(s, s->laplacian, s->pair, 0, SLOPE_2, scale);
  add_slope(s, s->gradient[2]);
}

static void find_nonlinear(rb_spectral *s, rb_field u, rb_field out)
{
  find_fields(s, u);
  find_sources(s);
  to_modes(s, s->pair, s->before, 0);
  filter_pair(s);
  to_positions(s, s->smooth, s->pair, 0, ITSELF, 1);
  combine(s);
  add_slopes(s);
  to_modes(s, s->before, out, 1);
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
