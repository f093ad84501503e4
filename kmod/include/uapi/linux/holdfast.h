/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Holdfast: what the kernel module and the controller say to each other.
 *
 * Generic netlink, family "holdfast". The specification in the format of the
 * kernel's Documentation/netlink is holdfast.yaml beside this directory.
 *
 * Who may speak: a sender with CAP_MAC_ADMIN in the initial user namespace,
 * in the initial network namespace, that is no member of a container. All
 * commands and dumps answer anybody else with EPERM. There are no multicast
 * groups: events and queries go to the one port that said HELLO last.
 *
 * What is sent, "->" by the controller, "<-" by the kernel. Attributes in
 * brackets may be missing, a star means any number, indented ones are nested:
 *
 * -> HELLO            ABI_VERSION
 * <- HELLO            ABI_VERSION, BOOT_ID, LOAD_ID, STATUS {...}
 *
 * -> STATUS_GET
 * <- STATUS_GET       STATUS { FLAGS, MODULE_VERSION, GENERATION, ... }
 * -> HOOK_GET dump    <- HOOK { SYMBOL, FLAGS, HITS }*
 *
 * -> POLICY_BEGIN     POLICY_GENERATION, POLICY_DEFAULT_PROFILE,
 *                     [POLICY_QUERY_TIMEOUT_MS]
 * -> POLICY_PART      PROFILE { ID,
 *                         RULE { TAG, TYPE, ACTION, [ID, ON_RUNNING],
 *                             [DIGEST_SET], DIRECTORY*, [CHECKS] }* }*
 *                     PROFILE { ID, MORE, DIRECTORY* }*    after that one
 *                     DIGESTS { SET, [SHA256] }*    before the rules that
 *                                                   refer to them
 *                     RUNTIME_PROGRAM*
 *                     BINDING { CGROUP_ID, PROFILE_ID }*
 *                     PATTERN { [PREFIX], [SUFFIX], [PARENT] }*
 * -> POLICY_COMMIT
 * -> POLICY_ABORT
 * -> PROFILE_GET dump <- PROFILE {...}*       one a message
 * -> PATTERN_GET dump <- PATTERN {...}*
 * -> BINDING_GET dump <- BINDING {...}*
 *
 * -> CONTAINER_SET    CONTAINER { CGROUP_ID, NAME, PROFILE_ID, GENERATION,
 *                         [FLAGS], [OWNER] }
 * -> CONTAINER_DEL    CONTAINER { CGROUP_ID }
 * -> CONTAINER_GET dump
 * <- CONTAINER { CGROUP_ID, NAME, PROFILE_ID, GENERATION, FLAGS, MEMBERS,
 *                ROOT_DEV, ROOT_MAGIC, OVERFLOW }*
 * -> MEMBER_GET dump  <- MEMBER { TGID, START_TIME, CGROUP_ID, FLAGS }*
 * -> ADOPT            MEMBER { TGID, START_TIME, CGROUP_ID }
 *
 * <- QUERY            QUERY { ID, CGROUP_ID, CGROUP_PATH, PID, TGID,
 *                         START_TIME, FLAGS, [PATH], DEV, INO, ROOT_DEV,
 *                         TIMEOUT_MS, [OWNER] }
 * -> QUERY_ANSWER     QUERY { ID, ANSWER,
 *                         [CONTAINER { NAME, PROFILE_ID, GENERATION }] }
 *
 * <- EVENT            EVENT { NUMBER, TIME_BOOT, TIME_REAL, KIND, VERDICT,
 *                         ORIGIN, COUNT, ... }*      oldest first
 * -> EVENT_ACK        ACK_NUMBER          everything up to it is delivered
 *
 * -> CALIBRATE        PROBE { FD, EXPECT }*
 *
 * -> HOST_DIRECTORY_SET    HOST_DIRECTORY { FD, ROUND, ENTRY { [NAME],
 *                              [FLAGS], [WRITE, READ, LINK] }* }
 * -> HOST_DIRECTORY_SWEEP  HOST_DIRECTORY { ROUND }  forgets those of others
 * -> HOST_DIRECTORY_GET dump
 * <- HOST_DIRECTORY { ROUND, DEV, INO, ENTRY* }*
 *
 * -> LOCK             until reboot: policy may be tightened only
 */
#ifndef _UAPI_LINUX_HOLDFAST_H
#define _UAPI_LINUX_HOLDFAST_H

#include <linux/types.h>

#include "holdfast_checks.h"

#define HOLDFAST_GENL_NAME	"holdfast"

/* Changes only when an older peer would misunderstand; features are flags. */
#define HOLDFAST_ABI_VERSION	1

/* Limits. A message that exceeds one is refused with an extended ack. */
#define HOLDFAST_NAME_MAX	128	/* container name, bytes without NUL */
#define HOLDFAST_PATTERN_MAX	64	/* prefix or suffix of a cgroup's name */
#define HOLDFAST_PATH_MAX	4095	/* one allowed directory */
#define HOLDFAST_PROFILES_MAX	65536
#define HOLDFAST_RULES_MAX	64	/* rules of one profile */
#define HOLDFAST_PROFILE_BYTES_MAX 31744 /* of the nest of one profile */
#define HOLDFAST_DIRECTORIES_MAX 16384	/* allowed directories of one rule */
#define HOLDFAST_DIGESTS_MAX	1048576	/* of all sets of a policy */
#define HOLDFAST_RUNTIME_PROGRAMS_MAX 32
#define HOLDFAST_BINDINGS_MAX	65536
#define HOLDFAST_PATTERNS_MAX	64
#define HOLDFAST_QUERY_TIMEOUT_MS_MAX 15000 /* below the 20 s of suspend */
#define HOLDFAST_ANCESTORS_MAX	8
#define HOLDFAST_HOST_DIRECTORIES_MAX 8192
#define HOLDFAST_HOST_ENTRIES_MAX 96	/* of one directory */
#define HOLDFAST_HOST_NAME_MAX	59	/* of an entry, bytes without NUL */

/*
 * In a CGROUP_ID: that of a container which has no cgroup of its own, as a user's
 * has without systemd. It is known by the first process of its pid namespace:
 * below that bit are its start time in ticks of field 22 of /proc/PID/stat, and,
 * in the lowest %HOLDFAST_ID_PID_BITS, its number in the initial pid namespace.
 */
