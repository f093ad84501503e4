// SPDX-License-Identifier: Apache-2.0
// Does one thing by which a container reaches beyond itself, without harm: what it opens it does not write to, what it
// asks the kernel for is refused for being nonsense.
//
//   reach HOW [ARGUMENT...]
//     setns FILE            joins the namespace that it is
//     setns-pidfd PID KIND  joins that of a process: 0x40000000 is the network's
//     chroot DIRECTORY      by a descriptor of it, from /tmp
//     ptrace PID            seizes it and lets go
//     kill PID              tells it to go on
//     take-descriptor PID   its standard input
//     read FILE, write FILE opens it
//     attribute FILE        an extended one of the user's, of no length; no-attribute removes it
//     access-list FILE      which says what its mode does
//     symlink TARGET FILE   makes it, and removes it
//     fanotify ACCESS       makes a group whose events bring descriptors with it: 0 to read, 2 to write, too
//     cut FILE              opens it to read, and to be empty
//     exchange FILE FILE    each has the other's name
//     mknod FILE MAJOR MINOR  a character device, and removes it; mknod-block a block device
//     mount TYPE SOURCE     on /mnt, and off again
//     fsmount TYPE SOURCE   makes the file system by the newer interface
//     bind SOURCE TARGET    shows it there, too
//     move-mount SOURCE TARGET  likewise, by the newer interface
//     remount DIRECTORY     with nothing changed, which version 1 of cgroups refuses
//     uncover FILE          unmounts what is mounted on it
//     writable DIRECTORY [BELOW]  mounts it on itself to be read only, and then not, in a mount namespace of its own; with
//                           BELOW by mount_setattr of that, and all below unless it is DIRECTORY
//     mount-on DIRECTORY    a tmpfs, and off again
//     fsconfig TYPE         more parameters of such a file system than it can have
//     connect-tcp PORT      of this host
//     user-mount TYPE OPTIONS  on /mnt, in namespaces of users, mounts and cgroups of its own
//     user-namespace        of its own, as nobody
//     user-netfilter        an empty change of nf_tables, in namespaces of users and networks of its own
//     handle FILE           opens it by its handle
//     module, kexec         loads nothing of the kind
//     autoload              a socket of a protocol whose module is not loaded
//     ioperm, syslog, settime, adjtime, reboot
//     bpf TYPE              loads a program of that type, which does nothing
//     bpf-detach DIRECTORY  detaches no program from the cgroup
//     perf                  counts nothing, of a whole processor
//     clone-into DIRECTORY  has a child in the cgroup
//     pull PID              into its own cgroup
//     connect NAME          to a socket; with @ before it an abstract one
//     give SOCKET DIRECTORY hands it to each who connects, in the background for ever
//     take SOCKET           what is given there
//     io-uring, userfaultfd, packet-socket  makes one
//     audit TEXT            writes it to the audit trail, as an anomaly
//     personality FILE      makes it by io_uring, as the user that it was before it became nobody
//     create FILE, remove FILE
//     corrupted WAY HOW [ARGUMENT...]  after tests/modules/corrupt has corrupted it so
// Prints "done", "refused" if it failed with EPERM, or the error.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libaudit.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
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

static const char attribute[] = "user.holdfast-test";

static long reach_access_list(const char* file) {
  struct stat status;
  struct {
    struct posix_acl_xattr_header header;
    struct posix_acl_xattr_entry entries[3];
  } list;
  if (stat(file, &status) < 0) return -1;
  list.header.a_version = POSIX_ACL_XATTR_VERSION;
  for (int i = 0; i < 3; ++i) {
    const uint16_t tags[] = {ACL_USER_OBJ, ACL_GROUP_OBJ, ACL_OTHER};
    list.entries[i] = (struct posix_acl_xattr_entry){tags[i], (uint16_t)(status.st_mode >> (6 - 3 * i) & 7), (uint32_t)ACL_UNDEFINED_ID};
  }
  return setxattr(file, "system.posix_acl_access", &list, sizeof list, 0);
}

static long reach_chroot(const char* directory) {
  const int fd = opened(directory, O_PATH | O_DIRECTORY);
  return chroot("/tmp") < 0 || fchdir(fd) < 0 ? -1 : chroot(".");
}

static long reach_ptrace(pid_t pid) {
  const long seized = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
  if (seized < 0) return seized;
  ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
  waitpid(pid, NULL, __WALL);
  ptrace(PTRACE_DETACH, pid, NULL, NULL);
  return 0;
}

static long reach_descriptor(pid_t pid) { return syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 0, 0); }

