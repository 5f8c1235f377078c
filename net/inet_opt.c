/* SPDX-License-Identifier: MIT */
/* inet_opt.c - socket options of the levels SOL_IP and SOL_IPV6, and what SO_BINDTODEVICE means to
 * a route.
 *
 * Most are one field: a table row says which, its range and whether a byte will do for the value.
 * The rest have functions.
 * Locks: the owner lock, taken here. Ref: ip(7), ipv6(7), RFC 3493 s5, RFC 3542, RFC 3678. Tests:
 * selftests/abi/inet.c
 */
#include <net/inet.h>

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/mcast.h>
#include <net/net.h>

#define IP_OPTIONS_MAX 40u

struct abi_ip_mreqn {
	u8 group[4], address[4];
	s32 ifindex;
};
struct abi_ip_mreq_source {
	u8 group[4], interface[4], source[4];
};
struct abi_ipv6_mreq {
	u8 group[16];
	s32 ifindex;
};
struct abi_group_req {			/* struct sockaddr_storage is aligned to 8 */
	u32 ifindex, pad;
	u8 group[128];
};
struct abi_group_source_req {
	u32 ifindex, pad;
	u8 group[128], source[128];
};

/* ---- options that are one field ---- */

enum field_kind { FIELD_BOOL, FIELD_U8, FIELD_S16, FIELD_WANT };
struct field {
	s32 level, name;
	u8 kind;
	u16 offset;
	s32 lo, hi;
	u32 want;			/* FIELD_WANT */
	s32 unset;			/* FIELD_S16: what -1 reads as; S32_MIN: -1 */
};

#define F_BOOL(l, n, m)	      { l, n, FIELD_BOOL, offsetof(struct inet_sock, m), S32_MIN, S32_MAX, 0, 0 }
#define F_U8(l, n, m, lo, hi)  { l, n, FIELD_U8, offsetof(struct inet_sock, m), lo, hi, 0, 0 }
#define F_S16(l, n, m, lo, hi) { l, n, FIELD_S16, offsetof(struct inet_sock, m), lo, hi, 0, 0 }
#define F_WANT(l, n, w)	      { l, n, FIELD_WANT, 0, S32_MIN, S32_MAX, w, 0 }

static const struct field fields[] = {
	F_S16(SOL_IP, IP_TTL, ttl, 1, 255),
	F_BOOL(SOL_IP, IP_HDRINCL, hdrincl),
	F_BOOL(SOL_IP, IP_RECVERR, recverr),
	F_BOOL(SOL_IP, IP_FREEBIND, freebind),
	F_BOOL(SOL_IP, IP_BIND_ADDRESS_NO_PORT, bind_address_no_port),
	F_U8(SOL_IP, IP_MTU_DISCOVER, pmtudisc, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT),
	F_BOOL(SOL_IP, IP_RECVRETOPTS, retopts),
	F_BOOL(SOL_IP, IP_PASSSEC, passsec),
	F_U8(SOL_IP, IP_CHECKSUM, want_csum, 0, 1),
	F_U8(SOL_IP, IP_RECVERR_RFC4884, rfc4884, 0, 1),
	F_U8(SOL_IP, IP_MINTTL, min_ttl, 0, 255),
	F_BOOL(SOL_IP, IP_MULTICAST_LOOP, mcast_loop),
	F_U8(SOL_IP, IP_MULTICAST_ALL, mcast_all, 0, 1),
	F_WANT(SOL_IP, IP_PKTINFO, WANT_PKTINFO),
	F_WANT(SOL_IP, IP_RECVTTL, WANT_TTL),
	F_WANT(SOL_IP, IP_RECVTOS, WANT_TOS),
	F_WANT(SOL_IP, IP_RECVORIGDSTADDR, WANT_ORIGDST),
	F_WANT(SOL_IP, IP_RECVFRAGSIZE, WANT_FRAGSIZE),
	F_WANT(SOL_IP, IP_RECVOPTS, WANT_OPTIONS),
	F_S16(SOL_IPV6, IPV6_UNICAST_HOPS, hoplimit, -1, 255),
	F_BOOL(SOL_IPV6, IPV6_RECVERR, recverr6),
	F_BOOL(SOL_IPV6, IPV6_FREEBIND, freebind),
	F_U8(SOL_IPV6, IPV6_MTU_DISCOVER, pmtudisc6, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_OMIT),
	F_BOOL(SOL_IPV6, IPV6_MULTICAST_LOOP, mcast_loop),
	F_BOOL(SOL_IPV6, IPV6_MULTICAST_ALL, mcast_all),
	F_U8(SOL_IPV6, IPV6_MINHOPCOUNT, min_hops, 0, 255),
	F_WANT(SOL_IPV6, IPV6_RECVPKTINFO, WANT_PKTINFO6),
	F_WANT(SOL_IPV6, IPV6_2292PKTINFO, WANT_PKTINFO6_OLD),
	F_WANT(SOL_IPV6, IPV6_RECVHOPLIMIT, WANT_HOPLIMIT),
	F_WANT(SOL_IPV6, IPV6_2292HOPLIMIT, WANT_HOPLIMIT_OLD),
	F_WANT(SOL_IPV6, IPV6_RECVTCLASS, WANT_TCLASS),
	F_WANT(SOL_IPV6, IPV6_RECVORIGDSTADDR, WANT_ORIGDST),
	F_WANT(SOL_IPV6, IPV6_RECVFRAGSIZE, WANT_FRAGSIZE),
};

