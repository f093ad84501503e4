// SPDX-License-Identifier: Apache-2.0
// Does one thing by which a container reaches beyond itself, without harm: what it opens it does not write to, what it
// asks the kernel for is refused for being nonsense.
//
//   reach HOW [ARGUMENT...]
//     setns FILE            joins the namespace that it is; if not, it looks whether it is where it was
//     setns-pidfd PID KIND  joins that of a process: 0x40000000 is the network's
//     chroot DIRECTORY      by a descriptor of it, from /tmp
//     ptrace PID            seizes it and lets go
//     open-memory PID       as a file
//     write-memory PID      of it, where none is
//     map-file PID          opens the first that it has mapped
//     kill PID              tells it to go on
//     limit PID             sets its limit of core files to what it is
//     take-descriptor PID   its standard input
//     read FILE, write FILE opens it
//     put FILE              writes to it the byte that it begins with
//     attribute FILE        an extended one of the user's, of no length; no-attribute removes it
//     access-list FILE      which says what its mode does
//     symlink TARGET FILE   makes it, and removes it
//     fanotify ACCESS       makes a group whose events bring descriptors with it: 0 to read, 2 to write, too
//     cut FILE              opens it to read, and to be empty
//     exchange FILE FILE    each has the other's name
//     mknod FILE MAJOR MINOR  a character device, and removes it; mknod-block a block device
//     mount TYPE SOURCE     on /mnt, and off again
//     fsmount TYPE SOURCE   makes the file system by the newer interface; fsmount-wrong what lacks options
//     bind SOURCE TARGET    shows it there, too
//     move SOURCE TARGET    moves what is mounted, in a mount namespace of its own
//     move-mount SOURCE TARGET  likewise, by the newer interface
//     remount DIRECTORY     with nothing changed, which version 1 of cgroups refuses
//     uncover FILE          unmounts what is mounted on it
//     detach DIRECTORY      unmounts it with all that is mounted below, in a mount namespace of its own
//     tree-search FILE      of the btrfs that it is on, for nothing; snapshot FILE of what is no subvolume
//     xfs-handle DIRECTORY  opens it by the handle that the XFS it is on gives it
//     serial FILE           gives the serial port another address, or takes it back
//     writable DIRECTORY [BELOW]  mounts it on itself to be read only, and then not, in a mount namespace of its own;
//                           with BELOW by mount_setattr of that, and all below unless it is DIRECTORY
//     reconfigure DIRECTORY the file system that it is on to be writable, by the newer interface
//     mount-on DIRECTORY    a tmpfs, and off again; mount-on-new by the newer interface
//     fsconfig TYPE         more parameters of such a file system than it can have
//     connect-tcp PORT [ADDRESS]  of this host, if none is given
//     user-mount TYPE OPTIONS  on /mnt, in namespaces of users, mounts and cgroups of its own
//     user-namespace        of its own, as nobody
//     user-netfilter        an empty change of nf_tables, in namespaces of users and networks of its own; user-traffic
//                           a queue for nobody
//     handle FILE           opens it by its handle
//     module, kexec         loads nothing of the kind; kexec-file FILE what is no kernel
//     module-file FILE      loads it
//     unload                a module that is not there
//     swap FILE             which is no place to swap to
//     perf-of PID           counts nothing, of a process
//     autoload              a socket of a protocol whose module is not loaded
//     ioperm, iopl, syslog, settime, adjtime, reboot
//     bpf TYPE [ATTACHED]   loads a program of that type, which does nothing
//     bpf-write-user        loads one that writes to memory of users
//     bpf-detach DIRECTORY  detaches no program from the cgroup
//     perf                  counts nothing, of a whole processor
//     clone-into DIRECTORY  has a child in the cgroup
//     pull PID              into its own cgroup
//     connect NAME          to a socket; with @ before it an abstract one
//     give SOCKET FILE      hands it to each who connects, in the background for ever
//     take SOCKET           what is given there; take-namespace joins it
//     io-uring, userfaultfd, packet-socket  makes one; socket FAMILY TYPE [PROTOCOL]
//     ring HOW [ARGUMENT]   by io_uring: write FILE, attribute FILE, connect NAME; worker by a thread of its own
//     compat HOW [ARGUMENT...]  by the system call of 32-bit programs: write FILE, mount TYPE, handle FILE,
//                           writable DIRECTORY BELOW, fanotify ACCESS, ptrace PID, setns FILE, connect NAME, module,
//                           kexec, reboot
//     audit TEXT            writes it to the audit trail, as an anomaly
//     personality FILE      makes it by io_uring, as the user that it was before it became nobody
//     create FILE, remove FILE
//     corrupted WAY HOW [ARGUMENT...]  after tests/modules/corrupt has corrupted it so
//     beside FILE HOW [ARGUMENT...]  while another thread makes the file, a second later
// Prints "done", "refused" if it failed with EPERM, or the error.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libaudit.h>
#include <linux/bpf.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/serial.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static unsigned linger;  // seconds, for another thread

