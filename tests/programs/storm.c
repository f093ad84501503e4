// SPDX-License-Identifier: Apache-2.0
// Tries a program from several threads at once, so many times in all; prints how often what came of it.
//
//   storm TRIES THREADS PROGRAM [ARGUMENT...]
// With 0 tries it goes on until it is killed. Exit status 0, whatever came of it.
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char** program;
static int endless;
static atomic_long left;
static atomic_long ran, refused, other;

static void try_once(void) {
  const pid_t child = vfork();
  if (!child) {
    execv(*program, program);
    _exit(errno == EPERM ? 126 : 125);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) {
    ++other;
    return;
  }
  switch (WEXITSTATUS(status)) {
    case 0:
      ++ran;
      break;
    case 126:
      ++refused;
      break;
    default:
      ++other;
  }
}

static void* work(void* unused) {
  while (endless || atomic_fetch_sub(&left, 1) > 0) try_once();
  return unused;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: storm TRIES THREADS PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  left = strtol(argv[1], NULL, 10);
  endless = left == 0;
  const long count = strtol(argv[2], NULL, 10);
  program = argv + 3;
  pthread_t threads[64];
  if (count < 1 || count > 64) return 2;
  for (long i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, work, NULL)) return 1;
  for (long i = 0; i < count; i++) pthread_join(threads[i], NULL);
  printf("ran %ld refused %ld other %ld\n", ran, refused, other);
  return 0;
}