#define HOLDFAST_ID_OF_PROCESS	(1ull << 62)
#define HOLDFAST_ID_PID_BITS	22

enum holdfast_cmd {
	HOLDFAST_CMD_UNSPEC,
	HOLDFAST_CMD_HELLO,
	HOLDFAST_CMD_STATUS_GET,
	HOLDFAST_CMD_HOOK_GET,
	HOLDFAST_CMD_POLICY_BEGIN,
	HOLDFAST_CMD_POLICY_PART,
	HOLDFAST_CMD_POLICY_COMMIT,
	HOLDFAST_CMD_POLICY_ABORT,
	HOLDFAST_CMD_PROFILE_GET,
	HOLDFAST_CMD_PATTERN_GET,
	HOLDFAST_CMD_CONTAINER_SET,
	HOLDFAST_CMD_CONTAINER_DEL,
	HOLDFAST_CMD_CONTAINER_GET,
	HOLDFAST_CMD_MEMBER_GET,
	HOLDFAST_CMD_ADOPT,
	HOLDFAST_CMD_QUERY,
	HOLDFAST_CMD_QUERY_ANSWER,
	HOLDFAST_CMD_EVENT,
	HOLDFAST_CMD_EVENT_ACK,
	HOLDFAST_CMD_CALIBRATE,
	HOLDFAST_CMD_LOCK,
	HOLDFAST_CMD_BINDING_GET,
	HOLDFAST_CMD_HOST_DIRECTORY_SET,
	HOLDFAST_CMD_HOST_DIRECTORY_SWEEP,
	HOLDFAST_CMD_HOST_DIRECTORY_GET,

	__HOLDFAST_CMD_LAST,
	HOLDFAST_CMD_MAX = __HOLDFAST_CMD_LAST - 1
};

/**
 * enum holdfast_attr - top-level attributes
 * @HOLDFAST_A_ABI_VERSION: u32, %HOLDFAST_ABI_VERSION of the sender
 * @HOLDFAST_A_BOOT_ID: string, the kernel's random boot id, 36 characters
 * @HOLDFAST_A_LOAD_ID: u64, differs for each load of the module
 * @HOLDFAST_A_STATUS: nest of enum holdfast_attr_status
 * @HOLDFAST_A_HOOK: nest of enum holdfast_attr_hook
 * @HOLDFAST_A_POLICY_GENERATION: u32, not 0, greater than the one in force
 * @HOLDFAST_A_POLICY_DEFAULT_PROFILE: u32, profile of containers that nobody
 *	has bound
 * @HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS: u32, 1 to
 *	%HOLDFAST_QUERY_TIMEOUT_MS_MAX; how long a task waits for an answer
 * @HOLDFAST_A_PROFILE: nest of enum holdfast_attr_profile
 * @HOLDFAST_A_BINDING: nest of enum holdfast_attr_binding
 * @HOLDFAST_A_PATTERN: nest of enum holdfast_attr_pattern
 * @HOLDFAST_A_CONTAINER: nest of enum holdfast_attr_container
 * @HOLDFAST_A_MEMBER: nest of enum holdfast_attr_member
 * @HOLDFAST_A_QUERY: nest of enum holdfast_attr_query
 * @HOLDFAST_A_EVENT: nest of enum holdfast_attr_event
 * @HOLDFAST_A_ACK_NUMBER: u64, the last event number that is stored
 * @HOLDFAST_A_PROBE: nest of enum holdfast_attr_probe
 * @HOLDFAST_A_DIGESTS: nest of enum holdfast_attr_digests
 * @HOLDFAST_A_RUNTIME_PROGRAM: string, an absolute path on the host, without
 *	"." or ".." or double slashes. Where the file that it names then is
 *	mounted by itself to be read only, it may run in a container.
 * @HOLDFAST_A_HOST_DIRECTORY: nest of enum holdfast_attr_host_directory
 * @HOLDFAST_A_PAD: padding of 64-bit attributes
 */
enum holdfast_attr {
	HOLDFAST_A_UNSPEC,
	HOLDFAST_A_PAD,
	HOLDFAST_A_ABI_VERSION,
	HOLDFAST_A_BOOT_ID,
	HOLDFAST_A_LOAD_ID,
	HOLDFAST_A_STATUS,
	HOLDFAST_A_HOOK,
	HOLDFAST_A_POLICY_GENERATION,
	HOLDFAST_A_POLICY_DEFAULT_PROFILE,
	HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS,
	HOLDFAST_A_PROFILE,
	HOLDFAST_A_BINDING,
	HOLDFAST_A_PATTERN,
	HOLDFAST_A_CONTAINER,
	HOLDFAST_A_MEMBER,
	HOLDFAST_A_QUERY,
	HOLDFAST_A_EVENT,
	HOLDFAST_A_ACK_NUMBER,
	HOLDFAST_A_PROBE,
	HOLDFAST_A_DIGESTS,
	HOLDFAST_A_RUNTIME_PROGRAM,
	HOLDFAST_A_HOST_DIRECTORY,

	__HOLDFAST_A_LAST,
	HOLDFAST_A_MAX = __HOLDFAST_A_LAST - 1
};

/* Bits of HOLDFAST_A_STATUS_FLAGS. */
#define HOLDFAST_STATUS_F_ATTACHED	(1u << 0) /* every mandatory hook is */
#define HOLDFAST_STATUS_F_OVERLAY	(1u << 1) /* overlay calibrated */
#define HOLDFAST_STATUS_F_CONTROLLER	(1u << 2) /* a port is registered */
#define HOLDFAST_STATUS_F_POLICY	(1u << 3) /* a policy was committed */
#define HOLDFAST_STATUS_F_DISABLED	(1u << 4) /* holdfast.disable was given */
#define HOLDFAST_STATUS_F_LOCKED	(1u << 5) /* LOCK until reboot */
#define HOLDFAST_STATUS_F_SILENT	(1u << 6) /* controller timed out too often:
						   * not asked until it says HELLO
						   */
