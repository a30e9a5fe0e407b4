/*
 * Steps random fields with every kernel of this processor and with the plainest code there is: sums for transforms, the equation
 * as it stands. Started by scripts/check-kernels.mjs with the number of runs and a seed. A line per kernel; exit code 1 when one is wrong.
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../native/check/random.h"
#include "../../native/kernel.h"
#include "../spectral.h"

#define N 16
#define MAX_POINTS (N * N * N)
#define STEPS 2
#define TOLERANCE 1e-11

static const double TURN = 6.28318530717958647693;

/* The kernels' table asks; the hash kernels, whose table knows, are not part of this program. */
uint32_t rb_cpu_features(void)
{
#if defined(__x86_64__)
  __builtin_cpu_init();
  uint32_t features = RB_FEATURE_SSE2;
  if (__builtin_cpu_supports("fma")) features |= RB_FEATURE_FMA;
  if (__builtin_cpu_supports("avx2")) features |= RB_FEATURE_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) features |= RB_FEATURE_AVX512;
  return features;
#else
  return RB_FEATURE_NEON;
#endif
}

static double uniform(double low, double high)
{
  return low + (high - low) * (double)(random_word() >> 8) / 16777216.0;
}

/* Along every axis a plain sum. sign -1 = forward; the way back is not divided. */
static void transform(double complex *field, int points, int sign)
{
  static double complex line[N], turns[N];
  /* An emulated processor takes its time for each of them. */
  if (turns[0] == 0) for (int i = 0; i < N; i++) turns[i] = cexp(I * (TURN * i / N));
  for (int stride = 1; stride < points; stride *= N) {
    for (int i = 0; i < points; i++) {
      if (i / stride % N != 0) continue;
      for (int k = 0; k < N; k++) {
        line[k] = 0;
        for (int x = 0; x < N; x++) line[k] += field[i + x * stride] * turns[sign > 0 ? k * x % N : (N - k * x % N) % N];
      }
      for (int k = 0; k < N; k++) field[i + k * stride] = line[k];
    }
  }
}

static void evaluate(const rb_spectral *s, const double complex *u, double complex *out)
{
  static double complex psi[MAX_POINTS], lap[MAX_POINTS], gradient[3][MAX_POINTS], smooth[MAX_POINTS], bend[MAX_POINTS], bent[MAX_POINTS], slope[MAX_POINTS];
  const rb_spectral_numbers *p = &s->number;
  const int points = s->points;
  const double complex d = p->d_re + I * p->d_im;
  for (int i = 0; i < points; i++) {
    psi[i] = u[i] / points;
    lap[i] = -s->k_squared[i] * u[i] / points;
    for (int axis = 0, stride = points / N; axis < s->dim; axis++, stride /= N) gradient[axis][i] = I * s->wave[i / stride % N] * u[i] / points;
  }
  transform(psi, points, 1);
  transform(lap, points, 1);
  for (int axis = 0; axis < s->dim; axis++) transform(gradient[axis], points, 1);
  for (int i = 0; i < points; i++) {
    const double rho = creal(psi[i] * conj(psi[i]));
    double source = 0;
    for (int axis = 0; axis < s->dim; axis++) {
      const double complex product = conj(psi[i]) * gradient[axis][i];
      source += p->kappa * cimag(product) * cimag(product) + p->eta * creal(product) * creal(product);
    }
    smooth[i] = rho;
    bend[i] = source / (rho + p->delta) * p->per_reference;
  }
  /* One real field after the other: nothing is packed here. The filters come divided by the number of points. */
  transform(smooth, points, -1);
  transform(bend, points, -1);
  for (int i = 0; i < points; i++) {
    smooth[i] *= s->kernel[i];
    bend[i] *= s->elliptic[i];
  }
  transform(smooth, points, 1);
  transform(bend, points, 1);
  for (int i = 0; i < points; i++) {
    const double rho = creal(psi[i] * conj(psi[i])), ratio = p->algebraic != 0 ? rho * p->per_vacuum : 1 + creal(bend[i]);
    const double power = ratio > 0 ? fmin(p->greatest, fmax(p->least, pow(ratio, p->alpha))) : p->least;
    bent[i] = power;
    out[i] = d * (power - p->gamma) * lap[i] - ((p->damp + I * p->turn) * rho + p->nonlocal * creal(smooth[i])) * psi[i];
  }
  if (s->dim == 3) {
    transform(bent, points, -1);
    for (int axis = 0, stride = points / N; axis < 3; axis++, stride /= N) {
      for (int i = 0; i < points; i++) slope[i] = I * s->wave[i / stride % N] * bent[i] / points;
      transform(slope, points, 1);
      for (int i = 0; i < points; i++) out[i] -= 0.5 * d * creal(slope[i]) * gradient[axis][i];
    }
  }
  transform(out, points, -1);
  for (int i = 0; i < points; i++) {
    if (s->source.re != NULL) out[i] += s->source.re[i] + I * s->source.im[i];
  }
}

static double complex at(rb_field field, int i) { return field.re[i] + I * field.im[i]; }