static const struct field *find_field(s32 level, s32 name)
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].level == level && fields[i].name == name)
			return &fields[i];
	return NULL;
}

static int set_field(struct inet_sock *is, const struct field *f, s32 v)
{
	u8 *at = (u8 *)is + f->offset;

	if (f->kind == FIELD_WANT) {
		is->want = v ? is->want | f->want : is->want & ~f->want;
		return 0;
	}
	if (f->kind == FIELD_BOOL) {
		*(bool *)at = v != 0;
		return 0;
	}
	if (f->kind == FIELD_S16 && v == -1) {
		*(s16 *)(void *)at = -1;
		return 0;
	}
	if (v < f->lo || v > f->hi)
		return -EINVAL;
	if (f->kind == FIELD_U8)
		*at = (u8)v;
	else
		*(s16 *)(void *)at = (s16)v;
	return 0;
}

static s32 get_field(const struct inet_sock *is, const struct field *f)
{
	const u8 *at = (const u8 *)is + f->offset;
	s16 v;

	switch (f->kind) {
	case FIELD_WANT: return (is->want & f->want) != 0;
	case FIELD_BOOL: return *(const bool *)at;
	case FIELD_U8:	 return *at;
	default:
		v = *(const s16 *)(const void *)at;
		return v == -1 ? (s32)is->sk.net->default_ttl : v;
	}
}

/* ---- multicast ---- */

static struct ipaddr v4_of(const u8 *bytes)
{
	u32 w;

	memcpy(&w, bytes, 4);
	return ip4(w);
}

static int membership4(struct inet_sock *is, s32 name, const void *val, u32 len)
{
	struct abi_ip_mreqn m = {};

	if (len < 8)
		return -EINVAL;
	memcpy(&m, val, min(len, (u32)sizeof(m)));
	return name == IP_ADD_MEMBERSHIP
		       ? mcast_join(is, v4_of(m.group), m.ifindex, v4_of(m.address))
		       : mcast_leave(is, v4_of(m.group), m.ifindex, v4_of(m.address));
}

static int membership4_source(struct inet_sock *is, s32 name, const void *val, u32 len)
{
	struct abi_ip_mreq_source m;

	if (len != sizeof(m))
		return -EINVAL;
	memcpy(&m, val, sizeof(m));
	return mcast_source(is, name, v4_of(m.group), v4_of(m.source), 0, v4_of(m.interface));
}

static int membership6(struct inet_sock *is, s32 name, const void *val, u32 len)
{
	struct abi_ipv6_mreq m;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, val, sizeof(m));
	return name == IPV6_ADD_MEMBERSHIP ? mcast_join(is, ip6(m.group), m.ifindex, IP6_ANY)
					   : mcast_leave(is, ip6(m.group), m.ifindex, IP6_ANY);
}

/* A struct sockaddr_storage of the level's family. */
static int storage_addr(const u8 *s, s32 level, struct ipaddr *out)
{
	u16 family;

	memcpy(&family, s, 2);
	if (family != (level == SOL_IP ? AF_INET : AF_INET6))
		return level == SOL_IP ? -EINVAL : -EADDRNOTAVAIL;
	*out = family == AF_INET ? v4_of(s + 4) : ip6(s + 8);
	return 0;
}