_Noreturn static void tell(long result) {
  const int error = errno;
  puts(result >= 0 ? "done" : error == EPERM ? "refused" : strerror(error));
  fflush(stdout);
  sleep(linger);
  _exit(0);
}

/// As the kernel answers what is nonsense, which it looks at after whether it may be asked at all.
static long unless(long result, int harmless) { return result < 0 && errno == harmless ? 0 : result; }

static int opened(const char* file, int flags) {
  const int fd = open(file, flags | O_CLOEXEC, 0600);
  if (fd < 0) tell(fd);
  return fd;
}

static const char attribute[] = "user.holdfast-test";
static const char junk[64] = "no module";

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
    list.entries[i] = (struct posix_acl_xattr_entry){tags[i], (uint16_t)(status.st_mode >> (6 - 3 * i) & 7),
                                                     (uint32_t)ACL_UNDEFINED_ID};
  }
  return setxattr(file, "system.posix_acl_access", &list, sizeof list, 0);
}

static long reach_chroot(const char* directory) {
  const int fd = opened(directory, O_PATH | O_DIRECTORY);
  return chroot("/tmp") < 0 || fchdir(fd) < 0 ? -1 : chroot(".");
}

static long let_go(pid_t pid) {
  ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
  waitpid(pid, NULL, __WALL);
  return ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static long reach_ptrace(pid_t pid) {
  const long seized = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
  return seized < 0 ? seized : let_go(pid);
}

static long reach_memory(pid_t pid) {
  char byte = 0;
  const struct iovec own = {&byte, 1}, other = {(void*)1, 1};
  return unless(process_vm_writev(pid, &own, 1, &other, 1, 0), EFAULT);
}

// Whatever the reason, the kernel says that it is for want of permission.
static long reach_memory_file(const char* pid) {
  char name[64];
  snprintf(name, sizeof(name), "/proc/%s/mem", pid);
  const int fd = open(name, O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) errno = EPERM;
  return fd;
}

static long reach_map_file(const char* pid) {
  char name[300];
  snprintf(name, sizeof(name), "/proc/%s/map_files", pid);
  DIR* directory = opendir(name);
  const struct dirent* entry;
  if (!directory) return -1;
  do entry = readdir(directory);
  while (entry && entry->d_name[0] == '.');
  if (!entry) tell(-1);
  snprintf(name, sizeof(name), "/proc/%s/map_files/%s", pid, entry->d_name);
  return open(name, O_RDONLY | O_CLOEXEC);
}

static long reach_limit(pid_t pid) {
  struct rlimit limit;
  return prlimit(pid, RLIMIT_CORE, NULL, &limit) < 0 ? -1 : prlimit(pid, RLIMIT_CORE, &limit, NULL);
}

struct namespaces {
  ino_t numbers[8];
};

static struct namespaces own_namespaces(void) {
  static const char* const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "user", "uts"};
  struct namespaces all = {{0}};
  char name[64];
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
    struct stat status = {0};
    snprintf(name, sizeof(name), "/proc/self/ns/%s", kinds[i]);
    stat(name, &status);
    all.numbers[i] = status.st_ino;
  }
  return all;
}

