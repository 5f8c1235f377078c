/* SPDX-License-Identifier: MIT */
/* neigh.h - neighbours: link addresses of the hosts on our links, by ARP and by neighbour
 * discovery. */
#pragma once

#include <kernel/bh_timer.h>
#include <net/ipaddr.h>
#include <net/netdev.h>

/* Values of rtnetlink(7). */
#define NUD_INCOMPLETE 0x01u
#define NUD_REACHABLE  0x02u
#define NUD_STALE      0x04u
#define NUD_DELAY      0x08u
#define NUD_PROBE      0x10u
#define NUD_FAILED     0x20u
#define NUD_NOARP      0x40u
#define NUD_PERMANENT  0x80u
#define NUD_VALID	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)
#define NUD_CONNECTED	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE)

#define NEIGH_HW_VALID BIT(63)

/* Locks: l  lock   h  the bucket's   I  immutable */
struct neigh {
	struct hnode hash;		/* [h, RCU] */
	struct ipaddr addr;		/* [I] */
	struct netdev *dev;		/* [I] a reference */
	atomic_t refs;			/* the table's, the timer's while armed, those of routes */
	struct spinlock lock;		/* RANK_SOCK_TABLE; bottom halves off */
	/* [l] the link address in the low bytes, with NEIGH_HW_VALID: one load for a sender */
	u64 hw;
	u8 state;			/* [l] NUD_* */
	u8 probes;			/* [l] sent in this state */
	bool router;			/* [l] v6 */
	bool dead;			/* [l] out of the table */
	/* monotonic; used and confirmed are written racily */
	ktime_t used, confirmed, updated;
	struct netbuf_queue waiting;	/* [l] until it is resolved */
	struct bh_timer timer;
	struct rcu_head rcu;
};

/* Found or made: a reference. NULL: no memory, or too many. Bottom halves off or on. */
struct neigh *neigh_get(struct netdev *d, struct ipaddr a);
struct neigh *neigh_find(struct netdev *d, struct ipaddr a);		/* a reference or NULL */
void neigh_put(struct neigh *n);
/* Sends nb (data at the network header, dev set) to it, now or when it is resolved. Takes nb
 * over. */
void neigh_send(struct neigh *n, struct netbuf *nb, u16 protocol);
/* A transport heard of it: it is reachable. */
static inline void neigh_confirm(struct neigh *n, ktime_t now)
{
	if (n && now - READ_ONCE(n->confirmed) > 100 * NSEC_PER_MSEC)
		WRITE_ONCE(n->confirmed, now);
}

#define NEIGH_OVERRIDE BIT(0)		/* another link address than the one known counts */
#define NEIGH_ADMIN    BIT(1)		/* from configuration */
/* What a packet or the administrator says. mac NULL: the one known. */
void neigh_update(struct neigh *n, const u8 *mac, u8 state, u32 flags);
/* From configuration. 0, -ENOENT, -ENOBUFS, -EINVAL. */
int __must_check neigh_set(struct netdev *d, struct ipaddr a, const u8 *mac, u8 state);
int __must_check neigh_del(struct netdev *d, struct ipaddr a);
void neigh_flush_dev(struct netdev *d);
/* Under RCU; fn returns false to stop. */
void neigh_for_each(bool (*fn)(struct neigh *n, void *arg), void *arg);
void neigh_init(void);

/* ---- arp.c, ndp.c: asking who it is; unicast to the address known, or to all ---- */
void arp_solicit(struct neigh *n, bool unicast);
void ndp_solicit(struct neigh *n, bool unicast);
void arp_init(void);
void arp_announce(struct netdev *d, struct ipaddr a);
