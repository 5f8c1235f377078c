/* SPDX-License-Identifier: MIT */
/* fatdev.h - images of stock mkfs.vfat for tests of fs/fat, judged by stock fsck.vfat. */
#pragma once

#include <fs/fat/fat.h>
#include <kernel/lib/string.h>

#include "imgdev.h"

static struct fat_fs the_fs;

/* As file "path" of this test. */
static inline const char *fat_image(void) { return host_temp("image"); }

static inline void fat_mkfs(const char *options, u32 kib)
{
	char out[1000];

	if (host_shell(out, sizeof(out),
		       "rm -f %s; PATH=$PATH:/sbin:/usr/sbin mkfs.vfat %s -C %s %u 2>&1",
		       fat_image(), options, fat_image(), kib)) {
		FAIL("mkfs.vfat %s: %s", options, out);
		host_end_test();
	}
	img_load(fat_image());
}

static inline int fat_try_mount(void)
{
	the_fs = (struct fat_fs){ .dev = &img_dev,
				  .name = "vdt",
				  .opt = { .shortname = SHORT_MIXED, .check = 'n' } };
	mutex_init(&the_fs.lock, RANK_SUPER);
	return fat_mount(&the_fs);
}

static inline void fat_done(const char *what)
{
	static char out[6000];
	int st;

	EXPECT_EQ(0, fat_unmount(&the_fs));
	EXPECT_EQ(0, img_held());
	img_save(fat_image());
	st = host_shell(out, sizeof(out), "PATH=$PATH:/sbin:/usr/sbin fsck.vfat -n %s 2>&1",
			fat_image());
	if (st)
		FAIL("fsck.vfat after %s: status %d\n%s", what, st, out);
}
