/*
 * One step of the coupled field, for the LANES and under the name STEPS of whoever includes it. The order of things is that of
 * daemon/solver/reference.ts and nonlinear.ts.
 */
#include "fft.h"
#include "pointwise.h"
#include "spectral.h"

#define EACH_POINT(s) for (int i = 0; i < (s)->points; i += LANES)
/* Blocks of modes that the 2/3 rule keeps, or some of them: 4/9 of a plane, 8/27 of a space. The others are zero and stay so. */
#define EACH_LIVE(s) \
  for (int row = 0; row < (s)->points / (s)->n; row++) \
    if (s->dim == 2 ? s->live[row] : s->live_rows[row]) \
      for (int i = row * (s)->n; i < (row + 1) * (s)->n; i += LANES) \
        if (any_live(s, i - row * (s)->n))

#define GET(array) load((array) + i)
#define PUT(array, value) store((array) + i, value)

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
    const int mirror = s->dim == 2 ? (n - row) % n : (n - slow) % n * n + (n - fast) % n;
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

#include "plane.inc.h"
#include "space.inc.h"

/* The nonlinear part of u, with the geometry u makes. Modes that the 2/3 rule drops are left undefined: their coefficients are zero. */
static void evaluate(rb_spectral *s, rb_field u, rb_field out)
{
  if (s->dim == 2) evaluate_plane(s, u, out);
  else evaluate_space(s, u, out);
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

static void step(rb_spectral *s, int last)
{
  const rb_field u = s->spectrum;
  s->keep_geometry = 0;
  evaluate(s, u, s->nu);
  stage(s, u, s->nu, NULL, s->a);
  evaluate(s, s->a, s->na);
  stage(s, u, s->na, NULL, s->b);
  evaluate(s, s->b, s->nb);
  stage(s, s->a, s->nb, &s->nu, s->c);
  s->keep_geometry = last;
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

void STEPS(rb_spectral *self, int count)
{
  while (count-- > 0) step(self, count == 0);
}
