// SPDX-License-Identifier: GPL-2.0-only
/* Parts of the kernel that few programs need, and many exploits begin with. */
#include <linux/cred.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "attach.h"
#include "check.h"
#include "guard.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(security_create_user_ns);
HOLDFAST_DEFINE_HOOK(security_fs_context_parse_param);
HOLDFAST_DEFINE_HOOK(security_netlink_send);
HOLDFAST_DEFINE_HOOK(security_inode_init_security_anon);
HOLDFAST_DEFINE_HOOK(security_socket_create);
HOLDFAST_DEFINE_HOOK(security_kernel_module_request);

static int check(int item, const char *name)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.name = name,
	});
}

asmlinkage int holdfast_policy_security_create_user_ns(const struct cred *cred);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_create_user_ns,
			       holdfast_policy_security_create_user_ns);

/* Who may do everything where it is gains nothing by it. */
int holdfast_policy_security_create_user_ns(const struct cred *cred)
{
	holdfast_hit(security_create_user_ns);
	if (cap_raised(cred->cap_effective, CAP_SYS_ADMIN))
		return 0;
	return check(HOLDFAST_CHECK_AS1, NULL);
}

/*
 * What fs/fs_context.c keeps of a file system that has no parameters of its own
 * making: they are put together on one page.
 */
struct legacy_context {
	char *data;
	size_t size;
};

static bool overflows(const struct fs_context *fc,
		      const struct fs_parameter *param)
{
	const struct legacy_context *context = fc->fs_private;
	size_t more = strlen(param->key) + 2;

	if (fc->fs_type->init_fs_context || !context)
		return false;
	if (param->type == fs_value_is_string)
		more += param->size + 1;
	return context->size + more > PAGE_SIZE;
}

asmlinkage int
holdfast_policy_security_fs_context_parse_param(struct fs_context *fc,
						struct fs_parameter *param);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_fs_context_parse_param,
			       holdfast_policy_security_fs_context_parse_param);

int holdfast_policy_security_fs_context_parse_param(struct fs_context *fc,
						    struct fs_parameter *param)
{
	holdfast_hit(security_fs_context_parse_param);
	if (!holdfast_is_member(current) || !overflows(fc, param))
		return 0;
	return check(HOLDFAST_CHECK_AS3, fc->fs_type->name);
}

/*
 * Does a message of @skb, the kernel's copy, change what handles packets? All
 * changes of nf_tables are in a batch, which nothing else has.
 */
static const char *change_of(const struct sk_buff *skb, int protocol)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)skb->data;
	int left = skb->len;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		switch (message->nlmsg_type) {
		case NFNL_MSG_BATCH_BEGIN:
			if (protocol == NETLINK_NETFILTER)
				return "nf_tables";
			break;
		case RTM_NEWQDISC:
		case RTM_NEWTCLASS:
		case RTM_NEWTFILTER:
		case RTM_NEWACTION:
		case RTM_NEWCHAIN:
			if (protocol == NETLINK_ROUTE)
				return "traffic control";
			break;
		}
	}
	return NULL;
}

asmlinkage int holdfast_policy_security_netlink_send(struct sock *sk,
						     struct sk_buff *skb);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_netlink_send,
			       holdfast_policy_security_netlink_send);

/* Of what is checked only privilege that a user namespace gave is meant. */
int holdfast_policy_security_netlink_send(struct sock *sk, struct sk_buff *skb)
{
	const char *change;

	holdfast_hit(security_netlink_send);
	if (sk->sk_protocol == NETLINK_AUDIT)
		return holdfast_guard_may_audit(skb) ? 0 : -EPERM;
	if (current_user_ns() == &init_user_ns || !holdfast_is_member(current))
		return 0;
	change = change_of(skb, sk->sk_protocol);
	return change ? check(HOLDFAST_CHECK_AS2, change) : 0;
}

asmlinkage int
holdfast_policy_security_inode_init_security_anon(struct inode *inode,
						  const struct qstr *name,
						  const struct inode *context);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_inode_init_security_anon,
			       holdfast_policy_security_inode_init_security_anon);

/* The names are the kernel's. */
int holdfast_policy_security_inode_init_security_anon(struct inode *inode,
						      const struct qstr *name,
						      const struct inode *context)
{
	holdfast_hit(security_inode_init_security_anon);
	if (!strcmp(name->name, "[io_uring]"))
		return check(HOLDFAST_CHECK_AS4, NULL);
	if (!strcmp(name->name, "[userfaultfd]"))
		return check(HOLDFAST_CHECK_AS5, NULL);
	return 0;
}

static const char *name_of(int family)
{
	switch (family) {
	case AF_ALG:
		return "AF_ALG";
	case AF_RXRPC:
		return "AF_RXRPC";
	case AF_VSOCK:
		return "AF_VSOCK";
	case AF_PACKET:
		return "AF_PACKET";
	}
	return NULL;
}

asmlinkage int holdfast_policy_security_socket_create(int family, int type,
						      int protocol, int kern);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_socket_create,
			       holdfast_policy_security_socket_create);

/* @kern: the kernel's own, on whoever's behalf */
int holdfast_policy_security_socket_create(int family, int type, int protocol,
					   int kern)
{
	const char *name = name_of(family);

	holdfast_hit(security_socket_create);
	return kern ? 0 : check(name ? HOLDFAST_CHECK_AS6 : -1, name);
}

asmlinkage int holdfast_policy_security_kernel_module_request(char *name);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_kernel_module_request,
			       holdfast_policy_security_kernel_module_request);

/*
 * What search_binary_handler() asks for: another architecture's ELF, which no
 * module can run. Engines try such to learn what the host can.
 */
static const char any_elf[] = "binfmt-464c";

int holdfast_policy_security_kernel_module_request(char *name)
{
	holdfast_hit(security_kernel_module_request);
	/* An exec that cannot read for being killed has found no format. */
	if (fatal_signal_pending(current) && holdfast_is_member(current))
		return -EINTR;
	return check(strcmp(name, any_elf) ? HOLDFAST_CHECK_KL2 : -1, name);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_fs_context_parse_param, HOLDFAST_CHECK_AS3),
	HOLDFAST_CHECK_HOOK(security_create_user_ns, HOLDFAST_CHECK_AS1),
	HOLDFAST_CHECK_HOOK(security_netlink_send, HOLDFAST_CHECK_AS2),
	HOLDFAST_CHECK_HOOK(security_inode_init_security_anon,
			    HOLDFAST_CHECK_AS4, HOLDFAST_CHECK_AS5),
	HOLDFAST_CHECK_HOOK(security_socket_create, HOLDFAST_CHECK_AS6),
	HOLDFAST_CHECK_HOOK(security_kernel_module_request, HOLDFAST_CHECK_KL2),
};

const struct holdfast_table holdfast_surface_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
