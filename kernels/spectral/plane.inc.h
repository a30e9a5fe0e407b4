/*
 * Steps in two dimensions, in sweeps over strips of LANES rows or columns: what a sweep needs of a strip stays in the processor's
 * nearest memory, and everything that belongs together is done while it is there, since it is the way to farther memory that makes large
 * grids slow. Included by steps.inc.h.
 *
 * A strip of wave numbers ky has LANES of them, from 0 on (even slots) or their mirrors -ky (odd slots); a strip of positions has those
 * that follow each other in the plan's order. Between sweeps along x and sweeps along y everything lies in tiles, LANES values by LANES
 * values, real parts and then imaginary parts:
 *   fields  per strip of x: per slot the field, its slope and its curvature along x. Then, in their place, per y the field and its Laplacian.
 *   tiles   per slot, per strip of x: density and source of the geometry; then these filtered; then the nonlinear part.
 *   modes   per slot, per kx from 0 on: +kx and -kx of u, nu, na (later na + nb), a; the fifth is the template.
 */

#define TILE (2 * LANES * LANES)

/* A line in each lane. */
typedef struct {
  vd re[RB_SPECTRAL_MAX_N], im[RB_SPECTRAL_MAX_N];
} lines;

typedef struct {
  vd re, im;
} cd;

static __attribute__((noinline)) void lines_to_positions(const rb_fft_plan *plan, lines *of) { lanes_fft(plan, of->re, of->im, 1); }
static __attribute__((noinline)) void lines_to_modes(const rb_fft_plan *plan, lines *of) { lanes_fft(plan, of->re, of->im, -1); }

/* Strips of ky from 0 on that the 2/3 rule keeps something of. */
INLINE int live_strips(const rb_spectral *s) { return s->keep / LANES + 1; }

/* Where a strip of x begins: the fields of its slots, or two for each y, and a tile more so that not all begin on the same place of the cache. */
INLINE double *fields_at(const rb_spectral *s, int strip)
{
  const int slots = 6 * live_strips(s) * TILE, lines = 4 * LANES * s->n;
  return s->fields + (size_t)strip * (size_t)((slots > lines ? slots : lines) + TILE);
}

INLINE double *tile_at(const rb_spectral *s, int slot, int strip)
{
  return s->tiles + ((size_t)slot * (size_t)(s->n / LANES + 1) + (size_t)strip) * TILE;
}

/* Of kx and -kx: the vectors of a slot. */
INLINE double *mode_at(const rb_spectral *s, double *modes, int slot, int kx)
{
  return modes + ((size_t)slot * (size_t)(s->keep + 1) + (size_t)kx) * 4 * LANES;
}

INLINE cd cd_load(const double *from) { return (cd){load(from), load(from + LANES)}; }

INLINE void cd_store(double *to, cd value)
{
  store(to, value.re);
  store(to + LANES, value.im);
}

