// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that lead out: to who commands the host, and to its directories. */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inetdevice.h>
#include <linux/pid.h>
#include <linux/security.h>
#include <net/addrconf.h>
#include <net/af_unix.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>

#include "attach.h"
#include "check.h"
#include "core/socket_name.h"
#include "home.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(security_file_receive);
HOLDFAST_DEFINE_HOOK(security_unix_stream_connect);
HOLDFAST_DEFINE_HOOK(tcp_v4_connect);
HOLDFAST_DEFINE_HOOK(tcp_v6_connect);

/*
 * Was it made in the container's cgroup, or further in? Who made it may be gone
 * by now, and who listens may be another one.
 */
static bool is_own_socket(struct sock *sock)
{
	return holdfast_own_cgroup_level(sock_cgroup_ptr(&sock->sk_cgrp_data)) >= 0;
}

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
	if (check < 0 || is_own_socket(other))
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

static bool is_way_out(const struct file *file)
{
	struct holdfast_member *member;
	bool out;

	if (!S_ISDIR(file_inode(file)->i_mode))
		return false;
	member = holdfast_member_get(current);
	if (!member)
		return false;
	out = holdfast_home_leads_out(member->home, &file->f_path);
	holdfast_member_put(member);
	return out;
}

asmlinkage int holdfast_policy_security_file_receive(struct file *file);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_file_receive,
			       holdfast_policy_security_file_receive);

/* Descriptors that a socket hands over, and pidfd_getfd(), come here. */
int holdfast_policy_security_file_receive(struct file *file)
{
	const struct holdfast_reach reach = {
		.check = HOLDFAST_CHECK_PT4,
		.path = &file->f_path,
	};
	int index, err = 0;

	holdfast_hit(security_file_receive);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	if (is_way_out(file))
		err = holdfast_check(&reach);
	holdfast_leave(index);
	return err;
}

/* Docker's, with and without TLS, and the kubelet's. */
static bool commands_the_host(__be16 port)
{
	switch (ntohs(port)) {
	case 2375:
	case 2376:
	case 10250:
	case 10255:
		return true;
	}
	return false;
}

/* @loopback: it is that of the network namespace of the socket */
static bool is_host_address(const struct net *net, bool loopback,
			    bool host_has, bool own_has)
{
	return net_eq(net, &init_net) ? loopback || host_has :
					!loopback && host_has && !own_has;
}

static int check_tcp(const char *name)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = HOLDFAST_CHECK_SK4,
		.name = name,
	});
}

asmlinkage int holdfast_policy_tcp_v4_connect(struct sock *sk,
					      struct sockaddr *uaddr,
					      int addr_len);

/* Also what connects by sending comes here. */
int holdfast_policy_tcp_v4_connect(struct sock *sk, struct sockaddr *uaddr,
				   int addr_len)
{
	const struct sockaddr_in *to = (const struct sockaddr_in *)uaddr;
	struct net *net = sock_net(sk);
	char name[32];
	__be32 host;

	holdfast_hit(tcp_v4_connect);
	if (!holdfast_is_member(current) || addr_len < sizeof(*to) ||
	    !commands_the_host(to->sin_port))
		return 0;
	host = to->sin_addr.s_addr;
	if (!is_host_address(net, !host || ipv4_is_loopback(host),
			     inet_addr_type(&init_net, host) == RTN_LOCAL,
			     inet_addr_type(net, host) == RTN_LOCAL))
		return 0;
	snprintf(name, sizeof(name), "%pISpc", to);
	return check_tcp(name);
}

asmlinkage int holdfast_policy_tcp_v6_connect(struct sock *sk,
					      struct sockaddr *uaddr,
					      int addr_len);

/* One that stands for an IPv4 address goes on to tcp_v4_connect(). */
int holdfast_policy_tcp_v6_connect(struct sock *sk, struct sockaddr *uaddr,
				   int addr_len)
{
	const struct sockaddr_in6 *to = (const struct sockaddr_in6 *)uaddr;
	struct net *net = sock_net(sk);
	char name[64];

	holdfast_hit(tcp_v6_connect);
	/* Without IPv6 there is no ipv6_chk_addr() to link with. */
	if (!IS_ENABLED(CONFIG_IPV6) || !holdfast_is_member(current) ||
	    addr_len < SIN6_LEN_RFC2133 || !commands_the_host(to->sin6_port))
		return 0;
	if (!is_host_address(net,
			     ipv6_addr_any(&to->sin6_addr) ||
				     ipv6_addr_loopback(&to->sin6_addr),
			     ipv6_chk_addr(&init_net, &to->sin6_addr, NULL, 0),
			     ipv6_chk_addr(net, &to->sin6_addr, NULL, 0)))
		return 0;
	snprintf(name, sizeof(name), "%pISpc", to);
	return check_tcp(name);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_file_receive, HOLDFAST_CHECK_PT4),
	HOLDFAST_CHECK_HOOK(security_unix_stream_connect, HOLDFAST_CHECK_SK1,
			    HOLDFAST_CHECK_SK2, HOLDFAST_CHECK_SK3),
	HOLDFAST_CHECK_HOOK(tcp_v4_connect, HOLDFAST_CHECK_SK4),
	HOLDFAST_CHECK_HOOK(tcp_v6_connect, HOLDFAST_CHECK_SK4),
};

const struct holdfast_table holdfast_socket_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
