// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one process runs and has mapped, judged by rules that came into force
 * meanwhile.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/compat.h"
#include "event.h"
#include "home.h"
#include "inspect.h"
#include "judge.h"
#include "member.h"
#include "origin.h"
#include "stats.h"
#include "survey.h"

#define TRIES	10	/* for its whole memory, before its program alone is judged */

/**
 * struct subject - the process that is looked at
 * @member: its record
 * @task: one of its threads, held
 * @mm: its memory, of which we are a user
 * @exe: the inode of its program; compared only
 * @fresh: the rules to judge by
 * @stopped: it was sent SIGKILL
 */
struct subject {
	struct holdfast_member *member;
	struct task_struct *task;
	struct mm_struct *mm;
	const struct inode *exe;
	const struct holdfast_rule_ids *fresh;
	bool stopped;
};

/* A thread of @member that has its memory still, and that; NULL if it has ended. */
static struct task_struct *find_task(const struct holdfast_member *member,
				     struct mm_struct **mm)
{
	struct task_struct *leader, *thread, *found = NULL;

	rcu_read_lock();
	leader = pid_task(find_pid_ns(member->tgid, &init_pid_ns), PIDTYPE_TGID);
	if (leader && leader->signal == member->signal &&
	    holdfast_member_find(leader->signal) == member) {
		for_each_thread(leader, thread) {
			*mm = get_task_mm(thread);
			if (!*mm)
				continue;
			get_task_struct(thread);
			found = thread;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/* Owns a reference to the file, if it is the first of that name in the table. */
static void add_file(struct holdfast_files *files, struct file *file)
{
	const struct inode *inode = d_inode(holdfast_user_path(file)->dentry);
	u32 at = hash_ptr(inode, ilog2(ARRAY_SIZE(files->at)));

	while (files->at[at]) {
		if (d_inode(holdfast_user_path(files->at[at])->dentry) ==
		    inode)
			return;
		at = (at + 1) % ARRAY_SIZE(files->at);
	}
	files->at[at] = get_file(file);
	files->nr++;
}

static void drop_files(struct holdfast_files *files)
{
	unsigned int i;

	for (i = 0; files->nr && i < ARRAY_SIZE(files->at); i++) {
		if (!files->at[i])
			continue;
		fput(files->at[i]);
		files->at[i] = NULL;
		files->nr--;
	}
}

/* Is it a mapping of a file, executable? */
static bool maps_code(const struct vm_area_struct *vma)
{
	return vma->vm_file && (vma->vm_flags & VM_EXEC) &&
	       !holdfast_origin_is_anonymous(vma->vm_file);
}

/*
 * Takes the files that are mapped executable from *@at on, as long as there is
 * room. False if the memory is locked: its owner may see to it that it stays so
 * for ever, by a file system of his own, so nobody waits for it.
 */
static bool take_files(struct holdfast_files *files, struct mm_struct *mm,
		       unsigned long *at)
{
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(mm))
		return false;
	while (files->nr < HOLDFAST_FILES && (vma = find_vma(mm, *at))) {
		*at = vma->vm_end;
		if (maps_code(vma))
			add_file(files, vma->vm_file);
		cond_resched();
	}
	mmap_read_unlock(mm);
	return true;
}

/* Does the process still use the file? True as well if that cannot be told. */
static bool still_used(const struct subject *subject, const struct inode *inode)
{
	struct vm_area_struct *vma;
	unsigned long at = 0;
	bool used = false;

	if (inode == subject->exe || !mmap_read_trylock(subject->mm))
		return true;
	while (!used && (vma = find_vma(subject->mm, at))) {
		at = vma->vm_end;
		used = maps_code(vma) &&
		       d_inode(holdfast_user_path(vma->vm_file)->dentry) == inode;
		cond_resched();
	}
	mmap_read_unlock(subject->mm);
	return used;
}

/*
 * Sends SIGKILL to the very process, while it has the very memory: exec replaces
 * that under task_lock(), as the kernel's own killing for want of memory takes
 * it. Whether it was not ending before.
 */
static bool stop(struct subject *subject, const struct inode *inode)
{
	struct task_struct *thread;

	if (!still_used(subject, inode))
		return false;
	rcu_read_lock();
	for_each_thread(subject->task, thread) {
		if (subject->stopped)
			break;
		task_lock(thread);
		if (thread->mm == subject->mm &&
		    !(READ_ONCE(thread->signal->flags) & SIGNAL_GROUP_EXIT))
			subject->stopped = !send_sig(SIGKILL, thread, 1);
		task_unlock(thread);
	}
	rcu_read_unlock();
	return subject->stopped;
}

/* Judges one file that the process uses. False without memory. */
static bool judge_file(struct subject *subject, struct file *file)
{
	const struct path *path = holdfast_user_path(file);
	struct holdfast_member *member = subject->member;
	const struct holdfast_case c = {
		.kind = HOLDFAST_EVENT_RUNNING,
		.task = subject->task,
		.path = path,
		.container = member->container,
		.member = member,
		.root = member->home->root,
		.home = member->home,
		.may_read = true,
		.fresh = subject->fresh,
	};
	struct holdfast_event_body *body;
	struct holdfast_event *event;

	event = holdfast_verdict(&c);
	if (IS_ERR_OR_NULL(event))
		return !event;
	body = &event->body;
	/* Nothing is ended on the strength of not knowing. */
	if (body->origin == HOLDFAST_ORIGIN_UNKNOWN)
		body->verdict = HOLDFAST_VERDICT_ALERT;
	if (body->verdict == HOLDFAST_VERDICT_DENY) {
		holdfast_count(HOLDFAST_STAT_DENIED);
		if (!subject->stopped && !stop(subject, d_inode(path->dentry)))
			body->flags |= HOLDFAST_EVENT_F_GONE;
	} else {
		holdfast_count(HOLDFAST_STAT_ALERTED);
	}
	holdfast_event_send(event, member->container);
	holdfast_event_free(event);
	return true;
}

/* All that were taken, but for the program if that was judged before. */
static bool judge_files(struct holdfast_files *files, struct subject *subject)
{
	bool exe_judged = subject->member->locked >= TRIES, judged = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files->at) && judged && holdfast_survey_wanted();
	     i++) {
		struct file *file = files->at[i];

		if (file && !(exe_judged && subject->exe ==
			      d_inode(holdfast_user_path(file)->dentry)))
			judged = judge_file(subject, file);
		cond_resched();
	}
	drop_files(files);
	return judged && holdfast_survey_wanted();
}

