/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_SOCKET_NAME_H
#define HOLDFAST_CORE_SOCKET_NAME_H

#include "port.h"

/*
 * The enum holdfast_check that connecting to a socket of the host's is, by the
 * name that the host bound it to, of @len bytes; -1 for none. An abstract name
 * begins with NUL.
 */
int holdfast_socket_name_check(const char *name, size_t len);

#endif
