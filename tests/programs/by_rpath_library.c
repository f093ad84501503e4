// SPDX-License-Identifier: Apache-2.0
int by_rpath(void);

int by_rpath(void) { return 1; }
