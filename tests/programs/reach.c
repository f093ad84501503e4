// SPDX-License-Identifier: Apache-2.0
// Does one thing by which a container reaches beyond itself, without harm: what it opens it does not write to, what it
// asks the kernel for is refused for being nonsense.
//
//   reach HOW [ARGUMENT...]
//     setns FILE            joins the namespace that it is
//     setns-pidfd PID KIND  joins that of a process: 0x40000000 is the network's
//     chroot DIRECTORY      by a descriptor of it
//     ptrace PID            seizes it and lets go
//     read FILE, write FILE opens it
//     mount TYPE SOURCE     on /mnt, and off again
//     fsmount TYPE SOURCE   makes the file system by the newer interface
//     handle FILE           opens it by its handle
//     module, kexec         loads nothing of the kind
//     ioperm, syslog, settime, reboot
//     bpf TYPE              loads a program of that type, which does nothing
//     bpf-detach            detaches no program from no cgroup
//     connect NAME          to a socket; with @ before it an abstract one
// Prints "done", "refused" if it failed with EPERM, or the error.
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Noreturn static void tell(long result) {
  const int error = errno;
  puts(result >= 0 ? "done" : error == EPERM ? "refused" : strerror(error));
  fflush(stdout);
  _exit(0);
}

/// As the kernel answers what is nonsense, which it looks at after whether it may be asked at all.
static long unless(long result, int harmless) { return result < 0 && errno == harmless ? 0 : result; }

static int opened(const char* file, int flags) {
  const int fd = open(file, flags | O_CLOEXEC);
  if (fd < 0) tell(fd);
  return fd;
}

static long reach_chroot(const char* directory) {
  const int fd = opened(directory, O_PATH | O_DIRECTORY);
  return fchdir(fd) < 0 ? -1 : chroot(".");
}

static long reach_ptrace(pid_t pid) {
  const long seized = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
  if (seized < 0) return seized;
  ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
  waitpid(pid, NULL, __WALL);
  ptrace(PTRACE_DETACH, pid, NULL, NULL);
  return 0;
}

static long reach_mount(const char* type, const char* source) {
  const int result = mount(source, "/mnt", type, 0, NULL);
  if (result == 0) umount2("/mnt", MNT_DETACH);
  return result;
}

static long reach_fsmount(const char* type, const char* source) {
  const int fd = (int)syscall(SYS_fsopen, type, 0);
  if (fd < 0) return fd;
  syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "source", source, 0);
  return syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static long reach_handle(const char* file) {
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, file, &handle.head, &mount_id, 0) < 0) {
    puts("has no handle");
    exit(0);
  }
  return open_by_handle_at(opened(file, O_RDONLY), &handle.head, O_RDONLY);
}

static long reach_bpf(unsigned type) {
  const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr attr = {.prog_type = type,
                         .insns = (uintptr_t)nothing,
                         .insn_cnt = sizeof(nothing) / sizeof(nothing[0]),
                         .license = (uintptr_t) "GPL"};
  return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long reach_bpf_detach(void) {
  union bpf_attr attr = {.target_fd = (unsigned)-1, .attach_type = BPF_CGROUP_DEVICE};
  return unless(syscall(SYS_bpf, BPF_PROG_DETACH, &attr, sizeof(attr)), EBADF);
}

static long reach_settime(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return clock_settime(CLOCK_REALTIME, &now);
}

static long reach_connect(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  if (name[0] == '@') address.sun_path[0] = '\0';
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  const char* first = argc > 2 ? argv[2] : "";
  const char* second = argc > 3 ? argv[3] : "";
  char junk[64] = "no module";
  if (!strcmp(how, "setns")) tell(setns(opened(first, O_RDONLY), 0));
  if (!strcmp(how, "setns-pidfd"))
    tell(setns((int)syscall(SYS_pidfd_open, atoi(first), 0), (int)strtol(second, NULL, 0)));
  if (!strcmp(how, "chroot")) tell(reach_chroot(first));
  if (!strcmp(how, "ptrace")) tell(reach_ptrace(atoi(first)));
  if (!strcmp(how, "read")) tell(opened(first, O_RDONLY));
  if (!strcmp(how, "write")) tell(opened(first, O_WRONLY | O_APPEND));
  if (!strcmp(how, "mount")) tell(reach_mount(first, second));
  if (!strcmp(how, "fsmount")) tell(reach_fsmount(first, second));
  if (!strcmp(how, "handle")) tell(reach_handle(first));
  if (!strcmp(how, "module")) tell(unless(syscall(SYS_init_module, junk, sizeof(junk), ""), ENOEXEC));
  if (!strcmp(how, "kexec")) tell(unless(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL), EINVAL));
  if (!strcmp(how, "ioperm")) tell(ioperm(0x80, 1, 1));
  if (!strcmp(how, "syslog")) tell(klogctl(3, junk, sizeof(junk)));
  if (!strcmp(how, "settime")) tell(reach_settime());
  if (!strcmp(how, "reboot")) tell(unless(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL));
  if (!strcmp(how, "bpf")) tell(unless(reach_bpf((unsigned)atoi(first)), EINVAL));
  if (!strcmp(how, "bpf-detach")) tell(reach_bpf_detach());
  if (!strcmp(how, "connect")) tell(reach_connect(first));
  fprintf(stderr, "reach: what is %s?\n", how);
  return 2;
}
