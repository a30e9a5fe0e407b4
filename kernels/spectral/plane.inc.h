/*
 * The nonlinear part in two dimensions, in sweeps over blocks of LANES rows: what a sweep needs stays in the processor's nearest
 * memory, and the fields themselves go to farther memory as seldom as can be. Included by steps.inc.h.
 */

/*
 * Arrays that are written turned have their rows this far apart: at a power of two all rows would fall on the same few places of the
 * nearest memory.
 */
#define PITCH(s) ((s)->n + RB_SPECTRAL_PAD)

/* A line in each lane. */
typedef struct {
  vd re[RB_SPECTRAL_MAX_N], im[RB_SPECTRAL_MAX_N];
} lines;

static __attribute__((noinline)) void lines_to_positions(const rb_fft_plan *plan, lines *of) { lanes_fft(plan, of->re, of->im, 1); }
static __attribute__((noinline)) void lines_to_modes(const rb_fft_plan *plan, lines *of) { lanes_fft(plan, of->re, of->im, -1); }

/* Values x .. x + LANES - 1 of the rows from `row` on: the lanes become rows, the index x. */
INLINE void load_block(const double *from, int pitch, int row, int x, vd block[LANES])
{
  for (int l = 0; l < LANES; l++) block[l] = load(from + (size_t)(row + l) * (size_t)pitch + x);
  transpose(block);
}

/* Lines along x of the rows from `row` on, stored [index][row]. */
INLINE void store_turned(const lines *from, rb_field to, int n, int pitch, int row)
{
  for (int k = 0; k < n; k++) {
    store(to.re + (size_t)k * (size_t)pitch + row, from->re[k]);
    store(to.im + (size_t)k * (size_t)pitch + row, from->im[k]);
  }
}

/* The same, stored [row][index]. */
INLINE void store_straight(const lines *from, rb_field to, int n, int row)
{
  for (int x = 0; x < n; x += LANES) {
    vd re[LANES], im[LANES];
    for (int l = 0; l < LANES; l++) {
      re[l] = from->re[x + l];
      im[l] = from->im[x + l];
    }
    transpose(re);
    transpose(im);
    for (int l = 0; l < LANES; l++) {
      store(to.re + (size_t)(row + l) * (size_t)n + x, re[l]);
      store(to.im + (size_t)(row + l) * (size_t)n + x, im[l]);
    }
  }
}

/* As they stand, LANES values of each index together: for whoever has the same rows before him later. */
INLINE void store_lines(const lines *from, rb_field to, int n, int row)
{
  for (int k = 0; k < n; k++) {
    store(to.re + row * n + k * LANES, from->re[k]);
    store(to.im + row * n + k * LANES, from->im[k]);
  }
}

/* Along x: the field, its slope and its curvature, from [ky][kx] to [x][ky]. Slope and curvature along y follow from the field. */
static void sweep_spectrum(rb_spectral *s, rb_field u, rb_field field, rb_field slope, rb_field curvature)
{
  const int n = s->n;
  const int *position = s->plan.position;
  const double scale = 1.0 / s->points;
  lines a, b, c;
  for (int row = 0; row < n; row += LANES) {
    if (!any_live(s, row)) continue;
    for (int x = 0; x < n; x += LANES) {
      vd re[LANES], im[LANES];
      if (!any_live(s, x)) {
        for (int l = 0; l < LANES; l++) {
          const int at = position[x + l];
          a.re[at] = a.im[at] = b.re[at] = b.im[at] = c.re[at] = c.im[at] = splat(0);
        }
        continue;
      }
      load_block(u.re, n, row, x, re);
      load_block(u.im, n, row, x, im);
      for (int l = 0; l < LANES; l++) {
        const int at = position[x + l];
        const double k = s->wave[x + l];
        re[l] *= scale;
        im[l] *= scale;
        a.re[at] = re[l];
        a.im[at] = im[l];
        b.re[at] = im[l] * -k;
        b.im[at] = re[l] * k;
        c.re[at] = re[l] * (-k * k);
        c.im[at] = im[l] * (-k * k);
      }
    }
    lines_to_positions(&s->plan, &a);
    lines_to_positions(&s->plan, &b);
    lines_to_positions(&s->plan, &c);
    store_turned(&a, field, n, PITCH(s), row);
    store_turned(&b, slope, n, PITCH(s), row);
    store_turned(&c, curvature, n, PITCH(s), row);
  }
}

/*
 * Along y: field and Laplacian at the points, kept as lines; density and source of the geometry, which go straight on to wave numbers
 * along y, into `pair` [ky][x].
 */
