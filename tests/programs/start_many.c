// SPDX-License-Identifier: Apache-2.0
// Containers as the kernel and the controller see them, at a pace that no runtime reaches on an emulated machine:
//   start_many COUNT PER_SECOND ROOT PROGRAM [ARGUMENT…]
// Each has a mount namespace, a cgroup with a name as Docker gives it, runc's record of it in /run/runc, and runs PROGRAM in
// ROOT. PER_SECOND 0: as fast as it goes. What ended loses its cgroup and record; this ends with the last of them, and says
// how many of them began in how many milliseconds, and how many ended badly.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct container {
  pid_t pid;
  char group[160], state[128], file[160];
};

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void write_file(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd)) die(path);
}

static void start(struct container* one, long number, const char* root, char** argv) {
  char id[65], text[1024];
  snprintf(id, sizeof id, "%032d%016x%016lx", 0, (unsigned)getpid(), number);
  snprintf(one->group, sizeof one->group, "/sys/fs/cgroup/many/docker-%s.scope", id);
  snprintf(one->state, sizeof one->state, "/run/runc/%s", id);
  snprintf(one->file, sizeof one->file, "%s/state.json", one->state);
  int begin[2];
  if (mkdir(one->group, 0755) || mkdir(one->state, 0700) || pipe2(begin, O_CLOEXEC)) die(id);
  one->pid = fork();
  if (one->pid < 0) die("fork");
  if (one->pid == 0) {
    char byte;
    if (read(begin[0], &byte, 1) != 1 || unshare(CLONE_NEWNS) || chroot(root) || chdir("/")) die(id);
    execv(argv[0], argv);
    die(argv[0]);
  }
  snprintf(text, sizeof text, "%s/cgroup.procs", one->group);
  char pid[16];
  snprintf(pid, sizeof pid, "%d", one->pid);
  write_file(text, pid);
  snprintf(text, sizeof text,
           "{\"id\":\"%s\",\"init_process_pid\":%d,\"cgroup_paths\":{\"\":\"%s\"},\"config\":{\"rootfs\":\"%s\",\"labels\":[]}}",
           id, one->pid, one->group, root);
  write_file(one->file, text);
  if (write(begin[1], "", 1) != 1 || close(begin[0]) || close(begin[1])) die("pipe");
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const long count = atol(argv[1]), per_second = atol(argv[2]);
  struct container* all = calloc((size_t)count, sizeof *all);
  if (!all || (mkdir("/sys/fs/cgroup/many", 0755) && errno != EEXIST) || (mkdir("/run/runc", 0700) && errno != EEXIST))
    die("start_many");
  const int64_t from = now_ms();
  int64_t started_in = 0;
  long started = 0, ended = 0, bad = 0;
  while (ended < count) {
    const int64_t due = per_second ? from + started * 1000 / per_second : 0;
    if (started < count && now_ms() >= due) {
      start(&all[started], started, argv[3], argv + 4);
      if (++started == count) {
        started_in = now_ms() - from;
        printf("started %ld in %ld ms\n", started, (long)started_in);
        fflush(stdout);
      }
    }
    int status;
    const int wait_for_more = started == count || now_ms() < due;
    const pid_t pid = waitpid(-1, &status, started == count ? 0 : WNOHANG);
    if (pid < 0 && errno != ECHILD) die("waitpid");
    if (pid <= 0) {
      if (wait_for_more) usleep(1000);
      continue;
    }
    for (long i = 0; i < started; ++i) {
      if (all[i].pid != pid) continue;
      if (rmdir(all[i].group) || unlink(all[i].file) || rmdir(all[i].state)) die(all[i].group);
      all[i].pid = 0;
    }
    ++ended;
    bad += status != 0;
  }
  printf("ended badly: %ld\n", bad);
  return 0;
}