static long reach_mknod(mode_t type, const char* file, unsigned major, unsigned minor) {
  const int result = mknod(file, type | 0600, makedev(major, minor));
  if (result == 0) unlink(file);
  return result;
}

static long reach_symlink(const char* target, const char* file) {
  const int result = symlink(target, file);
  if (result == 0) unlink(file);
  return result;
}

static long reach_mount(const char* type, const char* source) {
  const int result = mount(source, "/mnt", type, 0, NULL);
  if (result == 0) umount2("/mnt", MNT_DETACH);
  return result;
}

// By the older interface, or by the newer one for all below a directory, or itself.
static long reach_writable(const char* directory, const char* below) {
  struct mount_attr request = {.attr_clr = MOUNT_ATTR_RDONLY};
  if (unshare(CLONE_NEWNS) < 0 || mount(directory, directory, NULL, MS_BIND, NULL) < 0 ||
      mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
    _exit(3);
  if (*below)
    return syscall(SYS_mount_setattr, AT_FDCWD, below, strcmp(below, directory) ? AT_RECURSIVE : 0, &request, sizeof(request));
  return mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND, NULL);
}

static long reach_mount_on(const char* directory) {
  const int result = mount("none", directory, "tmpfs", 0, NULL);
  if (result == 0) umount2(directory, MNT_DETACH);
  return result;
}

static long reach_fsconfig(const char* type) {
  char value[200];
  long result = 0;
  const int fd = (int)syscall(SYS_fsopen, type, 0);
  if (fd < 0) return fd;
  memset(value, 'x', sizeof(value) - 1);
  value[sizeof(value) - 1] = 0;
  while (result == 0) result = syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "none", value, 0);
  return unless(result, EINVAL);
}

static long reach_connect_tcp(int port) {
  const struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr*)&to, sizeof(to));
}

static long reach_fsmount(const char* type, const char* source) {
  const int fd = (int)syscall(SYS_fsopen, type, 0);
  if (fd < 0) return fd;
  syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "source", source, 0);
  return syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static long reach_move_mount(const char* source, const char* target) {
  const int fd = (int)syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE);
  if (fd < 0) return fd;
  return syscall(SYS_move_mount, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

static long reach_user_mount(const char* type, const char* options) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP) < 0) return -1;
  return mount("none", "/mnt", type, 0, options);
}

static long reach_user_namespace(void) {
  const uid_t nobody = 65534;
  if (setgroups(0, NULL) < 0 || setgid(nobody) < 0 || setuid(nobody) < 0) return -1;
  return unshare(CLONE_NEWUSER);
}

static long reach_user_netfilter(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return -1;
  const struct {
    struct nlmsghdr head;
    struct nfgenmsg body;
  } batch = {.head = {.nlmsg_len = sizeof(batch), .nlmsg_type = NFNL_MSG_BATCH_BEGIN},
             .body = {.res_id = htons(NFNL_SUBSYS_NFTABLES)}};
  return send(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), &batch, sizeof(batch), 0);
}

static long reach_audit(const char* text) {
  struct {
    struct nlmsghdr head;
    char text[512];
  } message = {.head = {.nlmsg_len = sizeof(message), .nlmsg_type = AUDIT_ANOM_EXEC, .nlmsg_flags = NLM_F_REQUEST}};
  strncpy(message.text, text, sizeof(message.text) - 1);
  return send(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), &message, sizeof(message), 0);
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

static long reach_bpf_detach(const char* cgroup) {
  union bpf_attr attr = {.target_fd = (unsigned)opened(cgroup, O_RDONLY | O_DIRECTORY), .attach_type = BPF_CGROUP_DEVICE};
  // Nothing is attached there; or several are, and it is not said which.
  return unless(unless(syscall(SYS_bpf, BPF_PROG_DETACH, &attr, sizeof(attr)), ENOENT), EINVAL);
}

static long reach_perf(void) {
  struct perf_event_attr attr = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY, .disabled = 1, .exclude_kernel = 1};
  return syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0UL);
}

static long reach_clone_into(const char* cgroup) {
  struct clone_args arguments = {.flags = CLONE_INTO_CGROUP,
                                 .exit_signal = SIGCHLD,
                                 .cgroup = (unsigned)opened(cgroup, O_RDONLY | O_DIRECTORY)};
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid == 0) _exit(0);
  return pid;
}

static long reach_pull(const char* pid) {
  char path[4096], own[4000];
  FILE* file = fopen("/proc/self/cgroup", "re");
  do {
    if (!fgets(own, sizeof(own), file)) tell(-1);
  } while (strncmp(own, "0::", 3) != 0);
  own[strcspn(own, "\n")] = '\0';
  snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", own + 3);
  return write(opened(path, O_WRONLY), pid, strlen(pid));
}

