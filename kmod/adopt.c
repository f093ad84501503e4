// SPDX-License-Identifier: GPL-2.0-only
/* What ran in a container before it was known, or before the module, is adopted. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/idr.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "adopt.h"
#include "attach.h"
#include "compat/compat.h"
#include "container.h"
#include "event.h"
#include "home.h"
#include "member.h"
#include "stats.h"
#include "survey.h"

static struct workqueue_struct *adopt_queue;

/* The root directory of @task, held; -ESRCH if it is gone, -EXDEV if the host's. */
static int get_root(struct task_struct *task, struct path *root)
{
	if (!holdfast_task_root(task, root))
		return -ESRCH;
	if (!holdfast_is_host_root(root->dentry))
		return 0;
	path_put(root);
	return -EXDEV;
}

/*
 * Does @task run a program that it can reach from its root? A runtime's set-up
 * does not: its program lies on the host, or is a memfd. It is armed later, by
 * its next exec.
 */
static bool runs_own_program(struct task_struct *task, const struct path *root)
{
	struct file *exe;
	bool own = false;
	struct mm_struct *mm;

	mm = get_task_mm(task);
	if (!mm)
		return false;
	exe = holdfast_exe_file(mm);
	mmput(mm);
	if (exe) {
		own = path_is_under(&exe->f_path, root);
		fput(exe);
	}
	return own;
}

static int adopt_into(struct task_struct *task,
		      struct holdfast_container *container)
{
	struct holdfast_member *member;
	struct path root;
	int err;

	err = get_root(task, &root);
	if (err)
		return err;
	if (!runs_own_program(task, &root)) {
		err = -EAGAIN;
		goto out;
	}
	member = holdfast_member_add(task, container, &root,
				     HOLDFAST_MEMBER_F_ADOPTED);
	if (IS_ERR(member)) {
		err = PTR_ERR(member);
		goto out;
	}
	holdfast_container_arm(container);
	holdfast_survey_start();
	holdfast_count(HOLDFAST_STAT_ADOPTED);
	holdfast_member_put(member);
out:
	path_put(&root);
	return err;
}

/* Does @task descend from the process that the place is known by? */
static bool descends(const struct holdfast_place *place,
		     const struct task_struct *task)
{
	const pid_t first = holdfast_pid_of_id(place->cgroup_id);
	bool found = false;

	rcu_read_lock();
	/* Of one that has been waited for, the parent may be gone. */
	if (pid_alive(task)) {
		while (task->tgid > 1 && task->tgid != first)
			task = rcu_dereference(task->real_parent);
		found = task->tgid == first;
	}
	rcu_read_unlock();
	return found;
}

static int adopt_if_in_container(struct task_struct *task)
{
	struct holdfast_place place;
	int err;

	holdfast_place_find(task, &place, NULL, 0);
	if (!place.container && place.pattern) {
		place.container = holdfast_container_get(place.cgroup_id);
		if (IS_ERR(place.container))
			return PTR_ERR(place.container);
	}
	if (!place.container)
		return -ENOENT;
	err = holdfast_place_is_apart(&place, task) && !descends(&place, task) ?
		      -ENOENT : adopt_into(task, place.container);
	holdfast_container_put(place.container);
	return err;
}

/* How many processes were made members in one pass over all. */
static unsigned int adopt_pass(void)
{
	unsigned int adopted = 0;
	struct task_struct *task;
	struct pid *pid;
	int number;

	for (number = 1;; number++) {
		rcu_read_lock();
		pid = idr_get_next(&init_pid_ns.idr, &number);
		task = pid ? pid_task(pid, PIDTYPE_TGID) : NULL;
		if (task && ((task->flags & PF_KTHREAD) ||
			     holdfast_member_find(task->signal)))
			task = NULL;
		if (task)
			get_task_struct(task);
		rcu_read_unlock();
		if (!pid)
			return adopted;
		if (task) {
			adopted += !adopt_if_in_container(task);
			put_task_struct(task);
		}
		cond_resched();
	}
}

static void adopt_work(struct work_struct *work)
{
	/*
	 * A child whose parent was adopted in mid-fork is found by the next. A
	 * fork storm makes more as long as the hooks are there.
	 */
	if (holdfast_attached() && adopt_pass())
		queue_work(adopt_queue, work);
}

static DECLARE_WORK(adopt, adopt_work);

void holdfast_adopt_all(void)
{
	if (holdfast_attached())
		queue_work(adopt_queue, &adopt);
}

/*
 * The controller says that the container runs, so @task is no set-up; and it is
 * at the host's root, where no exec arms.
 */
static void note_host_root(struct task_struct *task,
			   struct holdfast_container *container)
{
	if (holdfast_container_test(container, HOLDFAST_CONTAINER_F_ARMED) ||
	    !holdfast_container_set(container, HOLDFAST_CONTAINER_F_HOST_ROOT))
		return;
	/* Armed in this moment: by holdfast_container_arm()'s order one of both sees it. */
	if (holdfast_container_test(container, HOLDFAST_CONTAINER_F_ARMED))
		holdfast_container_clear(container,
					 HOLDFAST_CONTAINER_F_HOST_ROOT);
	else
		holdfast_event_note(task, HOLDFAST_EVENT_NOT_COVERED, container,
				    NULL);
}

int holdfast_adopt_process(u32 tgid, u64 start_time, u64 cgroup_id)
{
	struct holdfast_container *container;
	struct task_struct *task;
	int err = -ESRCH;

	container = holdfast_container_find(cgroup_id);
	if (!container)
		return -ENOENT;
	rcu_read_lock();
	task = pid_task(find_pid_ns(tgid, &init_pid_ns), PIDTYPE_TGID);
	if (task && holdfast_ticks(task->start_boottime) !=
			    holdfast_ticks(start_time))
		task = NULL;
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (task) {
		err = holdfast_is_member(task) ? -EEXIST :
		      adopt_into(task, container);
		if (err == -EXDEV)
			note_host_root(task, container);
		put_task_struct(task);
	}
	holdfast_container_put(container);
	/* Its children that were made meanwhile. */
	if (!err)
		holdfast_adopt_all();
	return err;
}

int holdfast_adopt_init(void)
{
	adopt_queue = alloc_workqueue("holdfast_adopt", WQ_UNBOUND, 1);
	return adopt_queue ? 0 : -ENOMEM;
}

void holdfast_adopt_exit(void)
{
	destroy_workqueue(adopt_queue);
}