#define HOLDFAST_STATUS_F_MISMATCH	(1u << 7) /* overlay cross-check failed */

/**
 * enum holdfast_attr_status - the state of the module, from one consistent read
 * @HOLDFAST_A_STATUS_FLAGS: u32, HOLDFAST_STATUS_F_*
 * @HOLDFAST_A_STATUS_MODULE_VERSION: string
 * @HOLDFAST_A_STATUS_GENERATION: u32, of the policy in force, 0 for none
 * @HOLDFAST_A_STATUS_DEFAULT_PROFILE: u32
 * @HOLDFAST_A_STATUS_QUERY_TIMEOUT_MS: u32
 * @HOLDFAST_A_STATUS_CONTROLLER_PID: u32, process that said HELLO, 0 for none
 * @HOLDFAST_A_STATUS_CONTAINERS: u64, container records
 * @HOLDFAST_A_STATUS_MEMBERS: u64, member processes
 * @HOLDFAST_A_STATUS_UNCLASSIFIED: u64, execs under another root in a cgroup
 *	that nobody has classified
 * @HOLDFAST_A_STATUS_DEFAULTED: u64, first programs that ran under the default
 *	profile because no answer came
 * @HOLDFAST_A_STATUS_EXECS: u64, member execs judged
 * @HOLDFAST_A_STATUS_MAPS: u64, executable mappings judged
 * @HOLDFAST_A_STATUS_DENIED: u64, operations refused
 * @HOLDFAST_A_STATUS_ALERTED: u64, operations reported and allowed
 * @HOLDFAST_A_STATUS_QUERIES: u64, queries sent
 * @HOLDFAST_A_STATUS_QUERIES_ANSWERED: u64
 * @HOLDFAST_A_STATUS_QUERIES_TIMED_OUT: u64
 * @HOLDFAST_A_STATUS_QUERIES_REFUSED: u64, not asked because of a cap, or
 *	because the controller was silent or absent
 * @HOLDFAST_A_STATUS_QUERIES_PENDING: u64
 * @HOLDFAST_A_STATUS_EVENTS_SEEN: u64, equals the sum of the next four, always
 * @HOLDFAST_A_STATUS_EVENTS_DELIVERED: u64, acknowledged
 * @HOLDFAST_A_STATUS_EVENTS_FOLDED: u64, counted into another event
 * @HOLDFAST_A_STATUS_EVENTS_QUEUED: u64, waiting or sent and not acknowledged
 * @HOLDFAST_A_STATUS_EVENTS_OVERFLOW: u64, only counted
 * @HOLDFAST_A_STATUS_ADOPTED: u64, members found running
 * @HOLDFAST_A_STATUS_CHECKS: binary, the set of enum holdfast_check that this
 *	module notices on this kernel
 * @HOLDFAST_A_STATUS_PAD: padding
 */
enum holdfast_attr_status {
	HOLDFAST_A_STATUS_UNSPEC,
	HOLDFAST_A_STATUS_PAD,
	HOLDFAST_A_STATUS_FLAGS,
	HOLDFAST_A_STATUS_MODULE_VERSION,
	HOLDFAST_A_STATUS_GENERATION,
	HOLDFAST_A_STATUS_DEFAULT_PROFILE,
	HOLDFAST_A_STATUS_QUERY_TIMEOUT_MS,
	HOLDFAST_A_STATUS_CONTROLLER_PID,
	HOLDFAST_A_STATUS_CONTAINERS,
	HOLDFAST_A_STATUS_MEMBERS,
	HOLDFAST_A_STATUS_UNCLASSIFIED,
	HOLDFAST_A_STATUS_DEFAULTED,
	HOLDFAST_A_STATUS_EXECS,
	HOLDFAST_A_STATUS_MAPS,
	HOLDFAST_A_STATUS_DENIED,
	HOLDFAST_A_STATUS_ALERTED,
	HOLDFAST_A_STATUS_QUERIES,
	HOLDFAST_A_STATUS_QUERIES_ANSWERED,
	HOLDFAST_A_STATUS_QUERIES_TIMED_OUT,
	HOLDFAST_A_STATUS_QUERIES_REFUSED,
	HOLDFAST_A_STATUS_QUERIES_PENDING,
	HOLDFAST_A_STATUS_EVENTS_SEEN,
	HOLDFAST_A_STATUS_EVENTS_DELIVERED,
	HOLDFAST_A_STATUS_EVENTS_FOLDED,
	HOLDFAST_A_STATUS_EVENTS_QUEUED,
	HOLDFAST_A_STATUS_EVENTS_OVERFLOW,
	HOLDFAST_A_STATUS_ADOPTED,
	HOLDFAST_A_STATUS_CHECKS,

	__HOLDFAST_A_STATUS_LAST,
	HOLDFAST_A_STATUS_MAX = __HOLDFAST_A_STATUS_LAST - 1
};

/* Bits of HOLDFAST_A_HOOK_FLAGS. */
#define HOLDFAST_HOOK_F_MANDATORY	(1u << 0)
#define HOLDFAST_HOOK_F_ATTACHED	(1u << 1)
#define HOLDFAST_HOOK_F_TRACEPOINT	(1u << 2)

/**
 * enum holdfast_attr_hook - one place where the module is called
 * @HOLDFAST_A_HOOK_SYMBOL: string, the kernel's function or tracepoint
 * @HOLDFAST_A_HOOK_FLAGS: u32, HOLDFAST_HOOK_F_*
 * @HOLDFAST_A_HOOK_HITS: u64, calls since the module was loaded
 * @HOLDFAST_A_HOOK_PAD: padding
 */
enum holdfast_attr_hook {
	HOLDFAST_A_HOOK_UNSPEC,
	HOLDFAST_A_HOOK_PAD,
	HOLDFAST_A_HOOK_SYMBOL,
	HOLDFAST_A_HOOK_FLAGS,
	HOLDFAST_A_HOOK_HITS,

	__HOLDFAST_A_HOOK_LAST,
	HOLDFAST_A_HOOK_MAX = __HOLDFAST_A_HOOK_LAST - 1
};

/**
 * enum holdfast_rule_type - what a rule is about
 * @HOLDFAST_RULE_NON_IMAGE_PROGRAM: programs and libraries not of the image
 * @HOLDFAST_RULE_CONTAINER_ESCAPE: what a container does to the host
 */
