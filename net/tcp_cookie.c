/* SPDX-License-Identifier: MIT */
/* tcp_cookie.c - TCP, SYN cookies: the number of our SYN says what the peer's options were, and
 * nothing is kept.
 *
 * Of the number 24 bits are a keyed hash of the addresses, ports, the peer's number and the minute,
 * 5 the minute, 2 the segment size. With timestamps the lowest bits of ours say what else the peer
 * had offered; without them there is no room for that.
 *
 * Locks: none. Ref: RFC 4987 s3.6, tcp(7) tcp_syncookies. Tests: selftests/net/packet/listen.pkt,
 * selftests/abi/tcp.c
 */
#include "tcp_req.h"

/* What a cookie's timestamp keeps: the peer's window scale (15: none), SACK, ECN. COOKIE_TS: that
 * it is one. */
#define COOKIE_WSCALE	 15u
#define COOKIE_NO_WSCALE 15u
#define COOKIE_SACK	 16u
#define COOKIE_ECN	 32u
#define COOKIE_TS	 64u

static const u16 cookie_mss[4] = { 536, 1300, 1440, 1460 };

static u32 cookie_hash(const struct ip_cb *cb, const struct tcp_in *in, u32 irs, u32 minute)
{
	struct {
		struct ipaddr s, d;
		u16 sp, dp;
		u32 irs, minute;
	} k = { cb->src, cb->dst, in->sport, in->dport, irs, minute };

	return (u32)siphash(tcp_secret, &k, sizeof(k)) & 0xffffffu;
}

static u32 minute_now(void) { return (u32)(clock_monotonic() / (60 * NSEC_PER_SEC)); }

/* 8 bits: minute (5), size (2), unused; 24: hash. */
static u32 make_cookie(const struct ip_cb *cb, const struct tcp_in *in, u16 mss)
{
	u32 minute = minute_now(), i = 3;

	while (i && cookie_mss[i] > mss)
		i--;
	return (minute & 31) << 27 | i << 25 | cookie_hash(cb, in, in->seq, minute);
}

static bool check_cookie(const struct ip_cb *cb, const struct tcp_in *in, u16 *mss)
{
	u32 cookie = in->ack - 1, now = minute_now(), age = (now - (cookie >> 27)) & 31;

	if (age > 2 || cookie_hash(cb, in, in->seq - 1, now - age) != (cookie & 0xffffffu))
		return false;
	*mss = cookie_mss[cookie >> 25 & 3];
	return true;
}

/* What a peer that sends our cookie back had said in its SYN. */
static void read_cookie(struct tcp_req *r, const struct tcp_sock *ts, const struct tcp_in *in)
{
	u32 bits;

	r->ts_ok = in->opt.has_ts && tcp_sysctl.timestamps;
	r->sack_ok = r->wscale_ok = r->ecn_ok = false;
	r->rcv_wscale = 0;
	if (!r->ts_ok)
		return;
	tcp_new_iss(r->ent.laddr, r->ent.lport, r->ent.raddr, r->ent.rport, &r->ts_offset);
	bits = in->opt.tsecr - r->ts_offset;
	r->sack_ok = bits & COOKIE_SACK;
	r->ecn_ok = bits & COOKIE_ECN;
	r->wscale_ok = (bits & COOKIE_WSCALE) != COOKIE_NO_WSCALE;
	r->snd_wscale = r->wscale_ok ? bits & COOKIE_WSCALE : 0;
	r->rcv_wscale = r->wscale_ok ? tcp_listen_wscale(ts) : 0;
}

void tcp_cookie_send(struct tcp_sock *ts, const struct netbuf *nb, const struct tcp_in *in)
{
	struct tcp_req r = {};

	tcp_req_note(&r, ts, nb, in);
	r.iss = make_cookie((const struct ip_cb *)(const void *)nb->cb, in, r.mss);
	if (r.ts_ok) {
		tcp_new_iss(r.ent.laddr, r.ent.lport, r.ent.raddr, r.ent.rport, &r.ts_offset);
		r.ts_bits = COOKIE_TS | (r.wscale_ok ? r.snd_wscale : COOKIE_NO_WSCALE) |
			    (r.sack_ok ? COOKIE_SACK : 0) | (r.ecn_ok ? COOKIE_ECN : 0);
	} else {
		/* there is no room for these */
		r.sack_ok = r.wscale_ok = r.ecn_ok = false;
	}
	TCP_COUNT(SyncookiesSent);
	TCP_COUNT(TCPReqQFullDoCookies);
	ts->listen->overflow = clock_monotonic() + 120 * NSEC_PER_SEC;
	tcp_req_synack(&r, tcp_req_mtu(&r));
}

bool tcp_cookie_take(struct tcp_req *r, const struct tcp_sock *ts, const struct netbuf *nb,
		     const struct tcp_in *in)
{
	if (in->flags & TCP_SYN || clock_monotonic() >= ts->listen->overflow)
		return false;
	if (!check_cookie((const struct ip_cb *)(const void *)nb->cb, in, &r->mss)) {
		TCP_COUNT(SyncookiesFailed);
		return false;
	}
	r->irs = in->seq - 1;
	r->iss = in->ack - 1;
	r->listener = NULL;
	read_cookie(r, ts, in);
	TCP_COUNT(SyncookiesRecv);
	return true;
}
