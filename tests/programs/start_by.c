// SPDX-License-Identifier: Apache-2.0
// Runs a program in one of the rarer ways to start one; launch has the others.
//
//   start_by HOW FILE [ARGUMENT...]
//     dirfd      execveat relative to a directory's descriptor
//     opath      execveat of an O_PATH descriptor
//     passed     a descriptor that came over a socket
//     vfork, spawn, clone3    in a child of vfork, posix_spawn or clone3
//     cgroup=DIRECTORY   in a child that clone3 starts in that cgroup
//     exchanged=OTHER   FILE, a copy of this program, while a thread exchanges it with OTHER, the image's own, which ends
//                with 0, all the time: until OTHER has run and FILE has been tried
//     moved      each ARGUMENT, which is a file as FILE is, again and again while a thread exchanges it with the one before
//     flipping=ROOT   execveat of a descriptor, often, while a thread makes ROOT the root and takes it back all the time
//     io_uring   a copy beside FILE that io_uring has written
//     changed    FILE, of whose first bytes io_uring has changed one that no loader looks at
//     afterwards a copy that is made executable only after it was opened
//     checked    execveat with AT_EXECVE_CHECK; runs nothing
// Exit status: the program's; 126 if it was refused with EPERM, 125 if anything else failed, 124 if the kernel has no such way;
// standard output says what.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

enum { kUsage = 2, kNone = 124, kFailed = 125, kRefused = 126 };

_Noreturn static void fail(const char* what) {
  const int error = errno;
  printf("%s: %s\n", what, strerror(error));
  fflush(stdout);
  _exit(error == EPERM ? kRefused : error == ENOSYS ? kNone : kFailed);
}