enum holdfast_rule_type {
	HOLDFAST_RULE_UNSPEC,
	HOLDFAST_RULE_NON_IMAGE_PROGRAM,
	HOLDFAST_RULE_CONTAINER_ESCAPE,

	__HOLDFAST_RULE_LAST,
	HOLDFAST_RULE_MAX = __HOLDFAST_RULE_LAST - 1
};

/**
 * enum holdfast_verdict - what is done about an operation; the greater one wins
 * @HOLDFAST_VERDICT_ALLOW: it happens and nobody hears of it
 * @HOLDFAST_VERDICT_ALERT: it happens and is reported
 * @HOLDFAST_VERDICT_DENY: it fails with EPERM and is reported
 */
enum holdfast_verdict {
	HOLDFAST_VERDICT_ALLOW,
	HOLDFAST_VERDICT_ALERT,
	HOLDFAST_VERDICT_DENY,

	__HOLDFAST_VERDICT_LAST,
	HOLDFAST_VERDICT_MAX = __HOLDFAST_VERDICT_LAST - 1
};

/**
 * enum holdfast_attr_rule - one rule of a profile, judged by itself
 * @HOLDFAST_A_RULE_TAG: u32, the controller's name of the rule; events bring
 *	it back
 * @HOLDFAST_A_RULE_TYPE: u32, enum holdfast_rule_type
 * @HOLDFAST_A_RULE_ACTION: u32, enum holdfast_verdict
 * @HOLDFAST_A_RULE_DIRECTORY: string, an absolute path in the container,
 *	without "." or ".." or double slashes; it and all below is exempt
 * @HOLDFAST_A_RULE_PAD: padding
 * @HOLDFAST_A_RULE_ID: u64, not 0; the same as long as the rule says the same.
 *	A container's rule with an ID that was not in its profile before comes
 *	newly into force.
 * @HOLDFAST_A_RULE_ON_RUNNING: u32, enum holdfast_verdict on what its members
 *	run at that time: ALERT reports it once, DENY also ends the process
 *	with SIGKILL. Missing: ALLOW. Needs an ID.
 * @HOLDFAST_A_RULE_DIGEST_SET: u32, a file with a digest of that set is exempt,
 *	if its file system can be relied on not to change it unseen
 * @HOLDFAST_A_RULE_CHECKS: binary of %HOLDFAST_CHECK_SET_BYTES, the set of enum
 *	holdfast_check that a rule of type CONTAINER_ESCAPE is about; it has
 *	nothing else of its own
 */
enum holdfast_attr_rule {
	HOLDFAST_A_RULE_UNSPEC,
	HOLDFAST_A_RULE_TAG,
	HOLDFAST_A_RULE_TYPE,
	HOLDFAST_A_RULE_ACTION,
	HOLDFAST_A_RULE_DIRECTORY,
	HOLDFAST_A_RULE_PAD,
	HOLDFAST_A_RULE_ID,
	HOLDFAST_A_RULE_ON_RUNNING,
	HOLDFAST_A_RULE_DIGEST_SET,
	HOLDFAST_A_RULE_CHECKS,

	__HOLDFAST_A_RULE_LAST,
	HOLDFAST_A_RULE_MAX = __HOLDFAST_A_RULE_LAST - 1
};

/**
 * enum holdfast_attr_profile - what is enforced for a container
 * @HOLDFAST_A_PROFILE_ID: u32, not 0, unique in its generation
 * @HOLDFAST_A_PROFILE_RULE: nest of enum holdfast_attr_rule
 * @HOLDFAST_A_PROFILE_MORE: u32, the index of a rule of the profile of that id,
 *	which has come before: what follows are more directories of that rule.
 *	All directories of a profile are told so if any were sent so.
 * @HOLDFAST_A_PROFILE_DIRECTORY: string, as %HOLDFAST_A_RULE_DIRECTORY; with
 *	MORE only
 */
enum holdfast_attr_profile {
	HOLDFAST_A_PROFILE_UNSPEC,
	HOLDFAST_A_PROFILE_ID,
	HOLDFAST_A_PROFILE_RULE,
	HOLDFAST_A_PROFILE_MORE,
	HOLDFAST_A_PROFILE_DIRECTORY,

	__HOLDFAST_A_PROFILE_LAST,
	HOLDFAST_A_PROFILE_MAX = __HOLDFAST_A_PROFILE_LAST - 1
};

/**
 * enum holdfast_attr_digests - digests that are added to a set of a policy
 * @HOLDFAST_A_DIGESTS_SET: u32, not 0; begins the set if it is new
 * @HOLDFAST_A_DIGESTS_SHA256: binary, one or more of 32 bytes each, none of
 *	all zeros; the same may come again. Missing: the set is that of the
 *	policy in force.
 */
enum holdfast_attr_digests {
	HOLDFAST_A_DIGESTS_UNSPEC,
	HOLDFAST_A_DIGESTS_SET,
	HOLDFAST_A_DIGESTS_SHA256,

	__HOLDFAST_A_DIGESTS_LAST,
	HOLDFAST_A_DIGESTS_MAX = __HOLDFAST_A_DIGESTS_LAST - 1
};

/**
 * enum holdfast_attr_binding - which profile a known container has in a policy
 * @HOLDFAST_A_BINDING_CGROUP_ID: u64
 * @HOLDFAST_A_BINDING_PROFILE_ID: u32
 * @HOLDFAST_A_BINDING_PAD: padding
 */
enum holdfast_attr_binding {
	HOLDFAST_A_BINDING_UNSPEC,
	HOLDFAST_A_BINDING_PAD,
	HOLDFAST_A_BINDING_CGROUP_ID,
	HOLDFAST_A_BINDING_PROFILE_ID,

	__HOLDFAST_A_BINDING_LAST,
	HOLDFAST_A_BINDING_MAX = __HOLDFAST_A_BINDING_LAST - 1
};