static int membership_any(struct inet_sock *is, s32 level, s32 name, const void *val, u32 len)
{
	struct abi_group_source_req r = {};
	struct ipaddr group, source;
	bool with_source = name != MCAST_JOIN_GROUP && name != MCAST_LEAVE_GROUP;
	u32 need = (u32)(with_source ? sizeof(struct abi_group_source_req)
				     : sizeof(struct abi_group_req));
	int err;

	if (len < need)
		return -EINVAL;
	memcpy(&r, val, need);
	err = storage_addr(r.group, level, &group);
	if (!err && with_source)
		err = storage_addr(r.source, level, &source);
	if (err)
		return err;
	switch (name) {
	case MCAST_JOIN_GROUP:		return mcast_join(is, group, (s32)r.ifindex, IP4_ANY);
	case MCAST_LEAVE_GROUP:		return mcast_leave(is, group, (s32)r.ifindex, IP4_ANY);
	case MCAST_JOIN_SOURCE_GROUP:	name = IP_ADD_SOURCE_MEMBERSHIP; break;
	case MCAST_LEAVE_SOURCE_GROUP:	name = IP_DROP_SOURCE_MEMBERSHIP; break;
	case MCAST_BLOCK_SOURCE:	name = IP_BLOCK_SOURCE; break;
	default:			name = IP_UNBLOCK_SOURCE; break;
	}
	return mcast_source(is, name, group, source, (s32)r.ifindex, IP4_ANY);
}

/* IP_MULTICAST_IF: an address, struct ip_mreq or struct ip_mreqn. */
static int set_mcast_if4(struct inet_sock *is, const void *val, u32 len)
{
	struct abi_ip_mreqn m = {};
	struct netdev *d = NULL;
	struct ifaddr *a;

	if (is->sk.type == SOCK_STREAM)
		return -EINVAL;
	if (len < 4)
		return -EINVAL;
	if (len >= 8)
		memcpy(&m, val, min(len, (u32)sizeof(m)));
	else
		memcpy(m.address, val, 4);
	if (!m.ifindex && ip_is_any(v4_of(m.address))) {
		is->mcast_if = 0;
		is->mcast_src = IP4_ANY;
		return 0;
	}
	rcu_read_lock();
	if (m.ifindex) {
		d = netdev_index_rcu(is->sk.net, m.ifindex);
	} else {
		a = ifaddr_find_rcu(is->sk.net, v4_of(m.address), 0);
		d = a ? a->dev : NULL;
	}
	if (d) {
		is->mcast_if = d->index;
		is->mcast_src = v4_of(m.address);
	}
	rcu_read_unlock();
	return d ? 0 : -EADDRNOTAVAIL;
}

static int set_mcast_if6(struct inet_sock *is, s32 v)
{
	struct netdev *d;

	if (is->sk.type == SOCK_STREAM)
		return -ENOPROTOOPT;
	if (v) {
		d = netdev_find_index(is->sk.net, v);
		if (!d)
			return -ENODEV;
		netdev_put(d);
		if (is->sk.bound_if && is->sk.bound_if != v)
			return -EINVAL;
	}
	is->mcast_if = v;
	return 0;
}

/* ---- the others ---- */

static int set_options(struct inet_sock *is, const void *val, u32 len)
{
	u32 padded = ALIGN_UP(len, 4u);
	u8 *copy;

	if (len > IP_OPTIONS_MAX)
		return -EINVAL;
	copy = len ? kzalloc(padded) : NULL;
	if (len && !copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, val, len);
	kfree(is->options);
	is->options = copy;
	is->options_len = padded;
	return 0;
}

static int set_port_range(struct inet_sock *is, s32 v)
{
	u16 lo = (u16)((u32)v & 0xffff), hi = (u16)((u32)v >> 16);

	if (lo && hi && lo > hi)
		return -EINVAL;
	is->port_lo = lo;
	is->port_hi = hi;
	return 0;
}

static int set_unicast_if(struct inet_sock *is, s32 v)
{
	s32 index = (s32)be32_to_cpu((u32)v);
	struct netdev *d = index ? netdev_find_index(is->sk.net, index) : NULL;

	if (index && !d)
		return -EADDRNOTAVAIL;
	if (d)
		netdev_put(d);
	is->unicast_if = index;
	return 0;
}

