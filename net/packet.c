/* SPDX-License-Identifier: MIT */
/* packet.c - AF_PACKET: frames as they come and go, for DHCP clients and analysers.
 *
 * A socket is a tap on one protocol (or all) and one device (or all). SOCK_RAW sees the link
 * header, SOCK_DGRAM does not. Frames pass the socket's filter first; what does not fit into
 * rcvbuf, or into the ring that packet_ring.c keeps, is counted and dropped.
 *
 * Locks: rx.lock [RANK_SOCK_QUEUE], bottom halves off; the owner lock for bind and options. Ref:
 * packet(7). Tests: selftests/abi/packet.c
 */
#include "packet_int.h"

#include <net/filter.h>
#include <net/net.h>
#include <net/sock.h>

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/set.h>
#include <kernel/lib/string.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define SIOCINQ_		0x541bu
#define SIOCOUTQ_		0x5411u

/* netbuf.cb while queued. */
struct packet_cb {
	u32 orig_len;
	u16 protocol, hatype;
	s32 ifindex;
	u8 kind, halen, hw[8];
	u16 net;			/* network header from data */
};

static const struct sock_ops packet_ops;

/* ---- receiving ---- */

static void queue(struct packet_sock *ps, struct netbuf *nb, u32 keep)
{
	struct packet_cb *cb = netbuf_cb(nb, struct packet_cb);
	struct netdev *d = nb->dev;
	bool full;

	*cb = (struct packet_cb){ .orig_len = nb->len,
				  .protocol = nb->protocol,
				  .hatype = d->type,
				  .ifindex = d->index,
				  .kind = nb->kind,
				  .halen = d->halen,
				  .net = (u16)(nb->net_off - netbuf_offset(nb)) };
	if (netbuf_offset(nb) >= nb->link_off + ETH_HLEN || nb->link_off == netbuf_offset(nb))
		memcpy(cb->hw, (u8 *)netbuf_link_header(nb) + ETH_ALEN, ETH_ALEN);
	netbuf_trim(nb, keep);
	nb->stamp = nb->stamp ? nb->stamp : clock_realtime();
	spin_lock_bh(&ps->rx.lock);
	full = atomic_read(&ps->sk.rmem) + nb->truesize > ps->sk.rcvbuf;
	ps->packets++;
	if (full) {
		ps->drops++;
		ps->sk.drops++;
	} else {
		sock_charge_recv(&ps->sk, nb);
		netbuf_queue_add(&ps->rx.q, nb);
	}
	spin_unlock_bh(&ps->rx.lock);
	if (full)
		netbuf_free(nb);
	else
		object_wake(&ps->sk.obj, EPOLLIN | EPOLLRDNORM);
}

static void put_in_ring(struct packet_sock *ps, struct netbuf *nb, u32 keep)
{
	bool wake;

	spin_lock_bh(&ps->rx.lock);
	ps->packets++;
	if (ps->ring && !packet_ring_put(ps, nb, keep)) {
		ps->drops++;
		ps->sk.drops++;
	}
	wake = packet_ring_readable(ps);
	spin_unlock_bh(&ps->rx.lock);
	netbuf_free(nb);
	if (wake)
		object_wake(&ps->sk.obj, EPOLLIN | EPOLLRDNORM);
}

/* A clone of ours: of what came in, data at the network header; of what goes out, at the link
 * header. */
static void packet_rx(struct packet_type *p, struct netbuf *nb)
{
	struct packet_sock *ps = container_of(p, struct packet_sock, tap);
	bool outgoing = nb->kind == PKT_OUTGOING;
	u32 keep;

	if ((ps->ifindex && nb->dev->index != ps->ifindex) ||
	    (outgoing && (ps->ignore_outgoing || nb->loopback)) ||
	    (ps->protocol != ETH_P_ALL && (outgoing || nb->protocol != ps->protocol))) {
		netbuf_free(nb);
		return;
	}
	if (ps->sk.type == SOCK_RAW && !outgoing)
		netbuf_push(nb, netbuf_offset(nb) - nb->link_off);
	else if (ps->sk.type == SOCK_DGRAM && outgoing)
		netbuf_pull(nb, ETH_HLEN);
	keep = filter_run(&ps->sk, nb);
	if (keep && READ_ONCE(ps->ring))
		put_in_ring(ps, nb, min(keep, nb->len));
	else if (keep)
		queue(ps, nb, min(keep, nb->len));
	else
		netbuf_free(nb);
}