static void step(const rb_spectral *s, double complex *u)
{
  static double complex nu[MAX_POINTS], na[MAX_POINTS], nb[MAX_POINTS], nc[MAX_POINTS], a[MAX_POINTS], b[MAX_POINTS], c[MAX_POINTS];
  evaluate(s, u, nu);
  for (int i = 0; i < s->points; i++) a[i] = at(s->e2, i) * u[i] + at(s->q, i) * nu[i];
  evaluate(s, a, na);
  for (int i = 0; i < s->points; i++) b[i] = at(s->e2, i) * u[i] + at(s->q, i) * na[i];
  evaluate(s, b, nb);
  for (int i = 0; i < s->points; i++) c[i] = at(s->e2, i) * a[i] + at(s->q, i) * (2 * nb[i] - nu[i]);
  evaluate(s, c, nc);
  for (int i = 0; i < s->points; i++) u[i] = at(s->e, i) * u[i] + at(s->f1, i) * nu[i] + 2 * at(s->f2, i) * (na[i] + nb[i]) + at(s->f3, i) * nc[i];
}

/*
 * Random tables: a kernel must not rely on what they are, but for the zeros where the 2/3 rule drops a mode, and that a mode and its
 * mirrors have the same.
 */
static rb_spectral *random_solver(int dim)
{
  rb_spectral *s = rb_spectral_new(N, dim, random_word() & 1);
  double cosines[N], sines[N];
  if (s == NULL) exit(2);
  for (int i = 0; i < N; i++) {
    const int mode = i <= N / 2 ? i : i - N;
    cosines[i] = cos(TURN * i / N);
    sines[i] = sin(TURN * i / N);
    s->live[i] = abs(mode) <= (N - 1) / 3;
    s->wave[i] = abs(mode) == N / 2 ? 0 : 0.3 * mode;
  }
  const rb_field tables[] = {s->e, s->e2, s->q, s->f1, s->f2, s->f3, s->spectrum, s->source};
  for (int i = 0; i < s->points; i++) {
    int live = 1, mirror = 0;
    for (int rest = i, axis = 0, unit = 1; axis < dim; axis++, rest /= N, unit *= N) {
      const int index = rest % N, mode = index <= N / 2 ? index : index - N;
      live &= s->live[index];
      s->k_squared[i] += 0.09 * mode * mode;
      mirror += abs(mode) * unit;
    }
    s->kernel[i] = exp(-s->k_squared[i]);
    s->elliptic[i] = 1 / (0.5 + s->k_squared[i]);
    for (int table = 0; table < 8; table++) {
      if (tables[table].re == NULL || !live) continue;
      if (table < 6 && mirror < i) {
        tables[table].re[i] = tables[table].re[mirror];
        tables[table].im[i] = tables[table].im[mirror];
        continue;
      }
      const double size = table == 6 ? 20 : table == 7 ? 1 : 0.1;
      tables[table].re[i] = uniform(-size, size);
      tables[table].im[i] = uniform(-size, size);
    }
  }
  s->number = (rb_spectral_numbers){uniform(0, 1), uniform(-1, 1), 2, 0.1, uniform(-1, 1), 0.1, uniform(0, 1), uniform(0, 1), 1e-6, 0.5, 3, uniform(0, 2), 1, 3, random_word() % 3 == 0};
  rb_spectral_prepare(s, cosines, sines);
  return s;
}

int main(int count, char **words)
{
  const int runs = count > 1 ? atoi(words[1]) : 5;
  size_t kernels;
  const rb_spectral_kernel *const *list = rb_spectral_kernels(&kernels);
  static double complex wanted[MAX_POINTS];
  double worst[16] = {0};
  random_state = 0x9e3779b97f4a7c15u + (count > 2 ? (uint64_t)atoi(words[2]) : 1);
  for (int run = 0; run < runs; run++) {
    rb_spectral *s = random_solver(run % 3 == 2 ? 3 : 2);
    const size_t bytes = sizeof(double) * (size_t)s->points;
    double *re = malloc(bytes), *im = malloc(bytes), greatest = 0;
    if (re == NULL || im == NULL) return 2;
    memcpy(re, s->spectrum.re, bytes);
    memcpy(im, s->spectrum.im, bytes);
    for (int i = 0; i < s->points; i++) wanted[i] = re[i] + I * im[i];
    for (int i = 0; i < STEPS; i++) step(s, wanted);
    for (int i = 0; i < s->points; i++) greatest = fmax(greatest, cabs(wanted[i]));
    for (size_t which = 0; which < kernels; which++) {
      if (rb_spectral_kernel_named(list[which]->name) == NULL) continue;
      memcpy(s->spectrum.re, re, bytes);
      memcpy(s->spectrum.im, im, bytes);
      list[which]->steps(s, STEPS);
      for (int i = 0; i < s->points; i++) {
        const double off = cabs(at(s->spectrum, i) - wanted[i]) / greatest;
        /* What is not a number stays. */
        if (!isnan(worst[which]) && !(off <= worst[which])) worst[which] = off;
      }
    }
    free(re);
    free(im);
    rb_spectral_free(s);
  }
  int good = 1;
  for (size_t which = 0; which < kernels; which++) {
    if (rb_spectral_kernel_named(list[which]->name) == NULL) continue;
    const int right = worst[which] <= TOLERANCE;
    printf("%s %s %d fields, off by %.1e\n", list[which]->name, right ? "ok" : "WRONG", runs, worst[which]);
    good &= right;
  }
  return good ? 0 : 1;
}
