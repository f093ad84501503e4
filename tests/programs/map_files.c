// SPDX-License-Identifier: Apache-2.0
// Maps each file that is named on a line of standard input as code, and lets go of it; names those that are refused.
// Exit status: 0 each was mapped or refused; 1 something else happened to one.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int map_file(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  void* code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  const int error = code == MAP_FAILED ? errno : 0;
  if (!error) munmap(code, 4096);
  close(fd);
  return error;
}

int main(void) {
  char path[4096];
  int status = 0;
  while (fgets(path, sizeof(path), stdin)) {
    path[strcspn(path, "\n")] = '\0';
    const int error = map_file(path);
    if (error == EPERM) {
      puts(path);
    } else if (error) {
      fprintf(stderr, "%s: %s\n", path, strerror(error));
      status = 1;
    }
  }
  return status;
}