static void fill_in(struct packet_sock *ps, struct netbuf *nb, struct sock_msg *m)
{
	const struct packet_cb *cb = netbuf_cb(nb, struct packet_cb);

	if (m->want_addr) {
		*m->addr = (struct sock_addr){ .family = AF_PACKET,
					       .protocol = cb->protocol,
					       .ifindex = cb->ifindex,
					       .hatype = cb->hatype,
					       .pkttype = cb->kind,
					       .halen = cb->halen };
		memcpy(m->addr->hw, cb->hw, sizeof(cb->hw));
		m->has_addr = true;
	}
	if (!m->ctl)
		return;
	if (sock_flag(&ps->sk, SOCK_STAMP)) {
		m->ctl->present |= CTL_STAMP;
		m->ctl->stamp = nb->stamp;
	}
	if (ps->auxdata) {
		m->ctl->present |= CTL_AUXDATA;
		m->ctl->aux_status = TP_STATUS_USER | packet_csum_status(nb);
		m->ctl->aux_len = cb->orig_len;
		m->ctl->aux_snaplen = nb->len;
		m->ctl->aux_net = cb->net;
	}
}

static bool something(struct packet_sock *ps)
{
	return READ_ONCE(ps->rx.q.n) || atomic_read(&ps->sk.err);
}

static ssize_t packet_recv(struct sock *sk, struct sock_msg *m)
{
	struct packet_sock *ps = to_packet(sk);
	ktime_t deadline = sock_deadline(sk->rcvtimeo);
	struct netbuf *nb;
	ssize_t ret;
	int err;

	if (m->flags &
	    ~(u32)(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC | MSG_ERRQUEUE))
		return -EINVAL;
	while (!rxqueue_take(&ps->rx, m->flags & MSG_PEEK, &nb)) {
		err = sock_take_error(sk);
		if (err)
			return err;
		if (m->nonblock)
			return -EAGAIN;
		err = waitq_wait_exclusive(&sk->obj.readers, something(ps), WAIT_INTERRUPTIBLE,
					   deadline);
		if (err)
			return sock_intr(err, sk->rcvtimeo);
	}
	ret = rxqueue_give(nb, 0, m);
	sk->last_stamp = nb->stamp;
	if (ret >= 0)
		fill_in(ps, nb, m);
	netbuf_free(nb);
	return ret;
}

/* ---- sending ---- */

static int build_frame(struct packet_sock *ps, struct sock_msg *m, struct netdev *d, u16 protocol,
		       struct netbuf **out)
{
	u32 len = (u32)iter_left(m->iter), header = ps->sk.type == SOCK_RAW ? 0 : ETH_HLEN;
	struct netbuf *nb;
	int err;

	if (ps->sk.type == SOCK_RAW && len < ETH_HLEN)
		return -EINVAL;
	if (len > d->mtu + (header ? 0 : ETH_HLEN + 4u))
		return -EMSGSIZE;
	nb = netbuf_alloc(len, NETBUF_HEADROOM, PAGE_KERNEL);
	if (!nb)
		return -ENOBUFS;
	nb->dev = d;
	err = iter_take(m->iter, netbuf_put(nb, len), len) < len ? -EFAULT : 0;
	if (!err && header &&
	    !netdev_header(nb, m->addr->halen >= ETH_ALEN ? m->addr->hw : d->broadcast, protocol))
		err = -ENOBUFS;
	if (err) {
		netbuf_free(nb);
		return err;
	}
	nb->link_off = netbuf_offset(nb);
	nb->net_off = (u16)(nb->link_off + ETH_HLEN);
	nb->protocol = get_be16(nb->data + 12);
	nb->priority = ps->sk.priority;
	nb->mark = ps->sk.mark;
	sock_charge_send(&ps->sk, nb);
	*out = nb;
	return 0;
}

