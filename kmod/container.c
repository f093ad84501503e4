// SPDX-License-Identifier: GPL-2.0-only
/* Which cgroups are containers. */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kernfs.h>
#include <linux/pid_namespace.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "container.h"
#include "home.h"
#include "policy.h"

#define BITS	12
#define RECORDS_MAX 65536	/* beyond this, records without members are dropped */

static struct hlist_head table[1 << BITS];
static DEFINE_SPINLOCK(table_lock); /* protects table and nr */
static unsigned int nr;

static struct hlist_head *bucket(u64 cgroup_id)
{
	return &table[hash_64(cgroup_id, BITS)];
}

static struct holdfast_container *find_rcu(u64 cgroup_id)
{
	struct holdfast_container *container;

	hlist_for_each_entry_rcu(container, bucket(cgroup_id), node,
				 lockdep_is_held(&table_lock))
		if (container->cgroup_id == cgroup_id)
			return container;
	return NULL;
}

struct holdfast_container *holdfast_container_find(u64 cgroup_id)
{
	struct holdfast_container *container;

	rcu_read_lock();
	container = find_rcu(cgroup_id);
	if (container && !refcount_inc_not_zero(&container->refs))
		container = NULL;
	rcu_read_unlock();
	return container;
}

void holdfast_container_hold(struct holdfast_container *container)
{
	refcount_inc(&container->refs);
}

void holdfast_container_put(struct holdfast_container *container)
{
	if (!refcount_dec_and_test(&container->refs))
		return;
	kfree(container->setup_root);
	kfree_rcu(container, rcu);
}

static void unhash_locked(struct holdfast_container *container)
{
	lockdep_assert_held(&table_lock);
	hlist_del_init_rcu(&container->node);
	nr--;
	holdfast_container_put(container);
}

/*
 * The controller deletes what is gone; without one, records of cgroups that
 * came and went must not pile up.
 */
static void sweep_locked(void)
{
	struct holdfast_container *container;
	struct hlist_node *next;
	unsigned int i;

	lockdep_assert_held(&table_lock);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		hlist_for_each_entry_safe(container, next, &table[i], node)
			if (!atomic_read(&container->members))
				unhash_locked(container);
}

struct holdfast_container *holdfast_container_get(u64 cgroup_id)
{
	struct holdfast_container *container, *other;

	container = holdfast_container_find(cgroup_id);
	if (container)
		return container;
	container = kzalloc(sizeof(*container), GFP_KERNEL_ACCOUNT);
	if (!container)
		return ERR_PTR(-ENOMEM);
	refcount_set(&container->refs, 2);
	spin_lock_init(&container->lock);
	container->cgroup_id = cgroup_id;

	spin_lock(&table_lock);
	if (nr >= RECORDS_MAX)
		sweep_locked();
	other = find_rcu(cgroup_id);
	if (!other) {
		hlist_add_head_rcu(&container->node, bucket(cgroup_id));
		nr++;
	} else {
		holdfast_container_hold(other);
	}
	spin_unlock(&table_lock);
	if (!other)
		return container;
	kfree(container);
	return other;
}

int holdfast_container_del(u64 cgroup_id)
{
	struct holdfast_container *container;
	int err = 0;

	spin_lock(&table_lock);
	container = find_rcu(cgroup_id);
	if (!container)
		err = -ENOENT;
	else if (atomic_read(&container->members))
		err = -EBUSY;
	else
		unhash_locked(container);
	spin_unlock(&table_lock);
	return err;
}

void holdfast_container_exit(void)
{
	struct holdfast_container *container;
	struct hlist_node *next;
	unsigned int i;

	spin_lock(&table_lock);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		hlist_for_each_entry_safe(container, next, &table[i], node)
			unhash_locked(container);
	spin_unlock(&table_lock);
}

/* Does the cgroup's name fit a pattern of the policy? */
static bool fits_pattern(struct cgroup *cgroup)
{
	struct cgroup *parent = cgroup_parent(cgroup);
	char name[2 * HOLDFAST_PATTERN_MAX + 80];
	char parent_name[HOLDFAST_PATTERN_MAX + 2] = "/";
	struct cgroup *grandparent = cgroup_parent(parent);

	/* From the parent on, so that it is "/" and the name. */
	if (kernfs_path_from_node(cgroup->kn, parent->kn, name,
				  sizeof(name)) >= (int)sizeof(name))
		return false;
	if (grandparent &&
	    kernfs_path_from_node(parent->kn, grandparent->kn, parent_name,
				  sizeof(parent_name)) >=
	    (int)sizeof(parent_name))
		parent_name[1] = '\0';
	return holdfast_policy_names_container(name + 1, parent_name + 1);
}

/*
 * The pid namespace of @task, if it is not the host's and its user namespace was
 * made by another than root: *@owner. Under RCU.
 */
