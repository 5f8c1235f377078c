/* SPDX-License-Identifier: MIT */
/* tcp_fastopen.c - TCP Fast Open: data in the SYN, for whoever shows by a cookie that the address
 * is theirs.
 *
 *	client: SYN, cookie? --> SYN|ACK, cookie: kept for the address --> next time: SYN, cookie,
 *	data --> SYN|ACK of the data, or of the SYN alone
 *	server: SYN, cookie right --> a connection in SYN_RECV with the data, in the accept queue
 *	--its ACK--> ESTABLISHED
 *
 * A cookie of ours is a keyed hash of both addresses; one of a peer is kept with its segment size,
 * the oldest of COOKIES_MAX leaves for a new one. A listener has at most fastopen_qlen connections
 * whose handshake is not done (tcp_listen.nr_fast); each holds a reference to it.
 *
 * Locks: cookies.lock [RANK_SOCK_TABLE]; the listener's for nr_fast and keys. Ref: RFC 7413,
 * tcp(7), Linux ip-sysctl.rst tcp_fastopen.
 * Tests: selftests/net/packet/fastopen.pkt, selftests/abi/tcp_fastopen.c
 */
#include "tcp_req.h"

#include <kernel/bh.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <kernel/sysctl.h>
#include <mm/slab.h>

#define COOKIES_MAX    1024u
#define COOKIE_CHAINS  256u
/* of a SYN with all options, beyond those that tcp.mss leaves room for */
#define OPTIONS_OF_SYN 28u

/* ---- cookies of others ---- */

struct known {
	struct list chain, by_age;	/* [lock] */
	struct ipaddr peer;
	u16 mss;
	u8 len, cookie[TCP_COOKIE_MAX];
};

static struct {
	struct spinlock lock;
	struct list chains[COOKIE_CHAINS], by_age;	/* [lock] the newest last */
	u32 nr;						/* [lock] */
} cookies;

static struct list *chain_of(struct ipaddr peer)
{
	return &cookies.chains[siphash(tcp_secret, &peer, sizeof(peer)) % COOKIE_CHAINS];
}

static struct known *find_locked(struct ipaddr peer)
{
	struct known *k;

	list_for_each_entry(k, chain_of(peer), chain)
		if (ip_eq(k->peer, peer))
			return k;
	return NULL;
}

static bool recall(struct ipaddr peer, struct tcp *t)
{
	struct known *k;

	spin_lock_bh(&cookies.lock);
	k = find_locked(peer);
	if (k) {
		t->tfo_cookie_len = k->len;
		memcpy(t->tfo_cookie, k->cookie, k->len);
		t->mss_peer = max((u32)k->mss, TCP_MSS_FLOOR);
	}
	spin_unlock_bh(&cookies.lock);
	return k;
}

static struct known *new_locked(struct ipaddr peer)
{
	struct known *k = NULL;

	if (cookies.nr < COOKIES_MAX)
		k = kmalloc(sizeof(*k), PAGE_ATOMIC);
	if (k) {
		cookies.nr++;
	} else if (!list_empty(&cookies.by_age)) {
		k = list_first(&cookies.by_age, struct known, by_age);
		list_del(&k->by_age);
		list_del(&k->chain);
	} else {
		return NULL;
	}
	k->peer = peer;
	list_add_tail(chain_of(peer), &k->chain);
	list_add_tail(&cookies.by_age, &k->by_age);
	return k;
}

/* A SYN|ACK brought it. */
void tcp_env_cookie(struct tcp *t, const struct tcp_in *in)
{
	struct ipaddr peer = tcp_sock_of(t)->inet.raddr;
	struct known *k;

	spin_lock_bh(&cookies.lock);
	k = find_locked(peer);
	k = k ? k : new_locked(peer);
	if (k) {
		k->mss = (u16)t->mss_peer;
		k->len = in->opt.cookie_len;
		memcpy(k->cookie, in->opt.cookie, k->len);
	}
	spin_unlock_bh(&cookies.lock);
}

/* ---- cookies of ours ---- */

static struct tcp_fast_keys default_keys;	/* under cookies.lock */

static struct tcp_fast_keys keys_of(struct tcp_sock *ts)
{
	struct tcp_fast_keys keys;

	spin_lock_bh(&cookies.lock);
	keys = ts->fast_keys ? *ts->fast_keys : default_keys;
	spin_unlock_bh(&cookies.lock);
	return keys;
}

