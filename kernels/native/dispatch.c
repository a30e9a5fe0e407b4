/* Which kernels are compiled in, and which of them this processor can run. */
#include "kernel.h"
#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__linux__) && (defined(__aarch64__) || defined(__arm__))
#include <sys/auxv.h>
#endif

/* Bits of AT_HWCAP, from the kernel's asm/hwcap.h of each architecture. */
#define RB_HWCAP_ARM_NEON (1ul << 12)
#define RB_HWCAP_AARCH64_SHA2 (1ul << 6)
/* cpuid leaf 7, EBX: the SHA extensions. */
#define CPUID_7_EBX_SHA (1u << 29)

/* Beside the features: they have been looked for. */
#define FOUND (1u << 31)

/* clang-format off */
#define KERNEL(id, name_, isa_, lanes_, midstates_, unit_, rolled_, features_) \
  _Static_assert((unit_) % (lanes_) == 0 && (rolled_) % (lanes_) == 0, "units are whole vectors"); \
  _Static_assert((unit_) <= RB_MAX_UNIT_HASHES && (rolled_) * (midstates_) <= RB_MAX_UNIT_HASHES, "units fit the buffers"); \
  _Static_assert((midstates_) <= RB_MAX_MIDSTATES && ((midstates_) & ((midstates_) - 1)) == 0, "versions come in powers of two"); \
  extern rb_scan_fn rb_scan_##id; \
  static const rb_kernel id##_kernel = {name_, isa_, lanes_, midstates_, unit_, rolled_, features_, rb_scan_##id}

/*     file    name       instruction set  lanes midstates unit rolled needs */
KERNEL(scalar, "scalar",  "portable C",        1, 64,  128,    4, 0);
#if defined(__x86_64__)
KERNEL(sse2,   "sse2",    "SSE2",              4, 16,  256,   32, RB_FEATURE_SSE2);
KERNEL(avx2,   "avx2",    "AVX2",              8, 64, 1024,   32, RB_FEATURE_AVX2);
KERNEL(avx512, "avx512",  "AVX-512",          16, 64, 4096,  128, RB_FEATURE_AVX512);
KERNEL(shani,  "shani",   "SHA-NI",            2, 64, 2048,   64, RB_FEATURE_SHA);
KERNEL(shani_avx512, "shani-avx512", "SHA-NI and AVX-512 registers", 2, 64, 4096, 64, RB_FEATURE_AVX512 | RB_FEATURE_SHA);
#ifdef RB_HYBRID
KERNEL(hybrid_44, "hybrid-44", "AVX-512 and SHA-NI", 16, 64, 4096, 128, RB_FEATURE_AVX512 | RB_FEATURE_SHA);
KERNEL(hybrid_46, "hybrid-46", "AVX-512 and SHA-NI", 16, 64, 4096, 128, RB_FEATURE_AVX512 | RB_FEATURE_SHA);
KERNEL(hybrid_50, "hybrid-50", "AVX-512 and SHA-NI", 16, 64, 4096, 128, RB_FEATURE_AVX512 | RB_FEATURE_SHA);
KERNEL(hybrid_64, "hybrid-64", "AVX-512 and SHA-NI", 16, 64, 4096, 128, RB_FEATURE_AVX512 | RB_FEATURE_SHA);
#endif
#elif defined(__aarch64__) || defined(__arm__)
KERNEL(neon,   "neon",    "NEON",              4, 64,  256,    8, RB_FEATURE_NEON);
#if defined(__aarch64__)
KERNEL(armv8sha2, "armv8-sha2", "ARMv8 SHA2",  2, 64, 2048,   32, RB_FEATURE_ARM_SHA2);
#endif
#endif
/* clang-format on */

/* Likely fastest first: the order they are tried in when nothing has been measured. */
static const rb_kernel *const kernels[] = {
#if defined(__x86_64__)
#ifdef RB_HYBRID
  &hybrid_44_kernel,
  &hybrid_46_kernel,
  &hybrid_50_kernel,
  &hybrid_64_kernel,
#endif
  &avx512_kernel,
  &shani_avx512_kernel,
  &shani_kernel,
  &avx2_kernel,
  &sse2_kernel,
#elif defined(__aarch64__) || defined(__arm__)
#if defined(__aarch64__)
  &armv8sha2_kernel,
#endif
  &neon_kernel,
#endif
  &scalar_kernel,
};

static uint32_t find_features(void)
{
#if defined(__x86_64__)
  /* The builtins also ask whether the operating system saves the wide registers. */
  uint32_t features = RB_FEATURE_SSE2;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) features |= RB_FEATURE_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    features |= RB_FEATURE_AVX512;
  if (__builtin_cpu_supports("fma")) features |= RB_FEATURE_FMA;
  /* Not every compiler knows "sha" by name. It uses the registers of SSE, which every system saves. */
  unsigned a, b, c, d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & CPUID_7_EBX_SHA) && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1"))
    features |= RB_FEATURE_SHA;
  return features;
#elif defined(__aarch64__) && defined(__linux__)
  return RB_FEATURE_NEON | (getauxval(AT_HWCAP) & RB_HWCAP_AARCH64_SHA2 ? RB_FEATURE_ARM_SHA2 : 0);
#elif defined(__aarch64__) && defined(__APPLE__)
  /* Every Apple processor of this architecture has them. */
  return RB_FEATURE_NEON | RB_FEATURE_ARM_SHA2;
#elif defined(__aarch64__)
  return RB_FEATURE_NEON;
#elif defined(__arm__) && defined(__linux__)
  return getauxval(AT_HWCAP) & RB_HWCAP_ARM_NEON ? RB_FEATURE_NEON : 0;
#else
  return 0;
#endif
}

uint32_t rb_cpu_features(void)
{
  /* Asked at every call from JavaScript, and a virtual machine may take 10 us to answer. Threads that ask at once find the same. */
  static _Atomic uint32_t known;
  uint32_t features = atomic_load_explicit(&known, memory_order_relaxed);
  if (features == 0) {
    features = find_features() | FOUND;
    atomic_store_explicit(&known, features, memory_order_relaxed);
  }
  return features & ~FOUND;
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
