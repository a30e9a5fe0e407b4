/* What a hashing thread asks of the operating system for itself. */
#ifndef RB_THREAD_SETTINGS_H
#define RB_THREAD_SETTINGS_H

#include <stdatomic.h>
#include <stdint.h>

#define RB_NICE_SET 1u
#define RB_AFFINITY_SET 2u
/* At this nice value a thread is also scheduled as idle: it runs when nothing else wants the processor. */
#define RB_NICE_LAST 19

/* Name, nice value and CPU (-1 = any) of the calling thread. Writes its id, and which of the wishes were granted. */
void rb_thread_settings(unsigned index, int nice, int cpu, _Atomic uint64_t *tid, _Atomic uint64_t *granted);

#endif