static ssize_t packet_send(struct sock *sk, struct sock_msg *m)
{
	struct packet_sock *ps = to_packet(sk);
	s32 ifindex = m->has_addr ? m->addr->ifindex : ps->ifindex;
	u16 protocol = m->has_addr ? m->addr->protocol : ps->protocol;
	ssize_t len = (ssize_t)iter_left(m->iter);
	struct netbuf *nb;
	struct netdev *d;
	int err;

	if (m->has_addr && m->addr->family != AF_PACKET)
		return -EINVAL;
	if (!m->has_addr && sk->type == SOCK_DGRAM && !ps->ifindex)
		return -ENXIO;
	d = netdev_find_index(sk->net, ifindex);
	if (!d)
		return -ENXIO;
	err = READ_ONCE(d->flags) & IFF_UP
		      ? sock_wait_send(sk, m->nonblock, sock_deadline(sk->sndtimeo))
		      : -ENETDOWN;
	if (!err)
		err = build_frame(ps, m, d, protocol, &nb);
	if (!err)
		netdev_send(nb);
	netdev_put(d);
	return err ? err : len;
}

/* ---- binding ---- */

static void untap(struct packet_sock *ps)
{
	if (ps->tapping)
		packet_type_del(&ps->tap);
	ps->tapping = false;
}

/* All taps hang on ETH_P_ALL's list when they want what goes out too; others on their
 * protocol's. */
static void tap(struct packet_sock *ps, u16 protocol, s32 ifindex)
{
	untap(ps);
	ps->protocol = protocol;
	ps->ifindex = ifindex;
	if (!protocol)
		return;
	ps->tap.protocol = protocol;
	ps->tap.rx = packet_rx;
	packet_type_add(&ps->tap);
	ps->tapping = true;
}

static int packet_bind(struct sock *sk, struct sock_addr *a)
{
	struct packet_sock *ps = to_packet(sk);
	struct netdev *d = NULL;

	if (a->family != AF_PACKET)
		return -EINVAL;
	if (a->ifindex) {
		d = netdev_find_index(sk->net, a->ifindex);
		if (!d)
			return -ENODEV;
	}
	sock_lock(sk);
	tap(ps, a->protocol ? a->protocol : ps->protocol, a->ifindex);
	if (d && !(READ_ONCE(d->flags) & IFF_UP))
		sock_set_error(sk, ENETDOWN);
	sock_unlock(sk);
	if (d)
		netdev_put(d);
	return 0;
}

static int packet_getname(struct sock *sk, bool peer, struct sock_addr *out)
{
	struct packet_sock *ps = to_packet(sk);
	struct netdev *d;

	if (peer)
		return -EOPNOTSUPP;
	*out = (struct sock_addr){ .family = AF_PACKET,
				   .protocol = ps->protocol,
				   .ifindex = ps->ifindex };
	d = ps->ifindex ? netdev_find_index(sk->net, ps->ifindex) : NULL;
	if (d) {
		out->hatype = d->type;
		out->halen = d->halen;
		memcpy(out->hw, d->mac, sizeof(out->hw));
		netdev_put(d);
	}
	return 0;
}

/* ---- options ---- */

/* PACKET_MR_PROMISC and ALLMULTI are counted at the device. */
static void apply_member(struct netdev *d, u16 type, s32 delta)
{
	u32 *count = type == PACKET_MR_PROMISC ? &d->promisc : &d->allmulti,
	    bit = type == PACKET_MR_PROMISC ? IFF_PROMISC : IFF_ALLMULTI;

	*count += (u32)delta;
	WRITE_ONCE(d->flags, *count ? d->flags | bit : d->flags & ~bit);
	if (d->ops->set_rx_mode)
		d->ops->set_rx_mode(d);
}

static int change_member(struct packet_sock *ps, const struct abi_packet_mreq *req, s32 delta)
{
	struct net_ns *net = ps->sk.net;
	struct netdev *d = netdev_find_index(net, req->ifindex);

	if (!d)
		return -ENODEV;
	mutex_lock(&net->config);
	if (req->type == PACKET_MR_PROMISC || req->type == PACKET_MR_ALLMULTI)
		apply_member(d, req->type, delta);
	mutex_unlock(&net->config);
	netdev_put(d);
	return 0;
}

