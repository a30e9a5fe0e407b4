/*
 * SHA-NI on a processor with AVX-512: the same chains in 32 registers of 128 bits instead of 16, so that four versions fit. Where
 * SHA instructions are fast (Zen 4) this beats the wide vectors. No wider registers: see kernel_shani.c.
 */
#define SCAN rb_scan_shani_avx512
#define VERSIONS 4
#include "kernel_shani.c"