/**
 * enum holdfast_attr_pattern - a cgroup with such a name is a container
 * @HOLDFAST_A_PATTERN_PREFIX: string, the name begins with it; may be empty
 *	if a parent is given
 * @HOLDFAST_A_PATTERN_SUFFIX: string, the name ends with it; may be empty
 * @HOLDFAST_A_PATTERN_PARENT: string, exact name of the parent cgroup; empty
 *	or missing means any
 *
 * What stands between prefix and suffix must be an identifier of at least
 * 12 characters out of [0-9a-f], as all runtimes that name cgroups so make it.
 */
enum holdfast_attr_pattern {
	HOLDFAST_A_PATTERN_UNSPEC,
	HOLDFAST_A_PATTERN_PREFIX,
	HOLDFAST_A_PATTERN_SUFFIX,
	HOLDFAST_A_PATTERN_PARENT,

	__HOLDFAST_A_PATTERN_LAST,
	HOLDFAST_A_PATTERN_MAX = __HOLDFAST_A_PATTERN_LAST - 1
};

/* Bits of HOLDFAST_A_CONTAINER_FLAGS; the kernel sets all but the last. */
#define HOLDFAST_CONTAINER_F_DEFAULTED	(1u << 0) /* started without an answer */
#define HOLDFAST_CONTAINER_F_HOST_ROOT	(1u << 1) /* root is the host's: not covered */
#define HOLDFAST_CONTAINER_F_STORAGE	(1u << 2) /* root is no overlay: image's own
						   * and added files not told apart
						   */
#define HOLDFAST_CONTAINER_F_ARMED	(1u << 3) /* its first program was judged */
#define HOLDFAST_CONTAINER_F_NONE	(1u << 4) /* the controller said: this cgroup
						   * is no container
						   */
#define __HOLDFAST_CONTAINER_F_SETTABLE	HOLDFAST_CONTAINER_F_NONE

/**
 * enum holdfast_attr_container - a container, known by its cgroup's id
 * @HOLDFAST_A_CONTAINER_CGROUP_ID: u64, as name_to_handle_at(2) and the inode
 *	number of the cgroup's directory show it, or %HOLDFAST_ID_OF_PROCESS
 * @HOLDFAST_A_CONTAINER_NAME: string, the runtime's id; shown, never compared
 * @HOLDFAST_A_CONTAINER_PROFILE_ID: u32
 * @HOLDFAST_A_CONTAINER_GENERATION: u32, of the policy that PROFILE_ID was
 *	chosen from; ESTALE if it is not in force
 * @HOLDFAST_A_CONTAINER_FLAGS: u32, HOLDFAST_CONTAINER_F_*
 * @HOLDFAST_A_CONTAINER_MEMBERS: u32, member processes
 * @HOLDFAST_A_CONTAINER_ROOT_DEV: u64, device of the root's superblock,
 *	MKDEV as in stat's st_dev encoding
 * @HOLDFAST_A_CONTAINER_ROOT_MAGIC: u32, as in statfs(2)
 * @HOLDFAST_A_CONTAINER_OVERFLOW: u64, events of it that were only counted
 * @HOLDFAST_A_CONTAINER_OWNER: u32, for a first one of %HOLDFAST_ID_OF_PROCESS: the
 *	user who must have made the outermost user namespace that the process is in
 * @HOLDFAST_A_CONTAINER_PAD: padding
 */
enum holdfast_attr_container {
	HOLDFAST_A_CONTAINER_UNSPEC,
	HOLDFAST_A_CONTAINER_PAD,
	HOLDFAST_A_CONTAINER_CGROUP_ID,
	HOLDFAST_A_CONTAINER_NAME,
	HOLDFAST_A_CONTAINER_PROFILE_ID,
	HOLDFAST_A_CONTAINER_GENERATION,
	HOLDFAST_A_CONTAINER_FLAGS,
	HOLDFAST_A_CONTAINER_MEMBERS,
	HOLDFAST_A_CONTAINER_ROOT_DEV,
	HOLDFAST_A_CONTAINER_ROOT_MAGIC,
	HOLDFAST_A_CONTAINER_OVERFLOW,
	HOLDFAST_A_CONTAINER_OWNER,

	__HOLDFAST_A_CONTAINER_LAST,
	HOLDFAST_A_CONTAINER_MAX = __HOLDFAST_A_CONTAINER_LAST - 1
};

/* Bits of HOLDFAST_A_MEMBER_FLAGS. */
#define HOLDFAST_MEMBER_F_PROVISIONAL	(1u << 0) /* its arming exec is not done */
#define HOLDFAST_MEMBER_F_ADOPTED	(1u << 1) /* found running */

/**
 * enum holdfast_attr_member - a member process
 * @HOLDFAST_A_MEMBER_TGID: u32, in the initial pid namespace
 * @HOLDFAST_A_MEMBER_START_TIME: u64, nanoseconds of boot time; field 22 of
 *	/proc/PID/stat is this in clock ticks. ADOPT compares in ticks.
 * @HOLDFAST_A_MEMBER_CGROUP_ID: u64, its container
 * @HOLDFAST_A_MEMBER_FLAGS: u32, HOLDFAST_MEMBER_F_*
 * @HOLDFAST_A_MEMBER_PAD: padding
 */
enum holdfast_attr_member {
	HOLDFAST_A_MEMBER_UNSPEC,
	HOLDFAST_A_MEMBER_PAD,
	HOLDFAST_A_MEMBER_TGID,
	HOLDFAST_A_MEMBER_START_TIME,
	HOLDFAST_A_MEMBER_CGROUP_ID,
	HOLDFAST_A_MEMBER_FLAGS,

	__HOLDFAST_A_MEMBER_LAST,
	HOLDFAST_A_MEMBER_MAX = __HOLDFAST_A_MEMBER_LAST - 1
};

/* Bits of HOLDFAST_A_QUERY_FLAGS. */
#define HOLDFAST_QUERY_F_PATTERN	(1u << 0) /* the cgroup's name fits a pattern */
#define HOLDFAST_QUERY_F_PID1		(1u << 1) /* first process of a pid namespace
						   * that is not the host's
						   */
#define HOLDFAST_QUERY_F_ROOT_FILE	(1u << 2) /* the program lies on the root's
						   * own file system
						   */