static struct pid_namespace *unprivileged_pid_ns(struct task_struct *task,
						 uid_t *owner)
{
	const struct user_namespace *user_ns = __task_cred(task)->user_ns;
	struct pid_namespace *pid_ns;

	if (user_ns == &init_user_ns)
		return NULL;
	while (user_ns->parent != &init_user_ns)
		user_ns = user_ns->parent;
	*owner = from_kuid(&init_user_ns, user_ns->owner);
	pid_ns = task_active_pid_ns(task);
	return *owner && pid_ns != &init_pid_ns ? pid_ns : NULL;
}

/*
 * A task in @pid_ns is there, so its first process is, too; 0 if that is just being
 * made. Under RCU.
 */
static u64 id_of_process(const struct pid_namespace *pid_ns)
{
	const struct task_struct *first = READ_ONCE(pid_ns->child_reaper);
	u64 start;

	if (!first)
		return 0;
	start = READ_ONCE(first->group_leader)->start_boottime;
	return HOLDFAST_ID_OF_PROCESS |
	       holdfast_ticks(start) << HOLDFAST_ID_PID_BITS | first->tgid;
}

/* Without a reference, as the innermost has it unless one further out is known. */
static void find_by_process(struct task_struct *task,
			    struct holdfast_place *place)
{
	const struct pid_namespace *pid_ns;
	uid_t owner;

	for (pid_ns = unprivileged_pid_ns(task, &owner);
	     pid_ns && pid_ns != &init_pid_ns; pid_ns = pid_ns->parent) {
		u64 id = id_of_process(pid_ns);
		struct holdfast_container *container = find_rcu(id);
		bool none = container &&
			    holdfast_container_test(container,
						    HOLDFAST_CONTAINER_F_NONE);

		if (place->by_process && (!container || none))
			continue;
		place->container = none ? NULL : container;
		place->cgroup_id = id;
		place->none = none;
		place->by_process = true;
		place->owner = owner;
	}
}

void holdfast_place_find(struct task_struct *task, struct holdfast_place *place,
			 char *path, size_t size)
{
	struct cgroup *cgroup, *found;

	memset(place, 0, sizeof(*place));
	rcu_read_lock();
	found = task_dfl_cgroup(task);
	if (cgroup_parent(found))
		place->cgroup_id = cgroup_id(found);
	for (cgroup = found; cgroup_parent(cgroup);
	     cgroup = cgroup_parent(cgroup)) {
		struct holdfast_container *container;

		container = find_rcu(cgroup_id(cgroup));
		if (container &&
		    holdfast_container_test(container,
					    HOLDFAST_CONTAINER_F_NONE)) {
			if (cgroup_id(cgroup) == place->cgroup_id)
				place->none = true;
			continue;
		}
		if (!container && !fits_pattern(cgroup))
			continue;
		found = cgroup;
		place->container = container;
		place->cgroup_id = cgroup_id(cgroup);
		place->pattern = !container;
		place->none = false;
	}
	if (!place->container && !place->pattern)
		find_by_process(task, place);
	if (place->container &&
	    !refcount_inc_not_zero(&place->container->refs)) {
		/* Deleted this moment: as if the controller knew nothing. */
		place->container = NULL;
	}
	if (path)
		cgroup_path(found, path, size);
	rcu_read_unlock();
}

bool holdfast_is_process_of(u64 cgroup_id, uid_t owner)
{
	struct holdfast_place place = {};
	struct task_struct *first;

	rcu_read_lock();
	first = pid_task(find_pid_ns(holdfast_pid_of_id(cgroup_id),
				     &init_pid_ns), PIDTYPE_TGID);
	if (first)
		find_by_process(first, &place);
	rcu_read_unlock();
	return place.by_process && place.cgroup_id == cgroup_id &&
	       place.owner == owner;
}

bool holdfast_place_is_apart(const struct holdfast_place *place,
			     struct task_struct *task)
{
	struct holdfast_home *home;
	bool apart;

	if (!place->by_process || !place->container)
		return false;
	home = holdfast_container_home(place->container, NULL);
	if (!home)
		return false;
	apart = !holdfast_home_entered(home, task);
	holdfast_home_put(home);
	/* Later: @task came into what was made before it came. */
	return apart && holdfast_notices_spread() &&
	       !READ_ONCE(place->container->spread);
}

bool holdfast_in_container(struct task_struct *task)
{
	struct holdfast_place place = {};
	struct cgroup *cgroup;
	bool found = false;

	rcu_read_lock();
	for (cgroup = task_dfl_cgroup(task); cgroup_parent(cgroup) && !found;
	     cgroup = cgroup_parent(cgroup)) {
		struct holdfast_container *container;

		container = find_rcu(cgroup_id(cgroup));
		found = container &&
			!holdfast_container_test(container,
						 HOLDFAST_CONTAINER_F_NONE);
	}
	if (!found)
		find_by_process(task, &place);
	rcu_read_unlock();
	return found || place.container;
}

