// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller's side of the module. No handler waits for a task: handlers
 * run in parallel, what they share has locks of its own.
 */
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "adopt.h"
#include "container.h"
#include "dump.h"
#include "event.h"
#include "guard.h"
#include "host_dir_message.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "overlay.h"
#include "policy.h"
#include "query.h"
#include "survey.h"
#include "transaction.h"

#define MESSAGE_SIZE	(16 * 1024)

static const struct nla_policy container_policy[HOLDFAST_A_CONTAINER_MAX + 1] = {
	[HOLDFAST_A_CONTAINER_CGROUP_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_CONTAINER_NAME] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_NAME_MAX },
	[HOLDFAST_A_CONTAINER_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_CONTAINER_GENERATION] = { .type = NLA_U32 },
	[HOLDFAST_A_CONTAINER_FLAGS] =
		NLA_POLICY_MASK(NLA_U32, __HOLDFAST_CONTAINER_F_SETTABLE),
	[HOLDFAST_A_CONTAINER_OWNER] = { .type = NLA_U32 },
};

static const struct nla_policy member_policy[HOLDFAST_A_MEMBER_MAX + 1] = {
	[HOLDFAST_A_MEMBER_TGID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_MEMBER_START_TIME] = { .type = NLA_U64 },
	[HOLDFAST_A_MEMBER_CGROUP_ID] = { .type = NLA_U64 },
};

static const struct nla_policy query_policy[HOLDFAST_A_QUERY_MAX + 1] = {
	[HOLDFAST_A_QUERY_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_QUERY_ANSWER] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_ANSWER_MAX),
	[HOLDFAST_A_QUERY_CONTAINER] = NLA_POLICY_NESTED(container_policy),
};

static const struct nla_policy probe_policy[] = {
	[HOLDFAST_A_PROBE_FD] = { .type = NLA_U32 },
	[HOLDFAST_A_PROBE_EXPECT] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_EXPECT_MAX),
};

static const struct nla_policy policy[HOLDFAST_A_MAX + 1] = {
	[HOLDFAST_A_ABI_VERSION] = { .type = NLA_U32 },
	[HOLDFAST_A_POLICY_GENERATION] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_POLICY_DEFAULT_PROFILE] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_QUERY_TIMEOUT_MS_MAX),
	[HOLDFAST_A_PROFILE] = NLA_POLICY_NESTED(holdfast_profile_policy),
	[HOLDFAST_A_BINDING] = NLA_POLICY_NESTED(holdfast_binding_policy),
	[HOLDFAST_A_PATTERN] = NLA_POLICY_NESTED(holdfast_pattern_policy),
	[HOLDFAST_A_CONTAINER] = NLA_POLICY_NESTED(container_policy),
	[HOLDFAST_A_MEMBER] = NLA_POLICY_NESTED(member_policy),
	[HOLDFAST_A_QUERY] = NLA_POLICY_NESTED(query_policy),
	[HOLDFAST_A_ACK_NUMBER] = { .type = NLA_U64 },
	[HOLDFAST_A_PROBE] = NLA_POLICY_NESTED(probe_policy),
	[HOLDFAST_A_DIGESTS] = NLA_POLICY_NESTED(holdfast_digests_policy),
	[HOLDFAST_A_RUNTIME_PROGRAM] = { .type = NLA_NUL_STRING,
					 .len = HOLDFAST_PATH_MAX },
	[HOLDFAST_A_HOST_DIRECTORY] =
		NLA_POLICY_NESTED(holdfast_host_directory_policy),
};

static bool is_disabled;

static DEFINE_MUTEX(controller_lock); /* serialises who is the controller */
static u32 controller_port;	/* 0 for none; read without the lock */
static u32 controller_tgid;	/* likewise */

u32 holdfast_netlink_controller(void)
{
	return READ_ONCE(controller_tgid);
}

u32 holdfast_netlink_port(void)
{
	return READ_ONCE(controller_port);
}

struct sk_buff *holdfast_netlink_new(u8 cmd, void **header)
{
	struct sk_buff *skb = nlmsg_new(MESSAGE_SIZE, GFP_KERNEL);

	if (skb)
		*header = genlmsg_put(skb, 0, 0, &holdfast_family, 0, cmd);
	return skb;
}

void holdfast_netlink_drop(struct sk_buff *skb)
{
	nlmsg_free(skb);
}