#define HOLDFAST_QUERY_F_MEMFD		(1u << 3) /* the program is a memfd */
#define HOLDFAST_QUERY_F_PROCESS	(1u << 4) /* CGROUP_ID is of a process, see
						   * HOLDFAST_ID_OF_PROCESS
						   */

/**
 * enum holdfast_answer - what the controller says to a query
 * @HOLDFAST_ANSWER_CONTAINER: a container's program; CONTAINER follows
 * @HOLDFAST_ANSWER_SETUP: the runtime's own work in a container, a hook; ask
 *	again at the next exec. Not believed if the program lies on the
 *	container's own root.
 * @HOLDFAST_ANSWER_NONE: this cgroup is no container; cached for the cgroup
 */
enum holdfast_answer {
	HOLDFAST_ANSWER_UNSPEC,
	HOLDFAST_ANSWER_CONTAINER,
	HOLDFAST_ANSWER_SETUP,
	HOLDFAST_ANSWER_NONE,

	__HOLDFAST_ANSWER_LAST,
	HOLDFAST_ANSWER_MAX = __HOLDFAST_ANSWER_LAST - 1
};

/**
 * enum holdfast_attr_query - a task waits: what is it about to start?
 * @HOLDFAST_A_QUERY_ID: u64
 * @HOLDFAST_A_QUERY_CGROUP_ID: u64, of the task's cgroup or of the ancestor
 *	whose name fits a pattern
 * @HOLDFAST_A_QUERY_CGROUP_PATH: string, that cgroup's path from the root of
 *	the hierarchy
 * @HOLDFAST_A_QUERY_PID: u32, initial pid namespace
 * @HOLDFAST_A_QUERY_TGID: u32
 * @HOLDFAST_A_QUERY_START_TIME: u64, nanoseconds of boot time, of the process
 * @HOLDFAST_A_QUERY_FLAGS: u32, HOLDFAST_QUERY_F_*
 * @HOLDFAST_A_QUERY_PATH: string, the program as the task names it; untrusted
 * @HOLDFAST_A_QUERY_DEV: u64, of the program
 * @HOLDFAST_A_QUERY_INO: u64, of the program
 * @HOLDFAST_A_QUERY_ROOT_DEV: u64, of the task's root directory
 * @HOLDFAST_A_QUERY_TIMEOUT_MS: u32, after which the default is taken
 * @HOLDFAST_A_QUERY_ANSWER: u32, enum holdfast_answer
 * @HOLDFAST_A_QUERY_CONTAINER: nest of enum holdfast_attr_container
 * @HOLDFAST_A_QUERY_OWNER: u32, with %HOLDFAST_QUERY_F_PROCESS: the user who made
 *	the outermost user namespace that the task is in
 * @HOLDFAST_A_QUERY_PAD: padding
 */
enum holdfast_attr_query {
	HOLDFAST_A_QUERY_UNSPEC,
	HOLDFAST_A_QUERY_PAD,
	HOLDFAST_A_QUERY_ID,
	HOLDFAST_A_QUERY_CGROUP_ID,
	HOLDFAST_A_QUERY_CGROUP_PATH,
	HOLDFAST_A_QUERY_PID,
	HOLDFAST_A_QUERY_TGID,
	HOLDFAST_A_QUERY_START_TIME,
	HOLDFAST_A_QUERY_FLAGS,
	HOLDFAST_A_QUERY_PATH,
	HOLDFAST_A_QUERY_DEV,
	HOLDFAST_A_QUERY_INO,
	HOLDFAST_A_QUERY_ROOT_DEV,
	HOLDFAST_A_QUERY_TIMEOUT_MS,
	HOLDFAST_A_QUERY_ANSWER,
	HOLDFAST_A_QUERY_CONTAINER,
	HOLDFAST_A_QUERY_OWNER,

	__HOLDFAST_A_QUERY_LAST,
	HOLDFAST_A_QUERY_MAX = __HOLDFAST_A_QUERY_LAST - 1
};

/**
 * enum holdfast_event_kind - what happened
 * @HOLDFAST_EVENT_EXEC: a member's exec was judged non-image
 * @HOLDFAST_EVENT_MAP: likewise an executable mapping (mmap)
 * @HOLDFAST_EVENT_MPROTECT: likewise a mapping made executable
 * @HOLDFAST_EVENT_INTERPRETER: likewise an ELF interpreter, at its open
 * @HOLDFAST_EVENT_PTRACE: a member wanted to trace a set-up task or the
 *	controller; refused whatever the rules say
 * @HOLDFAST_EVENT_DEFAULTED: a container's first program ran under the
 *	default profile, as no answer came
 * @HOLDFAST_EVENT_NOT_COVERED: a container started that cannot be covered,
 *	see CONTAINER_FLAGS
 * @HOLDFAST_EVENT_UNVERIFIED: one of the above, of a file whose origin is
 *	unknown: overlayfs' layout is not verified or failed its cross-check
 * @HOLDFAST_EVENT_SECOND_LINE: a program ran that the first line did not judge
 * @HOLDFAST_EVENT_RUNNING: a member was found to run, or to have mapped, what
 *	is not of the image, as a rule came into force. DENY: it was ended, or
 *	was found ended, see FLAGS
 * @HOLDFAST_EVENT_ESCAPE: a member reached for what is not its container's,
 *	see CHECK
 */
enum holdfast_event_kind {
	HOLDFAST_EVENT_UNSPEC,
	HOLDFAST_EVENT_EXEC,
	HOLDFAST_EVENT_MAP,
	HOLDFAST_EVENT_MPROTECT,
	HOLDFAST_EVENT_INTERPRETER,
	HOLDFAST_EVENT_PTRACE,
	HOLDFAST_EVENT_DEFAULTED,
	HOLDFAST_EVENT_NOT_COVERED,
	HOLDFAST_EVENT_UNVERIFIED,
	HOLDFAST_EVENT_SECOND_LINE,
	HOLDFAST_EVENT_RUNNING,
	HOLDFAST_EVENT_ESCAPE,

	__HOLDFAST_EVENT_LAST,
	HOLDFAST_EVENT_MAX = __HOLDFAST_EVENT_LAST - 1
};

