/* A counter that threads can sleep on. Waking never takes a lock: the waker may be the event loop, the sleepers run at nice 19. */
#ifndef RB_WAKE_H
#define RB_WAKE_H

#include <stdatomic.h>
#include <stdint.h>

#if defined(__linux__)

typedef struct {
  _Alignas(128) _Atomic uint32_t count;
} rb_wake;

#else

#include <pthread.h>
typedef struct {
  _Alignas(128) _Atomic uint32_t count;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
} rb_wake;

#endif

void rb_wake_init(rb_wake *wake);
void rb_wake_destroy(rb_wake *wake);

/* Increases the counter and wakes every sleeper. */
void rb_wake_all(rb_wake *wake);

/* Sleeps until the counter is no longer `seen`, or for `timeout_ns` (negative: no limit). May return early. */
void rb_wake_wait(rb_wake *wake, uint32_t seen, int64_t timeout_ns);

#endif
