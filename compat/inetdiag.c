/* SPDX-License-Identifier: MIT */
/* inetdiag.c - NETLINK_SOCK_DIAG for TCP, UDP and raw sockets: dumps with filters, one socket, and
 * closing one.
 *
 * A socket's figures are read without its lock, under RCU. Ref: sock_diag(7), <linux/inet_diag.h>.
 * Tests: selftests/abi/sockdiag.c
 */
#include <compat/sockdiag.h>

#include <compat/abi/rtnetlink.h>
#include <compat/abi/sockdiag.h>
#include <compat/diag_filter.h>
#include <compat/nlmsg.h>
#include <kernel/cred.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <net/diag.h>
#include <net/tcp.h>

#define FILTERS_MAX 4u			/* a request with more is refused */

struct dump {
	struct nl_out *o;
	struct abi_inet_diag_req_v2 req;
	u8 protocol;			/* of raw sockets; 0: all */
	/* what does not fit into the request (MPTCP); 0: the request says */
	u32 wide_protocol;
	bool is_admin;
	u32 nr_filters;
	const struct abi_rtattr *filters[FILTERS_MAX];
};

static bool wants(const struct dump *d, u32 what)
{
	return d->req.ext & 1u << (what - 1);
}

/* ---- a message ---- */

static void put_addr(u32 out[4], struct ipaddr a, u8 family)
{
	if (family == AF_INET)
		out[0] = ip_v4(a);
	else
		memcpy(out, &a, sizeof(a));
}

static void put_id(struct abi_inet_diag_id *id, const struct inet_diag *s)
{
	id->sport = cpu_to_be16(s->lport);
	id->dport = cpu_to_be16(s->rport);
	put_addr(id->src, s->laddr, s->family);
	put_addr(id->dst, s->raddr, s->family);
	id->ifindex = (u32)s->ifindex;
	diag_cookie_of(s->ino, id->cookie);
}

static u16 option_bits(const struct inet_sock *is)
{
	return (u16)((is->recverr ? DIAG_OPT_RECVERR : 0) |
		     (is->sk.type == SOCK_STREAM ? DIAG_OPT_IS_ICSK : 0) |
		     (is->freebind ? DIAG_OPT_FREEBIND : 0) | (is->hdrincl ? DIAG_OPT_HDRINCL : 0) |
		     (is->mcast_loop ? DIAG_OPT_MC_LOOP : 0) |
		     (is->transparent ? DIAG_OPT_TRANSPARENT : 0) |
		     (is->mcast_all ? DIAG_OPT_MC_ALL : 0) |
		     (is->bind_address_no_port ? DIAG_OPT_BIND_ADDRESS_NO_PORT : 0) |
		     (is->rfc4884 ? DIAG_OPT_RECVERR_RFC4884 : 0));
}

/* What every socket says. */
static void put_common(const struct dump *d, const struct inet_diag *s)
{
	const struct inet_sock *is = s->is;
	u16 bits = option_bits(is);

	nl_put8(d->o, INET_DIAG_SHUTDOWN, is->sk.shutdown);
	if (wants(d, INET_DIAG_TOS))
		nl_put8(d->o, INET_DIAG_TOS, is->tos);
	if (s->family == AF_INET6) {
		if (wants(d, INET_DIAG_TCLASS))
			nl_put8(d->o, INET_DIAG_TCLASS, is->tclass);
		if (s->state == TCP_LISTEN || s->state == TCP_CLOSED)
			nl_put8(d->o, INET_DIAG_SKV6ONLY, is->v6only);
	}
	if (d->is_admin)
		nl_put32(d->o, INET_DIAG_MARK, s->mark);
	if ((d->req.ext & 1u << (INET_DIAG_TCLASS - 1)))
		nl_put32(d->o, INET_DIAG_CLASS_ID, is->sk.priority);
	nl_put(d->o, INET_DIAG_SOCKOPT, &bits, sizeof(bits));
}

static void put_figures(const struct dump *d, const struct inet_diag *s)
{
	const struct sock *sk = &s->is->sk;

	if (wants(d, INET_DIAG_MEMINFO)) {
		u32 m[9], info[4];

		sock_meminfo(sk, m);
		info[0] = m[0];
		info[1] = m[5];
		info[2] = m[4];
		info[3] = m[2];
		nl_put(d->o, INET_DIAG_MEMINFO, info, sizeof(info));
	}
	if (wants(d, INET_DIAG_SKMEMINFO))
		diag_put_meminfo(d->o, INET_DIAG_SKMEMINFO, sk);
	if (sk->type == SOCK_RAW)
		nl_put8(d->o, INET_DIAG_PROTOCOL, (u8)sk->protocol);
	if (sk->type != SOCK_STREAM)
		return;
	if (wants(d, INET_DIAG_INFO)) {
		u8 info[TCP_INFO_BYTES];

		tcp_fill_info(s->is, info);
		nl_put(d->o, INET_DIAG_INFO, info, sizeof(info));
	}
	if (wants(d, INET_DIAG_CONG))
		nl_put_string(d->o, INET_DIAG_CONG, tcp_cong_name(s->is));
}

