/* Memory and tables of a solver. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sys/mman.h>
#endif
#include <stdlib.h>
#include <string.h>
#include "spectral.h"

#define ALIGNMENT 64
/* Between two arrays, beside their lengths of powers of two, so that their beginnings do not fall on the same place of the cache. */
#define STAGGER (3 * ALIGNMENT)
#define HUGE_PAGE ((size_t)2 << 20)
/* Doubles in the widest vector of any kernel. */
#define WIDEST 8

static size_t rounded(size_t bytes)
{
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Hands out parts of the block; with a null block it only counts. */
typedef struct {
  char *block;
  size_t used;
} room;

static void *take(room *from, size_t bytes)
{
  void *part = from->block == NULL ? NULL : from->block + from->used;
  from->used += rounded(bytes) + STAGGER;
  return part;
}

static double *take_numbers(room *from, size_t count)
{
  return take(from, count * sizeof(double));
}

static void take_field(room *from, rb_field *field, size_t count)
{
  field->re = take_numbers(from, count);
  field->im = take_numbers(from, count);
}

/* Rounded up to the widest vector. */
static int to_lanes(int count)
{
  return (count + WIDEST - 1) / WIDEST * WIDEST;
}

static void lay_out(rb_spectral *self, room *from, int with_source)
{
  const size_t n = (size_t)self->n, points = (size_t)self->points;
  self->wave = take_numbers(from, n);
  self->live = take(from, n);
  self->live_rows = take(from, n * n);
  /* A radix r with m values before it has (r - 1) m pairs: n - 1 in all. */
  self->plan.twiddle = take_numbers(from, 2 * n);
  double **const numbers[] = {&self->k_squared, &self->kernel, &self->elliptic, &self->inverse_omega_squared, &self->ratio};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) *numbers[i] = take_numbers(from, points);
  rb_field *const tables[] = {&self->e, &self->e2, &self->q, &self->f1, &self->f2, &self->f3, &self->spectrum};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) take_field(from, tables[i], points);
  if (with_source) take_field(from, &self->source, points);
  if (self->dim == 2) {
    /* More than the 2/3 rule keeps. */
    const size_t kept = n / 2, width = kept + WIDEST;
    self->stage = take_numbers(from, kept * 4 * width);
    self->whole = take_numbers(from, kept * 8 * width);
    self->filter = take_numbers(from, (kept + 1) * 2 * width);
    self->fields = take_numbers(from, 4 * points + 128 * n);
    self->tiles = take_numbers(from, 2 * points + 16 * n);
    for (size_t i = 0; i < sizeof self->modes / sizeof self->modes[0]; i++) self->modes[i] = i < 4 || with_source ? take_numbers(from, 2 * points) : NULL;
    return;
  }
  rb_field *const work[] = {&self->psi, &self->gradient[0], &self->gradient[1], &self->gradient[2], &self->laplacian, &self->pair, &self->smooth,
                            &self->before, &self->nu, &self->na, &self->nb, &self->nc, &self->a, &self->b, &self->c};
  for (size_t i = 0; i < sizeof work / sizeof work[0]; i++) take_field(from, work[i], points);
  /* Of a plane, its rows a little farther apart than they are long. */
  take_field(from, &self->turned, n * (n + WIDEST));
}

/* In huge pages where there are any: walking along columns meets another small page at every second step. */
static void *allocate(size_t bytes)
{
#if defined(__linux__)
  if (bytes >= HUGE_PAGE) {
    void *block = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    /* Advice only: without them everything works as well. */
    if (block != NULL) (void)madvise(block, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return block;
  }
#endif
  return aligned_alloc(ALIGNMENT, rounded(bytes));
}

rb_spectral *rb_spectral_new(int n, int dim, int with_source)
{
  rb_spectral *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->n = n;
  self->dim = dim;
  self->points = dim == 2 ? n * n : n * n * n;
  room counting = {NULL, 0};
  lay_out(self, &counting, with_source);
  self->memory = allocate(counting.used);
  if (self->memory == NULL) {
    free(self);
    return NULL;
  }
  memset(self->memory, 0, counting.used);
  room giving = {self->memory, 0};
  lay_out(self, &giving, with_source);
  return self;
}

static void make_plan(rb_fft_plan *plan, int n, const double *cosines, const double *sines)
{
  int order[RB_SPECTRAL_MAX_N] = {0}, next[RB_SPECTRAL_MAX_N], length = 1;
  plan->n = n;
  plan->stages = 0;
  for (int rest = n; rest > 1;) {
    const int radix = rest % 8 == 0 && rest != 16 ? 8 : rest % 4 == 0 ? 4 : 2;
    plan->radix[plan->stages++] = radix;
    rest /= radix;
  }
  double *out = plan->twiddle;
  for (int stage = 0; stage < plan->stages; stage++) {
    const int radix = plan->radix[stage];
    /* Decimation in time: the last stage's radix takes every radix-th input. */
    for (int part = 0; part < radix; part++) {
      for (int i = 0; i < length; i++) next[part * length + i] = part + radix * order[i];
    }
    for (int j = 0; j < length; j++) {
      for (int part = 1; part < radix; part++) {
        const int turn = j * part * (n / (length * radix)) % n;
        *out++ = cosines[turn];
        *out++ = -sines[turn];
      }
    }
    length *= radix;
    memcpy(order, next, sizeof(int) * (size_t)length);
  }
  for (int i = 0; i < n; i++) plan->position[order[i]] = i;
}

/* What of the tables a plane needs, in the order it is needed. */
static void fold_tables(rb_spectral *self)
{
  const int n = self->n;
  self->keep = 0;
  while (self->keep + 1 < n / 2 && self->live[self->keep + 1]) self->keep++;
  self->width = to_lanes(self->keep + 1);
  self->filter_width = n / 2 + WIDEST;
  const double *const stage[] = {self->e2.re, self->e2.im, self->q.re, self->q.im};
  const double *const whole[] = {self->e.re, self->e.im, self->f1.re, self->f1.im, self->f2.re, self->f2.im, self->f3.re, self->f3.im};
  for (int kx = 0; kx <= self->keep; kx++) {
    for (int ky = 0; ky <= self->keep; ky++) {
      for (int table = 0; table < 4; table++) self->stage[(kx * 4 + table) * self->width + ky] = stage[table][ky * n + kx];
      for (int table = 0; table < 8; table++) self->whole[(kx * 8 + table) * self->width + ky] = whole[table][ky * n + kx] * (table / 2 == 2 ? 2 : 1);
    }
  }
  for (int kx = 0; kx <= n / 2; kx++) {
    for (int ky = 0; ky <= n / 2; ky++) {
      const double first = self->kernel[ky * n + kx], second = self->elliptic[ky * n + kx];
      self->filter[kx * 2 * self->filter_width + ky] = (first + second) / 2;
      self->filter[(kx * 2 + 1) * self->filter_width + ky] = (first - second) / 2;
    }
  }
}

void rb_spectral_prepare(rb_spectral *self, const double *cosines, const double *sines)
{
  const int n = self->n;
  make_plan(&self->plan, n, cosines, sines);
  for (int slow = 0; slow < n; slow++) {
    for (int fast = 0; fast < n; fast++) self->live_rows[slow * n + fast] = self->live[slow] && self->live[fast];
  }
  for (int i = 0; i < self->points; i++) {
    self->kernel[i] /= self->points;
    self->elliptic[i] /= self->points;
  }
  if (self->dim == 2) fold_tables(self);
}

void rb_spectral_free(rb_spectral *self)
{
  if (self == NULL) return;
  free(self->memory);
  free(self);
}