void holdfast_container_set_name(struct holdfast_container *container,
				 const char *name)
{
	spin_lock(&container->lock);
	strscpy(container->name, name, sizeof(container->name));
	spin_unlock(&container->lock);
}

void holdfast_container_name(struct holdfast_container *container, char *name)
{
	spin_lock(&container->lock);
	strscpy(name, container->name, sizeof(container->name));
	spin_unlock(&container->lock);
}

static bool is_below(const char *name, const char *root)
{
	size_t len = strlen(root);

	/* Without what the root of all ends with. */
	if (root[len - 1] == '/')
		len--;
	return !strncmp(name, root, len) && (!name[len] || name[len] == '/');
}

void holdfast_container_set_setup_root(struct holdfast_container *container,
				       const struct path *path)
{
	char *buffer = __getname(), *name, *copy = NULL;

	if (!buffer)
		return;
	name = d_path(path, buffer, PATH_MAX);
	if (!IS_ERR(name))
		copy = kstrdup(name, GFP_KERNEL_ACCOUNT);
	__putname(buffer);
	if (!copy)
		return;
	spin_lock(&container->lock);
	if (!container->setup_root || !is_below(copy, container->setup_root))
		swap(copy, container->setup_root);
	spin_unlock(&container->lock);
	kfree(copy);
}

bool holdfast_container_sets_up(struct holdfast_container *container,
				const struct path *path, bool otherwise)
{
	char *buffer = __getname(), *name;
	bool below = otherwise;

	if (!buffer)
		return otherwise;
	name = d_path(path, buffer, PATH_MAX);
	spin_lock(&container->lock);
	if (!IS_ERR(name) && container->setup_root)
		below = is_below(name, container->setup_root);
	spin_unlock(&container->lock);
	__putname(buffer);
	return below;
}

struct holdfast_home *
holdfast_container_home(struct holdfast_container *container,
			struct holdfast_home *found)
{
	struct holdfast_home *home;

	spin_lock(&container->lock);
	if (!container->home && found) {
		holdfast_home_hold(found);
		container->home = found;
	}
	home = container->home;
	if (home)
		holdfast_home_hold(home);
	spin_unlock(&container->lock);
	return home;
}

void holdfast_container_leave(struct holdfast_container *container)
{
	struct holdfast_home *home = NULL;

	spin_lock(&container->lock);
	if (!atomic_read(&container->members))
		swap(home, container->home);
	spin_unlock(&container->lock);
	if (home)
		holdfast_home_put(home);
}

void holdfast_container_bind(struct holdfast_container *container,
			     u32 generation, u32 profile_id)
{
	atomic64_set(&container->binding, (u64)generation << 32 | profile_id);
}

bool holdfast_container_set(struct holdfast_container *container,
			    unsigned long flag)
{
	return !test_and_set_bit(ilog2(flag), &container->flags);
}

void holdfast_container_clear(struct holdfast_container *container,
			      unsigned long flag)
{
	test_and_clear_bit(ilog2(flag), &container->flags);
}

void holdfast_container_arm(struct holdfast_container *container)
{
	holdfast_container_set(container, HOLDFAST_CONTAINER_F_ARMED);
	holdfast_container_clear(container, HOLDFAST_CONTAINER_F_HOST_ROOT);
}

unsigned int holdfast_container_count(void)
{
	return READ_ONCE(nr);
}

static struct holdfast_container *entry_rcu(struct hlist_node __rcu **link)
{
	return hlist_entry_safe(rcu_dereference(*link),
				struct holdfast_container, node);
}

/* What comes after @last, which may be gone, or the first. */
static struct holdfast_container *resume_rcu(struct hlist_head *head, u64 last)
{
	struct holdfast_container *container;

	hlist_for_each_entry_rcu(container, head, node)
		if (container->cgroup_id == last)
			return entry_rcu(&hlist_next_rcu(&container->node));
	return entry_rcu(&hlist_first_rcu(head));
}

int holdfast_container_walk(unsigned long at[2],
			    int (*visit)(struct holdfast_container *container,
					 void *data),
			    void *data)
{
	struct holdfast_container *container;
	int err = 0;

	rcu_read_lock();
	for (; at[0] < ARRAY_SIZE(table); at[0]++, at[1] = 0) {
		for (container = resume_rcu(&table[at[0]], at[1]); container;
		     container = entry_rcu(&hlist_next_rcu(&container->node))) {
			err = visit(container, data);
			if (err)
				goto out;
			at[1] = container->cgroup_id;
		}
	}
out:
	rcu_read_unlock();
	return err;
}
