/* The service manager's notification protocol, sd_notify(3): a datagram on a unix socket. Node has no unix datagrams. */
#define _GNU_SOURCE
#include "sd_notify.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int rb_sd_notify(const char *state, size_t length)
{
#if defined(__linux__)
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || (path[0] != '/' && path[0] != '@')) return 0;
  const size_t size = strlen(path);
  if (size < 2 || size >= sizeof address.sun_path) return 0;
  memcpy(address.sun_path, path, size);
  /* `@` stands for the leading zero byte of Linux's abstract socket names, which have no terminator. */
  if (path[0] == '@') address.sun_path[0] = '\0';
  const socklen_t address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/' ? 1 : 0));
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const ssize_t sent = sendto(fd, state, length, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&address, address_size);
  close(fd);
  return sent == (ssize_t)length;
#else
  (void)state;
  (void)length;
  return 0;
#endif
}