/*
 * Its memory is locked. Each time it is tried again later; but who sees to it
 * that it is always so does not keep the program from being judged.
 */
static void look_at_locked(struct holdfast_files *files, struct subject *subject)
{
	if (subject->member->locked < TRIES - 1) {
		subject->member->locked++;
		drop_files(files);
	} else if (judge_files(files, subject)) {
		subject->member->locked = TRIES;
	}
}

/* Judges all that the process uses; false if it is to be tried again. */
static bool look_at(struct holdfast_files *files, struct subject *subject)
{
	unsigned long at = 0;
	struct file *exe;
	bool full;

	exe = holdfast_exe_file(subject->mm);
	if (exe) {
		subject->exe = d_inode(holdfast_user_path(exe)->dentry);
		add_file(files, exe);
		fput(exe);
	}
	do {
		if (!take_files(files, subject->mm, &at)) {
			look_at_locked(files, subject);
			return false;
		}
		full = files->nr == HOLDFAST_FILES;
		if (!judge_files(files, subject))
			return false;
	} while (full);
	subject->member->locked = 0;
	return true;
}

bool holdfast_inspect(struct holdfast_files *files,
		      struct holdfast_member *member,
		      const struct holdfast_rule_ids *fresh)
{
	struct subject subject = { .member = member, .fresh = fresh };
	bool done;

	subject.task = find_task(member, &subject.mm);
	if (!subject.task)
		return true;
	done = look_at(files, &subject);
	mmput(subject.mm);
	put_task_struct(subject.task);
	return done;
}
