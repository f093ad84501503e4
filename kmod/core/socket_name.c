// SPDX-License-Identifier: GPL-2.0-only
/* Sockets by which the host is told what to do. */
#include <uapi/linux/holdfast_checks.h>

#include "socket_name.h"

/**
 * struct row - sockets of one kind
 * @check: the item
 * @abstract: of names that are no file's
 * @begin: what the name begins with
 * @end: what it ends with
 */
struct row {
	int check;
	bool abstract;
	const char *begin;
	const char *end;
};

static const struct row rows[] = {
	{ HOLDFAST_CHECK_SK1, false, "", "/docker.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/dockershim.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/cri-dockerd.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/containerd.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/containerd.sock.ttrpc" },
	{ HOLDFAST_CHECK_SK1, false, "", "/buildkitd.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/podman.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/crio.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/nri/nri.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/device-plugins/kubelet.sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/lxd/unix.socket" },
	{ HOLDFAST_CHECK_SK1, false, "", "/incus/unix.socket" },
	{ HOLDFAST_CHECK_SK1, false, "", "/libvirt/libvirt-sock" },
	{ HOLDFAST_CHECK_SK1, false, "", "/libvirt/virtqemud-sock" },
	{ HOLDFAST_CHECK_SK2, false, "/run/containerd/s/", "" },
	{ HOLDFAST_CHECK_SK2, true, "/containerd-shim/", "" },
	{ HOLDFAST_CHECK_SK3, false, "", "/systemd/private" },
	{ HOLDFAST_CHECK_SK3, false, "", "/dbus/system_bus_socket" },
	{ HOLDFAST_CHECK_SK3, false, "/run/user/", "/bus" },
	{ HOLDFAST_CHECK_SK3, false, "", "/snapd.socket" },
};

static bool fits(const struct row *row, const char *name, size_t len)
{
	size_t begin = strlen(row->begin), end = strlen(row->end);

	return len >= begin + end && !memcmp(name, row->begin, begin) &&
	       !memcmp(name + len - end, row->end, end);
}

int holdfast_socket_name_check(const char *name, size_t len)
{
	bool abstract = len && !name[0];
	const struct row *row;

	if (abstract) {
		name++;
		len--;
	}
	/* What bind(2) was given may have had its NUL or not. */
	while (!abstract && len && !name[len - 1])
		len--;
	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)
		if (row->abstract == abstract && fits(row, name, len))
			return row->check;
	return -1;
}