static void put_sock(const struct dump *d, const struct inet_diag *s)
{
	struct abi_inet_diag_msg *m = nl_begin(d->o, SOCK_DIAG_BY_FAMILY, sizeof(*m));

	if (!m)
		return;
	m->family = s->family;
	m->state = s->state;
	put_id(&m->id, s);
	if (s->timer) {
		m->timer = s->timer;
		m->retrans = (u8)min(s->timer == DIAG_TIMER_RETRANS ? s->retrans : s->probes, 255u);
		m->expires = (u32)(s->expires / 1000000);
	}
	m->rqueue = s->rqueue;
	m->wqueue = s->wqueue;
	m->uid = s->uid;
	m->inode = (u32)s->ino;
	if (s->is) {
		put_common(d, s);
		put_figures(d, s);
	} else if (d->is_admin && s->state != TCP_TIME_WAIT && s->timer != DIAG_TIMER_TIMEWAIT) {
		nl_put32(d->o, INET_DIAG_MARK, s->mark);
	}
	nl_end(d->o);
}

/* ---- dumps ---- */

static bool passes(const struct dump *d, const struct inet_diag *s)
{
	u32 v4[2] = { ip_v4(s->laddr), ip_v4(s->raddr) };
	bool four = s->family == AF_INET;
	struct diag_subject sub = { .family = s->family,
				    .bound_port = s->bound_port,
				    .sport = s->lport,
				    .dport = s->rport,
				    .saddr = four ? (const u8 *)&v4[0] : (const u8 *)&s->laddr,
				    .daddr = four ? (const u8 *)&v4[1] : (const u8 *)&s->raddr,
				    .ifindex = (u32)s->ifindex,
				    .mark = s->mark };

	if (d->req.family != AF_UNSPEC && d->req.family != s->family)
		return false;
	if ((d->req.id.sport && d->req.id.sport != cpu_to_be16(s->lport)) ||
	    (d->req.id.dport && d->req.id.dport != cpu_to_be16(s->rport)))
		return false;
	if (d->protocol && s->is && s->is->sk.type == SOCK_RAW && s->is->sk.protocol != d->protocol)
		return false;
	for (u32 i = 0; i < d->nr_filters; i++)
		if (!diag_filter_run(nl_data(d->filters[i]), nl_len(d->filters[i]), &sub))
			return false;
	return true;
}

static bool visit(const struct inet_diag *s, void *arg)
{
	struct dump *d = arg;

	if (!passes(d, s))
		return true;
	if (nl_is_full(d->o))
		return false;
	put_sock(d, s);
	return true;
}

/* Attributes behind the fixed part of n bytes. */
static int read_attributes(struct dump *d, const struct nl_header *h, u32 n)
{
	const struct abi_rtattr *a = NULL;
	int err = 0;

	while (!err && (a = nl_next(h, n, a))) {
		u32 type = a->type & NLA_TYPE_MASK;

		if (type == INET_DIAG_REQ_BYTECODE) {
			err = d->nr_filters == FILTERS_MAX
				      ? -EINVAL
				      : diag_filter_check(nl_data(a), nl_len(a), d->is_admin);
			if (!err)
				d->filters[d->nr_filters++] = a;
		} else if (type == INET_DIAG_REQ_PROTOCOL && nl_len(a) >= 4) {
			d->protocol = *(const u8 *)nl_data(a);
			memcpy(&d->wide_protocol, nl_data(a), sizeof(d->wide_protocol));
		}
	}
	return err;
}

static int dump(const struct netlink_request *r, const struct nl_header *h, struct dump *d)
{
	bool (*walk)(struct net_ns *, struct diag_cursor *, u32, inet_diag_fn, void *);
	struct diag_cursor c = {};
	struct nl_out o;
	int err = nl_out_begin(&o, r, h, NLM_F_MULTI);

	if (err)
		return err;
	d->o = &o;
	walk = d->req.protocol == IPPROTO_TCP	? tcp_diag
	       : d->req.protocol == IPPROTO_UDP ? udp_diag
						: raw_diag;
	while (!walk(r->net, &c, d->req.states, visit, d))
		nl_flush(&o);
	nl_done(&o);
	err = nl_out_end(&o);
	return err ? err : NETLINK_ANSWERED;
}

/* ---- one ---- */

static struct ipaddr addr_of(const u32 a[4], u8 family)
{
	return family == AF_INET ? ip4(a[0]) : ip6((const u8 *)a);
}

struct raw_search {
	const struct dump *d;
	struct inet_diag *found;
	struct sock **sk;
};

