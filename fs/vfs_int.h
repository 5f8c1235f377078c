/* SPDX-License-Identifier: MIT */
/* vfs_int.h - between the files of the file layer only. */
#pragma once

void mount_init(void);		/* fs/mount.c */
void fs_context_init(void);	/* fs/context.c */
void memdev_init(void);		/* fs/memdev.c */
