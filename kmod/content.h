/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CONTENT_H
#define HOLDFAST_CONTENT_H

#include <linux/types.h>

struct holdfast_content;
struct inode;
struct path;
struct super_block;

/*
 * What is known of the bytes of @inode, a regular file that the caller keeps
 * open; nobody can write to it until that is released. With @cached only if
 * something is known. Never NULL; -ETXTBSY if somebody writes, -ENOENT if
 * nothing is known or can be relied on. May sleep.
 */
struct holdfast_content *holdfast_content_claim(struct inode *inode,
						bool cached);
/* Any context but interrupts. */
void holdfast_content_release(struct holdfast_content *content);

/*
 * Has the file @path, of which @content is, the bytes of the file @lower? Reads
 * both, once, as long as nobody has written since. Files of more than @limit
 * bytes have not. 1 or 0, or -EINTR, -ENOMEM or what reading fails with. Sleeps.
 */
int holdfast_content_equals(struct holdfast_content *content,
			    const struct path *path, const struct path *lower,
			    loff_t limit);

/* What that has found, without reading: 1 or 0, or -ENOENT. */
int holdfast_content_known(struct holdfast_content *content);

/*
 * Its SHA-256, of HOLDFAST_DIGEST_SIZE bytes. Reads the file @path, of which
 * @content is, once as long as nobody has written since; with NULL, -ENOENT if
 * that was not done yet. -EFBIG for files of more than @limit bytes, else as
 * holdfast_content_equals(). Sleeps.
 */
int holdfast_content_digest(struct holdfast_content *content,
			    const struct path *path, loff_t limit, u8 *digest);

/*
 * Is what is on @sb in a file, the device being a loop one? Who can write to that
 * file changes what is read without writing to any on @sb.
 */
bool holdfast_content_on_loop(const struct super_block *sb);

int holdfast_content_init(void);
/* After the last one is released. */
void holdfast_content_exit(void);

#endif
