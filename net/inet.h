/* SPDX-License-Identifier: MIT */
/* inet.h - sockets of AF_INET and AF_INET6: addresses, ports, options of level IP and IPV6; the
 * tables they are found in.
 *
 * An AF_INET6 socket that speaks IPv4 (dual stack) holds mapped addresses like an AF_INET one; only
 * its face differs.
 */
#pragma once

#include <kernel/lib/set.h>
#include <mm/iter.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/sock.h>

/* Wishes of a receiver for control messages: inet_sock.want. */
#define WANT_PKTINFO	BIT(0)
#define WANT_TTL	BIT(1)
#define WANT_TOS	BIT(2)
#define WANT_ORIGDST	BIT(3)
#define WANT_PKTINFO6	BIT(4)
#define WANT_HOPLIMIT	BIT(5)
#define WANT_TCLASS	BIT(6)
#define WANT_FRAGSIZE	BIT(7)
#define WANT_OPTIONS	BIT(8)
#define WANT_PKTINFO6_OLD BIT(9)	/* as RFC 2292 had them */
#define WANT_HOPLIMIT_OLD BIT(10)

struct inet_port;		/* net/inet_port.c: everybody who is bound to one port */

/* Locks: o  sk's owner lock   p  the port table's bucket   I  immutable while hashed */
struct inet_sock {
	struct sock sk;			/* first */
	struct ipaddr laddr, raddr;	/* [o] any: not bound, not connected */
	/* [o] source to send from: laddr unless bound to multicast */
	struct ipaddr saddr;
	u16 lport, rport;		/* [o] host order; 0: none */
	bool v6only, freebind, transparent, bind_address_no_port, recverr, recverr6, hdrincl,
		addr_bound, port_bound;
	u8 tos, tclass;
	bool retopts, passsec;		/* kept and told */
	u8 want_csum, rfc4884;		/* the same */
	s32 unicast_if;			/* IP_UNICAST_IF */
	s16 ttl, hoplimit;		/* -1: the default */
	u8 mcast_ttl, mcast_hops;	/* multicast */
	bool mcast_loop, mcast_all;
	s32 mcast_if;
	struct ipaddr mcast_src;
	u8 pmtudisc, pmtudisc6;		/* IP_PMTUDISC_* */
	u8 min_ttl, min_hops;
	u32 want;			/* WANT_* */
	u32 flowlabel, scope;
	u16 port_lo, port_hi;		/* IP_LOCAL_PORT_RANGE; 0: the system's */
	struct spinlock errors_lock;
	u8 options_len;
	u8 *options;			/* [o] IP_OPTIONS */
	struct list groups;		/* [o] multicast memberships */
	union {
		struct route route;	/* [o] cached */
		/* [I] tables are read under RCU, but not this: memory goes after a grace period */
		struct rcu_head rcu;
	};
	struct inet_port *port;		/* [p] */
	struct list port_link;		/* [p] inet_port.owners */
	struct hnode hash;		/* established, listening or datagram table; RCU */
	struct netbuf_queue errors;	/* [errors_lock] MSG_ERRQUEUE */
};

static inline struct inet_sock *to_inet(struct sock *sk)
{
	return container_of(sk, struct inet_sock, sk);
}
static inline bool inet_is6(const struct inet_sock *is) { return is->sk.family == AF_INET6; }

/* ---- creation: each protocol says what it is ---- */
struct inet_proto {
	u16 type;			/* SOCK_* */
	u16 family;			/* 0: both */
	u16 protocol;			/* IPPROTO_*; 0: SOCK_RAW takes any */
	bool is_default;		/* for socket(family, type, 0) */
	enum { INET_NEEDS_NOTHING, INET_NEEDS_RAW, INET_NEEDS_PING } needs;
	int (*create)(struct net_ns *net, u16 family, u16 protocol, struct sock **out);
};
#define INET_PROTO(id, ...)									\
	static const struct inet_proto inet_proto_##id = { __VA_ARGS__ };			\
	SET_ADD(inet_protos, const struct inet_proto, inet_proto_##id)
/* Defaults after sock_init(). */
void inet_init_sock(struct inet_sock *is);
void inet_fini_sock(struct inet_sock *is);	/* from destroy: groups, options, route, errors */

/* ---- what all share ---- */
/* Address of bind() into *addr, *port, checked: family, length, locality, CAP_NET_BIND_SERVICE. */
int __must_check inet_check_bind(struct inet_sock *is, const struct sock_addr *a,
				 struct ipaddr *addr, u16 *port, s32 *scope_if);
/* Address of connect() or sendto(). -EAFNOSUPPORT, -EINVAL, -ENETUNREACH (mapped on a v6only
 * socket). */
int __must_check inet_check_dest(struct inet_sock *is, const struct sock_addr *a,
				 struct ipaddr *addr, u16 *port, s32 *scope_if);
/* As getsockname() shows it in the socket's own family. */
void inet_to_addr(const struct inet_sock *is, struct ipaddr ip, u16 port, struct sock_addr *out);
int inet_getname(struct sock *sk, bool peer, struct sock_addr *out);
/* Levels SOL_IP, SOL_IPV6 and what SOL_SOCKET leaves (SO_BINDTODEVICE, filters). -ENOPROTOOPT: not
 * known. */
int inet_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len);
int inet_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len);
/* The route of a socket, looked up anew when the tables changed. Owner. 0 or -errno. */
int __must_check inet_route(struct inet_sock *is);
/* An error for the error queue (IP_RECVERR) with the offending packet's payload; and reading it. */
void inet_queue_error(struct inet_sock *is, struct netbuf *nb, const struct ip_error *e,
		      struct ipaddr dst, u16 dport);
void inet_queue_zerocopy(struct inet_sock *is, u32 nr);	/* owner; may sleep */
ssize_t inet_recv_error(struct inet_sock *is, struct sock_msg *m);
struct rxqueue;
/* poll(2) of a socket that receives whole packets. */
u32 inet_poll_packets(const struct inet_sock *is, const struct rxqueue *r);
/* Control messages of a received packet, as the socket asked. */
void inet_fill_ctl(struct inet_sock *is, const struct netbuf *nb, struct sock_msg *m);

/* ---- ports (net/inet_port.c): one table for each of TCP and UDP ---- */
struct port_table;
/* port 0: the next free one in the range. -EADDRINUSE, -EACCES. Rules of SO_REUSEADDR and
 * SO_REUSEPORT as Linux's. Context: owner. */
int __must_check inet_port_bind(struct port_table *t, struct inet_sock *is, struct ipaddr addr,
				u16 port);
/* connect() without bind: a port such that unique(is, port) says the four-tuple is free. */
int __must_check inet_port_auto(struct port_table *t, struct inet_sock *is,
				bool (*unique)(struct inet_sock *is, u16 port));
/* accept() */
void inet_port_share(struct port_table *t, struct inet_sock *child, struct inet_sock *listener);
void inet_port_release(struct port_table *t, struct inet_sock *is);
