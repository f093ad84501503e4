// SPDX-License-Identifier: Apache-2.0
// What a privileged member does to get hold of tasks that are on their way into its container: PTRACE_SEIZE, opening
// /proc/PID/mem for writing, pidfd_getfd.
//
//   trace_setup PID                 once on that process
//   trace_setup child               once on a child of its own
//   trace_setup watch CGROUP STOP   again and again on all tasks of that cgroup that came after it and run a runtime's
//                                   program (any but busybox), until the file STOP is there
//   trace_setup chase STOP          seizes each task as it is made, for as long
//   trace_setup churn CGROUP        prints the PID of a process that moves there, calls itself churn, and makes threads,
//                                   children, and children of its parent's, until it is killed
// Prints for each way "WAY allowed A refused R". `watch` counts as allowed only if the task was the runtime's before and
// after, `chase` if it is named churn; what has ended, or become the container's own, is not counted.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum way { kMemory, kDescriptor, kSeize, kWays };

static const char* const names[kWays] = {"mem", "getfd", "seize"};
static struct {
  long allowed, refused;
} counts[kWays];

// Not of one that has ended: its memory may be opened, and there is none.
static int is_runtime(pid_t pid) {
  char path[32];
  char program[4096];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t length = readlink(path, program, sizeof program - 1);
  if (length <= 0) return 0;
  program[length] = '\0';
  return !strstr(program, "busybox");
}

static int any(pid_t pid) { return pid > 0; }

static void count(enum way way, int worked, pid_t pid, int (*wanted)(pid_t)) {
  if (!worked && errno == EPERM) ++counts[way].refused;
  if (worked && wanted(pid)) ++counts[way].allowed;
}

static void open_memory(pid_t pid, int (*wanted)(pid_t)) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) errno = EPERM;  // what this file makes of it
  count(kMemory, fd >= 0, pid, wanted);
  if (fd >= 0) close(fd);
}

static void take_descriptor(pid_t pid, int (*wanted)(pid_t)) {
  const int process = (int)syscall(SYS_pidfd_open, pid, 0);
  if (process < 0) return;
  int taken = -1;
  for (int fd = 0; fd < 16 && taken < 0; fd++) {
    taken = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    if (taken < 0 && errno != EBADF) break;
  }
  const int error = errno;
  close(process);
  errno = error;
  count(kDescriptor, taken >= 0, pid, wanted);
  if (taken >= 0) close(taken);
}

static void seize(pid_t pid, int (*wanted)(pid_t)) {
  const int worked = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
  if (worked) {
    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
    waitpid(pid, NULL, __WALL);
  }
  count(kSeize, worked, pid, wanted);
  if (worked) ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void try_all(pid_t pid, int (*wanted)(pid_t)) {
  if (wanted(pid)) open_memory(pid, wanted);
  if (wanted(pid)) take_descriptor(pid, wanted);
  if (wanted(pid)) seize(pid, wanted);
}

static int in_cgroup(const char* pid, const char* cgroup) {
  char path[64];
  char text[4096];
  snprintf(path, sizeof path, "/proc/%.16s/cgroup", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length < 5) return 0;
  text[length - 1] = '\0';  // the line's end
  return !strcmp(text + 3, cgroup);  // after "0::"
}

static int is_pid(const char* name) { return name[0] >= '1' && name[0] <= '9'; }

static void try_tasks(const char* pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%.16s/task", pid);
  DIR* tasks = opendir(path);
  if (!tasks) return;
  for (struct dirent* entry; (entry = readdir(tasks)) != NULL;)
    if (is_pid(entry->d_name)) try_all(atoi(entry->d_name), is_runtime);
  closedir(tasks);
}

static void watch(const char* cgroup, const char* stop) {
  const pid_t self = getpid();
  DIR* proc = opendir("/proc");
  if (!proc) exit(1);
  puts("watching");
  fflush(stdout);
  while (access(stop, F_OK)) {
    rewinddir(proc);
    for (struct dirent* entry; (entry = readdir(proc)) != NULL;)
      if (is_pid(entry->d_name) && atoi(entry->d_name) > self && in_cgroup(entry->d_name, cgroup))
        try_tasks(entry->d_name);
  }
}

static int is_churn(pid_t pid) {
  char path[64];
  char name[6];
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t length = read(fd, name, sizeof name);
  close(fd);
  return length == sizeof name && !memcmp(name, "churn\n", sizeof name) && is_runtime(pid);
}

static pid_t last_pid(void) {
  int pid = 0;
  FILE* load = fopen("/proc/loadavg", "re");
  if (!load || fscanf(load, "%*s %*s %*s %*s %d", &pid) != 1) exit(1);
  fclose(load);
  return pid;
}

static void chase(const char* stop) {
  puts("watching");
  fflush(stdout);
  while (access(stop, F_OK)) {
    pid_t last = last_pid();
    for (int turn = 0; turn < 1000; turn++) {
      const long before = counts[kSeize].allowed + counts[kSeize].refused;
      seize(last + 1, is_churn);
      if (counts[kSeize].allowed + counts[kSeize].refused > before) last++;
    }
  }
}

static void* nothing(void* argument) { return argument; }

static void move_to(const char* cgroup) {
  char path[4096];
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", cgroup);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) exit(1);
  close(fd);
}

static void churn(const char* cgroup) {
  const pid_t churning = fork();
  if (churning) {
    printf("%d\n", churning);
    fflush(stdout);
    while (wait(NULL) > 0) continue;
    exit(0);
  }
  move_to(cgroup);
  prctl(PR_SET_NAME, "churn");
  for (;;) {
    pthread_t thread;
    if (!pthread_create(&thread, NULL, nothing, NULL)) pthread_join(thread, NULL);
    const pid_t child = fork();
    if (!child) _exit(0);
    waitpid(child, NULL, 0);
    struct clone_args sibling = {.flags = CLONE_PARENT};
    if (!syscall(SYS_clone3, &sibling, sizeof sibling)) _exit(0);
  }
}

int main(int argc, char** argv) {
  if (argc == 4 && !strcmp(argv[1], "watch")) {
    watch(argv[2], argv[3]);
  } else if (argc == 3 && !strcmp(argv[1], "chase")) {
    chase(argv[2]);
  } else if (argc == 3 && !strcmp(argv[1], "churn")) {
    churn(argv[2]);
  } else if (argc == 2 && !strcmp(argv[1], "child")) {
    const pid_t child = fork();
    if (!child)
      for (;;) pause();
    try_all(child, any);
    kill(child, SIGKILL);
  } else if (argc == 2 && atoi(argv[1]) > 0) {
    try_all(atoi(argv[1]), any);
  } else {
    fputs("usage: trace_setup PID | child | watch CGROUP STOP | chase STOP | churn CGROUP\n", stderr);
    return 2;
  }
  for (int way = 0; way < kWays; way++)
    printf("%s allowed %ld refused %ld\n", names[way], counts[way].allowed, counts[way].refused);
  return 0;
}
