/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_RUNTIME_PROGRAM_H
#define HOLDFAST_RUNTIME_PROGRAM_H

#include <linux/types.h>

struct file;
struct holdfast_root;
struct path;

/*
 * Is the file at @path, in a container, one of the host that a runtime brings
 * in: the policy names it, and it is mounted by itself to be read only? Sleeps.
 */
bool holdfast_is_runtime_program(const struct path *path);

/*
 * Is @file, which current is about to execute as an interpreter, the host's, and
 * was it opened as it was registered with binfmt_misc (its flag F)? Not if it is
 * on @root, the container's.
 */
bool holdfast_is_registered_interpreter(const struct file *file,
					const struct holdfast_root *root);

#endif
