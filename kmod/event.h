/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_EVENT_H
#define HOLDFAST_EVENT_H

#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <uapi/linux/holdfast.h>

#include "core/fold.h"

struct holdfast_container;
struct file;
struct inode;
struct sk_buff;

/**
 * struct holdfast_ancestor - who started the member
 * @tgid: in the initial pid namespace
 * @comm: untrusted
 */
struct holdfast_ancestor {
	u32 tgid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct holdfast_event_body - an event, as far as it has a fixed size
 *
 * The members mean what the attributes HOLDFAST_A_EVENT_* of these names do.
 */
struct holdfast_event_body {
	u64 time_boot;
	u64 time_real;
	u64 time_boot_last;
	u64 cgroup_id;
	u64 start_time;
	u64 dev;
	u64 ino;
	u32 kind;
	u32 verdict;
	u32 origin;
	u32 generation;
	u32 profile_id;
	u32 rule_tag;
	u32 container_flags;
	u32 pid;
	u32 tgid;
	u32 uid;
	u32 euid;
	u32 target_pid;
	u32 flags;
	u32 check;
	u32 nr_ancestors;
	char comm[TASK_COMM_LEN];
	char container_name[HOLDFAST_NAME_MAX + 1];
	struct holdfast_ancestor ancestors[HOLDFAST_ANCESTORS_MAX];
};

/**
 * struct holdfast_event - an event that is being made
 * @body: what has a fixed size
 * @gfp: how memory is to be had
 * @name: the object's path, in @path or somebody else's, or NULL
 * @path: room for it
 */
struct holdfast_event {
	struct holdfast_event_body body;
	gfp_t gfp;
	char *name;
	char path[PATH_MAX];
};

int holdfast_event_init(void);
/* When nothing makes events any more. */
void holdfast_event_exit(void);

/*
 * About what @task does, which the caller holds or is. With GFP_ATOMIC there is
 * no room for a path.
 */
struct holdfast_event *holdfast_event_new(struct task_struct *task, u32 kind,
					  gfp_t gfp);
void holdfast_event_free(struct holdfast_event *event);
void holdfast_event_object(struct holdfast_event *event,
			   const struct inode *inode);

/* Counts, folds or queues it; cannot fail. Any context; keeps nothing. */
void holdfast_event_send(struct holdfast_event *event,
			 struct holdfast_container *container);

/*
 * Reports what is no verdict on an operation: of @task, about @file if there is
 * one. May sleep.
 */
void holdfast_event_note(struct task_struct *task, u32 kind,
			 struct holdfast_container *container,
			 struct file *file);

/* Counts one that there was no memory for. Any context. */
void holdfast_event_lost(struct holdfast_container *container);

/* The reader at @portid is new: it gets all that is not acknowledged; 0: none. */
void holdfast_event_reader(u32 portid);
/* All up to @number is stored. -EINVAL if it was never sent. */
int holdfast_event_ack(u64 number);

/* From one consistent read. */
void holdfast_event_totals(struct holdfast_fold_totals *totals);
u64 holdfast_event_overflow(struct holdfast_container *container);

/* In message.c: one EVENT nest, or -EMSGSIZE. */
int holdfast_put_event(struct sk_buff *skb,
		       const struct holdfast_event_body *body, u64 number,
		       u64 count, const char *path);

#endif