int holdfast_netlink_send(struct sk_buff *skb, void *header, u32 port)
{
	if (!port) {
		nlmsg_free(skb);
		return -ENOTCONN;
	}
	genlmsg_end(skb, header);
	return genlmsg_unicast(&init_net, skb, port);
}

int holdfast_fault(struct genl_info *info, const struct nlattr *attr, int err,
		   const char *text)
{
	if (info->extack) {
		info->extack->_msg = text;
		info->extack->bad_attr = attr;
	}
	return err;
}

int holdfast_need(struct genl_info *info, const struct nlattr *nest,
		  struct nlattr **attrs, const char *what, ...)
{
	va_list list;
	int attr, err = 0;

	va_start(list, what);
	while (!err && (attr = va_arg(list, int)))
		if (!attrs[attr])
			err = -EINVAL;
	va_end(list);
	return err ? holdfast_fault(info, nest, err, what) : 0;
}

static int put_hello(struct sk_buff *skb)
{
	return nla_put_u32(skb, HOLDFAST_A_ABI_VERSION, HOLDFAST_ABI_VERSION) ||
	       nla_put_string(skb, HOLDFAST_A_BOOT_ID, holdfast_boot_id) ||
	       nla_put_u64_64bit(skb, HOLDFAST_A_LOAD_ID, holdfast_load_id,
				 HOLDFAST_A_PAD);
}

static int reply_status(struct genl_info *info, bool hello)
{
	struct sk_buff *skb;
	void *header;
	int err;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put_reply(skb, info, &holdfast_family, 0,
				   info->genlhdr->cmd);
	err = (hello && put_hello(skb)) ||
	      holdfast_put_status(skb, is_disabled);
	if (err) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int do_hello(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *version = info->attrs[HOLDFAST_A_ABI_VERSION];
	int err;

	if (!version)
		return holdfast_fault(info, NULL, -EINVAL, "ABI_VERSION is missing");
	if (nla_get_u32(version) != HOLDFAST_ABI_VERSION)
		return holdfast_fault(info, version, -EPROTONOSUPPORT,
				      "the module speaks another version");
	/* First, so that what follows the reply cannot overtake it. */
	err = reply_status(info, true);
	if (err)
		return err;
	mutex_lock(&controller_lock);
	WRITE_ONCE(controller_port, info->snd_portid);
	WRITE_ONCE(controller_tgid, current->tgid);
	holdfast_event_reader(info->snd_portid);
	holdfast_query_start();
	mutex_unlock(&controller_lock);
	return 0;
}

static int do_status(struct sk_buff *skb, struct genl_info *info)
{
	return reply_status(info, false);
}

static int bind(struct holdfast_container *container, struct nlattr **attrs,
		const struct nlattr *nest, struct genl_info *info)
{
	int err;

	err = holdfast_policy_bind(container,
				   nla_get_u32(attrs[HOLDFAST_A_CONTAINER_GENERATION]),
				   nla_get_u32(attrs[HOLDFAST_A_CONTAINER_PROFILE_ID]));
	return !err ? 0 :
	       holdfast_fault(info, nest, err,
			      err == -ESTALE ? "generation is not in force" :
			      err == -EPERM ? "locked until reboot" :
			      "profile is not in the policy in force");
}

/* Name and profile of a container out of its nest. */
static int set_container(u64 cgroup_id, struct nlattr **attrs,
			 const struct nlattr *nest, struct genl_info *info)
{
	struct holdfast_container *container;
	bool fresh;
	int err;

	err = holdfast_need(info, nest, attrs,
			    "container needs a name, a profile and a generation",
			    HOLDFAST_A_CONTAINER_NAME,
			    HOLDFAST_A_CONTAINER_PROFILE_ID,
			    HOLDFAST_A_CONTAINER_GENERATION, 0);
	/* First for none: what is refused leaves no record behind. */
	if (!err)
		err = bind(NULL, attrs, nest, info);
	if (err)
		return err;
	container = holdfast_container_find(cgroup_id);
	fresh = !container;
	if (fresh)
		container = holdfast_container_get(cgroup_id);
	if (IS_ERR(container))
		return PTR_ERR(container);
	err = bind(container, attrs, nest, info);
	if (!err) {
		holdfast_container_set_name(container,
					    nla_data(attrs[HOLDFAST_A_CONTAINER_NAME]));
		holdfast_container_clear(container, HOLDFAST_CONTAINER_F_NONE);
		holdfast_container_clear(container,
					 HOLDFAST_CONTAINER_F_DEFAULTED);
		/* Other rules, perhaps; one that only starts has no members. */
		if (atomic_read(&container->members))
			holdfast_survey_start();
	} else if (fresh && !atomic64_read(&container->binding)) {
		/* Locked, or another policy since; unless it has members. */
		holdfast_container_del(cgroup_id);
	}
	holdfast_container_put(container);
	return err;
}

/* The cgroup is no container, which none with members can become. */
static int set_none(u64 cgroup_id)
{
	struct holdfast_container *container = holdfast_container_get(cgroup_id);
	int err = 0;

	if (IS_ERR(container))
		return PTR_ERR(container);
	if (atomic_read(&container->members))
		err = -EBUSY;
	else
		holdfast_container_set(container, HOLDFAST_CONTAINER_F_NONE);
	holdfast_container_put(container);
	return err;
}

static int parse_container(struct genl_info *info, struct nlattr **attrs)
{
	struct nlattr *nest = info->attrs[HOLDFAST_A_CONTAINER];
	int err;

	if (!nest)
		return holdfast_fault(info, NULL, -EINVAL, "CONTAINER is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_CONTAINER_MAX, nest,
			       container_policy, info->extack);
	if (err)
		return err;
	return holdfast_need(info, nest, attrs, "container needs a cgroup",
			     HOLDFAST_A_CONTAINER_CGROUP_ID, 0);
}

/* Whoever says so, of a process that is another's there is to be no record. */
static bool may_be_made(u64 cgroup_id, const struct nlattr *owner)
{
	struct holdfast_container *container;
	bool known = false;

	if (!(cgroup_id & HOLDFAST_ID_OF_PROCESS))
		return true;
	container = holdfast_container_find(cgroup_id);
	if (container) {
		known = !holdfast_container_test(container,
						 HOLDFAST_CONTAINER_F_NONE);
		holdfast_container_put(container);
	}
	return owner ? holdfast_is_process_of(cgroup_id, nla_get_u32(owner)) :
		       known;
}

static int do_container_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_CONTAINER];
	u64 cgroup_id;
	int err;

	err = parse_container(info, attrs);
	if (err)
		return err;
	cgroup_id = nla_get_u64(attrs[HOLDFAST_A_CONTAINER_CGROUP_ID]);
	if (!may_be_made(cgroup_id, attrs[HOLDFAST_A_CONTAINER_OWNER]))
		return holdfast_fault(info, nest, -ESRCH,
				      "no such process of that user's");
	if (!attrs[HOLDFAST_A_CONTAINER_FLAGS] ||
	    !nla_get_u32(attrs[HOLDFAST_A_CONTAINER_FLAGS]))
		return set_container(cgroup_id, attrs, nest, info);
	if (holdfast_guard_locked())
		return holdfast_fault(info, nest, -EPERM,
				      "locked until reboot: a container stays one");
	err = set_none(cgroup_id);
	return err != -EBUSY ? err :
	       holdfast_fault(info, nest, err,
			      "cgroup has members: it is a container");
}

