#define _GNU_SOURCE
#include "thread_settings.h"

#if defined(__linux__)

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void rb_thread_settings(unsigned index, int nice, int cpu, _Atomic uint64_t *tid, _Atomic uint64_t *granted)
{
  const pid_t id = (pid_t)syscall(SYS_gettid);
  uint64_t flags = 0;
  char name[16];
  snprintf(name, sizeof name, "rb-hash-%u", index);
  pthread_setname_np(pthread_self(), name);
  /* On Linux a nice value belongs to a thread, whatever POSIX says: see setpriority(2). */
  if (setpriority(PRIO_PROCESS, (id_t)id, nice) == 0) flags |= RB_NICE_SET;
  if (nice == RB_NICE_LAST) {
    /*
     * The lowest nice value still gets its slice to the end at times when another thread wakes; the idle class never does: the
     * longest that the event loop waits falls from 1.5-3 ms to 0.1-0.5 (Linux 6.18, both CPUs hashing). Refused, nice is what is left.
     */
    const struct sched_param none = {0};
    sched_setscheduler(id, SCHED_IDLE, &none);
  }
  if (cpu >= 0 && cpu < CPU_SETSIZE) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(id, sizeof set, &set) == 0) flags |= RB_AFFINITY_SET;
  }
  atomic_store(tid, (uint64_t)id);
  atomic_store(granted, flags);
}

#else

/* Other systems have no nice value or binding of a single thread that means the same. */
void rb_thread_settings(unsigned index, int nice, int cpu, _Atomic uint64_t *tid, _Atomic uint64_t *granted)
{
  (void)nice;
  (void)cpu;
  atomic_store(tid, index);
  atomic_store(granted, 0);
}

#endif
