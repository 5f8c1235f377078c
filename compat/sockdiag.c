/* SPDX-License-Identifier: MIT */
/* sockdiag.c - NETLINK_SOCK_DIAG: sockets listed for ss and its like, and closed by them; here the
 * way in, AF_PACKET and AF_NETLINK.
 *
 * A dump walks a table, writes messages until a piece of memory is full, sends it and goes on where
 * it stood.
 * Ref: sock_diag(7). Tests: selftests/abi/sockdiag.c
 */
#include <compat/sockdiag.h>

#include <compat/abi/rtnetlink.h>
#include <compat/abi/sockdiag.h>
#include <compat/nlmsg.h>
#include <kernel/cred.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <mm/slab.h>
#include <net/filter.h>
#include <net/packet.h>

void diag_put_meminfo(struct nl_out *o, u16 type, const struct sock *sk)
{
	u32 info[9];

	sock_meminfo(sk, info);
	nl_put(o, type, info, sizeof(info));
}

bool diag_cookie_is(const u32 cookie[2], u64 ino)
{
	if (cookie[0] == DIAG_NO_COOKIE && cookie[1] == DIAG_NO_COOKIE)
		return true;
	return cookie[0] == (u32)ino && cookie[1] == (u32)(ino >> 32);
}

void diag_cookie_of(u64 ino, u32 cookie[2])
{
	cookie[0] = (u32)ino;
	cookie[1] = (u32)(ino >> 32);
}