static long reach_setns(int fd, int kind) {
  const struct namespaces before = own_namespaces();
  const long result = setns(fd, kind);
  const int error = errno;
  const struct namespaces after = own_namespaces();
  if (result < 0 && memcmp(&before, &after, sizeof(before)) != 0) return 0;
  errno = error;
  return result;
}

static long reach_put(const char* file) {
  char byte;
  const int fd = opened(file, O_RDWR);
  return pread(fd, &byte, 1, 0) < 0 ? -1 : pwrite(fd, &byte, 1, 0);
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

static void mount_read_only(const char* directory) {
  if (unshare(CLONE_NEWNS) < 0 || mount(directory, directory, NULL, MS_BIND, NULL) < 0 ||
      mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
    _exit(3);
}

// By the older interface, or by the newer one for all below a directory, or itself.
static long reach_writable(const char* directory, const char* below) {
  struct mount_attr request = {.attr_clr = MOUNT_ATTR_RDONLY};
  mount_read_only(directory);
  if (*below)
    return syscall(SYS_mount_setattr, AT_FDCWD, below, strcmp(below, directory) ? AT_RECURSIVE : 0, &request,
                   sizeof(request));
  return mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND, NULL);
}

static void leave_mounts(void) {
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) tell(-1);
}

static long reach_move(const char* source, const char* target) {
  leave_mounts();
  return mount(source, target, NULL, MS_MOVE, NULL);
}

static long reach_detach(const char* directory) {
  leave_mounts();
  return umount2(directory, MNT_DETACH);
}

static long reach_tree_search(const char* file) {
  struct btrfs_ioctl_search_args nothing = {
      .key = {.tree_id = BTRFS_FS_TREE_OBJECTID, .nr_items = 1, .min_objectid = 1}};
  return ioctl(opened(file, O_RDONLY), BTRFS_IOC_TREE_SEARCH, &nothing);
}

static long reach_snapshot(const char* file) {
  struct btrfs_ioctl_vol_args arguments = {.fd = opened(file, O_RDONLY), .name = "snapshot"};
  return unless(ioctl(opened(file, O_RDONLY), BTRFS_IOC_SNAP_CREATE, &arguments), ENOTDIR);
}

/// Requests of fs/xfs/libxfs/xfs_fs.h, whose header needs the file system's package.
struct xfs_request {
  uint32_t fd;
  const void* path;
  uint32_t flags;
  const void* handle;
  uint32_t handle_size;
  void* found;
  uint32_t* found_size;
};

static long reach_xfs_handle(const char* directory) {
  char handle[64];
  uint32_t size = 0;
  const int fd = opened(directory, O_RDONLY | O_DIRECTORY);
  struct xfs_request request = {.fd = (uint32_t)fd, .found = handle, .found_size = &size};
  if (ioctl(fd, _IOWR('X', 106, struct xfs_request), &request) < 0) tell(-1);
  request = (struct xfs_request){.flags = O_RDONLY, .handle = handle, .handle_size = size};
  return ioctl(fd, _IOWR('X', 107, struct xfs_request), &request);
}

/// Of a port that no device is at.
static long reach_serial(const char* file) {
  struct serial_struct settings;
  const int fd = opened(file, O_RDWR | O_NONBLOCK | O_NOCTTY);
  if (ioctl(fd, TIOCGSERIAL, &settings) < 0) tell(-1);
  settings.port ^= 0x800;
  return ioctl(fd, TIOCSSERIAL, &settings);
}

static long reach_mount_on(const char* directory) {
  const int result = mount("none", directory, "tmpfs", 0, NULL);
  if (result == 0) umount2(directory, MNT_DETACH);
  return result;
}

