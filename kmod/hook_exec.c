// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs and executable mappings: who becomes a member, and whether what is
 * about to run is of the image.
 */
#include <linux/binfmts.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <trace/events/sched.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "container.h"
#include "event.h"
#include "guard.h"
#include "held.h"
#include "home.h"
#include "integrity.h"
#include "judge.h"
#include "member.h"
#include "origin.h"
#include "policy.h"
#include "query.h"
#include "root.h"
#include "runtime_program.h"
#include "stats.h"
#include "storage.h"
#include "watch.h"

HOLDFAST_DEFINE_HOOK(prepare_exec_creds);
HOLDFAST_DEFINE_HOOK(security_bprm_check);
HOLDFAST_DEFINE_HOOK(security_bprm_committed_creds);
HOLDFAST_DEFINE_HOOK(security_mmap_file);
HOLDFAST_DEFINE_HOOK(security_file_mprotect);
HOLDFAST_DEFINE_COUNTER(sched_process_exec);

#ifdef HOLDFAST_TEST_BUILD
/* A test sees what the second line does alone. Such a module is not installed. */
static bool first_line = true;
module_param(first_line, bool, 0600);
#else
#define first_line true
#endif

/**
 * struct arming - an exec by a task that is no member, and not of the host
 * @bprm: the exec
 * @root: the task's root directory, held
 * @place: its cgroup; owns the container's reference
 * @on_root: the program lies on the root's own file system: nobody but the
 *	container's owner starts such a one, so it is never set-up
 * @memfd: the program is a memfd
 * @pid1: the task is the first of a pid namespace that is not the host's
 */
struct arming {
	struct linux_binprm *bprm;
	struct path root;
	struct holdfast_place place;
	bool on_root;
	bool memfd;
	bool pid1;
};

static int ask(const struct arming *arming, const char *cgroup_path,
	       enum holdfast_answer *answer)
{
	const struct inode *inode = file_inode(arming->bprm->file);
	const struct holdfast_place *place = &arming->place;
	const struct holdfast_question question = {
		.cgroup_id = place->cgroup_id,
		.flags = (place->by_process ? HOLDFAST_QUERY_F_PROCESS :
			  place->pattern || place->container ?
			  HOLDFAST_QUERY_F_PATTERN : 0) |
			 (arming->pid1 ? HOLDFAST_QUERY_F_PID1 : 0) |
			 (arming->on_root ? HOLDFAST_QUERY_F_ROOT_FILE : 0) |
			 (arming->memfd ? HOLDFAST_QUERY_F_MEMFD : 0),
		.dev = new_encode_dev(inode->i_sb->s_dev),
		.ino = inode->i_ino,
		.root_dev = new_encode_dev(arming->root.dentry->d_sb->s_dev),
		.path = arming->bprm->filename,
		.cgroup_path = cgroup_path,
		.owner = place->owner,
	};

	return holdfast_query_ask(&question, answer);
}

/* Without an answer: a hook is a memfd, or a host's file before the payload. */
static bool looks_like_setup(const struct arming *arming)
{
	return !arming->on_root && !arming->pid1 && arming->memfd;
}

/*
 * Is this the container's own program? 0 and the container's record in
 * arming->place, or -ENOENT: no container or set-up. Other errors fail the exec.
 */
static int classify(struct arming *arming, const char *cgroup_path)
{
	struct holdfast_place *place = &arming->place;
	enum holdfast_answer answer = HOLDFAST_ANSWER_UNSPEC;
	bool armed = place->container &&
		     holdfast_container_test(place->container,
					     HOLDFAST_CONTAINER_F_ARMED);
	bool known = place->container &&
		     holdfast_policy_binds(place->container);
	int err;

	if (!place->cgroup_id || place->none ||
	    holdfast_place_is_apart(place, current))
		return -ENOENT;
	/* Entered later, as `exec` does, or nothing is left to be asked. */
	if (armed || (known && arming->on_root))
		return 0;

	err = ask(arming, cgroup_path, &answer);
	if (err == -EINTR)
		return err;
	/* While locked, what is known for a container stays one. */
	if (!err && answer == HOLDFAST_ANSWER_NONE &&
	    !(holdfast_guard_locked() && (place->container || place->pattern)))
		return -ENOENT;
	if (!err && answer == HOLDFAST_ANSWER_SETUP && !arming->on_root)
		return -ENOENT;
	if (err && !place->container && !place->pattern) {
		holdfast_count(HOLDFAST_STAT_UNCLASSIFIED);
		return -ENOENT;
	}
	if (err && looks_like_setup(arming))
		return -ENOENT;

	if (!place->container) {
		place->container = holdfast_container_get(place->cgroup_id);
		if (IS_ERR(place->container)) {
			err = PTR_ERR(place->container);
			place->container = NULL;
			return err;
		}
	}
	/* An answer that was overruled is not to count later. */
	holdfast_container_clear(place->container, HOLDFAST_CONTAINER_F_NONE);
	if (err && !known) {
		holdfast_count(HOLDFAST_STAT_DEFAULTED);
		holdfast_container_set(place->container,
				       HOLDFAST_CONTAINER_F_DEFAULTED);
		holdfast_event_note(current, HOLDFAST_EVENT_DEFAULTED,
				    place->container, arming->bprm->file);
	}
	return 0;
}

