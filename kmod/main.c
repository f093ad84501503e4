// SPDX-License-Identifier: GPL-2.0-only
/* The order of start and of unwinding, nothing else. */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/random.h>

#include "adopt.h"
#include "attach.h"
#include "container.h"
#include "content.h"
#include "event.h"
#include "home.h"
#include "host_dir.h"
#include "integrity.h"
#include "left_ns.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "overlay.h"
#include "policy.h"
#include "root.h"
#include "write_watch.h"
#include "survey.h"
#include "watch.h"

static bool disable;
module_param(disable, bool, 0400);
MODULE_PARM_DESC(disable, "attach nothing, so that nothing is enforced; also on the kernel command line as holdfast.disable=1");

u64 holdfast_load_id;
char holdfast_boot_id[37];

/* The kernel shows it nowhere else. Empty if it cannot be read. */
static void read_boot_id(void)
{
	struct file *file;
	loff_t at = 0;

	file = filp_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
	if (IS_ERR(file))
		return;
	if (kernel_read(file, holdfast_boot_id, sizeof(holdfast_boot_id) - 1,
			&at) < 0)
		holdfast_boot_id[0] = '\0';
	filp_close(file, NULL);
}

static int __init holdfast_start(void)
{
	int err;

	holdfast_load_id = get_random_u64();
	read_boot_id();
	if (disable) {
		pr_warn("switched off by holdfast.disable: nothing is enforced\n");
		return holdfast_netlink_init(true);
	}
	err = holdfast_event_init();
	if (err)
		return err;
	err = holdfast_policy_init();
	if (err)
		goto stop_event;
	err = holdfast_root_init();
	if (err)
		goto stop_policy;
	err = holdfast_home_init();
	if (err)
		goto stop_root;
	err = holdfast_content_init();
	if (err)
		goto stop_home;
	err = holdfast_member_init();
	if (err)
		goto stop_content;
	err = holdfast_adopt_init();
	if (err)
		goto stop_member;
	err = holdfast_survey_init();
	if (err)
		goto stop_adopt;
	err = holdfast_overlay_init();
	if (err)
		goto stop_survey;
	err = holdfast_host_dir_init();
	if (err)
		goto stop_overlay;
	err = holdfast_watch_init();
	if (err)
		goto stop_host_dir;
	err = holdfast_write_watch_init();
	if (err)
		goto stop_watch;
	err = holdfast_attach();
	if (err)
		goto stop_write_watch;
	holdfast_watch_mounted();
	err = holdfast_netlink_init(false);
	if (err)
		goto stop_attach;
	holdfast_integrity_init();
	pr_info("attached\n");
	return 0;

stop_attach:
	holdfast_detach();
	holdfast_left_ns_exit();
stop_write_watch:
	holdfast_write_watch_exit();
stop_watch:
	holdfast_watch_exit();
stop_host_dir:
	holdfast_host_dir_exit();
stop_overlay:
	holdfast_overlay_exit();
stop_survey:
	holdfast_survey_exit();
stop_adopt:
	holdfast_adopt_exit();
stop_member:
	holdfast_member_exit();
	holdfast_container_exit();
stop_content:
	holdfast_content_exit();
stop_home:
	holdfast_home_exit();
stop_root:
	holdfast_root_exit();
stop_policy:
	holdfast_policy_exit();
stop_event:
	holdfast_event_exit();
	return err;
}

static void __exit holdfast_stop(void)
{
	/* First, so that no task waits for an answer when hooks are detached. */
	holdfast_netlink_exit();
	if (disable)
		return;
	holdfast_detach();
	holdfast_left_ns_exit();
	holdfast_write_watch_exit();
	holdfast_watch_exit();
	holdfast_host_dir_exit();
	holdfast_overlay_exit();
	holdfast_survey_exit();
	holdfast_adopt_exit();
	holdfast_member_exit();
	holdfast_container_exit();
	holdfast_content_exit();
	holdfast_home_exit();
	holdfast_root_exit();
	holdfast_policy_exit();
	holdfast_event_exit();
}

module_init(holdfast_start);
module_exit(holdfast_stop);

MODULE_DESCRIPTION("Proactive defence for containers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
