// SPDX-License-Identifier: Apache-2.0
// As marker, for 32 bits. There is no C library for those: it makes its system calls itself.
static const char text[] = "ran\n";

static int call(int number, int first, const void* second, int third) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
  return result;
}

_Noreturn void _start(void);
void _start(void) {
  call(4, 1, text, 4);  // write
  for (;;) call(1, 0, 0, 0);  // exit
}
