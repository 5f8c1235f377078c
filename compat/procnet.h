/* SPDX-License-Identifier: MIT */
#pragma once

void procnet_init(void);	/* boot, after procfs_init() */
void procnet_stat_init(void), procnet_if_init(void);	/* counters; groups and routes */
void procnet_sock_init(void);		/* sockets, from the other */