INLINE cd cd_times(cd a, cd b) { return (cd){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
INLINE cd cd_plus(cd a, cd b) { return (cd){a.re + b.re, a.im + b.im}; }

/* Lanes become indices. */
INLINE void tile_load(const double *tile, vd re[LANES], vd im[LANES])
{
  for (int l = 0; l < LANES; l++) {
    re[l] = load(tile + l * LANES);
    im[l] = load(tile + (LANES + l) * LANES);
  }
  transpose(re);
  transpose(im);
}

INLINE void tile_store(double *tile, int l, vd re, vd im)
{
  store(tile + l * LANES, re);
  store(tile + (LANES + l) * LANES, im);
}

/* Index of lane l of a slot. */
INLINE int mode_index(int n, int slot, int l)
{
  const int k = slot / 2 * LANES + l;
  return slot % 2 == 0 ? k : (n - k) % n;
}

/* For a slot of all ky: where that of its lane 0 would be ky = 0 again, ky = n / 2 stands. */
INLINE int mode_index_of_all(int n, int slot, int l) { return slot == 1 && l == 0 ? n / 2 : mode_index(n, slot, l); }

/* Modes of the grid to slots, and back. */
static void modes_of(const rb_spectral *s, rb_field grid, double *modes)
{
  for (int slot = 0; slot < 2 * live_strips(s); slot++) {
    for (int kx = 0; kx <= s->keep; kx++) {
      double *const to = mode_at(s, modes, slot, kx);
      for (int l = 0; l < LANES; l++) {
        const int row = mode_index(s->n, slot, l) * s->n, mirror = (s->n - kx) % s->n;
        to[l] = grid.re[row + kx];
        to[LANES + l] = grid.im[row + kx];
        to[2 * LANES + l] = grid.re[row + mirror];
        to[3 * LANES + l] = grid.im[row + mirror];
      }
    }
  }
}

static void grid_of(const rb_spectral *s, double *modes, rb_field grid)
{
  for (int slot = 0; slot < 2 * live_strips(s); slot++) {
    for (int kx = 0; kx <= s->keep; kx++) {
      const double *const from = mode_at(s, modes, slot, kx);
      for (int l = 0; l < LANES; l++) {
        const int y = mode_index(s->n, slot, l), row = y * s->n, mirror = (s->n - kx) % s->n;
        if (!s->live[y]) continue;
        grid.re[row + kx] = from[l];
        grid.im[row + kx] = from[LANES + l];
        grid.re[row + mirror] = from[2 * LANES + l];
        grid.im[row + mirror] = from[3 * LANES + l];
      }
    }
  }
}

/* A field along x: itself, its slope and its curvature. */
typedef struct {
  lines field, slope, curvature;
} derived;

INLINE void derive_mode(derived *to, int x, double k, cd mode, double scale)
{
  const vd re = mode.re * scale, im = mode.im * scale;
  to->field.re[x] = re;
  to->field.im[x] = im;
  to->slope.re[x] = im * -k;
  to->slope.im[x] = re * k;
  to->curvature.re[x] = re * (-k * k);
  to->curvature.im[x] = im * (-k * k);
}

/*
 * Along x: the nonlinear part as it comes from the last sweep to wave numbers, with them to the next stage of the step, and that on to
 * positions. round: which nonlinear part has come, 0 to 3, or -1 for none; onward: whether there is another stage.
 */
INLINE void sweep_modes(rb_spectral *s, int round, int onward)
{
  const int n = s->n, keep = s->keep, width = s->width;
  double *const u_modes = s->modes[0], *const nu_modes = s->modes[1], *const na_modes = s->modes[2], *const a_modes = s->modes[3];
  const double scale = 1.0 / s->points;
  lines come;
  derived go;
  for (int slot = 0; slot < 2 * live_strips(s); slot++) {
    if (round >= 0) {
      for (int strip = 0; strip < n / LANES; strip++) tile_load(tile_at(s, slot, strip), come.re + strip * LANES, come.im + strip * LANES);
      lines_to_modes(&s->plan, &come);
    }
    if (onward)
      for (int x = keep + 1; x < n - keep; x++) derive_mode(&go, x, 0, (cd){splat(0), splat(0)}, 0);
    for (int kx = 0; kx <= keep; kx++) {
      const double *const stage = s->stage + kx * 4 * width + slot / 2 * LANES, *const whole = s->whole + kx * 8 * width + slot / 2 * LANES;
      double *const u_at = mode_at(s, u_modes, slot, kx), *const nu_at = mode_at(s, nu_modes, slot, kx);
      double *const na_at = mode_at(s, na_modes, slot, kx), *const a_at = mode_at(s, a_modes, slot, kx);
      for (int side = 0; side < 2; side++) {
        const int x = side == 0 ? kx : (n - kx) % n, at = side * 2 * LANES;
        cd next = cd_load(u_at + at);
        if (round >= 0) {
          const cd u = next;
          cd now = {come.re[x], come.im[x]};
          if (s->source.re != NULL) now = cd_plus(now, cd_load(mode_at(s, s->modes[4], slot, kx) + at));
          if (round < 3) {
            const cd e2 = {load(stage), load(stage + width)}, q = {load(stage + 2 * width), load(stage + 3 * width)};
            if (round == 0) {
              cd_store(nu_at + at, now);
              next = cd_plus(cd_times(e2, u), cd_times(q, now));
              cd_store(a_at + at, next);
            } else if (round == 1) {
              cd_store(na_at + at, now);
              next = cd_plus(cd_times(e2, u), cd_times(q, now));
            } else {
              const cd nu = cd_load(nu_at + at);
              cd_store(na_at + at, cd_plus(cd_load(na_at + at), now));
              next = cd_plus(cd_times(e2, cd_load(a_at + at)), cd_times(q, (cd){2.0 * now.re - nu.re, 2.0 * now.im - nu.im}));
            }
          } else {
            const cd e = {load(whole), load(whole + width)}, f1 = {load(whole + 2 * width), load(whole + 3 * width)};
            const cd f2 = {load(whole + 4 * width), load(whole + 5 * width)}, f3 = {load(whole + 6 * width), load(whole + 7 * width)};
            const cd linear = cd_plus(cd_times(e, u), cd_times(f1, cd_load(nu_at + at)));
            next = cd_plus(linear, cd_plus(cd_times(f2, cd_load(na_at + at)), cd_times(f3, now)));
            cd_store(u_at + at, next);
          }
        }
        if (onward) derive_mode(&go, x, s->wave[x], next, scale);
      }
    }
    if (!onward) continue;
    lines_to_positions(&s->plan, &go.field);
    lines_to_positions(&s->plan, &go.slope);
    lines_to_positions(&s->plan, &go.curvature);
    for (int strip = 0; strip < n / LANES; strip++) {
      double *const to = fields_at(s, strip) + slot * 3 * TILE;
      for (int l = 0; l < LANES; l++) {
        const int x = strip * LANES + l;
        tile_store(to, l, go.field.re[x], go.field.im[x]);
        tile_store(to + TILE, l, go.slope.re[x], go.slope.im[x]);
        tile_store(to + 2 * TILE, l, go.curvature.re[x], go.curvature.im[x]);
      }
    }
  }
}

static __attribute__((noinline)) void sweep_begin(rb_spectral *s) { sweep_modes(s, -1, 1); }
static __attribute__((noinline)) void sweep_first(rb_spectral *s) { sweep_modes(s, 0, 1); }
static __attribute__((noinline)) void sweep_second(rb_spectral *s) { sweep_modes(s, 1, 1); }
static __attribute__((noinline)) void sweep_third(rb_spectral *s) { sweep_modes(s, 2, 1); }
static __attribute__((noinline)) void sweep_fourth(rb_spectral *s) { sweep_modes(s, 3, 1); }
static __attribute__((noinline)) void sweep_end(rb_spectral *s) { sweep_modes(s, 3, 0); }

/* Along y: field and Laplacian at the points; density and source of the geometry, which go straight on to wave numbers along y. */
static __attribute__((noinline)) void sweep_points(rb_spectral *s)
{
  const int n = s->n, live = live_strips(s) * LANES;
  lines psi, along_x, along_y, lap;
  for (int strip = 0; strip < n / LANES; strip++) {
    double *const here = fields_at(s, strip);
    for (int slot = 0; slot < 2 * live_strips(s); slot++) {
      const double *const from = here + slot * 3 * TILE;
      vd re[LANES], im[LANES], slope_re[LANES], slope_im[LANES], curve_re[LANES], curve_im[LANES];
      tile_load(from, re, im);
      tile_load(from + TILE, slope_re, slope_im);
      tile_load(from + 2 * TILE, curve_re, curve_im);
      for (int l = 0; l < LANES; l++) {
        const int y = mode_index(n, slot, l);
        const double k = s->wave[y];
        psi.re[y] = re[l];
        psi.im[y] = im[l];
        along_x.re[y] = slope_re[l];
        along_x.im[y] = slope_im[l];
        along_y.re[y] = im[l] * -k;
        along_y.im[y] = re[l] * k;
        lap.re[y] = curve_re[l] - re[l] * (k * k);
        lap.im[y] = curve_im[l] - im[l] * (k * k);
      }
    }
    for (int y = live; y <= n - live; y++) psi.re[y] = psi.im[y] = along_x.re[y] = along_x.im[y] = along_y.re[y] = along_y.im[y] = lap.re[y] = lap.im[y] = splat(0);
    lines_to_positions(&s->plan, &psi);
    lines_to_positions(&s->plan, &along_x);
    lines_to_positions(&s->plan, &along_y);
    lines_to_positions(&s->plan, &lap);
    for (int y = 0; y < n; y++) {
      double *const to = here + y * 4 * LANES;
      const vd re = psi.re[y], im = psi.im[y], rho = re * re + im * im;
      const vd gradient_re[2] = {along_x.re[y], along_y.re[y]}, gradient_im[2] = {along_x.im[y], along_y.im[y]};
      cd_store(to, (cd){re, im});
      cd_store(to + 2 * LANES, (cd){lap.re[y], lap.im[y]});
      /* Nobody needs the field here any more: its lines take the pair. */
      psi.re[y] = rho;
      psi.im[y] = source_at(&s->number, re, im, rho, gradient_re, gradient_im, 2);
    }
    lines_to_modes(&s->plan, &psi);
    for (int slot = 0; slot < n / LANES; slot++) {
      double *const tile = tile_at(s, slot, strip);
      for (int l = 0; l < LANES; l++) {
        const int y = mode_index_of_all(n, slot, l);
        tile_store(tile, l, psi.re[y], psi.im[y]);
      }
    }
  }
}

/* Modes of two real fields, one in the real and one in the imaginary part at the points, each through its filter; `mirror` is the mode -k. */
INLINE cd filtered(cd mode, cd mirror, vd sum, vd difference)
{
  return (cd){sum * mode.re + difference * mirror.re, sum * mode.im - difference * mirror.im};
}

INLINE vd take_first(vd first, vd others)
{
  vi lane = {0};
  lane[0] = -1;
  return choose(lane, first, others);
}

INLINE cd cd_take_first(cd first, cd others) { return (cd){take_first(first.re, others.re), take_first(first.im, others.im)}; }

/* Along x: both fields of a strip of ky and of its mirror, -ky, to wave numbers, through the filters, and back to positions. */
static __attribute__((noinline)) void sweep_filters(rb_spectral *s)
{
  const int n = s->n, width = s->filter_width;
  lines a, b;
  for (int pair = 0; pair < n / 2 / LANES; pair++) {
    for (int strip = 0; strip < n / LANES; strip++) {
      tile_load(tile_at(s, 2 * pair, strip), a.re + strip * LANES, a.im + strip * LANES);
      tile_load(tile_at(s, 2 * pair + 1, strip), b.re + strip * LANES, b.im + strip * LANES);
    }
    lines_to_modes(&s->plan, &a);
    lines_to_modes(&s->plan, &b);
    for (int kx = 0; kx <= n / 2; kx++) {
      const double *const filter = s->filter + kx * 2 * width;
      const int minus = (n - kx) % n;
      const vd sum = load(filter + pair * LANES), difference = load(filter + width + pair * LANES);
      const cd a_plus = {a.re[kx], a.im[kx]}, a_minus = {a.re[minus], a.im[minus]}, b_plus = {b.re[kx], b.im[kx]}, b_minus = {b.re[minus], b.im[minus]};
      cd of_a_plus = b_minus, of_a_minus = b_plus, of_b_plus = a_minus, of_b_minus = a_plus;
      vd b_sum = sum, b_difference = difference;
      if (pair == 0) {
        /* ky = 0 and ky = n / 2 stand in the first lanes: each its own mirror. */
        of_a_plus = cd_take_first(a_minus, of_a_plus);
        of_a_minus = cd_take_first(a_plus, of_a_minus);
        of_b_plus = cd_take_first(b_minus, of_b_plus);
        of_b_minus = cd_take_first(b_plus, of_b_minus);
        b_sum = take_first(splat(filter[n / 2]), sum);
        b_difference = take_first(splat(filter[width + n / 2]), difference);
      }
      const cd out[4] = {filtered(a_plus, of_a_plus, sum, difference), filtered(a_minus, of_a_minus, sum, difference),
                         filtered(b_plus, of_b_plus, b_sum, b_difference), filtered(b_minus, of_b_minus, b_sum, b_difference)};
      a.re[kx] = out[0].re;
      a.im[kx] = out[0].im;
      a.re[minus] = out[1].re;
      a.im[minus] = out[1].im;
      b.re[kx] = out[2].re;
      b.im[kx] = out[2].im;
      b.re[minus] = out[3].re;
      b.im[minus] = out[3].im;
    }
    lines_to_positions(&s->plan, &a);
    lines_to_positions(&s->plan, &b);
    for (int strip = 0; strip < n / LANES; strip++) {
      for (int l = 0; l < LANES; l++) {
        const int x = strip * LANES + l;
        tile_store(tile_at(s, 2 * pair, strip), l, a.re[x], a.im[x]);
        tile_store(tile_at(s, 2 * pair + 1, strip), l, b.re[x], b.im[x]);
      }
    }
  }
}

/* Along y: the filtered pair at the points makes the geometry and the nonlinear part, which goes on to wave numbers along y. */
INLINE void sweep_geometry(rb_spectral *s, int keep_geometry)
{
  const int n = s->n;
  lines a;
  for (int strip = 0; strip < n / LANES; strip++) {
    for (int slot = 0; slot < n / LANES; slot++) {
      vd re[LANES], im[LANES];
      tile_load(tile_at(s, slot, strip), re, im);
      for (int l = 0; l < LANES; l++) {
        const int y = mode_index_of_all(n, slot, l);
        a.re[y] = re[l];
        a.im[y] = im[l];
      }
    }
    lines_to_positions(&s->plan, &a);
    const double *const here = fields_at(s, strip);
    for (int y = 0; y < n; y++) {
      const cd psi = cd_load(here + y * 4 * LANES), lap = cd_load(here + y * 4 * LANES + 2 * LANES);
      const vd rho = psi.re * psi.re + psi.im * psi.im;
      vd ratio;
      const vd bent = bend_at(&s->number, rho, a.im[y], &ratio);
      push_at(&s->number, psi.re, psi.im, rho, a.re[y], bent, lap.re, lap.im, &a.re[y], &a.im[y]);
      if (keep_geometry) {
        store(s->ratio + y * n + strip * LANES, ratio);
        store(s->inverse_omega_squared + y * n + strip * LANES, bent);
      }
    }
    lines_to_modes(&s->plan, &a);
    for (int slot = 0; slot < 2 * live_strips(s); slot++) {
      double *const tile = tile_at(s, slot, strip);
      for (int l = 0; l < LANES; l++) {
        const int y = mode_index(n, slot, l);
        tile_store(tile, l, a.re[y], a.im[y]);
      }
    }
  }
}

static __attribute__((noinline)) void sweep_middle(rb_spectral *s) { sweep_geometry(s, 0); }
static __attribute__((noinline)) void sweep_last(rb_spectral *s) { sweep_geometry(s, 1); }

/* From the fields along x to the nonlinear part along x. The geometry is kept of the very last stage only. */
static void evaluate_plane(rb_spectral *s, int last)
{
  sweep_points(s);
  sweep_filters(s);
  if (last) sweep_last(s);
  else sweep_middle(s);
}

static void step_plane(rb_spectral *s, int count)
{
  modes_of(s, s->spectrum, s->modes[0]);
  if (s->source.re != NULL) modes_of(s, s->source, s->modes[4]);
  sweep_begin(s);
  while (count-- > 0) {
    evaluate_plane(s, 0);
    sweep_first(s);
    evaluate_plane(s, 0);
    sweep_second(s);
    evaluate_plane(s, 0);
    sweep_third(s);
    evaluate_plane(s, count == 0);
    if (count > 0) sweep_fourth(s);
    else sweep_end(s);
  }
  grid_of(s, s->modes[0], s->spectrum);
}