static u64 make_cookie(const u64 key[2], const struct tcp_req *r)
{
	struct { struct ipaddr from, to; } k = { r->ent.raddr, r->ent.laddr };

	return siphash(key, &k, sizeof(k));
}

/* 16 bytes, or 32: the second is still good, but none is given by it. */
int tcp_fast_set_keys(struct tcp_sock *ts, const void *val, u32 len)
{
	struct tcp_fast_keys *keys;

	if (len != 16 && len != 32)
		return -EINVAL;
	keys = knew(struct tcp_fast_keys);
	if (!keys)
		return -ENOMEM;
	keys->nr = (u8)(len / 16);
	memcpy(keys->key, val, len);
	spin_lock_bh(&cookies.lock);
	swap(ts->fast_keys, keys);
	spin_unlock_bh(&cookies.lock);
	kfree(keys);
	return 0;
}

u32 tcp_fast_get_keys(struct tcp_sock *ts, void *out)
{
	struct tcp_fast_keys keys = keys_of(ts);

	memcpy(out, keys.key, keys.nr * 16u);
	return keys.nr * 16u;
}

/* ---- the server ---- */

bool tcp_fast_judge(struct tcp_sock *ts, struct tcp_req *r, const struct tcp_in *in)
{
	u32 how = READ_ONCE(tcp_sysctl.fastopen);
	struct tcp_fast_keys keys;
	u64 cookie;

	if (!(how & TFO_SERVER) || !ts->fastopen_qlen || (!in->len && !in->opt.has_cookie))
		return false;
	if (READ_ONCE(ts->listen->nr_fast) >= ts->fastopen_qlen) {
		TCP_COUNT(TCPFastOpenListenOverflow);
		return false;
	}
	if (in->len && (how & TFO_SERVER_NO_COOKIE || ts->tfo_no_cookie))
		return true;
	if (!in->opt.has_cookie)
		return false;
	keys = keys_of(ts);
	for (u32 i = 0; i < keys.nr && in->opt.cookie_len == sizeof(cookie); i++) {
		cookie = make_cookie(keys.key[i], r);
		if (!memcmp(&cookie, in->opt.cookie, sizeof(cookie)))
			return true;
	}
	TCP_COUNT(TCPFastOpenCookieReqd);
	if (in->opt.cookie_len)
		TCP_COUNT(TCPFastOpenPassiveFail);
	r->cookie_len = sizeof(cookie);
	r->cookie = make_cookie(keys.key[0], r);
	return false;
}

void tcp_fast_begin(struct tcp_sock *ts, struct tcp_sock *c)
{
	struct tcp_listen *l = ts->listen;

	sock_get(&ts->inet.sk);
	spin_lock_bh(&l->lock);
	l->nr_fast++;
	spin_unlock_bh(&l->lock);
	c->fast_of = ts;
	TCP_COUNT(TCPFastOpenPassive);
}

void tcp_fast_done(struct tcp_sock *c)
{
	struct tcp_sock *ts = c->fast_of;
	struct tcp_listen *l = ts->listen;

	c->fast_of = NULL;
	spin_lock_bh(&l->lock);
	l->nr_fast--;
	spin_unlock_bh(&l->lock);
	sock_put(&ts->inet.sk);
}

/* ---- the client ---- */

/* May the SYN carry data: with a cookie, or without one if told. Else it asks for one. Owner; the
 * destination is set. */
static bool may_send_data(struct tcp_sock *ts)
{
	struct tcp *t = &ts->tcp;

	t->tfo_cookie_len = 0;
	t->tfo_ask = true;
	if (recall(ts->inet.raddr, t)) {
		tcp_update_mss(t);
		return true;
	}
	if (!(READ_ONCE(tcp_sysctl.fastopen) & TFO_CLIENT_NO_COOKIE) && !ts->tfo_no_cookie)
		return false;
	t->tfo_ask = false;
	return true;
}

bool tcp_fast_may_wait(struct tcp_sock *ts)
{
	return ts->tfo_connect && READ_ONCE(tcp_sysctl.fastopen) & TFO_CLIENT && may_send_data(ts);
}