/* Makes current a provisional member; its record, NULL if it is none, or an error. */
static struct holdfast_member *arm(struct linux_binprm *bprm)
{
	const struct path *path = &bprm->file->f_path;
	struct arming arming = { .bprm = bprm };
	struct holdfast_container *container;
	struct holdfast_member *member;
	char *cgroup_path;
	int err;

	cgroup_path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!cgroup_path)
		return ERR_PTR(-ENOMEM);
	cgroup_path[0] = '\0';
	get_fs_root(current->fs, &arming.root);
	holdfast_place_find(current, &arming.place, cgroup_path, PATH_MAX);
	arming.on_root = path->dentry->d_sb == arming.root.dentry->d_sb;
	arming.memfd = holdfast_origin_is_memfd(path);
	arming.pid1 = is_child_reaper(task_pid(current)) &&
		      task_active_pid_ns(current) != &init_pid_ns;

	err = classify(&arming, cgroup_path);
	container = arming.place.container;
	if (err) {
		member = err == -ENOENT ? NULL : ERR_PTR(err);
		goto out;
	}
	member = holdfast_member_add(current, container, &arming.root,
				     HOLDFAST_MEMBER_F_PROVISIONAL);
	/* Adopted while it was asked about: nobody takes that back before it ends. */
	if (member == ERR_PTR(-EEXIST))
		member = holdfast_member_get(current) ?: ERR_PTR(-EAGAIN);
out:
	if (container)
		holdfast_container_put(container);
	path_put(&arming.root);
	kfree(cgroup_path);
	return member;
}

/* Is current in a pid namespace whose first process is a member? */
static bool below_member(void)
{
	struct task_struct *reaper;
	bool below = false;

	rcu_read_lock();
	reaper = READ_ONCE(task_active_pid_ns(current)->child_reaper);
	if (reaper)
		below = holdfast_member_find(reaper->signal);
	rcu_read_unlock();
	return below;
}

/*
 * Is current, no member, at the host's root and there by right? One who enters
 * a container where a member has mounted that over the container's is not; nor
 * where the first process has gone to another mount namespace for that.
 */
static bool is_of_host(void)
{
	struct holdfast_place place;
	struct holdfast_home *home;
	bool entered = false;

	if (!holdfast_at_host_root())
		return false;
	if (!holdfast_in_container(current))
		return true;
	holdfast_place_find(current, &place, NULL, 0);
	if (!place.container)
		return true;
	home = holdfast_container_home(place.container, NULL);
	if (home) {
		entered = holdfast_home_entered(home, current) || below_member();
		holdfast_home_put(home);
	}
	holdfast_container_put(place.container);
	return !entered;
}

/* What the rules of the container say in whose storage the file lies, if any. */
static int check_stored(int check, const struct path *path)
{
	struct holdfast_reach reach = { .check = check, .path = path };
	struct holdfast_container *container;
	int err;

	container = holdfast_container_find(holdfast_storage_of(path->dentry));
	if (!container)
		return 0;
	reach.pid = check == HOLDFAST_CHECK_UH4 ?
			    READ_ONCE(container->upcall_by) : 0;
	err = holdfast_check_for(container, &reach);
	holdfast_container_put(container);
	return err;
}

/* Does current set a container up, which then has its record, on an overlay? */
static bool may_be_setup(const struct super_block *sb)
{
	return sb->s_magic == OVERLAYFS_SUPER_MAGIC &&
	       holdfast_in_container(current);
}

