/* SPDX-License-Identifier: MIT */
/* uevent.h - NETLINK_KOBJECT_UEVENT: the news of devices that udev and mdev read. */
#pragma once

#include <kernel/lib/compiler.h>

/* action: "add"; path: "/class/net/eth0", below /sys; then words of its own, "INTERFACE=eth0", each
 * ended by '\n'. May sleep. */
void uevent_send(const char *action, const char *path, const char *subsystem, const char *words);
/* Is it an action that a program may write into a uevent file? */
bool uevent_is_action(const char *text);
void uevent_init(void);		/* boot */
