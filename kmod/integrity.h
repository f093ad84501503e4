/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_INTEGRITY_H
#define HOLDFAST_INTEGRITY_H

struct holdfast_member;

/* Once the hooks are attached: from what is seen there it depends what is sure. */
void holdfast_integrity_init(void);

/*
 * Does current, whose record is @member, have more than it can have come by? 0,
 * or -EPERM if a rule refuses that: then its process has been sent SIGKILL.
 * Reports it. May sleep.
 */
int holdfast_integrity_verify(struct holdfast_member *member);

#endif
