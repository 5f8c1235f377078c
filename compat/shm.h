/* SPDX-License-Identifier: MIT */
/* shm.h - System V shared memory in /proc. */
#pragma once

void shm_proc_init(void);	/* boot: /proc/sysvipc/shm */