static int set4(struct inet_sock *is, s32 name, s32 v, const void *val, u32 len)
{
	switch (name) {
	case IP_TOS:
		is->tos = is->sk.type == SOCK_STREAM ? (u8)((v & ~3) | (is->tos & 3)) : (u8)v;
		return 0;
	case IP_MULTICAST_TTL:
		if (is->sk.type == SOCK_STREAM || v < -1 || v > 255)
			return -EINVAL;
		is->mcast_ttl = v == -1 ? 1 : (u8)v;
		return 0;
	case IP_TRANSPARENT:
		if (v && !capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		is->transparent = v != 0;
		return 0;
	case IP_LOCAL_PORT_RANGE:
		return len == 4 ? set_port_range(is, v) : -EINVAL;
	case IP_NODEFRAG:
		return 0;
	case IP_UNICAST_IF:
		return set_unicast_if(is, v);
	case IP_ROUTER_ALERT:
	case 16:			/* IPSEC and XFRM policies: there are none */
	case 17:
		return -EINVAL;
	default:
		(void)val, (void)len;
		return -ENOPROTOOPT;
	}
}

static int setopt4(struct inet_sock *is, s32 name, const void *val, u32 len)
{
	const struct field *f = find_field(SOL_IP, name);
	s32 v = 0;

	switch (name) {
	case IP_OPTIONS:		return set_options(is, val, len);
	case IP_MULTICAST_IF:		return set_mcast_if4(is, val, len);
	case IP_MSFILTER:		return -EINVAL;
	case MCAST_MSFILTER:		return -EINVAL;
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:	return membership4(is, name, val, len);
	case IP_ADD_SOURCE_MEMBERSHIP:
	case IP_DROP_SOURCE_MEMBERSHIP:
	case IP_BLOCK_SOURCE:
	case IP_UNBLOCK_SOURCE:		return membership4_source(is, name, val, len);
	case MCAST_JOIN_GROUP: case MCAST_LEAVE_GROUP: case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP: case MCAST_BLOCK_SOURCE: case MCAST_UNBLOCK_SOURCE:
		return membership_any(is, SOL_IP, name, val, len);
	}
	if (len >= 4)
		memcpy(&v, val, 4);
	else if (len >= 1)			/* a byte will do, as in BSD */
		v = *(const u8 *)val;
	else
		return -EINVAL;
	if ((name == IP_HDRINCL || name == IP_NODEFRAG) && is->sk.type != SOCK_RAW)
		return -ENOPROTOOPT;
	return f ? set_field(is, f, v) : set4(is, name, v, val, len);
}

static int set6(struct inet_sock *is, s32 name, s32 v)
{
	switch (name) {
	case IPV6_V6ONLY:
		if (is->lport)
			return -EINVAL;
		is->v6only = v != 0;
		return 0;
	case IPV6_TCLASS:
		if (v < -1 || v > 255)
			return -EINVAL;
		is->tclass = v == -1 ? 0 : (u8)v;
		return 0;
	case IPV6_MULTICAST_HOPS:
		if (is->sk.type == SOCK_STREAM)
			return -ENOPROTOOPT;
		if (v < -1 || v > 255)
			return -EINVAL;
		is->mcast_hops = v == -1 ? 1 : (u8)v;
		return 0;
	case IPV6_MULTICAST_IF:
		return set_mcast_if6(is, v);
	case IPV6_TRANSPARENT:
		if (v && !capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		is->transparent = v != 0;
		return 0;
	case IPV6_UNICAST_IF:
	case IPV6_RECVRTHDR:
	case IPV6_RECVHOPOPTS:
	case IPV6_RECVDSTOPTS:
	case IPV6_RECVPATHMTU:
	case IPV6_DONTFRAG:
	case IPV6_AUTOFLOWLABEL:
	case IPV6_ADDR_PREFERENCES:
	case IPV6_RECVERR_RFC4884: return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int setopt6(struct inet_sock *is, s32 name, const void *val, u32 len)
{
	const struct field *f = find_field(SOL_IPV6, name);
	s32 v;

	switch (name) {
	case IPV6_ADD_MEMBERSHIP:
	case IPV6_DROP_MEMBERSHIP: return membership6(is, name, val, len);
	case MCAST_JOIN_GROUP: case MCAST_LEAVE_GROUP: case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP: case MCAST_BLOCK_SOURCE: case MCAST_UNBLOCK_SOURCE:
		return membership_any(is, SOL_IPV6, name, val, len);
	}
	if (sock_opt_int(val, len, &v))
		return -EINVAL;
	return f ? set_field(is, f, v) : set6(is, name, v);
}

/* The socket was bound to a device: the route it keeps may lead elsewhere. */
static void forget_route(struct inet_sock *is)
{
	route_put(&is->route);
	is->route = (struct route){};
}

int inet_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	struct inet_sock *is = to_inet(sk);
	int err = -ENOPROTOOPT;

	sock_lock(sk);
	if (level == SOL_IP)
		err = setopt4(is, name, val, len);
	else if (level == SOL_IPV6 && inet_is6(is))
		err = setopt6(is, name, val, len);
	else if (level == SOL_SOCKET && name == SO_BINDTOIFINDEX) {
		forget_route(is);
		err = 0;
	}
	sock_unlock(sk);
	return err;
}

/* ---- reading ---- */

/* SOL_IP gives a byte when asked for less than an int. */
static int put4(void *val, u32 *len, s32 v)
{
	if (*len > 0 && *len < 4 && v >= 0 && v <= 255) {
		*(u8 *)val = (u8)v;
		*len = 1;
		return 0;
	}
	return sock_put_int(val, len, v);
}

static int get_mtu(struct inet_sock *is, void *val, u32 *len)
{
	if (!is->rport || inet_route(is))
		return -ENOTCONN;
	return sock_put_int(val, len, (s32)is->route.mtu);
}

static int getopt4(struct inet_sock *is, s32 name, void *val, u32 *len)
{
	const struct field *f = find_field(SOL_IP, name);

	if (f)
		return put4(val, len, get_field(is, f));
	switch (name) {
	case IP_TOS:		 return put4(val, len, is->tos);
	case IP_MULTICAST_TTL:	 return put4(val, len, is->mcast_ttl);
	case IP_TRANSPARENT:	 return put4(val, len, is->transparent);
	case IP_PROTOCOL:	 return put4(val, len, is->sk.type == SOCK_RAW ? is->sk.protocol : 0);
	case IP_ROUTER_ALERT:	 return put4(val, len, 0);
	case IP_LOCAL_PORT_RANGE: return put4(val, len, (s32)((u32)is->port_hi << 16 | is->port_lo));
	case IP_MTU:		 return get_mtu(is, val, len);
	case IP_UNICAST_IF:	 return put4(val, len, (s32)cpu_to_be32((u32)is->unicast_if));
	case IP_NODEFRAG:	 return put4(val, len, 0);
	case IP_MSFILTER:	 return -EINVAL;
	case MCAST_MSFILTER:	 return -EINVAL;
	case IP_OPTIONS:
		*len = min(*len, is->options_len);
		memcpy(val, is->options, *len);
		return 0;
	case IP_MULTICAST_IF:
		*len = min(*len, 4u);
		memcpy(val, &is->mcast_src.w[3], *len);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int getopt6(struct inet_sock *is, s32 name, void *val, u32 *len)
{
	const struct field *f = find_field(SOL_IPV6, name);

	if (f)
		return sock_put_int(val, len, get_field(is, f));
	switch (name) {
	case IPV6_V6ONLY:	  return sock_put_int(val, len, is->v6only);
	case IPV6_TCLASS:	  return sock_put_int(val, len, is->tclass);
	case IPV6_MULTICAST_HOPS: return sock_put_int(val, len, is->mcast_hops);
	case IPV6_MULTICAST_IF:	  return sock_put_int(val, len, is->mcast_if);
	case IPV6_TRANSPARENT:	  return sock_put_int(val, len, is->transparent);
	case IPV6_MTU:		  return get_mtu(is, val, len);
	case IPV6_UNICAST_IF:
	case IPV6_RECVRTHDR:
	case IPV6_RECVHOPOPTS:
	case IPV6_RECVDSTOPTS:
	case IPV6_RECVPATHMTU:
	case IPV6_DONTFRAG: case IPV6_RECVERR_RFC4884:
		return sock_put_int(val, len, 0);
	default:
		return -ENOPROTOOPT;
	}
}

int inet_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct inet_sock *is = to_inet(sk);
	int err = -ENOPROTOOPT;

	sock_lock(sk);
	if (level == SOL_IP)
		err = getopt4(is, name, val, len);
	else if (level == SOL_IPV6 && inet_is6(is))
		err = getopt6(is, name, val, len);
	else
		err = level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
	sock_unlock(sk);
	return err;
}
