/* SPDX-License-Identifier: MIT */
/* ns.h - what a namespace owns. One instance of each today; a task points to its set, so nothing
 * below is a hidden global.
 * Ref: namespaces(7). */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/compiler.h>

struct mount_ns;	/* fs/vfs.h */
struct net_ns;		/* net/ */
struct shm_ns;		/* kernel/shm.h: of the IPC namespace */

#define UTS_LEN 65	/* uname(2): 64 bytes and a NUL */

struct uts_ns {
	char nodename[UTS_LEN];
	char domainname[UTS_LEN];
};

struct namespaces {
	atomic_t refs;
	struct mount_ns *mnt;
	struct uts_ns *uts;
	struct net_ns *net;
	struct shm_ns *shm;
};

extern struct namespaces init_namespaces;
