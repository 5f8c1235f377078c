/* SPDX-License-Identifier: MIT */
/* packet_int.h - between packet.c and packet_ring.c. */
#pragma once

#include <net/netdev.h>
#include <net/packet.h>
#include <net/rxqueue.h>

struct packet_ring;
struct vm_request;

enum { TPACKET_V1, TPACKET_V2, TPACKET_V3 };	/* PACKET_VERSION */

#define TP_STATUS_USER		1u
#define TP_STATUS_LOSING	4u
#define TP_STATUS_CSUMNOTREADY	8u
#define TP_STATUS_BLK_TMO	32u
#define TP_STATUS_CSUM_VALID	128u
#define TP_STATUS_TS_SOFTWARE	BIT(29)

struct membership {
	struct list link;
	struct abi_packet_mreq {
		s32 ifindex;
		u16 type, alen;
		u8 address[8];
	} req;
};

/* Locks: r  rx.lock   o  owner   l  net->pkt.lock */
struct packet_sock {
	struct sock sk;			/* first */
	struct packet_type tap;		/* [o] */
	bool tapping;			/* [o] */
	s32 ifindex;			/* [o] 0: all */
	u16 protocol;			/* [o] ETH_P_*; 0: nothing */
	bool auxdata, origdev, ignore_outgoing;
	struct rxqueue rx;
	struct list members;		/* [o, r] */
	struct list link;		/* [l] */
	u32 packets, drops;		/* [r] since PACKET_STATISTICS was read */
	/* [r] PACKET_RX_RING: frames go there instead of the queue */
	struct packet_ring *ring;
	u32 version, reserve;		/* [o] PACKET_VERSION, PACKET_RESERVE */
	struct rcu_head rcu;
};

static inline struct packet_sock *to_packet(struct sock *sk)
{
	return container_of(sk, struct packet_sock, sk);
}

/* What the checksum of nb is worth, TP_STATUS_*. */
static inline u32 packet_csum_status(const struct netbuf *nb)
{
	return (nb->csum == CSUM_PARTIAL ? TP_STATUS_CSUMNOTREADY : 0) |
	       (nb->csum == CSUM_VERIFIED ? TP_STATUS_CSUM_VALID : 0);
}

/* PACKET_VERSION, PACKET_RESERVE, PACKET_RX_RING; owner. -ENOPROTOOPT: not ours. */
int packet_ring_setopt(struct packet_sock *ps, s32 name, const void *val, u32 len);
int packet_ring_getopt(struct packet_sock *ps, s32 name, void *val, u32 *len);
/* keep bytes of nb go to the ring; false: there was no room. rx.lock held, a ring is there. */
bool packet_ring_put(struct packet_sock *ps, const struct netbuf *nb, u32 keep);
bool packet_ring_readable(const struct packet_sock *ps);	/* rx.lock */
u32 packet_ring_freezes(struct packet_sock *ps);		/* and starts again. rx.lock */
int packet_ring_mmap(struct sock *sk, struct vm_request *req);
void packet_ring_drop(struct packet_sock *ps);			/* the socket is closed */
