/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_ACCEPT_H
#define HOLDFAST_ACCEPT_H

#include <linux/types.h>

#include <uapi/linux/holdfast.h>

struct holdfast_case;
struct holdfast_content;

/*
 * The bytes of a file that may be accepted for them, to be kept or released:
 * nobody can write to it until then. NULL if it cannot be accepted, or an
 * ERR_PTR of -ENOMEM. Sleeps, as the others do.
 */
struct holdfast_content *holdfast_accept_claim(const struct holdfast_case *c,
					       enum holdfast_origin origin);

/*
 * Has it, of the container's own layer on its overlay, the bytes of the image's
 * file that it is a copy of? 1 or 0, or -ENOENT if it is a copy of none, or
 * -EINTR or -ENOMEM.
 */
int holdfast_accept_unchanged(const struct holdfast_case *c,
			      struct holdfast_content *content);

/* May it be one, as far as is known without having read it? */
bool holdfast_accept_possible(const struct holdfast_case *c,
			      enum holdfast_origin origin);

/* Its digest, if it can be told: 1 or 0, or -EINTR or -ENOMEM. */
int holdfast_accept_digest(const struct holdfast_case *c,
			   struct holdfast_content *content, u8 *digest);

/* As long as the case's member may use it. 0, or -ENOMEM and it is released. */
int holdfast_accept_keep(const struct holdfast_case *c,
			 struct holdfast_content *content);

#endif
