// SPDX-License-Identifier: Apache-2.0
// A program interpreter (PT_INTERP) that says that it ran, and ends the program.

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

__attribute__((noreturn)) void _start(void) {
  static const char text[] = "ran\n";
  call(1, 1, (long)text, sizeof text - 1);  // write
  for (;;) call(231, 0, 0, 0);              // exit_group
}