/*
 * Who sets a container up, a hook perhaps, starts or loads what is in its root to
 * be.
 */
static int check_set_up(int check, const struct path *path)
{
	struct holdfast_container *container = holdfast_set_up();
	int err = 0;

	if (!container)
		return 0;
	if (!holdfast_at_host_root() ||
	    holdfast_container_sets_up(container, path, false))
		err = holdfast_check_for(container, &(struct holdfast_reach){
			.check = check,
			.path = path,
		});
	holdfast_container_put(container);
	return err;
}

/* What a container has, or is to have, comes to run as the host's. */
static int check_taken(int check, const struct path *path)
{
	if (holdfast_storage_of(path->dentry))
		return check_stored(check, path);
	return may_be_setup(path->dentry->d_sb) ? check_set_up(check, path) : 0;
}

/* What current runs: a reference, or NULL, as for a thread of the kernel's. */
static struct file *own_program(void)
{
	return current->mm ? holdfast_exe_file(current->mm) : NULL;
}

/*
 * Has current, by the exec that makes it a member, been led to the runtime's own
 * program, which would then be at the container's mercy? As an interpreter, too.
 */
static int check_runtime(const struct linux_binprm *bprm)
{
	const struct holdfast_reach reach = {
		.check = HOLDFAST_CHECK_RT1,
		.path = &bprm->file->f_path,
	};
	struct file *exe = own_program();
	int err = 0;

	if (!exe)
		return 0;
	if (file_inode(exe) == file_inode(bprm->file))
		err = holdfast_check(&reach);
	else if (!holdfast_origin_is_memfd(&exe->f_path) &&
		 !holdfast_storage_of(exe->f_path.dentry))
		holdfast_watch_runtime(file_inode(exe));
	fput(exe);
	return err;
}

static int check_directory(const struct holdfast_member *member,
			   const struct path *path)
{
	return holdfast_home_leads_out(member->home, path) ?
		       holdfast_check(&(struct holdfast_reach){
			       .check = HOLDFAST_CHECK_RT2,
			       .path = path,
		       }) : 0;
}

/* For iterate_fd(): takes a directory that exec leaves open; where to go on. */
static int take_directory(const void *data, struct file *file, unsigned int fd)
{
	struct file **found = (struct file **)data;

	if (!S_ISDIR(file_inode(file)->i_mode) ||
	    test_bit(fd, files_fdtable(current->files)->close_on_exec))
		return 0;
	*found = get_file(file);
	return fd + 1;
}

/* What the runtime has left to a program that it is about to start. */
static int check_left(const struct holdfast_member *member)
{
	struct file *file;
	struct path pwd;
	int next = 0;
	int err;

	get_fs_pwd(current->fs, &pwd);
	err = check_directory(member, &pwd);
	path_put(&pwd);
	while (!err && (next = iterate_fd(current->files, next, take_directory,
					  &file))) {
		err = check_directory(member, &file->f_path);
		fput(file);
	}
	return err;
}

static int judge_exec(struct holdfast_member *member, struct linux_binprm *bprm,
		      bool first)
{
	const struct inode *inode = file_inode(bprm->file);
	int err = 0;

	if (!first_line)
		return 0;
	/* Unless the second line has judged it, at its open as an interpreter. */
	if (member->interpreter != inode &&
	    (first ||
	     !holdfast_is_registered_interpreter(bprm->file,
						 member->home->root)))
		err = holdfast_judge_exec(member, HOLDFAST_EVENT_EXEC,
					  &bprm->file->f_path);
	member->judged = err ? NULL : inode;
	return err;
}

static int check_exec(struct linux_binprm *bprm)
{
	/* A script's interpreter comes here again, with another name. */
	bool first = bprm->interp == bprm->filename;
	struct holdfast_member *member = holdfast_member_get(current);
	int err = 0;

	if (member && first &&
	    holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL)) {
		/* Its last exec has failed: it is judged as if never tried. */
		holdfast_member_discard(member);
		holdfast_member_put(member);
		member = NULL;
	}
	if (!member) {
		if (is_of_host())
			return check_taken(HOLDFAST_CHECK_UH4,
					   &bprm->file->f_path);
		member = arm(bprm);
		if (IS_ERR_OR_NULL(member))
			return PTR_ERR_OR_ZERO(member);
		err = check_left(member);
	}
	if (!err)
		err = holdfast_integrity_verify(member);
	if (!err && holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL))
		err = check_runtime(bprm);
	if (!err)
		err = judge_exec(member, bprm, first);
	holdfast_member_put(member);
	return err;
}