static int do_container_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	int err;

	err = parse_container(info, attrs);
	if (err)
		return err;
	err = holdfast_container_del(nla_get_u64(attrs[HOLDFAST_A_CONTAINER_CGROUP_ID]));
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "container has members");
	return err;
}

static int do_adopt(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_MEMBER_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_MEMBER];
	int err;

	if (!nest)
		return holdfast_fault(info, NULL, -EINVAL, "MEMBER is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_MEMBER_MAX, nest,
			       member_policy, info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs,
				    "member needs process id, start time and cgroup",
				    HOLDFAST_A_MEMBER_TGID, HOLDFAST_A_MEMBER_START_TIME,
				    HOLDFAST_A_MEMBER_CGROUP_ID, 0);
	if (err)
		return err;
	err = holdfast_adopt_process(nla_get_u32(attrs[HOLDFAST_A_MEMBER_TGID]),
				     nla_get_u64(attrs[HOLDFAST_A_MEMBER_START_TIME]),
				     nla_get_u64(attrs[HOLDFAST_A_MEMBER_CGROUP_ID]));
	if (err == -EXDEV)
		NL_SET_ERR_MSG(info->extack, "its root is the host's");
	else if (err == -EAGAIN)
		NL_SET_ERR_MSG(info->extack,
			       "it still runs the runtime's program: armed at its next exec");
	return err;
}

