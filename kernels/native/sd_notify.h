#ifndef RB_SD_NOTIFY_H
#define RB_SD_NOTIFY_H

#include <stddef.h>

/* Sends one datagram to the service manager's socket ($NOTIFY_SOCKET). 1 = sent, 0 = no socket or not sent. Never blocks. */
int rb_sd_notify(const char *state, size_t length);

#endif
