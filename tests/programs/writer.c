// SPDX-License-Identifier: Apache-2.0
// Writes to a file that is run or mapped as code, or tries to.
//
//   writer HOW FILE
//     open       opens it for writing, and keeps it so
//     map        maps it shared and writable, closes it, and keeps the mapping
//     store      changes its last byte by such a mapping, and back the second time; it has the times that it had
//     try        opens it for writing, no more
//     self       maps it as code and tries
//     forked     its parent maps it as code and ends; then it tries
//     vforked    a child that shares its memory maps it as code and ends; then it tries
//     unmapped   another process has mapped it as code, and has ended; then it tries
//     executed   maps it as code and executes itself, to try
// Prints "writable", or why not. Exit status: 0 writable; 1 not; 125 anything else failed.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int good, const char* what) {
  if (good) return;
  printf("%s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(125);
}

static int try(const char* file) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  puts(fd >= 0 ? "writable" : strerror(errno));
  fflush(stdout);
  return fd < 0;
}

static void map(const char* file, int prot, int flags) {
  const int fd = open(file, (prot & PROT_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  must(fd >= 0, file);
  must(mmap(NULL, 4096, prot, flags, fd, 0) != MAP_FAILED, "mmap");
  close(fd);
}

static void store(const char* file) {
  struct stat before;
  const int fd = open(file, O_RDWR | O_CLOEXEC);
  must(fd >= 0 && fstat(fd, &before) == 0, file);
  char* bytes = mmap(NULL, (size_t)before.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(bytes != MAP_FAILED, "mmap");
  close(fd);
  bytes[before.st_size - 1] ^= 1;
  must(munmap(bytes, (size_t)before.st_size) == 0, "munmap");
  must(utimensat(AT_FDCWD, file, (struct timespec[]){before.st_atim, before.st_mtim}, 0) == 0, "utimensat");
}

static void map_code(const char* file) { map(file, PROT_READ | PROT_EXEC, MAP_PRIVATE); }

static int map_in_child(void* file) {
  map_code(file);
  return 0;
}

static char stack[64 << 10];

static void in_child(int flags, const char* file) {
  const pid_t child = clone(map_in_child, stack + sizeof(stack), flags | SIGCHLD, (void*)file);
  int status = 0;
  must(child > 0 && waitpid(child, &status, 0) == child && status == 0, "child");
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: writer open|map|store|try|self|forked|vforked|unmapped|executed FILE\n", stderr);
    return 2;
  }
  const char* how = argv[1];
  char* file = argv[2];
  if (!strcmp(how, "open")) {
    must(open(file, O_WRONLY | O_CLOEXEC) >= 0, file);
  } else if (!strcmp(how, "map")) {
    map(file, PROT_READ | PROT_WRITE, MAP_SHARED);
  } else if (!strcmp(how, "store")) {
    store(file);
    return 0;
  } else if (!strcmp(how, "self")) {
    map_code(file);
  } else if (!strcmp(how, "forked")) {
    int ends[2];
    char none = 0;
    must(pipe(ends) == 0, "pipe");
    map_code(file);
    const pid_t child = fork();
    must(child >= 0, "fork");
    if (child) return waitpid(child, NULL, WNOHANG) ? 125 : 0;
    close(ends[1]);
    must(read(ends[0], &none, 1) == 0, "read");
  } else if (!strcmp(how, "vforked")) {
    in_child(CLONE_VM | CLONE_VFORK, file);
  } else if (!strcmp(how, "unmapped")) {
    in_child(0, file);
  } else if (!strcmp(how, "executed")) {
    map_code(file);
    must(execl("/proc/self/exe", "writer", "try", file, NULL) == 0, "execl");
  }
  if (strcmp(how, "open") && strcmp(how, "map")) return try(file);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
