/* Which kernels are compiled in, and which of them this processor can run. */
#include "kernel.h"
#include <string.h>

#if defined(__arm__)
#include <sys/auxv.h>
#define HWCAP_ARM_NEON (1ul << 12)
#endif

rb_scan_fn rb_scan_scalar;
static const rb_kernel scalar = {"scalar", "portable C", 1, 1, 256, 0, rb_scan_scalar};

#if defined(__x86_64__)
rb_scan_fn rb_scan_sse2, rb_scan_avx2, rb_scan_avx512;
static const rb_kernel sse2 = {"sse2", "SSE2", 4, 1, 512, RB_FEATURE_SSE2, rb_scan_sse2};
static const rb_kernel avx2 = {"avx2", "AVX2", 8, 1, 1024, RB_FEATURE_AVX2, rb_scan_avx2};
static const rb_kernel avx512 = {"avx512", "AVX-512", 16, 1, 2048, RB_FEATURE_AVX512, rb_scan_avx512};
static const rb_kernel *const kernels[] = {&avx512, &avx2, &sse2, &scalar};
#elif defined(__aarch64__) || defined(__arm__)
rb_scan_fn rb_scan_neon;
static const rb_kernel neon = {"neon", "NEON", 4, 1, 256, RB_FEATURE_NEON, rb_scan_neon};
static const rb_kernel *const kernels[] = {&neon, &scalar};
#else
static const rb_kernel *const kernels[] = {&scalar};
#endif

uint32_t rb_cpu_features(void)
{
#if defined(__x86_64__)
  /* The builtins also ask whether the operating system saves the wide registers. */
  uint32_t features = RB_FEATURE_SSE2;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) features |= RB_FEATURE_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) features |= RB_FEATURE_AVX512;
  return features;
#elif defined(__aarch64__)
  return RB_FEATURE_NEON;
#elif defined(__arm__)
  return getauxval(AT_HWCAP) & HWCAP_ARM_NEON ? RB_FEATURE_NEON : 0;
#else
  return 0;
#endif
}

const rb_kernel *const *rb_kernels(size_t *count)
{
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}

const rb_kernel *rb_kernel_named(const char *name)
{
  for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
    if (strcmp(kernels[i]->name, name) == 0) return kernels[i];
  }
  return NULL;
}