static long reach_mount_on_new(const char* directory) {
  const int fd = (int)syscall(SYS_fsopen, "tmpfs", 0);
  if (fd < 0 || syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return -1;
  const int made = (int)syscall(SYS_fsmount, fd, 0, 0);
  if (made < 0) return -1;
  const long result = syscall(SYS_move_mount, made, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH);
  if (result == 0) umount2(directory, MNT_DETACH);
  return result;
}

static long reach_reconfigure(const char* directory) {
  const int fd = (int)syscall(SYS_fspick, AT_FDCWD, directory, 0);
  if (fd < 0 || syscall(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, "rw", NULL, 0) < 0) return -1;
  return syscall(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
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

static long reach_connect_tcp(uint16_t port, const char* address) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 to_6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (inet_pton(AF_INET6, address, &to_6.sin6_addr) == 1)
    return connect(socket(AF_INET6, SOCK_STREAM, 0), (const struct sockaddr*)&to_6, sizeof(to_6));
  inet_pton(AF_INET, *address ? address : "127.0.0.1", &to.sin_addr);
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

static long reach_user_traffic(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return -1;
  const struct {
    struct nlmsghdr head;
    struct tcmsg body;
  } queue = {.head = {.nlmsg_len = sizeof(queue), .nlmsg_type = RTM_NEWQDISC, .nlmsg_flags = NLM_F_REQUEST}};
  return send(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), &queue, sizeof(queue), 0);
}

static long reach_audit(const char* text) {
  struct {
    struct nlmsghdr head;
    char text[512];
  } message = {.head = {.nlmsg_len = sizeof(message), .nlmsg_type = AUDIT_ANOM_EXEC, .nlmsg_flags = NLM_F_REQUEST}};
  strncpy(message.text, text, sizeof(message.text) - 1);
  return send(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), &message, sizeof(message), 0);
}

union handle {
  struct file_handle head;
  char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static union handle handle_of(const char* file) {
  union handle handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, file, &handle.head, &mount_id, 0) < 0) {
    puts("has no handle");
    exit(0);
  }
  return handle;
}

static long reach_handle(const char* file) {
  union handle handle = handle_of(file);
  return open_by_handle_at(opened(file, O_RDONLY), &handle.head, O_RDONLY);
}

static long reach_bpf(unsigned type, unsigned attached_as) {
  const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr attr = {.prog_type = type,
                         .expected_attach_type = attached_as,
                         .insns = (uintptr_t)nothing,
                         .insn_cnt = sizeof(nothing) / sizeof(nothing[0]),
                         .license = (uintptr_t) "GPL"};
  return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/// Which writes to memory of whoever runs as it is called. The verifier does not say why there is no such function.
static long reach_bpf_write_user(void) {
  const struct bpf_insn write[] = {
      {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8},
      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
      {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -8},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 8},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1},
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_write_user},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K},
      {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_TRACEPOINT,
                         .insns = (uintptr_t)write,
                         .insn_cnt = sizeof(write) / sizeof(write[0]),
                         .license = (uintptr_t) "GPL"};
  const long result = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
  if (result < 0 && errno == EINVAL) errno = EPERM;
  return result;
}

static long reach_bpf_detach(const char* cgroup) {
  union bpf_attr attr = {.target_fd = (unsigned)opened(cgroup, O_RDONLY | O_DIRECTORY),
                         .attach_type = BPF_CGROUP_DEVICE};
  // Nothing is attached there; or several are, and it is not said which.
  return unless(unless(syscall(SYS_bpf, BPF_PROG_DETACH, &attr, sizeof(attr)), ENOENT), EINVAL);
}

static struct perf_event_attr no_event(void) {
  return (struct perf_event_attr){.type = PERF_TYPE_SOFTWARE,
                                  .size = sizeof(struct perf_event_attr),
                                  .config = PERF_COUNT_SW_DUMMY,
                                  .disabled = 1,
                                  .exclude_kernel = 1};
}

static long reach_perf(void) {
  const struct perf_event_attr attr = no_event();
  return syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0UL);
}

static long reach_perf_of(int pid) {
  const struct perf_event_attr attr = no_event();
  return syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0UL);
}

