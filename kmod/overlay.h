/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_OVERLAY_H
#define HOLDFAST_OVERLAY_H

#include <linux/types.h>

struct dentry;
struct inode;
struct netlink_ext_ack;
struct path;
struct super_block;
struct vfsmount;

/**
 * struct holdfast_calibration - one probe, see HOLDFAST_CMD_CALIBRATE
 * @fd: of current
 * @expect: enum holdfast_expect
 */
struct holdfast_calibration {
	u32 fd;
	u32 expect;
};

int holdfast_overlay_calibrate(const struct holdfast_calibration *probes,
			       unsigned int nr, struct netlink_ext_ack *extack);
bool holdfast_overlay_verified(void);
bool holdfast_overlay_mismatched(void);

/* A cross-check has failed: nothing of overlayfs is believed until calibrated. */
void holdfast_overlay_mismatch(const struct inode *inode);

/*
 * The upper dentry of an overlay's @inode, or NULL: to be believed only while
 * holdfast_overlay_verified().
 */
struct dentry *holdfast_overlay_upper(const struct inode *inode);

/* Was @upper, the upper file of an overlay's @dentry, made by copy-up? Sleeps. */
bool holdfast_overlay_copied_up(struct dentry *dentry, struct dentry *upper);

/*
 * For the regular file @dentry of an overlay, which has the upper file @upper:
 * the path of that, and of the lower file that it was copied from; both are to
 * be put. -ENOENT if there is none, or if that cannot be told. Sleeps.
 */
int holdfast_overlay_layers(struct dentry *dentry, struct dentry *upper,
			    struct path *upper_path, struct path *lower_path);

/*
 * The next layer of the overlay @sb, from @at 0 on, which tells where to go on; not
 * held, and without a mount if that is not known. @upper: it is the upper
 * directory. False if there are no more. May sleep.
 */
bool holdfast_overlay_layer(const struct super_block *sb, int *at,
			    struct path *layer, bool *upper);

/*
 * The directory that the overlay @sb was given to work in, on the file system of
 * its upper one; not held. NULL if it has none, or does not tell. May sleep.
 */
struct dentry *holdfast_overlay_work(const struct super_block *sb);

/*
 * Is @mnt the mount by which the overlay @sb reads one of its lower layers? It is
 * in no mount namespace.
 */
bool holdfast_overlay_reads_by(const struct super_block *sb,
			       const struct vfsmount *mnt);

/* The upper directory of the overlay @sb; to be put. False if it has none. */
bool holdfast_overlay_upper_root(struct super_block *sb, struct path *path);

int holdfast_overlay_init(void);
void holdfast_overlay_exit(void);

#endif
