// SPDX-License-Identifier: Apache-2.0
// Forks that fail late, each by a thread that then ends: failing_forks TIMES. For a process without CAP_SYS_ADMIN. Prints how
// many failed.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void* fork_and_fail(void* unused) {
  (void)unused;
  // The namespace is refused after the kernel has prepared the new task.
  return syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EPERM ? (void*)1 : NULL;
}

int main(int argc, char** argv) {
  long failed = 0;
  for (long i = argc > 1 ? atol(argv[1]) : 0; i > 0; --i) {
    pthread_t thread;
    void* result = NULL;
    if (pthread_create(&thread, NULL, fork_and_fail, NULL) || pthread_join(thread, &result)) return 1;
    failed += result != NULL;
  }
  printf("%ld\n", failed);
  fflush(stdout);
  pause();
  return 0;
}