/// That the kernel could load no module is not told from there being none.
static long reach_autoload(void) {
  const int fd = socket(AF_KEY, SOCK_RAW, 2); // PF_KEY_V2
  if (fd < 0 && errno == EAFNOSUPPORT) errno = EPERM;
  return fd;
}

static long reach_settime(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return clock_settime(CLOCK_REALTIME, &now);
}

static long reach_adjtime(void) {
  struct timex nothing = {.modes = ADJ_SETOFFSET};
  return adjtimex(&nothing);
}

static long reach_io_uring(void) {
  struct io_uring_params parameters = {0};
  return syscall(SYS_io_uring_setup, 1, &parameters);
}

static long reach_personality(const char* file) {
  struct io_uring_params p = {0};
  const int fd = (int)syscall(SYS_io_uring_setup, 1, &p);
  if (fd < 0) return fd;
  const size_t rings = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe) + 4096;
  char* ring = mmap(NULL, rings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
  struct io_uring_sqe* sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
  if (ring == MAP_FAILED || (void*)sqe == MAP_FAILED) return -1;
  const long personality = syscall(SYS_io_uring_register, fd, IORING_REGISTER_PERSONALITY, NULL, 0);
  if (personality < 0 || setuid(65534) < 0) return -1;
  *sqe = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
                               .fd = AT_FDCWD,
                               .addr = (uintptr_t)file,
                               .open_flags = O_CREAT | O_WRONLY,
                               .len = 0600,
                               .personality = (unsigned short)personality};
  *(unsigned*)(ring + p.sq_off.array) = 0;
  *(volatile unsigned*)(ring + p.sq_off.tail) = 1;
  if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return -1;
  const int result = ((struct io_uring_cqe*)(ring + p.cq_off.cqes))->res;
  errno = result < 0 ? -result : 0;
  return result;
}

static long reach_connect(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  if (name[0] == '@') address.sun_path[0] = '\0';
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name)));
}

struct message {
  char byte;
  struct iovec data;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  struct msghdr header;
};

static struct msghdr* prepare(struct message* message) {
  message->data = (struct iovec){&message->byte, 1};
  message->header = (struct msghdr){.msg_iov = &message->data,
                                    .msg_iovlen = 1,
                                    .msg_control = message->control,
                                    .msg_controllen = sizeof(message->control)};
  return &message->header;
}

_Noreturn static void give(const char* name, const char* directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = opened(directory, O_RDONLY | O_DIRECTORY);
  if (bind(listener, (struct sockaddr*)&address, sizeof(address)) < 0 || listen(listener, 1) < 0) tell(-1);
  if (fork() != 0) _exit(0);
  for (int i = 0; i <= 2; i++) close(i); // whoever started it may wait for these
  for (;;) {
    const int to = accept(listener, NULL, NULL);
    struct message message = {0};
    struct msghdr* header = prepare(&message);
    struct cmsghdr* control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &fd, sizeof(fd));
    sendmsg(to, header, MSG_NOSIGNAL);
    close(to);
  }
}

/// What is not to be received is left out of the message.
static long reach_take(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  const int from = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(from, (struct sockaddr*)&address, sizeof(address)) < 0) return -1;
  struct message message = {0};
  if (recvmsg(from, prepare(&message), 0) < 0) return -1;
  errno = EPERM;
  return CMSG_FIRSTHDR(&message.header) ? 0 : -1;
}