/* Bits of HOLDFAST_A_EVENT_FLAGS. */
#define HOLDFAST_EVENT_F_GONE	(1u << 0) /* of RUNNING, to be ended: the process was
					   * ending, or ran it no more
					   */

/**
 * enum holdfast_origin - where an executable file comes from
 * @HOLDFAST_ORIGIN_UNKNOWN: cannot be told; counts as not of the image
 * @HOLDFAST_ORIGIN_IMAGE: lower layers of the container's own root overlay
 * @HOLDFAST_ORIGIN_CHANGED: there, but copied up since the container was made;
 *	at mprotect, where nothing may be read, also an added file
 * @HOLDFAST_ORIGIN_ADDED: in the container's own writable layer only
 * @HOLDFAST_ORIGIN_VOLUME: another file system mounted into the container
 * @HOLDFAST_ORIGIN_MEMORY: memfd, tmpfs, shared memory
 * @HOLDFAST_ORIGIN_HOST: not reachable from the member's root: the host's or
 *	another container's file, through a descriptor
 * @HOLDFAST_ORIGIN_UNTOLD: on a root that is no overlay: the image's own and
 *	added files are not told apart, the container is marked not covered
 */
enum holdfast_origin {
	HOLDFAST_ORIGIN_UNKNOWN,
	HOLDFAST_ORIGIN_IMAGE,
	HOLDFAST_ORIGIN_CHANGED,
	HOLDFAST_ORIGIN_ADDED,
	HOLDFAST_ORIGIN_VOLUME,
	HOLDFAST_ORIGIN_MEMORY,
	HOLDFAST_ORIGIN_HOST,
	HOLDFAST_ORIGIN_UNTOLD,

	__HOLDFAST_ORIGIN_LAST,
	HOLDFAST_ORIGIN_MAX = __HOLDFAST_ORIGIN_LAST - 1
};

/**
 * enum holdfast_attr_event - one event, possibly standing for many
 * @HOLDFAST_A_EVENT_NUMBER: u64, from 1 without gaps since the module was
 *	loaded
 * @HOLDFAST_A_EVENT_LOAD_ID: u64, as HOLDFAST_A_LOAD_ID; the triple
 *	(boot id, load id, number) is unique
 * @HOLDFAST_A_EVENT_TIME_BOOT: u64, nanoseconds of CLOCK_BOOTTIME, first one
 * @HOLDFAST_A_EVENT_TIME_REAL: u64, nanoseconds of CLOCK_REALTIME, first one
 * @HOLDFAST_A_EVENT_TIME_BOOT_LAST: u64, likewise of the last one folded in
 * @HOLDFAST_A_EVENT_KIND: u32, enum holdfast_event_kind
 * @HOLDFAST_A_EVENT_VERDICT: u32, enum holdfast_verdict, in effect
 * @HOLDFAST_A_EVENT_ORIGIN: u32, enum holdfast_origin
 * @HOLDFAST_A_EVENT_COUNT: u64, how many this one stands for
 * @HOLDFAST_A_EVENT_GENERATION: u32, of the policy that decided
 * @HOLDFAST_A_EVENT_PROFILE_ID: u32
 * @HOLDFAST_A_EVENT_RULE_TAG: u32, the strictest rule hit
 * @HOLDFAST_A_EVENT_CGROUP_ID: u64, the container
 * @HOLDFAST_A_EVENT_CONTAINER_NAME: string
 * @HOLDFAST_A_EVENT_CONTAINER_FLAGS: u32, HOLDFAST_CONTAINER_F_*
 * @HOLDFAST_A_EVENT_PID: u32, initial pid namespace, as all that follow
 * @HOLDFAST_A_EVENT_TGID: u32
 * @HOLDFAST_A_EVENT_START_TIME: u64
 * @HOLDFAST_A_EVENT_UID: u32, real, in the initial user namespace
 * @HOLDFAST_A_EVENT_EUID: u32
 * @HOLDFAST_A_EVENT_COMM: string, untrusted, as are all paths
 * @HOLDFAST_A_EVENT_PATH: string, the object, from the member's root
 * @HOLDFAST_A_EVENT_DEV: u64, the object
 * @HOLDFAST_A_EVENT_INO: u64
 * @HOLDFAST_A_EVENT_TARGET_PID: u32, of PTRACE, and of ESCAPE if it is about a
 *	process
 * @HOLDFAST_A_EVENT_ANCESTOR: nest of enum holdfast_attr_ancestor, nearest
 *	first
 * @HOLDFAST_A_EVENT_FLAGS: u32, HOLDFAST_EVENT_F_*
 * @HOLDFAST_A_EVENT_CHECK: u32, enum holdfast_check, of ESCAPE
 * @HOLDFAST_A_EVENT_PAD: padding
 */
enum holdfast_attr_event {
	HOLDFAST_A_EVENT_UNSPEC,
	HOLDFAST_A_EVENT_PAD,
	HOLDFAST_A_EVENT_NUMBER,
	HOLDFAST_A_EVENT_LOAD_ID,
	HOLDFAST_A_EVENT_TIME_BOOT,
	HOLDFAST_A_EVENT_TIME_REAL,
	HOLDFAST_A_EVENT_TIME_BOOT_LAST,
	HOLDFAST_A_EVENT_KIND,
	HOLDFAST_A_EVENT_VERDICT,
	HOLDFAST_A_EVENT_ORIGIN,
	HOLDFAST_A_EVENT_COUNT,
	HOLDFAST_A_EVENT_GENERATION,
	HOLDFAST_A_EVENT_PROFILE_ID,
	HOLDFAST_A_EVENT_RULE_TAG,
	HOLDFAST_A_EVENT_CGROUP_ID,
	HOLDFAST_A_EVENT_CONTAINER_NAME,
	HOLDFAST_A_EVENT_CONTAINER_FLAGS,
	HOLDFAST_A_EVENT_PID,
	HOLDFAST_A_EVENT_TGID,
	HOLDFAST_A_EVENT_START_TIME,
	HOLDFAST_A_EVENT_UID,
	HOLDFAST_A_EVENT_EUID,
	HOLDFAST_A_EVENT_COMM,
	HOLDFAST_A_EVENT_PATH,
	HOLDFAST_A_EVENT_DEV,
	HOLDFAST_A_EVENT_INO,
	HOLDFAST_A_EVENT_TARGET_PID,
	HOLDFAST_A_EVENT_ANCESTOR,
	HOLDFAST_A_EVENT_FLAGS,
	HOLDFAST_A_EVENT_CHECK,

