/* SPDX-License-Identifier: MIT */
/* ioctl_dm.h - layouts of linux/dm-ioctl.h, and a command on memory of the kernel. */
#pragma once

#include <fs/dm/dm.h>

struct abi_dm_ioctl {
	u32 version[3];
	u32 data_size, data_start, target_count;
	s32 open_count;
	u32 flags, event_nr, padding;
	u64 dev;
	char name[DM_NAME_LEN], uuid[DM_UUID_LEN];
	char data[7];
};
#define DM_DATA ((u32)offsetof(struct abi_dm_ioctl, data))
static_assert(sizeof(struct abi_dm_ioctl) == 312 && DM_DATA == 305, "struct of linux/dm-ioctl.h");

struct abi_dm_spec {
	u64 start, len;
	s32 status;
	u32 next;
	char type[16];
};
static_assert(sizeof(struct abi_dm_spec) == 40, "struct of linux/dm-ioctl.h");

struct abi_dm_name {
	u64 dev;
	u32 next;
	char name[];
} __packed;
static_assert(sizeof(struct abi_dm_name) == 12, "struct of linux/dm-ioctl.h");

struct abi_dm_version {
	u32 next, version[3];
	char name[];
};

static inline usize p_align(usize n)
{
	return (n + 7) & ~7ul;
}

/* p: of size bytes, at least sizeof(*p) of which are there. Changed in place. */
long dm_command(struct file *f, u32 cmd, struct abi_dm_ioctl *p, u32 size);
