/* SPDX-License-Identifier: MIT */
/* mcast_int.h - what mcast.c, igmp.c and mld.c share. */
#pragma once

#include <net/mcast.h>

/* Record types of IGMPv3 and MLDv2 (RFC 3376 s4.2.12, RFC 3810 s5.2.12). */
#define RECORD_IS_EXCLUDE 2u		/* an answer: we listen */
#define RECORD_TO_INCLUDE 3u		/* with no source: we left */
#define RECORD_TO_EXCLUDE 4u		/* with no source: we joined */

/* A group a device listens to, or has just left. */
struct mcast_group {
	struct list link;		/* [c, RCU] netdev.mcast */
	struct ipaddr addr;
	u32 users;			/* [c] 0: left, the last reports are on their way */
	u8 record;			/* [c] the report that is due */
	u8 reports_left;		/* [c] */
	ktime_t report_at;		/* [c] 0: none is due */
	ktime_t answer_at;		/* [a] a query asked; 0: none */
	struct rcu_head rcu;
};

/* A router asks on d: about group, or about all (any). Answers come within max_ns. Bottom half. */
void mcast_asked(struct netdev *d, struct ipaddr group, ktime_t max_ns);

/* ---- igmp.c, mld.c: config held ---- */
void igmp_report(struct netdev *d, struct ipaddr group, u8 record);
void mld_report(struct netdev *d, struct ipaddr group, u8 record);