static int must(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

_Noreturn static void run_at(int directory, const char* name, char** file, int flags) {
  syscall(SYS_execveat, directory, name, file, environ, flags);
  fail("execveat");
}

static int wait_for(pid_t child) {
  int status;
  must(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

_Noreturn static void run_in_directory(char** file) {
  char name[4096];
  snprintf(name, sizeof name, "%s", *file);
  const int directory = must(open(dirname(name), O_PATH | O_DIRECTORY | O_CLOEXEC), "directory");
  run_at(directory, strrchr(*file, '/') + 1, file, 0);
}

_Noreturn static void run_passed(char** file) {
  int ends[2];
  char byte = 0;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
  if (!must(fork(), "fork")) {
    const int fd = must(open(*file, O_RDONLY), *file);
    control.header = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    must((int)sendmsg(ends[1], &message, 0), "sendmsg");
    _exit(0);
  }
  must((int)recvmsg(ends[0], &message, MSG_CMSG_CLOEXEC), "recvmsg");
  int fd;
  memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
  run_at(fd, "", file, AT_EMPTY_PATH);
}

static int run_spawned(char** file) {
  pid_t child;
  errno = posix_spawn(&child, *file, NULL, NULL, file, environ);
  if (errno) fail("posix_spawn");
  return wait_for(child);
}

static int run_cloned(const char* cgroup, char** file) {
  struct clone_args arguments = {.exit_signal = SIGCHLD};
  if (cgroup) {
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.cgroup = (unsigned)must(open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC), cgroup);
  }
  const pid_t child = must((int)syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
  if (!child) {
    execv(*file, file);
    fail("execve");
  }
  return wait_for(child);
}

static int start(char** file) {
  const pid_t child = must(vfork(), "vfork");
  if (!child) {
    execv(*file, file);
    _exit(errno == EPERM ? kRefused : kFailed);
  }
  return wait_for(child);
}

static int run_vforked(char** file) {
  const int status = start(file);
  if (status == kRefused) puts("execve: Operation not permitted");
  return status;
}

struct exchange {
  const char* one;
  const char* other;
};

static void exchange_once(const char* one, const char* other) {
  must((int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE), "exchange");
}

_Noreturn static void* exchange(void* data) {
  const struct exchange* files = data;
  for (;;) exchange_once(files->one, files->other);
}

static int run_exchanged(const char* other, char** file) {
  enum { kTries = 100 };
  static struct exchange files; // the thread goes on until the process ends
  files = (struct exchange){*file, other};
  char* own[] = {*file, NULL};
  pthread_t thread;
  int refused = 0;
  int ran = 0;
  if (pthread_create(&thread, NULL, exchange, &files)) fail("pthread_create");
  for (int i = 0; i < kTries || !refused || !ran; ++i) {
    if (i > 100 * kTries) break;
    const int status = start(own);
    if (status == kRefused) ++refused;
    if (status == 0) ++ran;
    if (status == kUsage) {
      puts("ran");
      return 0;
    }
    if (status != kRefused && status != 0) return kFailed;
  }
  if (!refused || !ran) return kFailed;
  errno = EPERM;
  fail("execve");
}

struct move {
  char** files;
  atomic_int begun;
  atomic_int ended;
};

static void* move_each(void* data) {
  struct move* all = data;
  for (int i = 1; all->files[i]; ++i) {
    while (atomic_load(&all->begun) < i) sched_yield();
    exchange_once(all->files[i - 1], all->files[i]);
    atomic_store(&all->ended, i);
  }
  return NULL;
}

static int run_moved(char** files) {
  static struct move all; // the thread may outlive a failure
  all.files = files;
  pthread_t thread;
  int refused = 0;
  if (pthread_create(&thread, NULL, move_each, &all)) fail("pthread_create");
  for (int i = 1; files[i]; ++i) {
    char* own[] = {files[i], NULL};
    atomic_store(&all.begun, i);
    for (bool last = false; !last;) {
      last = atomic_load(&all.ended) == i;
      const int status = start(own);
      if (status == kRefused)
        ++refused;
      else if (status)
        return kFailed;
    }
  }
  pthread_join(thread, NULL);
  if (!refused) return 0;
  printf("%d times: %s\n", refused, strerror(EPERM));
  return kRefused;
}

_Noreturn static void* flip(void* root) {
  const int own = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
  for (;;) {
    must(chroot(root), root);
    must(fchdir(own), "fchdir");
    must(chroot("."), "chroot");
  }
}

_Noreturn static void run_flipping(char* root, char** file) {
  enum { kTries = 3000 };
  const int fd = must(open(*file, O_PATH | O_CLOEXEC), *file);
  pthread_t thread;
  if (pthread_create(&thread, NULL, flip, root)) fail("pthread_create");
  for (int i = 0; i < kTries; ++i) {
    syscall(SYS_execveat, fd, "", file, environ, AT_EMPTY_PATH);
    if (errno != EPERM) break;
  }
  fail("execveat");
}

static void write_by_ring(int fd, const void* data, unsigned size) {
  struct io_uring_params parameters = {0};
  const int ring = must((int)syscall(SYS_io_uring_setup, 1, &parameters), "io_uring_setup");
  const size_t entries = parameters.sq_off.array + parameters.sq_entries * sizeof(uint32_t);
  char* queue = mmap(NULL, entries, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* entry =
      mmap(NULL, sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  if (queue == MAP_FAILED || entry == MAP_FAILED) fail("mmap");
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_WRITE, .fd = fd, .addr = (uintptr_t)data, .len = size};
  *(uint32_t*)(queue + parameters.sq_off.array) = 0;
  __atomic_add_fetch((uint32_t*)(queue + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  must((int)syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), "io_uring_enter");
  close(ring);
}

static unsigned read_whole(const char* path, char** data) {
  enum { kMost = 4 << 20 };
  const int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
  *data = malloc(kMost);
  const ssize_t size = *data ? read(fd, *data, kMost) : -1;
  if (size <= 0) fail("read");
  close(fd);
  return (unsigned)size;
}

// The ring holds the file until it is torn down, after its last descriptor.
_Noreturn static void run_when_closed(const char* name, char** file) {
  for (int tries = 0; tries < 200; ++tries) {
    execv(name, file);
    if (errno != ETXTBSY) break;
    usleep(10000);
  }
  fail("execve");
}

_Noreturn static void run_ring(char** file) {
  char name[4096];
  char* data;
  const unsigned size = read_whole(*file, &data);
  snprintf(name, sizeof name, "%s.ring", *file);
  const int to = must(open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), name);
  write_by_ring(to, data, size);
  close(to);
  run_when_closed(name, file);
}

_Noreturn static void run_changed(char** file) {
  char start[EI_NIDENT];
  const int fd = must(open(*file, O_RDWR | O_CLOEXEC), *file);
  if (read(fd, start, sizeof start) != sizeof start) fail("read");
  start[EI_PAD] ^= 1;
  write_by_ring(fd, start, sizeof start);
  close(fd);
  run_when_closed(*file, file);
}

_Noreturn static void run_afterwards(char** file) {
  char name[4096];
  char* data;
  const unsigned size = read_whole(*file, &data);
  snprintf(name, sizeof name, "%s.later", *file);
  const int to = must(open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), name);
  if (write(to, data, size) != (ssize_t)size) fail("write");
  close(to);
  const int fd = must(open(name, O_RDONLY | O_CLOEXEC), name);
  must(chmod(name, 0755), "chmod");
  run_at(fd, "", file, AT_EMPTY_PATH);
}

static int check(char** file) {
  if (!syscall(SYS_execveat, AT_FDCWD, *file, file, environ, AT_EXECVE_CHECK)) {
    puts("ran");
    return 0;
  }
  if (errno == EINVAL) errno = ENOSYS;
  fail("execveat");
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: start_by HOW FILE [ARGUMENT...]\n", stderr);
    return kUsage;
  }
  const char* how = argv[1];
  char** file = argv + 2;
  if (!strcmp(how, "dirfd")) run_in_directory(file);
  if (!strcmp(how, "opath")) run_at(must(open(*file, O_PATH | O_CLOEXEC), *file), "", file, AT_EMPTY_PATH);
  if (!strcmp(how, "passed")) run_passed(file);
  if (!strcmp(how, "vfork")) return run_vforked(file);
  if (!strcmp(how, "spawn")) return run_spawned(file);
  if (!strcmp(how, "clone3")) return run_cloned(NULL, file);
  if (!strncmp(how, "cgroup=", 7)) return run_cloned(how + 7, file);
  if (!strncmp(how, "exchanged=", 10)) return run_exchanged(how + 10, file);
  if (!strcmp(how, "moved")) return run_moved(file);
  if (!strncmp(how, "flipping=", 9)) run_flipping(argv[1] + 9, file);
  if (!strcmp(how, "io_uring")) run_ring(file);
  if (!strcmp(how, "changed")) run_changed(file);
  if (!strcmp(how, "afterwards")) run_afterwards(file);
  if (!strcmp(how, "checked")) return check(file);
  fprintf(stderr, "start_by: what is %s?\n", how);
  return 2;
}