int main(int argc, char** argv) {
  if (argc > 3 && !strcmp(argv[1], "corrupted")) {
    if (write(opened("/proc/corrupt", O_WRONLY), argv[2], strlen(argv[2])) < 0) tell(-1);
    argc -= 2;
    argv += 2;
  }
  const char* how = argc > 1 ? argv[1] : "";
  const char* first = argc > 2 ? argv[2] : "";
  const char* second = argc > 3 ? argv[3] : "";
  const char* third = argc > 4 ? argv[4] : "";
  char junk[64] = "no module";
  if (!strcmp(how, "setns")) tell(setns(opened(first, O_RDONLY), 0));
  if (!strcmp(how, "fanotify")) tell(syscall(SYS_fanotify_init, 0U, (unsigned)atoi(first)));
  if (!strcmp(how, "cut")) tell(open(first, O_RDONLY | O_TRUNC | O_CLOEXEC));
  if (!strcmp(how, "exchange"))
    tell((int)syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, 1 << 1 /* RENAME_EXCHANGE */));
  if (!strcmp(how, "setns-pidfd"))
    tell(setns((int)syscall(SYS_pidfd_open, atoi(first), 0), (int)strtol(second, NULL, 0)));
  if (!strcmp(how, "chroot")) tell(reach_chroot(first));
  if (!strcmp(how, "ptrace")) tell(reach_ptrace(atoi(first)));
  if (!strcmp(how, "kill")) tell(kill(atoi(first), SIGCONT));
  if (!strcmp(how, "take-descriptor")) tell(reach_descriptor(atoi(first)));
  if (!strcmp(how, "symlink")) tell(reach_symlink(first, second));
  if (!strcmp(how, "mknod")) tell(reach_mknod(S_IFCHR, first, (unsigned)atoi(second), (unsigned)atoi(third)));
  if (!strcmp(how, "mknod-block")) tell(reach_mknod(S_IFBLK, first, (unsigned)atoi(second), (unsigned)atoi(third)));
  if (!strcmp(how, "read")) tell(opened(first, O_RDONLY));
  if (!strcmp(how, "write")) tell(opened(first, O_WRONLY | O_APPEND));
  if (!strcmp(how, "attribute")) tell(setxattr(first, attribute, "", 0, 0));
  if (!strcmp(how, "no-attribute")) tell(removexattr(first, attribute));
  if (!strcmp(how, "access-list")) tell(reach_access_list(first));
  if (!strcmp(how, "mount")) tell(reach_mount(first, second));
  if (!strcmp(how, "fsmount")) tell(reach_fsmount(first, second));
  if (!strcmp(how, "bind")) tell(mount(first, second, NULL, MS_BIND, NULL));
  if (!strcmp(how, "move-mount")) tell(reach_move_mount(first, second));
  if (!strcmp(how, "remount")) tell(unless(mount(NULL, first, NULL, MS_REMOUNT, NULL), EBUSY));
  if (!strcmp(how, "uncover")) tell(umount2(first, MNT_DETACH));
  if (!strcmp(how, "writable")) tell(reach_writable(first, second));
  if (!strcmp(how, "mount-on")) tell(reach_mount_on(first));
  if (!strcmp(how, "fsconfig")) tell(reach_fsconfig(first));
  if (!strcmp(how, "connect-tcp")) tell(reach_connect_tcp(atoi(first)));
  if (!strcmp(how, "user-mount")) tell(reach_user_mount(first, second));
  if (!strcmp(how, "user-namespace")) tell(reach_user_namespace());
  if (!strcmp(how, "user-netfilter")) tell(reach_user_netfilter());
  if (!strcmp(how, "handle")) tell(reach_handle(first));
  if (!strcmp(how, "module")) tell(unless(syscall(SYS_init_module, junk, sizeof(junk), ""), ENOEXEC));
  if (!strcmp(how, "kexec")) tell(unless(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL), EINVAL));
  if (!strcmp(how, "ioperm")) tell(ioperm(0x80, 1, 1));
  if (!strcmp(how, "syslog")) tell(klogctl(3, junk, sizeof(junk)));
  if (!strcmp(how, "settime")) tell(reach_settime());
  if (!strcmp(how, "adjtime")) tell(reach_adjtime());
  if (!strcmp(how, "autoload")) tell(reach_autoload());
  if (!strcmp(how, "reboot")) tell(unless(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL));
  if (!strcmp(how, "bpf")) tell(unless(reach_bpf((unsigned)atoi(first)), EINVAL));
  if (!strcmp(how, "bpf-detach")) tell(reach_bpf_detach(first));
  if (!strcmp(how, "perf")) tell(reach_perf());
  if (!strcmp(how, "clone-into")) tell(reach_clone_into(first));
  if (!strcmp(how, "pull")) tell(reach_pull(first));
  if (!strcmp(how, "give")) give(first, second);
  if (!strcmp(how, "take")) tell(reach_take(first));
  if (!strcmp(how, "audit")) tell(reach_audit(first));
  if (!strcmp(how, "personality")) tell(reach_personality(first));
  if (!strcmp(how, "create")) tell(open(first, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (!strcmp(how, "remove")) tell(unlink(first));
  if (!strcmp(how, "io-uring")) tell(reach_io_uring());
  if (!strcmp(how, "userfaultfd")) tell(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
  if (!strcmp(how, "packet-socket")) tell(socket(AF_PACKET, SOCK_DGRAM, 0));
  if (!strcmp(how, "connect")) tell(reach_connect(first));
  fprintf(stderr, "reach: what is %s?\n", how);
  return 2;
}