static bool visit_raw(const struct inet_diag *s, void *arg)
{
	struct raw_search *r = arg;
	const struct abi_inet_diag_id *id = &r->d->req.id;

	if (!passes(r->d, s) || !ip_eq(s->laddr, addr_of(id->src, r->d->req.family)) ||
	    !ip_eq(s->raddr, addr_of(id->dst, r->d->req.family)) ||
	    (id->ifindex && s->ifindex != (s32)id->ifindex) || !object_tryget(&s->is->sk.obj))
		return true;
	*r->found = *s;
	*r->sk = &s->is->sk;
	return false;
}

/* A reference in *sk unless it is a request or remains. as_udp: the two ends are swapped, as they
 * always were for UDP. */
static int find(struct net_ns *net, const struct dump *d, bool swapped, struct inet_diag *s,
		struct sock **sk)
{
	const struct abi_inet_diag_id *id = &d->req.id;
	struct ip_cb cb = { .src = addr_of(id->dst, d->req.family),
			    .dst = addr_of(id->src, d->req.family),
			    .ifindex = (s32)id->ifindex };
	u16 rport = be16_to_cpu(id->dport), lport = be16_to_cpu(id->sport);
	struct raw_search raw = { d, s, sk };
	struct diag_cursor c = {};
	bool found;

	if (swapped) {
		struct ipaddr a = cb.src;
		u16 p = rport;

		cb.src = cb.dst;
		cb.dst = a;
		rport = lport;
		lport = p;
	}
	if (d->req.protocol == IPPROTO_TCP)
		found = tcp_diag_find(net, &cb, rport, lport, s, sk);
	else if (d->req.protocol == IPPROTO_UDP)
		found = udp_diag_find(net, &cb, rport, lport, s, sk);
	else
		found = !raw_diag(net, &c, U32_MAX, visit_raw, &raw);
	if (!found)
		return -ENOENT;
	if (diag_cookie_is(id->cookie, s->ino))
		return 0;
	sock_putp(sk);
	*sk = NULL;
	return d->req.protocol == IPPROTO_TCP ? -ENOENT : -ESTALE;
}

static int show_one(const struct netlink_request *r, const struct nl_header *h, struct dump *d)
{
	auto_sock struct sock *sk = NULL;
	struct inet_diag s;
	struct nl_out o;
	int err = find(r->net, d, d->req.protocol == IPPROTO_UDP, &s, &sk);

	if (!err)
		err = nl_out_begin(&o, r, h, 0);
	if (err)
		return err;
	d->o = &o;
	put_sock(d, &s);
	err = nl_out_end(&o);
	d->o = NULL;
	return err ? err : (h->flags & NLM_F_ACK) ? 0 : NETLINK_ANSWERED;
}

static int destroy(const struct netlink_request *r, const struct dump *d)
{
	const struct abi_inet_diag_id *id = &d->req.id;
	auto_sock struct sock *sk = NULL;
	struct inet_diag s;
	int err = find(r->net, d, false, &s, &sk);

	if (err)
		return err;
	if (!d->is_admin)
		return -EPERM;
	if (sk)
		return sk->ops->abort ? sk->ops->abort(sk, ECONNABORTED) : -EOPNOTSUPP;
	tcp_diag_kill(
		r->net,
		&(struct ip_cb){ .src = s.raddr, .dst = s.laddr, .ifindex = (s32)id->ifindex },
		s.rport, s.lport);
	return 0;
}

/* ---- the way in ---- */

static int read_request(const struct nl_header *h, struct dump *d)
{
	u32 n = h->len - (u32)sizeof(*h),
	    fixed = h->type == TCPDIAG_GETSOCK ? sizeof(struct abi_inet_diag_req) : sizeof(d->req);

	if (n < fixed)
		return -EINVAL;
	if (h->type == TCPDIAG_GETSOCK) {
		const struct abi_inet_diag_req
			*old = (const struct abi_inet_diag_req *)(const void *)(h + 1);

		d->req = (struct abi_inet_diag_req_v2){ .family = AF_UNSPEC,
							.protocol = IPPROTO_TCP,
							.ext = old->ext,
							.states = old->states };
		d->req.id = old->id;
		if ((h->flags & NLM_F_DUMP) != NLM_F_DUMP)
			d->req.family = old->family;
	} else {
		memcpy(&d->req, h + 1, sizeof(d->req));
	}
	if (d->req.protocol == IPPROTO_RAW)
		d->protocol = d->req.pad;
	return read_attributes(d, h, fixed);
}

int inetdiag_request(const struct netlink_request *r, const struct nl_header *h)
{
	struct dump d = { .is_admin = capable(CAP_NET_ADMIN) };
	int err = read_request(h, &d);

	if (err)
		return err;
	if (d.wide_protocol > 255)
		return -ENOENT;
	if (d.req.protocol != IPPROTO_TCP && d.req.protocol != IPPROTO_UDP &&
	    d.req.protocol != IPPROTO_RAW)
		return -ENOENT;
	if (h->type == SOCK_DESTROY)
		return destroy(r, &d);
	return (h->flags & NLM_F_DUMP) == NLM_F_DUMP ? dump(r, h, &d) : show_one(r, h, &d);
}
