/* SPDX-License-Identifier: MIT */
/* ipc.h - how arm64 Linux lays out what shmctl(2) gives and takes. Ref: <asm-generic/ipcbuf.h>,
 * <asm-generic/shmbuf.h>, <linux/shm.h>. */
#pragma once

#include <kernel/lib/compiler.h>

struct abi_ipc64_perm {
	s32 key;
	u32 uid, gid, cuid, cgid, mode;
	u16 seq, pad2;
	u64 unused[2];
};
static_assert(sizeof(struct abi_ipc64_perm) == 48, "struct ipc64_perm");

struct abi_shmid64_ds {
	struct abi_ipc64_perm perm;
	u64 segsz;
	s64 atime, dtime, ctime;
	s32 cpid, lpid;
	u64 nattch, unused[2];
};
static_assert(sizeof(struct abi_shmid64_ds) == 112, "struct shmid64_ds");

struct abi_shminfo64 {
	u64 shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};
static_assert(sizeof(struct abi_shminfo64) == 72, "struct shminfo64");

struct abi_shm_info {
	s32 used_ids;
	u64 tot, rss, swp, swap_attempts, swap_successes;
};
static_assert(sizeof(struct abi_shm_info) == 48, "struct shm_info");