static void sweep_points(rb_spectral *s, rb_field field, rb_field slope, rb_field curvature, rb_field pair)
{
  const int n = s->n, pitch = PITCH(s);
  const int *position = s->plan.position;
  lines psi, along_x, along_y, lap;
  for (int row = 0; row < n; row += LANES) {
    for (int y = 0; y < n; y += LANES) {
      vd re[LANES], im[LANES], slope_re[LANES], slope_im[LANES], curve_re[LANES], curve_im[LANES];
      if (!any_live(s, y)) {
        for (int l = 0; l < LANES; l++) {
          const int at = position[y + l];
          psi.re[at] = psi.im[at] = along_x.re[at] = along_x.im[at] = along_y.re[at] = along_y.im[at] = lap.re[at] = lap.im[at] = splat(0);
        }
        continue;
      }
      load_block(field.re, pitch, row, y, re);
      load_block(field.im, pitch, row, y, im);
      load_block(slope.re, pitch, row, y, slope_re);
      load_block(slope.im, pitch, row, y, slope_im);
      load_block(curvature.re, pitch, row, y, curve_re);
      load_block(curvature.im, pitch, row, y, curve_im);
      for (int l = 0; l < LANES; l++) {
        const int at = position[y + l];
        const double k = s->wave[y + l];
        psi.re[at] = re[l];
        psi.im[at] = im[l];
        along_x.re[at] = slope_re[l];
        along_x.im[at] = slope_im[l];
        along_y.re[at] = im[l] * -k;
        along_y.im[at] = re[l] * k;
        lap.re[at] = curve_re[l] - re[l] * (k * k);
        lap.im[at] = curve_im[l] - im[l] * (k * k);
      }
    }
    lines_to_positions(&s->plan, &psi);
    lines_to_positions(&s->plan, &along_x);
    lines_to_positions(&s->plan, &along_y);
    lines_to_positions(&s->plan, &lap);
    store_lines(&psi, s->psi, n, row);
    store_lines(&lap, s->laplacian, n, row);
    /* Nobody needs the Laplacian here any more: its lines take the pair. */
    for (int y = 0; y < n; y++) {
      const vd re = psi.re[y], im = psi.im[y], rho = re * re + im * im;
      const vd gradient_re[2] = {along_x.re[y], along_y.re[y]}, gradient_im[2] = {along_x.im[y], along_y.im[y]};
      lap.re[position[y]] = rho;
      lap.im[position[y]] = source_at(&s->number, re, im, rho, gradient_re, gradient_im, 2);
    }
    lines_to_modes(&s->plan, &lap);
    store_turned(&lap, pair, n, pitch, row);
  }
}

/* Along x: rows of `in` to `out`, one way or the other, straight or turned. only_live: rows that the 2/3 rule drops are left out. */
INLINE void sweep_rows(rb_spectral *s, rb_field in, int in_pitch, rb_field out, int sign, int turned, int only_live)
{
  const int n = s->n;
  lines a;
  for (int row = 0; row < n; row += LANES) {
    if (only_live && !any_live(s, row)) continue;
    for (int x = 0; x < n; x += LANES) {
      vd re[LANES], im[LANES];
      load_block(in.re, in_pitch, row, x, re);
      load_block(in.im, in_pitch, row, x, im);
      for (int l = 0; l < LANES; l++) {
        a.re[s->plan.position[x + l]] = re[l];
        a.im[s->plan.position[x + l]] = im[l];
      }
    }
    if (sign < 0) lines_to_modes(&s->plan, &a);
    else lines_to_positions(&s->plan, &a);
    if (turned) store_turned(&a, out, n, PITCH(s), row);
    else store_straight(&a, out, n, row);
  }
}

/* Along y: the filtered pair [x][ky] at the points makes the geometry and the nonlinear part, which goes on to wave numbers along y, [ky][x]. */
static void sweep_geometry(rb_spectral *s, rb_field pair, rb_field to)
{
  const int n = s->n, pitch = PITCH(s);
  const int *position = s->plan.position;
  lines a, b;
  for (int row = 0; row < n; row += LANES) {
    for (int y = 0; y < n; y += LANES) {
      vd re[LANES], im[LANES];
      load_block(pair.re, pitch, row, y, re);
      load_block(pair.im, pitch, row, y, im);
      for (int l = 0; l < LANES; l++) {
        a.re[position[y + l]] = re[l];
        a.im[position[y + l]] = im[l];
      }
    }
    lines_to_positions(&s->plan, &a);
    for (int y = 0; y < n; y++) {
      const int i = row * n + y * LANES;
      const vd re = GET(s->psi.re), im = GET(s->psi.im), rho = re * re + im * im;
      vd ratio;
      const vd bent = bend_at(&s->number, rho, a.im[y], &ratio);
      push_at(&s->number, re, im, rho, a.re[y], bent, GET(s->laplacian.re), GET(s->laplacian.im), &b.re[position[y]], &b.im[position[y]]);
      if (s->keep_geometry) {
        store(s->ratio + y * n + row, ratio);
        store(s->inverse_omega_squared + y * n + row, bent);
      }
    }
    lines_to_modes(&s->plan, &b);
    store_turned(&b, to, n, pitch, row);
  }
}

static void evaluate_plane(rb_spectral *s, rb_field u, rb_field out)
{
  const rb_field field = s->gradient[0], slope = s->gradient[1], curvature = s->smooth, pair = s->turned;
  sweep_spectrum(s, u, field, slope, curvature);
  sweep_points(s, field, slope, curvature, pair);
  sweep_rows(s, pair, PITCH(s), s->before, -1, 0, 0);
  filter_pair(s);
  sweep_rows(s, s->smooth, s->n, s->pair, 1, 1, 0);
  sweep_geometry(s, s->pair, s->before);
  sweep_rows(s, s->before, PITCH(s), out, -1, 0, 1);
}
