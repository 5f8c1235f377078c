/* SPDX-License-Identifier: MIT */
/* partition.h - what a partition table says: GPT, MBR with logical partitions. Pure. */
#pragma once

#include <kernel/lib/compiler.h>

struct partition {
	u64 start, nr_sectors;		/* of 512 bytes */
	u32 number;			/* from 1 */
	/* as its text is written; MBR: disk signature and number, the rest zero */
	u8 uuid[16];
	char label[112];		/* UTF-8 */
	bool gpt;
};

struct partition_source {
	u64 nr_sectors;			/* of the disk, 512 bytes each */
	u32 block;			/* bytes of a logical block */
	/* n bytes from byte offset pos. 0 or -errno. */
	int (*read)(void *arg, u64 pos, void *buf, u32 n);
	void *arg;
};

#define PARTITIONS_MAX 256u

/* Fills at most max entries, in order of their numbers; how many, or -errno of read. Tables that
 * contradict themselves or the disk give none; entries that do are left out. */
int __must_check partitions_find(const struct partition_source *src, struct partition *out,
				 u32 max);