/* SYN, with as many bytes as one segment takes. They are off m's iterator. */
static int open_with_data(struct tcp_sock *ts, struct sock_msg *m, ssize_t *copied)
{
	struct tcp *t = &ts->tcp;
	bool data = may_send_data(ts);
	int err = tcp_connect_queue(t);

	if (!err && data) {
		*copied = tcp_copy_some(t, m->iter, t->mss - OPTIONS_OF_SYN);
		err = *copied < 0 ? (int)*copied : 0;
		*copied = max(*copied, (ssize_t)0);
	}
	if (err) {
		tcp_disconnect(ts);
		return err;
	}
	tcp_connect_send(t);
	if (*copied)
		TCP_COUNT(TCPFastOpenActive);
	return 0;
}

int tcp_fast_send(struct tcp_sock *ts, struct sock_msg *m, ssize_t *copied)
{
	bool unspec = m->has_addr && m->addr->family == AF_UNSPEC;
	int err = 0;

	*copied = 0;
	if (!(READ_ONCE(tcp_sysctl.fastopen) & TFO_CLIENT) || unspec)
		return -EOPNOTSUPP;
	if (!ts->tfo_deferred) {
		if (ts->conn != TCP_UNCONNECTED)
			return ts->conn == TCP_CONNECTED ? -EISCONN : -EALREADY;
		err = m->has_addr ? tcp_connect_prepare(ts, m->addr) : -EINVAL;
	}
	ts->tfo_deferred = false;
	if (!err)
		err = open_with_data(ts, m, copied);
	if (!err)
		err = tcp_connect_wait(ts, m->nonblock);
	return *copied && err == -EINPROGRESS ? 0 : err;
}

/* ---- net.ipv4 ---- */

SYSCTL(tcp_fastopen, "net/ipv4/tcp_fastopen", tcp_sysctl.fastopen, 0, S32_MAX);

/* A key as Linux writes it: four numbers. */
static int put_key(char *out, usize size, const u64 key[2])
{
	return fmt_print(out, size, "%08x-%08x-%08x-%08x", (u32)key[0], (u32)(key[0] >> 32),
			 (u32)key[1], (u32)(key[1] >> 32));
}

static int get_default_keys(char *out, usize size)
{
	struct tcp_fast_keys keys;
	int n;

	spin_lock_bh(&cookies.lock);
	keys = default_keys;
	spin_unlock_bh(&cookies.lock);
	n = put_key(out, size, keys.key[0]);
	if (keys.nr < 2)
		return n;
	n += fmt_print(out + n, size - (usize)n, ",");
	return n + put_key(out + n, size - (usize)n, keys.key[1]);
}

static bool take_number(const char **p, u32 *v)
{
	u32 digits = 0;

	for (*v = 0; digits < 8; digits++, (*p)++) {
		char c = **p | 0x20;
		u32 d = c >= '0' && c <= '9'   ? (u32)(c - '0')
			: c >= 'a' && c <= 'f' ? (u32)(c - 'a' + 10)
					       : 16;

		if (d > 15)
			break;
		*v = *v << 4 | d;
	}
	return digits;
}

static bool take_key(const char **p, u64 key[2])
{
	u32 v[4];

	for (u32 i = 0; i < 4; i++) {
		if ((i && *(*p)++ != '-') || !take_number(p, &v[i]))
			return false;
	}
	key[0] = v[0] | (u64)v[1] << 32;
	key[1] = v[2] | (u64)v[3] << 32;
	return true;
}

static int set_default_keys(char *text)
{
	struct tcp_fast_keys keys = { .nr = 1 };
	const char *p = text;

	if (!take_key(&p, keys.key[0]))
		return -EINVAL;
	if (*p == ',') {
		p++;
		keys.nr = 2;
		if (!take_key(&p, keys.key[1]))
			return -EINVAL;
	}
	if (*p)
		return -EINVAL;
	spin_lock_bh(&cookies.lock);
	default_keys = keys;
	spin_unlock_bh(&cookies.lock);
	return 0;
}

SYSCTL_TEXT(tcp_fastopen_key, "net/ipv4/tcp_fastopen_key", 0600, get_default_keys,
	    set_default_keys);

void tcp_fast_init(void)
{
	spin_init(&cookies.lock, RANK_SOCK_TABLE);
	list_init(&cookies.by_age);
	for (u32 i = 0; i < COOKIE_CHAINS; i++)
		list_init(&cookies.chains[i]);
	default_keys.nr = 1;
	random_bytes(default_keys.key[0], sizeof(default_keys.key[0]));
}
