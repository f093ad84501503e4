// SPDX-License-Identifier: Apache-2.0
// The program that is dropped. Usage: marker [FILE]: makes FILE, and says that it ran.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc > 1) {
    const int fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
      perror(argv[1]);
      return 1;
    }
    close(fd);
  }
  puts("ran");
  return 0;
}
