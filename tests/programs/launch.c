// SPDX-License-Identifier: Apache-2.0
// Runs a program in one of the ways that there are.
//
//   launch HOW FILE [ARGUMENT...]
//     path            execve of the path
//     fd              execveat of a descriptor
//     proc            by /proc/self/fd/N
//     thread          execve by a thread that is not the first
//     memfd, sealed   a copy in a memfd
//     tmpfile         a copy in a file that never had a name, beside FILE
//     unlinked        by /proc/self/fd/N, after FILE is unlinked
//     chroot=ROOT     FILE below that root
//     bind=FROM=TO    in a mount namespace of its own where FROM is bound over TO
//     rebind=FROM=TO  likewise, without privileges, in many namespaces at once: one of them is where in memory the first
//                     process's own was, if that is gone
//     cgroup=DIRECTORY   in that cgroup
//     namespaces=PID  in all namespaces of that process, by a descriptor that is opened before
//     orphan          by a grandchild whose parent is gone
//     sibling         by a child of its own parent
//     after=OTHER     after an execve of OTHER, which must fail
//     renamed=NAME    under that name, in a session of its own
//     until-refused, until-runs   in children, until that happens; then prints the wall clock in nanoseconds
// Exit status: the program's; 126 if it was refused with EPERM, 125 if anything else failed; standard output says what. Of an
// orphan, a sibling and a process in other namespaces only the output is known.
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kFailed = 125, kRefused = 126 };

_Noreturn static void fail(const char* what) {
  const int error = errno;
  printf("%s: %s\n", what, strerror(error));
  fflush(stdout);
  _exit(error == EPERM ? kRefused : kFailed);
}

static int must(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

_Noreturn static void run_path(char** file) {
  execv(*file, file);
  fail("execve");
}

_Noreturn static void run_fd(int fd, char** file) {
  syscall(SYS_execveat, fd, "", file, environ, AT_EMPTY_PATH);
  fail("execveat");
}

_Noreturn static void run_proc(int fd, char** file) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  execv(path, file);
  fail("execve");
}

static void copy(const char* path, int to) {
  const int from = must(open(path, O_RDONLY | O_CLOEXEC), path);
  char data[65536];
  ssize_t size;
  while ((size = read(from, data, sizeof data)) > 0)
    if (write(to, data, (size_t)size) != size) fail("write");
  if (size < 0) fail("read");
  close(from);
}

_Noreturn static void run_memfd(char** file, int seals) {
  const int fd = must(memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create");
  copy(*file, fd);
  if (seals) must(fcntl(fd, F_ADD_SEALS, seals), "seal");
  run_fd(fd, file);
}

_Noreturn static void run_tmpfile(char** file) {
  char name[4096];
  char own[32];
  snprintf(name, sizeof name, "%s", *file);
  const int to = must(open(dirname(name), O_TMPFILE | O_RDWR, 0755), "O_TMPFILE");
  copy(*file, to);
  snprintf(own, sizeof own, "/proc/self/fd/%d", to);
  const int fd = must(open(own, O_RDONLY | O_CLOEXEC), own);
  close(to);  // nobody may hold it for writing
  run_fd(fd, file);
}

static void* run_in_thread(void* file) { run_path(file); }

_Noreturn static void run_thread(char** file) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_in_thread, file)) fail("pthread_create");
  for (;;) pause();
}

_Noreturn static void run_bound(char* places, char** file) {
  char* to = strchr(places, '=');
  if (!to) fail("bind=FROM=TO");
  *to++ = '\0';
  must(unshare(CLONE_NEWNS), "unshare");
  must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make-rprivate");
  must(mount(places, to, NULL, MS_BIND, NULL), "bind");
  run_path(file);
}

static int run_in_child(char** file) {
  const pid_t child = must(fork(), "fork");
  if (!child) run_path(file);
  int status;
  must(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

static int run_rebound(char* places, char** file) {
  enum { kNamespaces = 500 };
  char* to = strchr(places, '=');
  if (!to) fail("rebind=FROM=TO");
  *to++ = '\0';
  must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
  must(mount(places, to, NULL, MS_BIND, NULL), "bind");
  int results[2];
  must(pipe(results), "pipe");
  // Each is kept, so that the next is made in another place.
  for (int i = 0; i < kNamespaces; ++i) {
    int result;
    if (!must(fork(), "fork")) {
      must(unshare(CLONE_NEWNS), "unshare");
      result = run_in_child(file);
      if (write(results[1], &result, sizeof result) != sizeof result) _exit(kFailed);
      for (;;) pause();
    }
    if (read(results[0], &result, sizeof result) != sizeof result) return kFailed;
    if (result != kRefused) return result;
  }
  return kRefused;
}

static void write_to(const char* path, const char* text) {
  const int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);
  if (write(fd, text, strlen(text)) < 0) fail(path);
  close(fd);
}

_Noreturn static void run_in_cgroup(const char* directory, char** file) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", directory);
  write_to(path, "0");
  run_path(file);
}

