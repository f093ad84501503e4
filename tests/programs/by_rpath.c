// SPDX-License-Identifier: Apache-2.0
// A program of which a library is looked for in a directory of its own choice (DT_RUNPATH): by_rpath's is /srv/libraries,
// own_rpath's /usr/bin.
#include <stdio.h>

int by_rpath(void);

int main(void) {
  if (by_rpath() != 1) return 1;
  puts("ran");
  return 0;
}
