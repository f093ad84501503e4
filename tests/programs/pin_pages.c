// SPDX-License-Identifier: Apache-2.0
// Changes a program by a page that the kernel holds for it, when nobody has the file open or mapped any more.
//
//   pin_pages FILE   one that prints "ran": runs it while the page is held, and after "bad" was written there
// Exit status: 0, whatever comes of these, which standard output says; 125 anything else failed.
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096, kFailed = 125 };

struct change {
  void* from;  // where nothing is as yet
  void* to;
  size_t size;
  ssize_t done;
};

static void must(int good, const char* what) {
  if (good) return;
  printf("%s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(kFailed);
}

static void* write_there(void* data) {
  struct change* change = data;
  const struct iovec from = {change->from, change->size};
  const struct iovec to = {change->to, change->size};
  change->done = process_vm_writev(getpid(), &from, 1, &to, 1, 0);
  must(change->done == (ssize_t)change->size, "process_vm_writev");
  return NULL;
}

static void run(char* file) {
  char* arguments[] = {file, NULL};
  int status;
  fflush(stdout);
  const pid_t child = vfork();
  must(child >= 0, "vfork");
  if (child == 0) {
    execv(file, arguments);
    _exit(errno == EPERM ? 126 : kFailed);
  }
  must(waitpid(child, &status, 0) == child, "waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status)) printf("refused\n");
}

static int watch(void* page) {
  const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  struct uffdio_register range = {.range = {(uintptr_t)page, kPage}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  must(fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0, "userfaultfd");
  return fd;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: pin_pages FILE\n", stderr);
    return 2;
  }
  const int fd = open(argv[1], O_RDWR | O_CLOEXEC);
  struct stat status;
  must(fd >= 0 && fstat(fd, &status) == 0, argv[1]);
  char* code = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(code != MAP_FAILED, "mmap");
  char* word = memmem(code, (size_t)status.st_size, "\0ran", 5);
  must(word != NULL, "what it prints");
  struct change change = {.to = word + 1, .size = 3};
  change.from = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(change.from != MAP_FAILED, "mmap");
  const int faults = watch(change.from);
  pthread_t thread;
  must(pthread_create(&thread, NULL, write_there, &change) == 0, "pthread_create");
  struct uffd_msg fault;
  must(read(faults, &fault, sizeof fault) == sizeof fault, "fault");
  // it holds the page by now
  munmap(code, (size_t)status.st_size);
  close(fd);
  run(argv[1]);
  char page[kPage] __attribute__((aligned(kPage))) = "bad";
  struct uffdio_copy copy = {.dst = (uintptr_t)change.from, .src = (uintptr_t)page, .len = kPage};
  must(ioctl(faults, UFFDIO_COPY, &copy) == 0, "UFFDIO_COPY");
  must(pthread_join(thread, NULL) == 0, "pthread_join");
  run(argv[1]);
  return 0;
}