_Noreturn static void run_in_namespaces(int of, char** file) {
  const int fd = must(open(*file, O_RDONLY | O_CLOEXEC), *file);
  const int pid = must((int)syscall(SYS_pidfd_open, of, 0), "pidfd_open");
  must(setns(pid, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP), "setns");
  if (must(fork(), "fork")) _exit(wait(NULL) < 0 ? kFailed : 0);  // of the pid namespace are only children
  run_fd(fd, file);
}

// The end of what runs is that of the pipe: nobody can wait for it.
static int run_orphan(char** file) {
  int alive[2];
  char byte;
  must(pipe(alive), "pipe");
  const pid_t child = must(fork(), "fork");
  if (!child) {
    const pid_t parent = getpid();
    if (must(fork(), "fork")) _exit(0);
    while (getppid() == parent) usleep(1000);
    close(alive[0]);
    run_path(file);
  }
  close(alive[1]);
  must(waitpid(child, NULL, 0), "waitpid");
  return read(alive[0], &byte, 1) ? kFailed : 0;
}

static int run_sibling(char** file) {
  int alive[2];
  char byte;
  must(pipe(alive), "pipe");
  if (!must((int)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0), "clone")) run_path(file);
  close(alive[1]);
  return read(alive[0], &byte, 1) ? kFailed : 0;
}

_Noreturn static void run_after(const char* other, char** file) {
  char* arguments[] = {(char*)other, NULL};
  execv(other, arguments);
  run_path(file);
}

_Noreturn static void run_renamed(const char* name, char** file) {
  must(prctl(PR_SET_NAME, name), "PR_SET_NAME");
  setsid();
  execl(*file, name, (char*)NULL);
  fail("execve");
}

static int run_until(char** file, int wanted) {
  for (;;) {
    const pid_t child = must(vfork(), "vfork");
    if (!child) {
      const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
      dup2(quiet, STDOUT_FILENO);
      execv(*file, file);
      _exit(errno == EPERM ? kRefused : kFailed);
    }
    int status;
    must(waitpid(child, &status, 0), "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == wanted) break;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: launch HOW FILE [ARGUMENT...]\n", stderr);
    return 2;
  }
  char* how = argv[1];
  char** file = argv + 2;
  if (!strcmp(how, "path")) run_path(file);
  if (!strcmp(how, "fd")) run_fd(must(open(*file, O_RDONLY | O_CLOEXEC), *file), file);
  if (!strcmp(how, "proc")) run_proc(must(open(*file, O_RDONLY), *file), file);
  if (!strcmp(how, "thread")) run_thread(file);
  if (!strcmp(how, "memfd")) run_memfd(file, 0);
  if (!strcmp(how, "sealed")) run_memfd(file, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  if (!strcmp(how, "tmpfile")) run_tmpfile(file);
  if (!strcmp(how, "unlinked")) {
    const int fd = must(open(*file, O_RDONLY), *file);
    must(unlink(*file), "unlink");
    run_proc(fd, file);
  }
  if (!strncmp(how, "chroot=", 7)) {
    must(chroot(how + 7), "chroot");
    must(chdir("/"), "chdir");
    run_path(file);
  }
  if (!strncmp(how, "bind=", 5)) run_bound(how + 5, file);
  if (!strncmp(how, "rebind=", 7)) return run_rebound(how + 7, file);
  if (!strncmp(how, "cgroup=", 7)) run_in_cgroup(how + 7, file);
  if (!strncmp(how, "namespaces=", 11)) run_in_namespaces(atoi(how + 11), file);
  if (!strcmp(how, "orphan")) return run_orphan(file);
  if (!strcmp(how, "sibling")) return run_sibling(file);
  if (!strncmp(how, "after=", 6)) run_after(how + 6, file);
  if (!strncmp(how, "renamed=", 8)) run_renamed(how + 8, file);
  if (!strcmp(how, "until-refused")) return run_until(file, kRefused);
  if (!strcmp(how, "until-runs")) return run_until(file, 0);
  fprintf(stderr, "launch: what is %s?\n", how);
  return 2;
}
