/* SPDX-License-Identifier: MIT */
/* unixdiag.c - NETLINK_SOCK_DIAG for AF_UNIX: names, peers, who waits to be accepted. Ref:
 * sock_diag(7), <linux/unix_diag.h>.
 * Tests: selftests/abi/sockdiag.c
 */
#include <compat/sockdiag.h>

#include <compat/abi/sockdiag.h>
#include <compat/nlmsg.h>
#include <kernel/cred.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <net/unix.h>

struct dump {
	struct nl_out *o;
	struct abi_unix_diag_req req;
	bool one, stale, found;		/* only the socket with req.ino */
};

static void put_name(struct nl_out *o, const struct sock_addr *a)
{
	u32 n = a->path_len;

	if (n && a->path[0])			/* a path, without what lies behind its end */
		n = (u32)strnlen(a->path, n);
	if (a->path_len)
		nl_put(o, UNIX_DIAG_NAME, a->path, a->path[0] ? n + 1 : n);
}

static void put_sock(struct dump *d, const struct unix_info *i)
{
	struct abi_unix_diag_msg *m = nl_begin(d->o, SOCK_DIAG_BY_FAMILY, sizeof(*m));
	u32 show = d->req.show;

	if (!m)
		return;
	*m = (struct abi_unix_diag_msg){
		.family = AF_UNIX, .type = (u8)i->type, .state = i->tcp_state, .ino = (u32)i->ino
	};
	diag_cookie_of(i->ino, m->cookie);
	if (show & UDIAG_SHOW(NAME))
		put_name(d->o, i->name);
	if ((show & UDIAG_SHOW(VFS)) && i->node[0])
		nl_put(d->o, UNIX_DIAG_VFS, i->node, sizeof(i->node));
	if ((show & UDIAG_SHOW(PEER)) && i->peer_ino)
		nl_put32(d->o, UNIX_DIAG_PEER, (u32)i->peer_ino);
	if ((show & UDIAG_SHOW(ICONS)) && i->listening)
		nl_put(d->o, UNIX_DIAG_ICONS, i->waiting, i->nr_waiting * (u32)sizeof(u32));
	if (show & UDIAG_SHOW(RQLEN)) {
		u32 len[2] = { i->rqueue, i->wqueue };

		nl_put(d->o, UNIX_DIAG_RQLEN, len, sizeof(len));
	}
	if (show & UDIAG_SHOW(MEMINFO))
		diag_put_meminfo(d->o, UNIX_DIAG_MEMINFO, i->sk);
	nl_put8(d->o, UNIX_DIAG_SHUTDOWN, i->sk->shutdown);
	if (show & UDIAG_SHOW(UID))
		nl_put32(d->o, UNIX_DIAG_UID, i->sk->cred->uid.v);
	nl_end(d->o);
}

static bool visit(const struct unix_info *i, void *arg)
{
	struct dump *d = arg;

	if (d->one && (u32)i->ino != d->req.ino)
		return true;
	if (d->one) {
		d->found = true;
		d->stale = !diag_cookie_is(d->req.cookie, i->ino);
		if (!d->stale)
			put_sock(d, i);
		return true;
	}
	if (!(d->req.states & 1u << i->tcp_state))
		return true;
	if (nl_is_full(d->o))
		return false;
	put_sock(d, i);
	return true;
}

int unixdiag_request(const struct netlink_request *r, const struct nl_header *h)
{
	struct dump d = { .one = (h->flags & NLM_F_DUMP) != NLM_F_DUMP };
	struct nl_out o;
	u32 skip = 0;
	int err;

	if (h->len - sizeof(*h) < sizeof(d.req))
		return -EINVAL;
	if (h->type == SOCK_DESTROY)
		return -EOPNOTSUPP;
	memcpy(&d.req, h + 1, sizeof(d.req));
	if (d.one && !d.req.ino)
		return -EINVAL;
	err = nl_out_begin(&o, r, h, d.one ? 0 : NLM_F_MULTI);
	if (err)
		return err;
	d.o = &o;
	while (!unix_walk(r->net, &skip, visit, &d))
		nl_flush(&o);
	if (!d.one)
		nl_done(&o);
	err = nl_out_end(&o);
	if (!err && d.one)
		err = !d.found ? -ENOENT : d.stale ? -ESTALE : 0;
	return err || (d.one && (h->flags & NLM_F_ACK)) ? err : NETLINK_ANSWERED;
}