static bool is_dump(const struct nl_header *h)
{
	return (h->flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* ---- AF_PACKET ---- */

struct packet_dump {
	struct nl_out *o;
	u32 show;
	bool is_admin;
};

static bool put_packet(const struct packet_diag *d, void *arg)
{
	struct packet_dump *pd = arg;
	struct abi_packet_diag_msg *m;
	struct abi_packet_diag_info info = { .ifindex = (u32)d->ifindex,
					     .flags = (d->running ? PDI_RUNNING : 0) |
						      (d->auxdata ? PDI_AUXDATA : 0) |
						      (d->origdev ? PDI_ORIGDEV : 0) };

	if (nl_is_full(pd->o))
		return false;
	m = nl_begin(pd->o, SOCK_DIAG_BY_FAMILY, sizeof(*m));
	if (!m)
		return true;
	*m = (struct abi_packet_diag_msg){ .family = AF_PACKET,
					   .type = (u8)d->sk->type,
					   .num = d->protocol,
					   .ino = (u32)d->sk->ino };
	diag_cookie_of(d->sk->ino, m->cookie);
	if (pd->show & PACKET_SHOW_INFO) {
		nl_put(pd->o, PACKET_DIAG_INFO, &info, sizeof(info));
		nl_put32(pd->o, PACKET_DIAG_UID, d->sk->cred->uid.v);
	}
	if (pd->show & PACKET_SHOW_MCLIST)
		nl_put(pd->o, PACKET_DIAG_MCLIST, d->members,
		       d->nr_members * (u32)sizeof(d->members[0]));
	if (pd->show & PACKET_SHOW_MEMINFO)
		diag_put_meminfo(pd->o, PACKET_DIAG_MEMINFO, d->sk);
	if (pd->show & PACKET_SHOW_FILTER) {
		struct sock_filter_prog *f = pd->is_admin ? READ_ONCE(d->sk->filter) : NULL;

		if (f || !pd->is_admin)
			nl_put(pd->o, PACKET_DIAG_FILTER, f ? f->insns : NULL,
			       f ? min(f->n, 128u) * (u32)sizeof(f->insns[0]) : 0);
	}
	nl_end(pd->o);
	return true;
}

int packetdiag_request(const struct netlink_request *r, const struct nl_header *h)
{
	struct abi_packet_diag_req req;
	struct packet_dump d = { .is_admin = capable(CAP_NET_ADMIN) };
	struct nl_out o;
	u32 skip = 0;
	int err;

	if (h->len - sizeof(*h) < sizeof(req))
		return -EINVAL;
	memcpy(&req, h + 1, sizeof(req));
	if (req.protocol)
		return -EINVAL;
	if (!is_dump(h) || h->type != SOCK_DIAG_BY_FAMILY)
		return -EOPNOTSUPP;
	err = nl_out_begin(&o, r, h, NLM_F_MULTI);
	if (err)
		return err;
	d.o = &o;
	d.show = req.show;
	while (!packet_diag(r->net, &skip, put_packet, &d))
		nl_flush(&o);
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

/* ---- AF_NETLINK ---- */

struct netlink_dump {
	struct nl_out *o;
	u32 show, protocol;
};

static bool put_netlink(const struct netlink_info *i, void *arg)
{
	struct netlink_dump *nd = arg;
	struct abi_netlink_diag_msg *m;

	if (nd->protocol != NDIAG_PROTO_ALL && nd->protocol != i->protocol)
		return true;
	if (nl_is_full(nd->o))
		return false;
	m = nl_begin(nd->o, SOCK_DIAG_BY_FAMILY, sizeof(*m));
	if (!m)
		return true;
	*m = (struct abi_netlink_diag_msg){ .family = AF_NETLINK,
					    .type = i->sk ? (u8)i->sk->type : SOCK_RAW,
					    .protocol = (u8)i->protocol,
					    .state = 7,
					    .portid = i->pid,
					    .ino = i->sk ? (u32)i->sk->ino : 0 };
	diag_cookie_of(i->sk ? i->sk->ino : 0, m->cookie);
	if (nd->show & NDIAG_SHOW_GROUPS)
		nl_put(nd->o, NETLINK_DIAG_GROUPS, &i->groups,
		       ALIGN_UP(DIV_ROUND_UP(i->nr_groups, 8u), 8u));
	if ((nd->show & NDIAG_SHOW_MEMINFO) && i->sk)
		diag_put_meminfo(nd->o, NETLINK_DIAG_MEMINFO, i->sk);
	if (nd->show & NDIAG_SHOW_FLAGS)
		nl_put32(nd->o, NETLINK_DIAG_FLAGS, i->flags);
	nl_end(nd->o);
	return true;
}

int netlinkdiag_request(const struct netlink_request *r, const struct nl_header *h)
{
	struct abi_netlink_diag_req req;
	struct netlink_dump d;
	struct nl_out o;
	u32 skip = 0;
	int err;

	if (h->len - sizeof(*h) < sizeof(req))
		return -EINVAL;
	memcpy(&req, h + 1, sizeof(req));
	if (!is_dump(h) || h->type != SOCK_DIAG_BY_FAMILY)
		return -EOPNOTSUPP;
	err = nl_out_begin(&o, r, h, NLM_F_MULTI);
	if (err)
		return err;
	d = (struct netlink_dump){ &o, req.show, req.protocol };
	while (!netlink_walk(r->net, &skip, put_netlink, &d))
		nl_flush(&o);
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

/* ---- the way in ---- */

static int request(const struct netlink_request *r, const struct nl_header *h)
{
	u8 family;

	if (h->type == TCPDIAG_GETSOCK)
		return inetdiag_request(r, h);
	if (h->type == DCCPDIAG_GETSOCK)		/* there is no DCCP */
		return -ENOENT;
	if (h->type != SOCK_DIAG_BY_FAMILY && h->type != SOCK_DESTROY)
		return -EINVAL;
	if (h->len - sizeof(*h) < 2)
		return -EINVAL;
	family = *(const u8 *)(h + 1);
	switch (family) {
	case AF_INET:
	case AF_INET6:	 return inetdiag_request(r, h);
	case AF_UNIX:	 return unixdiag_request(r, h);
	case AF_PACKET:	 return packetdiag_request(r, h);
	case AF_NETLINK: return netlinkdiag_request(r, h);
	default:	 return family >= AF_MAX ? -EINVAL : -ENOENT;
	}
}

static const struct netlink_proto proto = { .protocol = NETLINK_SOCK_DIAG,
					    .nr_groups = 4,
					    .request = request };

void sockdiag_init(void)
{
	netlink_register(&proto);
}
