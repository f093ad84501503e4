// SPDX-License-Identifier: Apache-2.0
// A program that needs /opt/interpreter, which does all there is to do.

__attribute__((noreturn)) void _start(void) {
  for (;;) {
  }
}