	__HOLDFAST_A_EVENT_LAST,
	HOLDFAST_A_EVENT_MAX = __HOLDFAST_A_EVENT_LAST - 1
};

/**
 * enum holdfast_attr_ancestor - who started the member
 * @HOLDFAST_A_ANCESTOR_TGID: u32
 * @HOLDFAST_A_ANCESTOR_COMM: string
 */
enum holdfast_attr_ancestor {
	HOLDFAST_A_ANCESTOR_UNSPEC,
	HOLDFAST_A_ANCESTOR_TGID,
	HOLDFAST_A_ANCESTOR_COMM,

	__HOLDFAST_A_ANCESTOR_LAST,
	HOLDFAST_A_ANCESTOR_MAX = __HOLDFAST_A_ANCESTOR_LAST - 1
};

/**
 * enum holdfast_expect - what a calibration probe is, as user space made it
 * @HOLDFAST_EXPECT_LOWER: a file that only a lower layer has
 * @HOLDFAST_EXPECT_UPPER: a file that the upper layer has: new, copied up,
 *	changed mode, renamed, or a directory
 */
enum holdfast_expect {
	HOLDFAST_EXPECT_UNSPEC,
	HOLDFAST_EXPECT_LOWER,
	HOLDFAST_EXPECT_UPPER,

	__HOLDFAST_EXPECT_LAST,
	HOLDFAST_EXPECT_MAX = __HOLDFAST_EXPECT_LAST - 1
};

/**
 * enum holdfast_attr_probe - a file on a scratch overlay that the sender made
 * @HOLDFAST_A_PROBE_FD: u32, open descriptor of the sender (O_RDONLY)
 * @HOLDFAST_A_PROBE_EXPECT: u32, enum holdfast_expect
 *
 * At least one probe of each kind is needed; a wrong answer leaves the
 * module unverified and says which probe it was.
 */
enum holdfast_attr_probe {
	HOLDFAST_A_PROBE_UNSPEC,
	HOLDFAST_A_PROBE_FD,
	HOLDFAST_A_PROBE_EXPECT,

	__HOLDFAST_A_PROBE_LAST,
	HOLDFAST_A_PROBE_MAX = __HOLDFAST_A_PROBE_LAST - 1
};

/**
 * enum holdfast_attr_host_directory - a directory of the host that members who
 *	get at it must not use as they like, wherever it is mounted
 * @HOLDFAST_A_HOST_DIRECTORY_FD: u32, open descriptor of the sender, O_PATH will
 *	do. What was said of the directory before is replaced.
 * @HOLDFAST_A_HOST_DIRECTORY_ROUND: u32, in which the sender has named it last
 * @HOLDFAST_A_HOST_DIRECTORY_ENTRY: nest of enum holdfast_attr_host_entry; of
 *	several that fit, one that has a name goes before one without
 * @HOLDFAST_A_HOST_DIRECTORY_DEV: u64, only in dumps
 * @HOLDFAST_A_HOST_DIRECTORY_INO: u64, only in dumps
 * @HOLDFAST_A_HOST_DIRECTORY_PAD: padding
 */
enum holdfast_attr_host_directory {
	HOLDFAST_A_HOST_DIRECTORY_UNSPEC,
	HOLDFAST_A_HOST_DIRECTORY_PAD,
	HOLDFAST_A_HOST_DIRECTORY_FD,
	HOLDFAST_A_HOST_DIRECTORY_ROUND,
	HOLDFAST_A_HOST_DIRECTORY_ENTRY,
	HOLDFAST_A_HOST_DIRECTORY_DEV,
	HOLDFAST_A_HOST_DIRECTORY_INO,

	__HOLDFAST_A_HOST_DIRECTORY_LAST,
	HOLDFAST_A_HOST_DIRECTORY_MAX = __HOLDFAST_A_HOST_DIRECTORY_LAST - 1
};

/* Bits of HOLDFAST_A_HOST_ENTRY_FLAGS. */
#define HOLDFAST_HOST_ENTRY_F_TREE	(1u << 0) /* also of directories further in;
						   * only without a name
						   */

/**
 * enum holdfast_attr_host_entry - which items are what is done to a file there
 * @HOLDFAST_A_HOST_ENTRY_NAME: string, of the file; missing: of any file
 * @HOLDFAST_A_HOST_ENTRY_FLAGS: u32, HOLDFAST_HOST_ENTRY_F_*
 * @HOLDFAST_A_HOST_ENTRY_WRITE: u32, enum holdfast_check: making, writing,
 *	renaming, removing it, or changing its owner or mode. Missing: none
 * @HOLDFAST_A_HOST_ENTRY_READ: u32, likewise: opening it for reading, or taking
 *	it elsewhere
 * @HOLDFAST_A_HOST_ENTRY_LINK: u32, likewise: making a symbolic link that leads
 *	up or to an absolute path
 * @HOLDFAST_A_HOST_ENTRY_OWNER: u64, id of a cgroup: who is in it, or further in,
 *	does not count. Missing: everybody does
 * @HOLDFAST_A_HOST_ENTRY_PAD: padding
 */
enum holdfast_attr_host_entry {
	HOLDFAST_A_HOST_ENTRY_UNSPEC,
	HOLDFAST_A_HOST_ENTRY_PAD,
	HOLDFAST_A_HOST_ENTRY_NAME,
	HOLDFAST_A_HOST_ENTRY_FLAGS,
	HOLDFAST_A_HOST_ENTRY_WRITE,
	HOLDFAST_A_HOST_ENTRY_READ,
	HOLDFAST_A_HOST_ENTRY_LINK,
	HOLDFAST_A_HOST_ENTRY_OWNER,

	__HOLDFAST_A_HOST_ENTRY_LAST,
	HOLDFAST_A_HOST_ENTRY_MAX = __HOLDFAST_A_HOST_ENTRY_LAST - 1
};

#endif /* _UAPI_LINUX_HOLDFAST_H */
