/*
 * The contract of the spectral solver's kernels: steps of the S-NCGL field and its geometry. daemon/solver has the same in
 * TypeScript, makes all tables, and says what each means. Arrays run [ky][kx] or [kz][ky][kx], x fastest.
 */
#ifndef RB_SPECTRAL_H
#define RB_SPECTRAL_H

#include <stddef.h>
#include <stdint.h>

#define RB_SPECTRAL_MAX_N 256

typedef struct {
  double *re, *im;
} rb_field;

/*
 * How a line of n values is transformed, in place: wave numbers in their own order, positions in the order of the stages, which nobody
 * needs to know but for what is read out.
 */
typedef struct {
  int n, stages;
  int radix[8];
  /* Where each position stands. */
  int position[RB_SPECTRAL_MAX_N];
  /* Per stage of m values so far: (cos, -sin) of q j / (m radix) turns for j < m, 1 <= q < radix. */
  double *twiddle;
} rb_fft_plan;

/* Numbers in the order JavaScript gives them. */
typedef struct {
  double d_re, d_im, gamma, damp, turn, nonlocal;
  double kappa, eta, delta, per_reference, per_vacuum;
  /* Bounds of Omega^-2. */
  double alpha, least, greatest;
  double algebraic;
} rb_spectral_numbers;

typedef struct rb_spectral {
  int n, dim, points;
  rb_spectral_numbers number;
  /* Wave number of each index, 0 at Nyquist; which indices the 2/3 rule keeps, and the same for rows of two indices. */
  double *wave;
  unsigned char *live, *live_rows;
  double *k_squared;
  /* The two filters, divided by `points`. */
  double *kernel, *elliptic;
  rb_field e, e2, q, f1, f2, f3;
  /* Null without a template. */
  rb_field source;
  /*
   * The tables again for a plane, each wave number for all four of (+-kx, +-ky), which they are the same for: per kx from 0 on the arrays
   * one after the other, ky from 0 to `width`. `stage`: e2, q; `whole`: e, f1, 2 f2, f3, real and imaginary parts each; `filter`: half
   * the sum of both filters and half the difference, up to n / 2.
   */
  int keep, width, filter_width;
  double *stage, *whole, *filter;
  rb_fft_plan plan;
  /* The field as wave numbers, and the geometry of the last stage. */
  rb_field spectrum;
  double *inverse_omega_squared, *ratio;
  /* Room to work in, for a plane: see plane.inc.h. */
  double *fields, *tiles, *modes[5];
  /* The same for a space. */
  rb_field psi, gradient[3], laplacian, pair, smooth, turned, before, nu, na, nb, nc, a, b, c;
  /* All of the above lie in here. */
  void *memory;
} rb_spectral;

typedef void rb_spectral_steps_fn(rb_spectral *self, int count);

typedef struct {
  const char *name;
  const char *isa;
  int lanes;
  /* RB_FEATURE_ bits it needs, see native/kernel.h. */
  uint32_t features;
  rb_spectral_steps_fn *steps;
} rb_spectral_kernel;

/* Kernels compiled in, likely fastest first. */
const rb_spectral_kernel *const *rb_spectral_kernels(size_t *count);

/* The kernel of that name; NULL when there is none or this processor cannot run it. */
const rb_spectral_kernel *rb_spectral_kernel_named(const char *name);

/* Room for a grid, everything zero. `n` is a power of two from 16 to 256, `dim` 2 or 3. NULL = out of memory. */
rb_spectral *rb_spectral_new(int n, int dim, int with_source);

/*
 * Once the tables are filled: the plan from cos and sin of each n-th of a turn, rows to skip from `live`, filters divided. All tables of
 * modes are taken to be the same for k and for its mirrors.
 */
void rb_spectral_prepare(rb_spectral *self, const double *cosines, const double *sines);

void rb_spectral_free(rb_spectral *self);

#endif
