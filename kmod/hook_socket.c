// SPDX-License-Identifier: GPL-2.0-only
/* Sockets by which the host is told what to do. */
#include <linux/pid.h>
#include <linux/security.h>
#include <net/af_unix.h>

#include "attach.h"
#include "check.h"
#include "core/socket_name.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(security_unix_stream_connect);

/* Who listens; a reference, or NULL if that process is gone. */
static struct task_struct *listener_of(struct sock *sock)
{
	struct task_struct *task;

	spin_lock(&sock->sk_peer_lock);
	task = sock->sk_peer_pid ?
		       get_pid_task(sock->sk_peer_pid, PIDTYPE_TGID) : NULL;
	spin_unlock(&sock->sk_peer_lock);
	return task;
}

static int check_connect(struct sock *other)
{
	const struct unix_address *address = unix_sk(other)->addr;
	const char *name = address->name->sun_path;
	size_t len = address->len - offsetof(struct sockaddr_un, sun_path);
	struct holdfast_reach reach = { .atomic = true };
	char shown[UNIX_PATH_MAX + 1] = {};
	struct task_struct *listener;
	int check, err = 0;

	check = holdfast_socket_name_check(name, len);
	if (check < 0)
		return 0;
	listener = listener_of(other);
	if (!listener || !holdfast_is_own(listener)) {
		memcpy(shown, name, min(len, sizeof(shown) - 1));
		if (len && !shown[0])
			shown[0] = '@';
		reach.check = check;
		reach.name = shown;
		reach.target = listener;
		err = holdfast_check(&reach);
	}
	if (listener)
		put_task_struct(listener);
	return err;
}

asmlinkage int holdfast_policy_security_unix_stream_connect(struct sock *sock,
							    struct sock *other,
							    struct sock *newsk);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_unix_stream_connect,
			       holdfast_policy_security_unix_stream_connect);

/* Under the listener's unix_state_lock(): atomic, and its address stays. */
int holdfast_policy_security_unix_stream_connect(struct sock *sock,
						 struct sock *other,
						 struct sock *newsk)
{
	holdfast_hit(security_unix_stream_connect);
	if (!holdfast_is_member(current) || !unix_sk(other)->addr)
		return 0;
	return check_connect(other);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_unix_stream_connect, HOLDFAST_CHECK_SK1,
			    HOLDFAST_CHECK_SK2, HOLDFAST_CHECK_SK3),
};

const struct holdfast_table holdfast_socket_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
