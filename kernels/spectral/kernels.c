/* Which kernels are compiled in, and which of them this processor can run. */
#include <string.h>
#include "../native/kernel.h"
#include "spectral.h"

/* clang-format off */
#define KERNEL(id, name, isa, lanes, features) \
  extern rb_spectral_steps_fn rb_spectral_steps_##id; \
  static const rb_spectral_kernel id##_kernel = {name, isa, lanes, features, rb_spectral_steps_##id}

#if defined(__x86_64__)
KERNEL(baseline, "sse2",     "SSE2",              2, RB_FEATURE_SSE2);
KERNEL(avx2,     "avx2",     "AVX2 and FMA",      4, RB_FEATURE_AVX2 | RB_FEATURE_FMA);
KERNEL(avx512,   "avx512",   "AVX-512",           8, RB_FEATURE_AVX512 | RB_FEATURE_FMA);
#elif defined(__aarch64__)
KERNEL(baseline, "neon",     "NEON",              2, RB_FEATURE_NEON);
#else
KERNEL(baseline, "portable", "portable C",        2, 0);
#endif
/* clang-format on */

static const rb_spectral_kernel *const kernels[] = {
#if defined(__x86_64__)
  &avx512_kernel,
  &avx2_kernel,
#endif
  &baseline_kernel,
};

const rb_spectral_kernel *const *rb_spectral_kernels(size_t *count)
{
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}

const rb_spectral_kernel *rb_spectral_kernel_named(const char *name)
{
  for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
    if (strcmp(kernels[i]->name, name) == 0) return (kernels[i]->features & ~rb_cpu_features()) == 0 ? kernels[i] : NULL;
  }
  return NULL;
}
