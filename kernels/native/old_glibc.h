/*
 * Included before everything in binaries that are given to others (scripts/prebuild.mjs). These five functions moved from
 * libpthread into libc with glibc 2.32 and 2.34 and got new version names; under the old names, which glibc still has, a binary
 * built on a new system runs on older ones as well, back to 2.17. Node itself asks for 2.28.
 */
#if defined(__linux__) && defined(__has_include)
#if __has_include(<gnu/libc-version.h>)
#if defined(__x86_64__)
#define RB_FIRST "GLIBC_2.2.5"
#define RB_SETNAME "GLIBC_2.12"
#elif defined(__aarch64__)
#define RB_FIRST "GLIBC_2.17"
#define RB_SETNAME "GLIBC_2.17"
#elif defined(__arm__)
#define RB_FIRST "GLIBC_2.4"
#define RB_SETNAME "GLIBC_2.12"
#endif
#ifdef RB_FIRST
__asm__(".symver pthread_create,pthread_create@" RB_FIRST);
__asm__(".symver pthread_join,pthread_join@" RB_FIRST);
__asm__(".symver pthread_sigmask,pthread_sigmask@" RB_FIRST);
__asm__(".symver pthread_attr_setstacksize,pthread_attr_setstacksize@" RB_FIRST);
__asm__(".symver pthread_setname_np,pthread_setname_np@" RB_SETNAME);
#endif
#endif
#endif
