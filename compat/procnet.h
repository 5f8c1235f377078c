/* SPDX-License-Identifier: MIT */
#pragma once

void procnet_init(void);	/* boot, after procfs_init() */
