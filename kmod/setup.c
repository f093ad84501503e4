// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mounts by which a runtime sets a container up. Who made the image, or shares
 * a volume of the container's, may have put links where it mounts from or to.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <uapi/linux/mount.h>

#include "check.h"
#include "container.h"
#include "home.h"
#include "member.h"
#include "setup.h"

/*
 * By which the kernel is read or commanded, and not a directory: a runtime covers
 * such a one by itself, and others by a device. Not of the host's as long as the
 * runtime is there: that it was told to show.
 */
static bool is_kernel_file(const struct path *path)
{
	struct super_block *sb = path->dentry->d_sb;

	if (d_is_dir(path->dentry))
		return false;
	if (sb->s_magic == SYSFS_MAGIC)
		return !holdfast_at_host_root();
	return sb->s_magic == PROC_SUPER_MAGIC &&
	       (!holdfast_at_host_root() || proc_pid_ns(sb) != &init_pid_ns);
}

/* Is @path not in the root that current makes, or, once that is its own, has? */
static bool leads_outside(struct holdfast_container *container,
			  const struct path *path)
{
	return holdfast_at_host_root() ?
		       !holdfast_container_sets_up(container, path, true) :
		       !holdfast_is_below_root(current, path);
}

static int check(struct holdfast_container *container, const struct path *path)
{
	return holdfast_check_for(container, &(struct holdfast_reach){
		.check = HOLDFAST_CHECK_RT3,
		.path = path,
	});
}

/*
 * What is shown again, at @target, which is @outside of the container's root. If it
 * is where it was, that is @place, which has a name where @source may be mounted
 * nowhere as yet.
 */
static int check_bind(struct holdfast_container *container,
		      const struct path *source, const struct dentry *target,
		      const struct path *place, bool outside)
{
	if (source->dentry == target) {
		/* To become the root, before anything else is mounted. */
		if (d_is_dir(target) && holdfast_at_host_root())
			holdfast_container_set_setup_root(container, place);
		return 0;
	}
	return outside || is_kernel_file(source) ? check(container, source) : 0;
}

#define CHANGES	(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE | MS_MOVE)

static int check_mount(struct holdfast_container *container,
		       const struct path *path, unsigned long flags)
{
	bool outside = leads_outside(container, path);

	if (!(flags & MS_BIND))
		return outside ? check(container, path) : 0;
	/* Of what is to be told once the kernel has found that, by the same task. */
	container->bind_outside = outside;
	container->bind_target = path->dentry;
	/* Comes after what it is about, as cmpxchg() does before. */
	smp_store_release(&container->binding_task, current);
	return 0;
}

/*
 * Does it take all mounts from its root on, in a namespace that is not the host's,
 * out of those that propagate to other ones? From then on what is shared there is
 * shared within the container.
 */
static bool detaches(const struct path *path, unsigned long flags)
{
	struct path root;
	bool is_root;

	if (!(flags & MS_REC) || !(flags & (MS_PRIVATE | MS_SLAVE)) ||
	    current->nsproxy->mnt_ns == init_task.nsproxy->mnt_ns ||
	    path->dentry != path->mnt->mnt_root ||
	    !holdfast_at_host_root() || !holdfast_task_root(current, &root))
		return false;
	is_root = path_equal(path, &root);
	path_put(&root);
	return is_root;
}

int holdfast_setup_mount(const struct path *path, unsigned long flags)
{
	bool changes = !(flags & MS_BIND) && (flags & CHANGES);
	struct holdfast_container *container;
	int err = 0;

	if ((flags & MS_REMOUNT) || (changes && !detaches(path, flags)))
		return 0;
	container = holdfast_set_up();
	if (!container)
		return 0;
	if (changes)
		WRITE_ONCE(container->detached, true);
	else
		err = check_mount(container, path, flags);
	holdfast_container_put(container);
	return err;
}

int holdfast_setup_bind(const struct path *path)
{
	struct holdfast_container *container = holdfast_set_up();
	int err = 0;

	if (!container)
		return 0;
	if (cmpxchg(&container->binding_task, current, NULL) == current)
		err = check_bind(container, path, container->bind_target, path,
				 container->bind_outside);
	holdfast_container_put(container);
	return err;
}

int holdfast_setup_move(const struct path *from, const struct path *to)
{
	struct holdfast_container *container = holdfast_set_up();
	int err;

	if (!container)
		return 0;
	/* It may come from the host's namespace, by a descriptor. */
	if (from->mnt->mnt_flags & MNT_SHARED)
		WRITE_ONCE(container->detached, false);
	err = check_bind(container, from, to->dentry, to,
			 leads_outside(container, to));
	holdfast_container_put(container);
	return err;
}