static long reach_clone_into(const char* cgroup) {
  struct clone_args arguments = {
      .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)opened(cgroup, O_RDONLY | O_DIRECTORY)};
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
  const int fd = socket(AF_KEY, SOCK_RAW, 2);  // PF_KEY_V2
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

struct ring {
  int fd;
  uint8_t flags;  // of each request
  struct io_uring_params p;
  char* rings;
  struct io_uring_sqe* sqe;
};

static struct ring make_ring(uint8_t flags) {
  struct ring ring = {.fd = -1, .flags = flags};
  ring.fd = (int)syscall(SYS_io_uring_setup, 1, &ring.p);
  if (ring.fd < 0) tell(ring.fd);
  const size_t size = ring.p.cq_off.cqes + ring.p.cq_entries * sizeof(struct io_uring_cqe) + 4096;
  ring.rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQ_RING);
  ring.sqe = mmap(NULL, sizeof(*ring.sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
  if (ring.rings == MAP_FAILED || (void*)ring.sqe == MAP_FAILED) tell(-1);
  return ring;
}

static long by_ring(const struct ring* ring, struct io_uring_sqe request) {
  *ring->sqe = request;
  ring->sqe->flags = ring->flags;
  *(unsigned*)(ring->rings + ring->p.sq_off.array) = 0;
  *(volatile unsigned*)(ring->rings + ring->p.sq_off.tail) = 1;
  if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return -1;
  const int result = ((struct io_uring_cqe*)(ring->rings + ring->p.cq_off.cqes))->res;
  errno = result < 0 ? -result : 0;
  return result;
}

static long reach_personality(const char* file) {
  const struct ring ring = make_ring(0);
  const long personality = syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
  if (personality < 0 || setuid(65534) < 0) return -1;
  return by_ring(&ring, (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
                                              .fd = AT_FDCWD,
                                              .addr = (uintptr_t)file,
                                              .open_flags = O_CREAT | O_WRONLY,
                                              .len = 0600,
                                              .personality = (unsigned short)personality});
}

static socklen_t address_of(const char* name, struct sockaddr_un* address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  strncpy(address->sun_path, name, sizeof(address->sun_path) - 1);
  if (name[0] == '@') address->sun_path[0] = '\0';
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

static long reach_connect(const char* name) {
  struct sockaddr_un address;
  const socklen_t size = address_of(name, &address);
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, size);
}

static long reach_by_ring(const char* how, const char* first, uint8_t flags) {
  const struct ring ring = make_ring(flags);
  struct sockaddr_un address;
  if (!strcmp(how, "write"))
    return by_ring(
        &ring,
        (struct io_uring_sqe){
            .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)first, .open_flags = O_WRONLY | O_APPEND});
  if (!strcmp(how, "attribute"))
    return by_ring(&ring, (struct io_uring_sqe){.opcode = IORING_OP_SETXATTR,
                                                .addr = (uintptr_t)attribute,
                                                .addr2 = (uintptr_t) "",
                                                .addr3 = (uintptr_t)first});
  if (!strcmp(how, "connect")) {
    const socklen_t size = address_of(first, &address);
    return by_ring(&ring, (struct io_uring_sqe){.opcode = IORING_OP_CONNECT,
                                                .fd = socket(AF_UNIX, SOCK_STREAM, 0),
                                                .addr = (uintptr_t)&address,
                                                .off = size});
  }
  errno = ENOSYS;
  return -1;
}

/// A copy of what such a call can point to.
static void* low(const void* bytes, size_t size) {
  void* copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (copy == MAP_FAILED) tell(-1);
  return memcpy(copy, bytes, size);
}
static long low_text(const char* text) { return (long)low(text, strlen(text) + 1); }

/// Numbers as in the kernel's arch/x86/entry/syscalls/syscall_32.tbl.
static long compat(long number, long a, long b, long c, long d, long e) {
  long result = number;
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory", "r8", "r9", "r10", "r11");
  if ((int)result >= 0) return (int)result;
  errno = -(int)result;
  return -1;
}

