// SPDX-License-Identifier: Apache-2.0
// To be preloaded: each socket whose receive buffer is set gets the smallest that there is.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  const int least = 1;
  const int small = level == SOL_SOCKET && (name == SO_RCVBUFFORCE || name == SO_RCVBUF);
  return (int)syscall(SYS_setsockopt, fd, level, name, small ? &least : value, small ? sizeof least : size);
}
