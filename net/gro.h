/* SPDX-License-Identifier: MIT */
/* gro.h - received segments of one connection become one packet before protocols see them. */
#pragma once

#include <net/netbuf.h>

/* From netdev_rx(): data at the network header. Delivers it, now or by gro_flush(). Bottom halves
 * off. */
void gro_receive(struct netbuf *nb);
/* What this CPU holds goes up: at the end of each poll, before another CPU may poll the same
 * queue. */
void gro_flush(void);
/* How much of a frame a driver should make linear: its headers, so that payloads lie in fragments
 * and can be joined. most: of anything else. */
u32 gro_head_len(const u8 *frame, u32 len, u32 most);