static long reach_compat(const char* how, const char* first, const char* second) {
  const struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
  struct sockaddr_un address;
  if (!strcmp(how, "write")) return compat(5, low_text(first), O_WRONLY | O_APPEND, 0, 0, 0);
  if (!strcmp(how, "mount")) {
    const long result = compat(21, low_text("none"), low_text("/mnt"), low_text(first), 0, 0);
    if (result == 0) umount2("/mnt", MNT_DETACH);
    return result;
  }
  if (!strcmp(how, "writable")) {
    mount_read_only(first);
    return compat(442, AT_FDCWD, low_text(second), 0, (long)low(&writable, sizeof(writable)), sizeof(writable));
  }
  if (!strcmp(how, "handle")) {
    const union handle handle = handle_of(first);
    return compat(342, opened(first, O_RDONLY), (long)low(&handle, sizeof(handle)), O_RDONLY, 0, 0);
  }
  if (!strcmp(how, "fanotify")) return compat(338, 0, atoi(first), 0, 0, 0);
  if (!strcmp(how, "ptrace")) {
    const long result = compat(26, PTRACE_SEIZE, atoi(first), 0, 0, 0);
    return result < 0 ? result : let_go(atoi(first));
  }
  if (!strcmp(how, "setns")) return compat(346, opened(first, O_RDONLY), 0, 0, 0, 0);
  if (!strcmp(how, "connect")) {
    const socklen_t size = address_of(first, &address);
    return compat(362, socket(AF_UNIX, SOCK_STREAM, 0), (long)low(&address, sizeof(address)), size, 0, 0);
  }
  if (!strcmp(how, "module")) return unless(compat(128, low_text(junk), sizeof(junk), low_text(""), 0, 0), ENOEXEC);
  if (!strcmp(how, "unload")) return unless(compat(129, low_text("none"), 0, 0, 0, 0), ENOENT);
  if (!strcmp(how, "swap")) return unless(compat(87, low_text(first), 0, 0, 0, 0), EINVAL);
  if (!strcmp(how, "perf-of")) {
    const struct perf_event_attr attr = no_event();
    return compat(336, (long)low(&attr, sizeof(attr)), atoi(first), -1, -1, 0);
  }
  if (!strcmp(how, "kexec")) return unless(compat(283, 0, 0, 0, 0, 0), EINVAL);
  if (!strcmp(how, "reboot")) return unless(compat(88, 0, 0, 0, 0, 0), EINVAL);
  errno = ENOSYS;
  return -1;
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

_Noreturn static void give(const char* name, const char* file) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = opened(file, O_RDONLY);
  if (bind(listener, (struct sockaddr*)&address, sizeof(address)) < 0 || listen(listener, 1) < 0) tell(-1);
  if (fork() != 0) _exit(0);
  for (int i = 0; i <= 2; i++) close(i);  // whoever started it may wait for these
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
static int taken(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  const int from = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(from, (struct sockaddr*)&address, sizeof(address)) < 0) return -1;
  struct message message = {0};
  if (recvmsg(from, prepare(&message), 0) < 0) return -1;
  int fd = -1;
  errno = EPERM;
  if (CMSG_FIRSTHDR(&message.header)) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof(fd));
  return fd;
}

static long reach_taken_namespace(const char* name) {
  const int fd = taken(name);
  if (fd < 0) tell(-1);
  return reach_setns(fd, 0);
}

static void* make_later(void* file) {
  sleep(1);
  return opened(file, O_CREAT | O_WRONLY) < 0 ? NULL : file;
}