static int add_member(struct packet_sock *ps, const struct abi_packet_mreq *req)
{
	struct membership *mb = knew(struct membership);
	int err;

	if (!mb)
		return -ENOMEM;
	err = change_member(ps, req, 1);
	if (err) {
		kfree(mb);
		return err;
	}
	mb->req = *req;
	spin_lock_bh(&ps->rx.lock);
	list_add_tail(&ps->members, &mb->link);
	spin_unlock_bh(&ps->rx.lock);
	return 0;
}

static int drop_member(struct packet_sock *ps, const struct abi_packet_mreq *req)
{
	struct membership *mb;

	list_for_each_entry(mb, &ps->members, link)
		if (mb->req.ifindex == req->ifindex && mb->req.type == req->type) {
			spin_lock_bh(&ps->rx.lock);
			list_del(&mb->link);
			spin_unlock_bh(&ps->rx.lock);
			kfree(mb);
			return change_member(ps, req, -1);
		}
	return -EADDRNOTAVAIL;
}

static int set_packet(struct packet_sock *ps, s32 name, const void *val, u32 len)
{
	struct abi_packet_mreq req = {};
	s32 v = 0;

	if (name == PACKET_ADD_MEMBERSHIP || name == PACKET_DROP_MEMBERSHIP) {
		if (len < 16 - 8)
			return -EINVAL;
		memcpy(&req, val, min(len, (u32)sizeof(req)));
		return name == PACKET_ADD_MEMBERSHIP ? add_member(ps, &req) : drop_member(ps, &req);
	}
	if (name == PACKET_VERSION || name == PACKET_RESERVE || name == PACKET_RX_RING)
		return packet_ring_setopt(ps, name, val, len);
	if (sock_opt_int(val, len, &v))
		return -EINVAL;
	switch (name) {
	case PACKET_AUXDATA:	     ps->auxdata = v != 0; return 0;
	case PACKET_ORIGDEV:	     ps->origdev = v != 0; return 0;
	case PACKET_IGNORE_OUTGOING: ps->ignore_outgoing = v != 0; return 0;
	case PACKET_TIMESTAMP:	     return 0;
	default:		     return -ENOPROTOOPT;
	}
}

static int packet_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	int err = -ENOPROTOOPT;

	sock_lock(sk);
	if (level == SOL_PACKET)
		err = set_packet(to_packet(sk), name, val, len);
	sock_unlock(sk);
	return err;
}

static int get_statistics(struct packet_sock *ps, void *val, u32 *len)
{
	u32 stats[3];

	spin_lock_bh(&ps->rx.lock);
	stats[0] = ps->packets;
	stats[1] = ps->drops;
	stats[2] = packet_ring_freezes(ps);
	ps->packets = ps->drops = 0;
	spin_unlock_bh(&ps->rx.lock);
	*len = min(*len, (u32)(ps->version == TPACKET_V3 ? 3 : 2) * 4);
	memcpy(val, stats, *len);
	return 0;
}

static int packet_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct packet_sock *ps = to_packet(sk);

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PACKET_STATISTICS:	     return get_statistics(ps, val, len);
	case PACKET_AUXDATA:	     return sock_put_int(val, len, ps->auxdata);
	case PACKET_ORIGDEV:	     return sock_put_int(val, len, ps->origdev);
	case PACKET_IGNORE_OUTGOING: return sock_put_int(val, len, ps->ignore_outgoing);
	default:		     return packet_ring_getopt(ps, name, val, len);
	}
}

static u32 packet_poll(struct sock *sk)
{
	struct packet_sock *ps = to_packet(sk);
	u32 mask = atomic_read(&sk->err) ? EPOLLERR : 0;
	bool in;

	spin_lock_bh(&ps->rx.lock);
	in = ps->rx.q.n || packet_ring_readable(ps);
	spin_unlock_bh(&ps->rx.lock);
	if (in)
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask | (sock_writeable(sk) ? EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND : 0);
}

