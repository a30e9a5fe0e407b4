#define _GNU_SOURCE
#include "wake.h"
#include <limits.h>
#include <time.h>

#if defined(__linux__)

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void rb_wake_init(rb_wake *wake)
{
  atomic_init(&wake->count, 0);
}

void rb_wake_destroy(rb_wake *wake)
{
  (void)wake;
}

void rb_wake_all(rb_wake *wake)
{
  atomic_fetch_add(&wake->count, 1);
  syscall(SYS_futex, (uint32_t *)&wake->count, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void rb_wake_wait(rb_wake *wake, uint32_t seen, int64_t timeout_ns)
{
  /* SYS_futex reads two longs, whatever size time_t has. */
  struct {
    long seconds;
    long nanoseconds;
  } timeout = {(long)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
  syscall(SYS_futex, (uint32_t *)&wake->count, FUTEX_WAIT_PRIVATE, seen, timeout_ns < 0 ? NULL : &timeout, NULL, 0);
}

#else

#include <sys/time.h>

void rb_wake_init(rb_wake *wake)
{
  atomic_init(&wake->count, 0);
  pthread_mutex_init(&wake->mutex, NULL);
  pthread_cond_init(&wake->condition, NULL);
}

void rb_wake_destroy(rb_wake *wake)
{
  pthread_cond_destroy(&wake->condition);
  pthread_mutex_destroy(&wake->mutex);
}

void rb_wake_all(rb_wake *wake)
{
  pthread_mutex_lock(&wake->mutex);
  atomic_fetch_add(&wake->count, 1);
  pthread_cond_broadcast(&wake->condition);
  pthread_mutex_unlock(&wake->mutex);
}

void rb_wake_wait(rb_wake *wake, uint32_t seen, int64_t timeout_ns)
{
  pthread_mutex_lock(&wake->mutex);
  if (atomic_load(&wake->count) == seen) {
    if (timeout_ns < 0) {
      pthread_cond_wait(&wake->condition, &wake->mutex);
    } else {
      struct timeval now;
      gettimeofday(&now, NULL);
      const int64_t at = (int64_t)now.tv_sec * 1000000000 + (int64_t)now.tv_usec * 1000 + timeout_ns;
      const struct timespec until = {at / 1000000000, at % 1000000000};
      pthread_cond_timedwait(&wake->condition, &wake->mutex, &until);
    }
  }
  pthread_mutex_unlock(&wake->mutex);
}

#endif
