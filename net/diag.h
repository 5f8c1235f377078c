/* SPDX-License-Identifier: MIT */
/* diag.h - sockets of the internet as netstat and ss see them: copies of what identifies each, one
 * after the other.
 *
 * A walk goes on where the cursor stands, so that who asks may write down what he saw, with sleeps,
 * in between. A socket that comes or goes meanwhile is seen or not; none is seen twice unless its
 * chain changed.
 */
#pragma once

#include <kernel/cred.h>
#include <net/inet.h>

/* values of proc_net_tcp */
enum diag_timer {
	DIAG_TIMER_NONE,
	DIAG_TIMER_RETRANS,
	DIAG_TIMER_KEEP,
	DIAG_TIMER_TIMEWAIT,
	DIAG_TIMER_PROBE
};

struct inet_diag {
	/* borrowed under RCU; NULL: a request, or what remains of a connection */
	struct inet_sock *is;
	u8 family, state, timer;	/* TCP_* states in every protocol; enum diag_timer */
	bool bound_addr, bound_port;	/* by bind(2) */
	struct ipaddr laddr, raddr;
	u16 lport, rport;
	s32 ifindex;
	u32 mark, retrans, probes, rqueue, wqueue, uid, refs;
	ktime_t expires;		/* of the timer: from now on */
	u64 ino;
};

struct diag_cursor {
	u32 chain, skip;		/* zero at first */
};
/* False: not taken, the walk stops; it begins with this one again. */
typedef bool (*inet_diag_fn)(const struct inet_diag *d, void *arg);

/* Whose state is in the mask (1 << TCP_*). True: all were seen. fn runs under RCU. */
bool tcp_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg);
bool udp_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg);
bool raw_diag(struct net_ns *net, struct diag_cursor *c, u32 states, inet_diag_fn fn, void *arg);

/*
 * The one that a packet from raddr to laddr that came in by ifindex would reach: *out is a
 * reference, or for TCP NULL when it is a request or what remains of a connection. False: none.
 */
bool tcp_diag_find(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport,
		   struct inet_diag *d, struct sock **out);
bool udp_diag_find(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport,
		   struct inet_diag *d, struct sock **out);
/* A request or the remains of a connection, found as above, goes. */
void tcp_diag_kill(struct net_ns *net, const struct ip_cb *cb, u16 rport, u16 lport);

/* struct tcp_info of a socket (TCP_INFO), without its lock: bytes written. */
#define TCP_INFO_BYTES 248u
void tcp_fill_info(const struct inet_sock *is, u8 info[TCP_INFO_BYTES]);
const char *tcp_cong_name(const struct inet_sock *is);

/* What a protocol's chains are made of, for their walks: the next of a chain is shown, or stepped
 * over when it was before. */
static inline bool diag_step(struct diag_cursor *c, u32 *pos)
{
	return (*pos)++ >= c->skip;
}
static inline void diag_stop(struct diag_cursor *c, u32 chain, u32 pos)
{
	c->chain = chain;
	c->skip = pos - 1;
}
static inline void diag_next_chain(struct diag_cursor *c)
{
	c->chain++;
	c->skip = 0;
}
static inline struct inet_diag diag_of_sock(struct inet_sock *is)
{
	return (struct inet_diag){ .is = is,
				   .family = (u8)is->sk.family,
				   .laddr = is->laddr,
				   .raddr = is->raddr,
				   .lport = is->lport,
				   .rport = is->rport,
				   .ifindex = is->sk.bound_if,
				   .mark = is->sk.mark,
				   .uid = is->sk.cred->uid.v,
				   .ino = is->sk.ino,
				   .refs = atomic_read(&is->sk.obj.refs),
				   .bound_addr = is->addr_bound };
}
