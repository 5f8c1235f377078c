/* SPDX-License-Identifier: MIT */
#pragma once

void sysnet_init(void);		/* boot, after procfs_init() */