static int answer_container(u64 cgroup_id, struct nlattr *nest,
			    struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	int err;

	if (!nest)
		return holdfast_fault(info, NULL, -EINVAL,
				      "answer needs a container");
	err = nla_parse_nested(attrs, HOLDFAST_A_CONTAINER_MAX, nest,
			       container_policy, info->extack);
	return err ? err : set_container(cgroup_id, attrs, nest, info);
}

static int do_query_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_QUERY_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_QUERY];
	enum holdfast_answer answer;
	u64 id, cgroup_id;
	int err;

	if (!nest)
		return holdfast_fault(info, NULL, -EINVAL, "QUERY is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_QUERY_MAX, nest, query_policy,
			       info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs, "answer needs id and answer",
				    HOLDFAST_A_QUERY_ID, HOLDFAST_A_QUERY_ANSWER, 0);
	if (err)
		return err;
	id = nla_get_u64(attrs[HOLDFAST_A_QUERY_ID]);
	answer = nla_get_u32(attrs[HOLDFAST_A_QUERY_ANSWER]);
	cgroup_id = holdfast_query_cgroup(id);
	if (!cgroup_id)
		return holdfast_fault(info, nest, -ENOENT,
				      "no such query: answered, timed out or given up");
	if (answer == HOLDFAST_ANSWER_CONTAINER) {
		err = answer_container(cgroup_id,
				       attrs[HOLDFAST_A_QUERY_CONTAINER], info);
	} else if (answer == HOLDFAST_ANSWER_NONE) {
		/* One that has members by now stays what it is. */
		err = set_none(cgroup_id);
		if (err == -EBUSY)
			err = 0;
	}
	return err ? err : holdfast_query_answer(id, answer);
}

static int do_event_ack(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[HOLDFAST_A_ACK_NUMBER];

	if (!attr)
		return holdfast_fault(info, NULL, -EINVAL, "ACK_NUMBER is missing");
	if (holdfast_event_ack(nla_get_u64(attr)))
		return holdfast_fault(info, attr, -EINVAL, "no such event yet");
	return 0;
}

static int do_calibrate(struct sk_buff *skb, struct genl_info *info)
{
	struct holdfast_calibration probes[32];
	struct nlattr *attrs[HOLDFAST_A_PROBE_MAX + 1], *attr;
	unsigned int nr = 0;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != HOLDFAST_A_PROBE || nr == ARRAY_SIZE(probes))
			return holdfast_fault(info, attr, -EINVAL,
					      "no probe, or one too many");
		err = nla_parse_nested(attrs, HOLDFAST_A_PROBE_MAX, attr,
				       probe_policy, info->extack);
		if (!err)
			err = holdfast_need(info, attr, attrs,
					    "probe needs descriptor and expectation",
					    HOLDFAST_A_PROBE_FD, HOLDFAST_A_PROBE_EXPECT,
					    0);
		if (err)
			return err;
		probes[nr].fd = nla_get_u32(attrs[HOLDFAST_A_PROBE_FD]);
		probes[nr++].expect = nla_get_u32(attrs[HOLDFAST_A_PROBE_EXPECT]);
	}
	return holdfast_overlay_calibrate(probes, nr, info->extack);
}

static int do_lock(struct sk_buff *skb, struct genl_info *info)
{
	holdfast_guard_lock();
	return 0;
}

static int (*const handlers[])(struct sk_buff *skb, struct genl_info *info) = {
	[HOLDFAST_CMD_HELLO] = do_hello,
	[HOLDFAST_CMD_STATUS_GET] = do_status,
	[HOLDFAST_CMD_POLICY_BEGIN] = holdfast_transaction_begin,
	[HOLDFAST_CMD_POLICY_PART] = holdfast_transaction_part,
	[HOLDFAST_CMD_POLICY_COMMIT] = holdfast_transaction_commit,
	[HOLDFAST_CMD_POLICY_ABORT] = holdfast_transaction_abort,
	[HOLDFAST_CMD_CONTAINER_SET] = do_container_set,
	[HOLDFAST_CMD_CONTAINER_DEL] = do_container_del,
	[HOLDFAST_CMD_ADOPT] = do_adopt,
	[HOLDFAST_CMD_QUERY_ANSWER] = do_query_answer,
	[HOLDFAST_CMD_EVENT_ACK] = do_event_ack,
	[HOLDFAST_CMD_CALIBRATE] = do_calibrate,
	[HOLDFAST_CMD_LOCK] = do_lock,
	[HOLDFAST_CMD_HOST_DIRECTORY_SET] = holdfast_do_host_directory_set,
	[HOLDFAST_CMD_HOST_DIRECTORY_SWEEP] = holdfast_do_host_directory_sweep,
};

