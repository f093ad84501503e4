// SPDX-License-Identifier: Apache-2.0
// A runtime hook as GPU toolkits have them: in a mount namespace of its own it makes the container's root its root, and
// there runs a program of the host from a memfd.
//
// Its standard input is the container's state, as the runtime gives it to hooks. What it runs is "marker", which lies
// beside it, with the argument /hook-ran.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int must(int result, const char* what) {
  if (result >= 0) return result;
  fprintf(stderr, "pivot_hook: %s: %s\n", what, strerror(errno));
  exit(1);
}

// The rootfs of the state's bundle.
static const char* container_root(void) {
  static char state[1 << 20];
  static char root[4096];
  size_t length = fread(state, 1, sizeof state - 1, stdin);
  state[length] = '\0';
  char* bundle = strstr(state, "\"bundle\"");
  char* start = bundle ? strchr(bundle + strlen("\"bundle\""), '"') : NULL;
  char* end = start ? strchr(start + 1, '"') : NULL;
  if (!end) must(-1, "no bundle in the state");
  *end = '\0';
  snprintf(root, sizeof root, "%s/rootfs", start + 1);
  return root;
}

static int memfd_of_marker(void) {
  char own[4096];
  const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 16);
  if (length < 0) must(-1, "/proc/self/exe");
  own[length] = '\0';
  strcpy(strrchr(own, '/') + 1, "marker");
  const int from = must(open(own, O_RDONLY | O_CLOEXEC), own);
  const int to = must(memfd_create("marker", MFD_CLOEXEC), "memfd_create");
  char data[65536];
  for (ssize_t size; (size = read(from, data, sizeof data)) > 0;)
    if (write(to, data, (size_t)size) != size) must(-1, "write");
  close(from);
  return to;
}

int main(void) {
  const char* root = container_root();
  const int program = memfd_of_marker();
  const pid_t child = must(fork(), "fork");
  if (!child) {
    must(unshare(CLONE_NEWNS), "unshare");
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make-rprivate");
    must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), "bind the root");
    must(chdir(root), root);
    must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir");
    char* arguments[] = {"marker", "/hook-ran", NULL};
    syscall(SYS_execveat, program, "", arguments, (char*[]){NULL}, AT_EMPTY_PATH);
    must(-1, "execveat");
  }
  int status;
  must(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
