/* SPDX-License-Identifier: MIT */
/* segment.h - what a device leaves undone: cutting large packets, computing sums. */
#pragma once

#include <net/netbuf.h>

/* The packets that nb (with gso set, data at the link header) stands for, into out; nb stays the
 * caller's. -ENOMEM, -EINVAL. */
int __must_check segment(struct netbuf *nb, struct netbuf_queue *out, u32 how);
/* Fills in a CSUM_PARTIAL sum. False: no memory. */
bool __must_check segment_complete_csum(struct netbuf *nb);
