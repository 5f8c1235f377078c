/* SPDX-License-Identifier: MIT */
/* tcp_req.h - TCP, listening: what the files about it share. Invariants and locks are told in
 * tcp_req.c. */
#pragma once

#include "tcp_int.h"

struct tcp_listen {
	struct spinlock lock;
	bool dead;			/* [q] */
	struct list children;		/* [q] tcp_sock.accept_link */
	struct list reqs;		/* [q] tcp_req.link */
	u32 nr_reqs;			/* [q] */
	u32 nr_fast;			/* [q] Fast Open: children whose handshake is not done */
	ktime_t overflow;		/* cookies were sent until then */
};

/* Locks: q  the listener's   I  immutable */
struct tcp_req {
	struct tcp_ent ent;
	struct list link;		/* [q] */
	struct tcp_sock *listener;	/* [I] a reference */
	u32 iss, irs, ts_recent, ts_offset, window;
	/* of a cookie: options in the lowest bits of our timestamp; 0: not one */
	u32 ts_bits;
	ktime_t sent;			/* the first SYN|ACK */
	ktime_t last_ack;		/* to what did not fit; races cost one more */
	u16 mss;			/* the peer's */
	u8 snd_wscale, rcv_wscale, tos, tries;
	bool ts_ok, sack_ok, wscale_ok, ecn_ok, acked;
	s32 ifindex;
	u32 saved_len;
	u8 *saved;
	u8 cookie_len;			/* Fast Open: to be given with the SYN|ACK */
	u64 cookie;
	struct bh_timer timer;
	struct rcu_head rcu;
};

static inline struct tcp_req *tcp_req_of(struct tcp_ent *e)
{
	return container_of(e, struct tcp_req, ent);
}

/* ---- tcp_req.c ---- */
u32 tcp_local_mss(const struct tcp_sock *ts, bool v4, u32 mtu);
u32 tcp_req_mtu(const struct tcp_req *r);			/* of the way back */
void tcp_req_synack(struct tcp_req *r, u32 mtu);
/* What a SYN says, into a zeroed request that is in no table. */
void tcp_req_note(struct tcp_req *r, struct tcp_sock *ts, const struct netbuf *nb,
		  const struct tcp_in *in);
u8 tcp_listen_wscale(const struct tcp_sock *ts);

/* ---- tcp_cookie.c ---- */
/* the bits of our timestamp that say what the options were */
#define TCP_COOKIE_TS_MASK 63u
/* in answer to a SYN, and keeps nothing */
void tcp_cookie_send(struct tcp_sock *ts, const struct netbuf *nb, const struct tcp_in *in);
/* An ACK: does it bring back a cookie of ours? Then r, which has noted it, says what the SYN had
 * said. */
bool tcp_cookie_take(struct tcp_req *r, const struct tcp_sock *ts, const struct netbuf *nb,
		     const struct tcp_in *in);

/* ---- tcp_fastopen.c ---- */
/* Is the data of this SYN to be taken at once? If not, r may have a cookie to give. */
bool tcp_fast_judge(struct tcp_sock *ts, struct tcp_req *r, const struct tcp_in *in);
void tcp_fast_begin(struct tcp_sock *ts, struct tcp_sock *c);

/* ---- tcp_child.c ---- */
/* in no table and no queue; NULL: no memory or no route */
struct tcp_sock *tcp_child_make(struct tcp_sock *ts, const struct tcp_req *r);