asmlinkage int holdfast_policy_prepare_exec_creds(void);

/*
 * An exec begins, and cred_guard_mutex is held: what the one before it was let
 * run with, which may have failed late, is of no use to this one. It has opened
 * nothing yet.
 */
int holdfast_policy_prepare_exec_creds(void)
{
	struct holdfast_member *member;

	holdfast_hit(prepare_exec_creds);
	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	if (member) {
		WRITE_ONCE(member->judged, NULL);
		WRITE_ONCE(member->interpreter, NULL);
		holdfast_held_begin(member);
	}
	rcu_read_unlock();
	return 0;
}

asmlinkage int holdfast_policy_security_bprm_check(struct linux_binprm *bprm);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_bprm_check,
			       holdfast_policy_security_bprm_check);

int holdfast_policy_security_bprm_check(struct linux_binprm *bprm)
{
	int index, err;

	holdfast_hit(security_bprm_check);
	if (!holdfast_is_member(current) && holdfast_at_host_root() &&
	    !holdfast_in_container(current) &&
	    !holdfast_storage_of(bprm->file->f_path.dentry))
		return 0;
	index = holdfast_enter();
	err = check_exec(bprm);
	holdfast_leave(index);
	return err;
}

asmlinkage int
holdfast_policy_security_bprm_committed_creds(struct linux_binprm *bprm);

/* Past the point of no return; the original returns nothing. */
int holdfast_policy_security_bprm_committed_creds(struct linux_binprm *bprm)
{
	struct holdfast_member *member;
	int index;

	holdfast_hit(security_bprm_committed_creds);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	member = holdfast_member_get(current);
	if (member) {
		holdfast_held_commit(member);
		if (holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL))
			holdfast_member_confirm(member);
		else
			holdfast_ceiling_exec(member);
		holdfast_member_put(member);
	}
	holdfast_leave(index);
	return 0;
}

/* Program and interpreter of the exec in progress. */
static bool judged_already(const struct holdfast_member *member,
			   const struct inode *inode)
{
	return current->in_execve &&
	       (member->judged == inode || member->interpreter == inode);
}

/*
 * Is what current runs, no member, a container's? Of who has entered one its root
 * leads there.
 */
static bool runs_contained(void)
{
	struct file *exe = own_program();
	bool contained;

	if (!exe)
		return false;
	contained = holdfast_storage_of(exe->f_path.dentry) ||
		    (!holdfast_at_host_root() &&
		     holdfast_is_below_root(current, &exe->f_path));
	fput(exe);
	return contained;
}

/* Does nobody who is no member care that it maps the file at @path? */
static bool is_of_no_container(const struct path *path)
{
	const struct super_block *sb = path->dentry->d_sb;

	return !holdfast_root_known(sb) && !may_be_setup(sb) &&
	       !holdfast_storage_of(path->dentry);
}

/* A program of the host's, the runtime's too, loads what a container has. */
static int check_library(const struct path *path)
{
	return runs_contained() ? 0 : check_taken(HOLDFAST_CHECK_RT5, path);
}

/*
 * Judges a mapping by a member; and by a task that is none, but maps a file of
 * a container's root file system, as a member of that container.
 */
static int judge_mapping(struct holdfast_case *c)
{
	struct holdfast_member *member = holdfast_member_get(current);
	int err = 0;

	if (member) {
		c->member = member;
		c->container = member->container;
		c->root = member->home->root;
		c->home = member->home;
		err = holdfast_integrity_verify(member);
		if (!err && !judged_already(member, d_inode(c->path->dentry)))
			err = holdfast_judge(c);
		holdfast_member_put(member);
		return err;
	}
	c->root = holdfast_root_find(c->path->dentry->d_sb);
	if (c->root) {
		c->container = c->root->container;
		err = holdfast_judge(c);
		holdfast_root_put(c->root);
	}
	return err ? err : check_library(c->path);
}

