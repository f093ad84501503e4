// SPDX-License-Identifier: Apache-2.0
// Maps a file as code.
//
//   load_code HOW FILE
//     map        privately, executable from the start
//     shared     likewise, shared
//     protect    readable first, then mprotect
//     written    privately and writable, written to, then mprotect
//     implied    privately and readable, by a process whose personality makes that executable (READ_IMPLIES_EXEC)
//     remapped   shared and readable, then by such a process anew with remap_file_pages
//     writable   privately, executable and writable at once, then written to
//     poked      as map, then written to by /proc/self/mem
//     segment    a segment of shared memory with the bytes of FILE, attached executable (SHM_EXEC)
//     remapped-data, segment-data   as remapped and segment, but for what makes them executable (never refused)
//     anonymous  no file, but shared memory, which the kernel keeps in one; then mprotect. FILE is not used
//     relinked   likewise, with the bytes of FILE, then as the file by its link in /proc/self/map_files
//     data       readable only (never refused)
//     hold       as map, and keeps it so, without an end
//     until-refused   as map, again and again until it is refused: in a process that never starts another program
// Exit status: 0 done; 126 refused with EPERM; 125 anything else failed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <unistd.h>

static int failed(const char* what) {
  const int status = errno == EPERM ? 126 : 125;
  printf("%s: %s\n", what, strerror(errno));
  return status;
}

static int until_refused(int fd) {
  for (;;) {
    void* code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    if (code == MAP_FAILED) {
      if (errno != EPERM) return failed("mmap");
      puts("refused");
      return 0;
    }
    munmap(code, 4096);
    usleep(20000);
  }
}

static int in_segment(int fd, int flags) {
  const int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
  void* data = segment < 0 ? (void*)-1 : shmat(segment, NULL, 0);
  if (data == (void*)-1) return failed("shmat");
  if (read(fd, data, 4096) < 0) return failed("read");
  const void* code = shmat(segment, NULL, flags | SHM_RDONLY);
  const int status = code == (void*)-1 ? failed("shmat") : 0;
  shmctl(segment, IPC_RMID, NULL);
  if (!status) puts("loaded");
  return status;
}

static int relinked(int fd) {
  char name[64];
  char* data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED || read(fd, data, 4096) < 0) return failed("read");
  snprintf(name, sizeof name, "/proc/self/map_files/%lx-%lx", (unsigned long)data, (unsigned long)data + 4096);
  const int own = open(name, O_RDONLY | O_CLOEXEC);
  if (own < 0) return failed(name);
  if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, own, 0) == MAP_FAILED) return failed("mmap");
  puts("loaded");
  return 0;
}

/// Of a descriptor that is for reading only the kernel takes no mapping for shared.
static int remapped(const char* path, unsigned long persona) {
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  char* code = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
  if (code == MAP_FAILED) return failed("mmap");
  if (personality(persona) < 0) return failed("personality");
  if (remap_file_pages(code, 4096, 0, 1, 0)) return failed("remap_file_pages");
  puts("loaded");
  return 0;
}

static int changed(int fd, int by_mapping) {
  const int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  char* code = mmap(NULL, 4096, PROT_READ | PROT_EXEC | (by_mapping ? PROT_WRITE : 0), MAP_PRIVATE, fd, 0);
  if (code == MAP_FAILED) return failed("mmap");
  if (by_mapping)
    code[0] = 1;
  else if (pwrite(memory, "\1", 1, (off_t)code) != 1)
    return failed("write");
  puts(code[0] == 1 ? "loaded" : "unchanged");
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: load_code map|shared|protect|written|implied|remapped|writable|poked|segment|remapped-data|segment-data|anonymous|relinked|data|hold|until-refused FILE\n", stderr);
    return 2;
  }
  const char* how = argv[1];
  const int anonymous = !strcmp(how, "anonymous");
  const int late = anonymous || !strcmp(how, "protect") || !strcmp(how, "written");
  const int writes = !strcmp(how, "written");
  const int data = !strcmp(how, "data");
  const int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(argv[2]);
  if (!strcmp(how, "until-refused")) return until_refused(fd);
  if (!strcmp(how, "segment")) return in_segment(fd, SHM_EXEC);
  if (!strcmp(how, "segment-data")) return in_segment(fd, 0);
  if (!strcmp(how, "relinked")) return relinked(fd);
  if (!strcmp(how, "remapped")) return remapped(argv[2], READ_IMPLIES_EXEC);
  if (!strcmp(how, "remapped-data")) return remapped(argv[2], 0);
  if (!strcmp(how, "writable") || !strcmp(how, "poked")) return changed(fd, !strcmp(how, "writable"));
  const int implied = !strcmp(how, "implied");
  if (implied && personality(READ_IMPLIES_EXEC) < 0) return failed("personality");
  const int prot = PROT_READ | (writes ? PROT_WRITE : 0) | (late || data || implied ? 0 : PROT_EXEC);
  const int shared = anonymous || !strcmp(how, "shared");
  char* code = mmap(NULL, 4096, prot, (shared ? MAP_SHARED : MAP_PRIVATE) | (anonymous ? MAP_ANONYMOUS : 0),
                    anonymous ? -1 : fd, 0);
  if (code == MAP_FAILED) return failed("mmap");
  if (writes) code[0] = 1;
  if (late && mprotect(code, 4096, PROT_READ | PROT_EXEC)) return failed("mprotect");
  puts("loaded");
  fflush(stdout);
  while (!strcmp(how, "hold")) pause();
  return 0;
}
