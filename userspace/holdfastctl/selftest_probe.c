// SPDX-License-Identifier: Apache-2.0
/*
 * Runs inside the scratch container of `holdfastctl selftest`, as its image's
 * only program: starts itself and copies of itself in every way that Holdfast
 * judges, harmlessly. Prints one line for each, "NAME ERRNO", 0 for success.
 * Statically linked: the container has no library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/selftest-probe"
#define COPY "/copied"
#define TMPFS_COPY "/tmp/copied"
#define HELLO "hello"	/* argument of the copies, which just end */

static void report(const char *name, int error)
{
	printf("%s %d\n", name, error);
	fflush(stdout);
}

/* Returns 0 or an errno value. Writes through @to, which stays open. */
static int copy_self(int to)
{
	char bytes[65536];
	ssize_t got = 0;
	int error = 0;
	int from = open(SELF, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return errno;
	while (!error && (got = read(from, bytes, sizeof(bytes))) > 0) {
		ssize_t put = write(to, bytes, (size_t)got);

		if (put != got)
			error = put < 0 ? errno : EIO;
	}
	if (!error && got < 0)
		error = errno;
	close(from);
	return error;
}

static int copy_to(const char *path)
{
	int error;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (fd < 0)
		return errno;
	error = copy_self(fd);
	close(fd);
	return error;
}

/* Runs @path, or @fd if @path is empty. Returns 0 or exec's errno value. */
static int run(int fd, const char *path)
{
	char *const arguments[] = { SELF, HELLO, NULL };
	char *const environment[] = { NULL };
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		syscall(SYS_execveat, fd, path, arguments, environment,
			*path ? 0 : AT_EMPTY_PATH);
		_exit(errno);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static void try_copy(const char *name, const char *path)
{
	int error = copy_to(path);

	/* Not EPERM, so that it is not taken for a refusal. */
	report(name, error ? EIO : run(AT_FDCWD, path));
}

static void try_memfd(void)
{
	int fd = memfd_create("selftest", MFD_CLOEXEC);

	report("memfd-exec", fd < 0 || copy_self(fd) ? EIO : run(fd, ""));
	if (fd >= 0)
		close(fd);
}

static void try_mappings(void)
{
	const size_t size = 4096;
	int fd = open(COPY, O_RDONLY | O_CLOEXEC);
	void *map;

	map = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	report("copied-map", map == MAP_FAILED ? errno : 0);
	if (map != MAP_FAILED)
		munmap(map, size);

	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		report("copied-mprotect", EIO);
	else
		report("copied-mprotect",
		       mprotect(map, size, PROT_READ | PROT_EXEC) ? errno : 0);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], HELLO))
		return 0;
	report("image-exec", run(AT_FDCWD, SELF));
	try_copy("copied-exec", COPY);
	try_copy("tmpfs-exec", TMPFS_COPY);
	try_memfd();
	try_mappings();
	report("image-exec-again", run(AT_FDCWD, SELF));
	return 0;
}