static int packet_ioctl(struct sock *sk, u32 cmd, s32 *value)
{
	struct packet_sock *ps = to_packet(sk);

	switch (cmd) {
	case SIOCOUTQ_:
		*value = (s32)sock_wmem(sk);
		return 0;
	case SIOCINQ_:
		*value = (s32)rxqueue_first_len(&ps->rx);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- birth and death ---- */

static int packet_create(struct net_ns *net, u32 type, s32 protocol, struct sock **out)
{
	struct packet_sock *ps;

	if (!capable(CAP_NET_RAW))
		return -EPERM;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	ps = knew(struct packet_sock);
	if (!ps)
		return -ENOBUFS;
	sock_init(&ps->sk, &packet_ops, net, AF_PACKET, (u16)type, (u16)protocol);
	rxqueue_init(&ps->rx);
	list_init(&ps->members);
	tap(ps, be16_to_cpu((u16)protocol), 0);
	spin_lock_bh(&net->pkt.lock);
	list_add_tail(&net->pkt.socks, &ps->link);
	spin_unlock_bh(&net->pkt.lock);
	*out = &ps->sk;
	return 0;
}

static void packet_close(struct sock *sk)
{
	struct packet_sock *ps = to_packet(sk);
	struct membership *mb;

	spin_lock_bh(&sk->net->pkt.lock);
	list_del(&ps->link);
	spin_unlock_bh(&sk->net->pkt.lock);
	sock_lock(sk);
	untap(ps);
	packet_ring_drop(ps);
	while ((mb = list_first_or_null(&ps->members, struct membership, link))) {
		list_del(&mb->link);
		if (change_member(ps, &mb->req, -1))
			mb->req.type = 0;		/* the device has gone before us */
		kfree(mb);
	}
	sock_unlock(sk);
}

static void packet_destroy(struct sock *sk)
{
	netbuf_queue_purge(&to_packet(sk)->rx.q);
	sock_fini(sk);
}

static void free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct packet_sock, rcu));
}

static void packet_free(struct sock *sk)
{
	call_rcu(&to_packet(sk)->rcu, free_rcu);
}

static void packet_backlog(struct sock *sk, struct netbuf *nb)
{
	netbuf_free(nb);
}

/* ---- for sock_diag ---- */

static void look_at(struct packet_sock *ps, struct packet_diag *d)
{
	struct membership *mb;

	*d = (struct packet_diag){ .sk = &ps->sk,
				   .ifindex = ps->ifindex,
				   .protocol = ps->protocol,
				   .running = ps->tapping,
				   .auxdata = ps->auxdata,
				   .origdev = ps->origdev };
	spin_lock_bh(&ps->rx.lock);
	list_for_each_entry(mb, &ps->members, link) {
		struct packet_diag_member *m = &d->members[d->nr_members];

		if (d->nr_members++ == PACKET_MEMBERS_SHOWN - 1)
			break;
		*m = (struct packet_diag_member){
			mb->req.ifindex, 1, mb->req.type, mb->req.alen, {}
		};
		memcpy(m->addr, mb->req.address, sizeof(mb->req.address));
	}
	spin_unlock_bh(&ps->rx.lock);
}

bool packet_diag(struct net_ns *net, u32 *skip, bool (*fn)(const struct packet_diag *d, void *arg),
		 void *arg)
{
	struct packet_sock *ps;
	bool go_on = true;
	u32 pos = 0;

	spin_lock_bh(&net->pkt.lock);
	list_for_each_entry(ps, &net->pkt.socks, link) {
		struct packet_diag d;

		if (pos++ < *skip)
			continue;
		look_at(ps, &d);
		go_on = fn(&d, arg);
		if (!go_on)
			break;
		++*skip;
	}
	spin_unlock_bh(&net->pkt.lock);
	return go_on;
}

static const struct sock_ops packet_ops = {
	.name = "PACKET",
	.bind = packet_bind,
	.getname = packet_getname,
	.send = packet_send,
	.recv = packet_recv,
	.setopt = packet_setopt,
	.getopt = packet_getopt,
	.poll = packet_poll,
	.ioctl = packet_ioctl,
	.mmap = packet_ring_mmap,
	.backlog = packet_backlog,
	.close = packet_close,
	.destroy = packet_destroy,
	.free = packet_free,
};
SOCK_FAMILY(packet, .family = AF_PACKET, .create = packet_create);
