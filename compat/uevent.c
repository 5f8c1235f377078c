/* SPDX-License-Identifier: MIT */
/* uevent.c - NETLINK_KOBJECT_UEVENT: "add@/class/net/eth0" and then words, each ended by a NUL.
 *
 * Locks: none; numbers are given in the order of sending on one CPU only. Ref: udev(7), Linux
 * Documentation/ABI/testing/sysfs-uevent.
 * Tests: selftests/abi/sysnet.c
 */
#include <compat/uevent.h>

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi_net.h>
#include <net/net.h>
#include <net/netlink.h>

#define UEVENT_MAX 1024u

static const struct netlink_proto proto = { .protocol = NETLINK_KOBJECT_UEVENT, .nr_groups = 1 };
static atomic_t seqnum;

void uevent_send(const char *action, const char *path, const char *subsystem, const char *words)
{
	char text[UEVENT_MAX];
	int n = fmt_print(text, sizeof(text),
			  "%s@%s\nACTION=%s\nDEVPATH=%s\nSUBSYSTEM=%s\n%sSEQNUM=%u\n", action, path,
			  action, path, subsystem, words, atomic_add_return(&seqnum, 1));

	if (n >= (int)sizeof(text))
		return;			/* no name is that long */
	for (int i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = 0;
	netlink_multicast(&init_net, NETLINK_KOBJECT_UEVENT, 1, text, (u32)n);
}

bool uevent_is_action(const char *text)
{
	static const char *const actions[] = { "add",	 "remove",  "change", "move",
					       "online", "offline", "bind",   "unbind" };

	for (u32 i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(text, actions[i]))
			return true;
	return false;
}

void uevent_init(void)
{
	netlink_register(&proto);
}