/* As mmap_prot() in security/security.c and path_noexec() in fs/exec.c. */
static bool becomes_executable(struct file *file, unsigned long prot)
{
	if (prot & PROT_EXEC)
		return true;
	if (!(prot & PROT_READ) || !(current->personality & READ_IMPLIES_EXEC))
		return false;
	return !(file->f_path.mnt->mnt_flags & MNT_NOEXEC) &&
	       !(file_inode(file)->i_sb->s_iflags & SB_I_NOEXEC);
}

asmlinkage int holdfast_policy_security_mmap_file(struct file *file,
						  unsigned long prot,
						  unsigned long flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_mmap_file,
			       holdfast_policy_security_mmap_file);

int holdfast_policy_security_mmap_file(struct file *file, unsigned long prot,
				       unsigned long flags)
{
	struct holdfast_case c = {
		.kind = HOLDFAST_EVENT_MAP,
		.task = current,
		.may_read = true,
	};
	int index, err;

	holdfast_hit(security_mmap_file);
	if (!file || holdfast_origin_is_anonymous(file) ||
	    !becomes_executable(file, prot))
		return 0;
	c.path = holdfast_user_path(file);
	if (!holdfast_is_member(current) && is_of_no_container(c.path))
		return 0;
	index = holdfast_enter();
	err = judge_mapping(&c);
	holdfast_leave(index);
	return err;
}

asmlinkage int
holdfast_policy_security_file_mprotect(struct vm_area_struct *vma,
				       unsigned long reqprot,
				       unsigned long prot);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_file_mprotect,
			       holdfast_policy_security_file_mprotect);

/* Under mmap_write_lock(): may sleep, but no file is read. */
int holdfast_policy_security_file_mprotect(struct vm_area_struct *vma,
					   unsigned long reqprot,
					   unsigned long prot)
{
	struct holdfast_case c = {
		.kind = HOLDFAST_EVENT_MPROTECT,
		.task = current,
		.written = vma->anon_vma,
	};
	int index, err;

	holdfast_hit(security_file_mprotect);
	if (!vma->vm_file || !(prot & PROT_EXEC) ||
	    (vma->vm_flags & VM_EXEC) ||
	    holdfast_origin_is_anonymous(vma->vm_file))
		return 0;
	c.path = holdfast_user_path(vma->vm_file);
	if (!holdfast_is_member(current) && is_of_no_container(c.path))
		return 0;
	index = holdfast_enter();
	err = judge_mapping(&c);
	holdfast_leave(index);
	return err;
}

/*
 * The second line, without a redirect: what runs now must be what the first
 * line has judged.
 */
static void on_exec(void *data, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	struct holdfast_member *member;
	struct holdfast_event *event;

	holdfast_hit(sched_process_exec);
	member = holdfast_member_get(task);
	if (!member)
		return;
	if (member->judged != file_inode(bprm->file)) {
		event = holdfast_event_new(task, HOLDFAST_EVENT_SECOND_LINE,
					   GFP_ATOMIC);
		if (event) {
			event->body.verdict = HOLDFAST_VERDICT_ALERT;
			holdfast_event_object(event, file_inode(bprm->file));
			holdfast_event_send(event, member->container);
			holdfast_event_free(event);
		} else {
			holdfast_event_lost(member->container);
		}
	}
	member->judged = NULL;
	member->interpreter = NULL;
	holdfast_member_put(member);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_HOOK(prepare_exec_creds, true),
	HOLDFAST_HOOK(security_bprm_check, true, HOLDFAST_CHECK_RT1,
		      HOLDFAST_CHECK_RT2, HOLDFAST_CHECK_UH4,
		      HOLDFAST_CHECK_PI1, HOLDFAST_CHECK_PI2,
		      HOLDFAST_CHECK_PI4),
	HOLDFAST_HOOK(security_bprm_committed_creds, true),
	HOLDFAST_HOOK(security_mmap_file, true, HOLDFAST_CHECK_RT5),
	HOLDFAST_HOOK(security_file_mprotect, true, HOLDFAST_CHECK_RT5),
};

static struct holdfast_probe probes[] = {
	HOLDFAST_PROBE(sched_process_exec, on_exec),
};

/* Never called: the compiler checks the probe's arguments. */
static void __maybe_unused check_probes(void)
{
	check_trace_callback_type_sched_process_exec(on_exec);
}

const struct holdfast_table holdfast_exec_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
	.probes = probes,
	.nr_probes = ARRAY_SIZE(probes),
};