static int handle(struct sk_buff *skb, struct genl_info *info)
{
	if (!holdfast_guard_may_speak(skb))
		return holdfast_fault(info, NULL, -EPERM,
				      "needs CAP_MAC_ADMIN on the host, outside any container");
	if (is_disabled && info->genlhdr->cmd != HOLDFAST_CMD_STATUS_GET)
		return holdfast_fault(info, NULL, -EOPNOTSUPP,
				      "switched off by holdfast.disable");
	return handlers[info->genlhdr->cmd](skb, info);
}

/* Other items are small. */
static int start_profiles(struct netlink_callback *cb)
{
	const struct holdfast_policy *now;

	rcu_read_lock();
	now = holdfast_policy_rcu();
	if (now)
		cb->min_dump_alloc = nlmsg_total_size(GENL_HDRLEN) +
				     now->profile_bytes;
	rcu_read_unlock();
	return 0;
}

static int handle_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	u8 cmd = ((struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd;

	if (!holdfast_guard_may_speak(cb->skb))
		return -EPERM;
	if (is_disabled && cmd != HOLDFAST_CMD_HOOK_GET)
		return -EOPNOTSUPP;
	return holdfast_dump(skb, cb, cmd);
}

#define DO(name)	{ .cmd = HOLDFAST_CMD_##name, .doit = handle }
#define DUMP(name)	{ .cmd = HOLDFAST_CMD_##name, .dumpit = handle_dump }

static const struct genl_ops ops[] = {
	DO(HELLO), DO(STATUS_GET), DUMP(HOOK_GET),
	DO(POLICY_BEGIN), DO(POLICY_PART), DO(POLICY_COMMIT), DO(POLICY_ABORT),
	{ .cmd = HOLDFAST_CMD_PROFILE_GET, .start = start_profiles,
	  .dumpit = handle_dump },
	DUMP(PATTERN_GET), DUMP(BINDING_GET),
	DO(CONTAINER_SET), DO(CONTAINER_DEL), DUMP(CONTAINER_GET),
	DUMP(MEMBER_GET), DO(ADOPT),
	DO(QUERY_ANSWER), DO(EVENT_ACK), DO(CALIBRATE), DO(LOCK),
	DO(HOST_DIRECTORY_SET), DO(HOST_DIRECTORY_SWEEP),
	DUMP(HOST_DIRECTORY_GET),
};

struct genl_family holdfast_family = {
	.name = HOLDFAST_GENL_NAME,
	.version = HOLDFAST_ABI_VERSION,
	.maxattr = HOLDFAST_A_MAX,
	.policy = policy,
	.netnsok = false,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = HOLDFAST_CMD_MAX + 1,
	.module = THIS_MODULE,
};

/* A socket is gone: perhaps the controller's, perhaps in mid-transaction. */
static int on_release(struct notifier_block *block, unsigned long what,
		      void *data)
{
	const struct netlink_notify *notify = data;

	if (what != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    notify->net != &init_net || !notify->portid)
		return NOTIFY_DONE;

	mutex_lock(&controller_lock);
	if (notify->portid == controller_port) {
		WRITE_ONCE(controller_port, 0);
		WRITE_ONCE(controller_tgid, 0);
		holdfast_query_stop();
		holdfast_event_reader(0);
	}
	mutex_unlock(&controller_lock);

	holdfast_transaction_release(notify->portid);
	return NOTIFY_OK;
}

static struct notifier_block release_block = { .notifier_call = on_release };

int holdfast_netlink_init(bool disabled)
{
	int err;

	is_disabled = disabled;
	err = netlink_register_notifier(&release_block);
	if (err)
		return err;
	err = genl_register_family(&holdfast_family);
	if (err)
		netlink_unregister_notifier(&release_block);
	return err;
}

void holdfast_netlink_exit(void)
{
	genl_unregister_family(&holdfast_family);
	netlink_unregister_notifier(&release_block);
	WRITE_ONCE(controller_port, 0);
	WRITE_ONCE(controller_tgid, 0);
	holdfast_query_stop();
	holdfast_transaction_exit();
}
