/* SPDX-License-Identifier: MIT */
#pragma once

void sysblk_init(void);		/* boot, after procfs_init() and uevent_init() */