int main(int argc, char** argv) {
  pthread_t thread;
  if (argc > 3 && !strcmp(argv[1], "beside")) {
    if (pthread_create(&thread, NULL, make_later, argv[2]) != 0) return 1;
    linger = 3;
    argc -= 2;
    argv += 2;
  }
  if (argc > 3 && !strcmp(argv[1], "corrupted")) {
    if (write(opened("/proc/corrupt", O_WRONLY), argv[2], strlen(argv[2])) < 0) tell(-1);
    argc -= 2;
    argv += 2;
  }
  const char* how = argc > 1 ? argv[1] : "";
  const char* first = argc > 2 ? argv[2] : "";
  const char* second = argc > 3 ? argv[3] : "";
  const char* third = argc > 4 ? argv[4] : "";
  char log[64];
  if (!strcmp(how, "setns")) tell(reach_setns(opened(first, O_RDONLY), 0));
  if (!strcmp(how, "fanotify")) tell(syscall(SYS_fanotify_init, 0U, (unsigned)atoi(first)));
  if (!strcmp(how, "cut")) tell(open(first, O_RDONLY | O_TRUNC | O_CLOEXEC));
  if (!strcmp(how, "exchange"))
    tell((int)syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, 1 << 1 /* RENAME_EXCHANGE */));
  if (!strcmp(how, "setns-pidfd"))
    tell(reach_setns((int)syscall(SYS_pidfd_open, atoi(first), 0), (int)strtol(second, NULL, 0)));
  if (!strcmp(how, "chroot")) tell(reach_chroot(first));
  if (!strcmp(how, "ptrace")) tell(reach_ptrace(atoi(first)));
  if (!strcmp(how, "open-memory")) tell(reach_memory_file(first));
  if (!strcmp(how, "write-memory")) tell(reach_memory(atoi(first)));
  if (!strcmp(how, "map-file")) tell(reach_map_file(first));
  if (!strcmp(how, "limit")) tell(reach_limit(atoi(first)));
  if (!strcmp(how, "kill")) tell(kill(atoi(first), SIGCONT));
  if (!strcmp(how, "take-descriptor")) tell(reach_descriptor(atoi(first)));
  if (!strcmp(how, "symlink")) tell(reach_symlink(first, second));
  if (!strcmp(how, "mknod")) tell(reach_mknod(S_IFCHR, first, (unsigned)atoi(second), (unsigned)atoi(third)));
  if (!strcmp(how, "mknod-block")) tell(reach_mknod(S_IFBLK, first, (unsigned)atoi(second), (unsigned)atoi(third)));
  if (!strcmp(how, "read")) tell(opened(first, O_RDONLY));
  if (!strcmp(how, "write")) tell(opened(first, O_WRONLY | O_APPEND));
  if (!strcmp(how, "put")) tell(reach_put(first));
  if (!strcmp(how, "attribute")) tell(setxattr(first, attribute, "", 0, 0));
  if (!strcmp(how, "no-attribute")) tell(removexattr(first, attribute));
  if (!strcmp(how, "access-list")) tell(reach_access_list(first));
  if (!strcmp(how, "mount")) tell(reach_mount(first, second));
  if (!strcmp(how, "fsmount")) tell(reach_fsmount(first, second));
  if (!strcmp(how, "fsmount-wrong")) tell(unless(reach_fsmount(first, second), EINVAL));
  if (!strcmp(how, "bind")) tell(mount(first, second, NULL, MS_BIND, NULL));
  if (!strcmp(how, "move")) tell(reach_move(first, second));
  if (!strcmp(how, "detach")) tell(reach_detach(first));
  if (!strcmp(how, "tree-search")) tell(reach_tree_search(first));
  if (!strcmp(how, "snapshot")) tell(reach_snapshot(first));
  if (!strcmp(how, "xfs-handle")) tell(reach_xfs_handle(first));
  if (!strcmp(how, "serial")) tell(reach_serial(first));
  if (!strcmp(how, "move-mount")) tell(reach_move_mount(first, second));
  if (!strcmp(how, "remount")) tell(unless(mount(NULL, first, NULL, MS_REMOUNT, NULL), EBUSY));
  if (!strcmp(how, "uncover")) tell(umount2(first, MNT_DETACH));
  if (!strcmp(how, "writable")) tell(reach_writable(first, second));
  if (!strcmp(how, "mount-on")) tell(reach_mount_on(first));
  if (!strcmp(how, "mount-on-new")) tell(reach_mount_on_new(first));
  if (!strcmp(how, "reconfigure")) tell(reach_reconfigure(first));
  if (!strcmp(how, "fsconfig")) tell(reach_fsconfig(first));
  if (!strcmp(how, "connect-tcp")) tell(reach_connect_tcp((uint16_t)atoi(first), second));
  if (!strcmp(how, "user-mount")) tell(reach_user_mount(first, second));
  if (!strcmp(how, "user-namespace")) tell(reach_user_namespace());
  if (!strcmp(how, "user-netfilter")) tell(reach_user_netfilter());
  if (!strcmp(how, "user-traffic")) tell(reach_user_traffic());
  if (!strcmp(how, "handle")) tell(reach_handle(first));
  if (!strcmp(how, "module")) tell(unless(syscall(SYS_init_module, junk, sizeof(junk), ""), ENOEXEC));
  if (!strcmp(how, "module-file")) tell(syscall(SYS_finit_module, opened(first, O_RDONLY), "", 0));
  if (!strcmp(how, "unload")) tell(unless(syscall(SYS_delete_module, "none", 0), ENOENT));
  if (!strcmp(how, "swap")) tell(unless(swapon(first, 0), EINVAL));
  if (!strcmp(how, "perf-of")) tell(reach_perf_of(atoi(first)));
  if (!strcmp(how, "kexec-file"))
    tell(unless(syscall(SYS_kexec_file_load, opened(first, O_RDONLY), -1, 1UL, "", 4UL /* KEXEC_FILE_NO_INITRAMFS */),
                ENOEXEC));
  if (!strcmp(how, "kexec")) tell(unless(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL), EINVAL));
  if (!strcmp(how, "ioperm")) tell(ioperm(0x80, 1, 1));
  if (!strcmp(how, "iopl")) tell(iopl(3));
  if (!strcmp(how, "syslog")) tell(klogctl(3, log, sizeof(log)));
  if (!strcmp(how, "settime")) tell(reach_settime());
  if (!strcmp(how, "adjtime")) tell(reach_adjtime());
  if (!strcmp(how, "autoload")) tell(reach_autoload());
  if (!strcmp(how, "reboot")) tell(unless(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL));
  if (!strcmp(how, "bpf")) tell(unless(reach_bpf((unsigned)atoi(first), (unsigned)atoi(second)), EINVAL));
  if (!strcmp(how, "bpf-write-user")) tell(reach_bpf_write_user());
  if (!strcmp(how, "bpf-detach")) tell(reach_bpf_detach(first));
  if (!strcmp(how, "perf")) tell(reach_perf());
  if (!strcmp(how, "clone-into")) tell(reach_clone_into(first));
  if (!strcmp(how, "pull")) tell(reach_pull(first));
  if (!strcmp(how, "give")) give(first, second);
  if (!strcmp(how, "take")) tell(taken(first));
  if (!strcmp(how, "take-namespace")) tell(reach_taken_namespace(first));
  if (!strcmp(how, "audit")) tell(reach_audit(first));
  if (!strcmp(how, "personality")) tell(reach_personality(first));
  if (!strcmp(how, "create")) tell(open(first, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (!strcmp(how, "remove")) tell(unlink(first));
  if (!strcmp(how, "io-uring")) tell(reach_io_uring());
  if (!strcmp(how, "userfaultfd")) tell(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
  if (!strcmp(how, "socket")) tell(socket(atoi(first), atoi(second), atoi(third)));
  if (!strcmp(how, "packet-socket")) tell(socket(AF_PACKET, SOCK_DGRAM, 0));
  if (!strcmp(how, "connect")) tell(reach_connect(first));
  if (!strcmp(how, "ring")) tell(reach_by_ring(first, second, 0));
  if (!strcmp(how, "worker")) tell(reach_by_ring(first, second, IOSQE_ASYNC));
  if (!strcmp(how, "compat")) tell(reach_compat(first, second, third));
  fprintf(stderr, "reach: what is %s?\n", how);
  return 2;
}
