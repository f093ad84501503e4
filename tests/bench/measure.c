// SPDX-License-Identifier: Apache-2.0
// measure PROGRAM FILE ROUNDS   prints the time of fork+exit+wait, of fork+exec+wait of PROGRAM, and of open+close and of an
// ioctl of FILE in nanoseconds a call, of the median round. Under instruction counting one nanosecond is one instruction.
// measure PROGRAM   prints the time of its first two such runs
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000L + at.tv_nsec;
}

static void fork_exec(const char *program)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "measure: %s did not run\n", program);
        exit(1);
    }
}

static void fork_exit(const char *unused)
{
    pid_t pid = fork();

    (void)unused;
    if (pid == 0)
        _exit(0);
    if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
        perror("fork");
        exit(1);
    }
}

static void open_as(const char *file, int access)
{
    int fd = open(file, access | O_CLOEXEC);

    if (fd < 0) {
        perror(file);
        exit(1);
    }
    close(fd);
}

static void open_close(const char *file)
{
    open_as(file, O_RDONLY);
}

static void write_open_close(const char *file)
{
    open_as(file, O_WRONLY);
}

static int opened; /* by main(), for this one */

static void ask(const char *unused)
{
    int bytes;

    (void)unused;
    ioctl(opened, FIONREAD, &bytes);
}

static int ascending(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static long median(void (*call)(const char *), const char *argument, int rounds, int calls)
{
    long *times = calloc((size_t)rounds, sizeof(*times));
    long result;

    if (!times)
        exit(1);
    for (int i = 0; i < 10; i++)
        call(argument);
    for (int i = 0; i < rounds; i++) {
        long start = now();
        for (int j = 0; j < calls; j++)
            call(argument);
        times[i] = (now() - start) / calls;
    }
    qsort(times, (size_t)rounds, sizeof(*times), ascending);
    result = times[rounds / 2];
    free(times);
    return result;
}

static long once(const char *program)
{
    long start = now();

    fork_exec(program);
    return now() - start;
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        printf("{\"first\": %ld, ", once(argv[1]));
        printf("\"second\": %ld}\n", once(argv[1]));
        return 0;
    }
    if (argc != 4) {
        fprintf(stderr, "usage: measure PROGRAM [FILE ROUNDS]\n");
        return 2;
    }
    int rounds = atoi(argv[3]);
    opened = open(argv[2], O_RDONLY | O_CLOEXEC);
    printf("{\"fork_exit\": %ld, ", median(fork_exit, NULL, rounds, 20));
    printf("\"ioctl\": %ld, ", median(ask, NULL, rounds, 200));
    printf("\"fork_exec\": %ld, ", median(fork_exec, argv[1], rounds, 20));
    printf("\"open_close\": %ld, ", median(open_close, argv[2], rounds, 200));
    printf("\"write_open_close\": %ld}\n", median(write_open_close, argv[2], rounds, 200));
    return 0;
}
