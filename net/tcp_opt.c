/* SPDX-License-Identifier: MIT */
/* tcp_opt.c - TCP: options of level SOL_TCP.
 *
 * Values are Linux's. Locks: the owner lock. Ref: tcp(7). Tests: selftests/abi/tcp.c
 */
#include "tcp_int.h"

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <net/diag.h>
#include <net/net.h>

#define KEEP_MAX_S 32767
#define KEEP_MAX_PROBES 127

/* ---- setting ---- */

static int put_bytes(void *val, u32 *len, const void *src, usize n)
{
	*len = min(*len, (u32)n);
	memcpy(val, src, *len);
	return 0;
}

static int set_congestion(struct tcp_sock *ts, const void *val, u32 len)
{
	const struct tcp_cong_ops *ops;

	if (len < 1)
		return -EINVAL;
	ops = tcp_cong_find(val, min(len, 15u));
	if (!ops)
		return -ENOENT;
	if (ts->tcp.cong != ops) {
		ts->tcp.cong = ops;
		memset(ts->tcp.cong_priv, 0, sizeof(ts->tcp.cong_priv));
		ops->init(&ts->tcp);
	}
	return 0;
}

static int set_keep(struct tcp *t, s32 name, s32 v)
{
	if (v < 1 || v > (name == TCP_KEEPCNT ? KEEP_MAX_PROBES : KEEP_MAX_S))
		return -EINVAL;
	if (name == TCP_KEEPINTVL) {
		t->keep_intvl_s = (u16)v;
	} else if (name == TCP_KEEPCNT) {
		t->keep_cnt = (u8)v;
	} else {
		t->keep_idle_s = (u16)v;
		tcp_start_keepalive(t);
		/* what was silence already counts */
		if (t->deadline[TCP_T_KEEP] != WAIT_FOREVER)
			tcp_set_deadline(t, TCP_T_KEEP,
					 max(t->now, max(t->last_rcv, t->last_ack_rcv) +
							     (ktime_t)v * NSEC_PER_SEC));
	}
	return 0;
}

static void set_nodelay(struct tcp *t, bool on)
{
	t->nodelay = on;
	if (on) {			/* even when corked */
		t->push_later = false;
		tcp_push(t, true);
	}
}

static void set_cork(struct tcp *t, bool on)
{
	t->cork = on;
	if (!on) {
		t->push_later = false;
		tcp_push(t, true);
	}
}

static void set_quickack(struct tcp *t, s32 v)
{
	if (!v) {
		t->pingpong = true;
		return;
	}
	t->pingpong = false;
	t->quick = max(t->quick, (u8)16);
	if (t->ack_due && t->state == TCP_ESTABLISHED) {
		tcp_send_ack(t);
		if (!(v & 1))
			t->pingpong = true;
	}
}

static int set_window_clamp(struct tcp *t, s32 v)
{
	if (!v) {
		if (t->state != TCP_CLOSED)
			return -EINVAL;
		t->window_clamp = U32_MAX / 2;
		return 0;
	}
	t->window_clamp = max((u32)v, 2304u / 2);
	t->rcv_ssthresh = min(t->rcv_ssthresh, t->window_clamp);
	return 0;
}

/* Seconds as the number of SYN|ACKs that take as long. */
static u32 secs_to_tries(s32 s)
{
	u32 n = 0;

	for (s32 t = 1, sum = 0; sum < s && n < 255; n++, t = min(t * 2, 120))
		sum += t;
	return n;
}

static s32 tries_to_secs(u32 n)
{
	s32 sum = 0;

	for (s32 t = 1; n; n--, t = min(t * 2, 120))
		sum += t;
	return sum;
}

static int set_more(struct tcp_sock *ts, s32 name, s32 v)
{
	struct tcp *t = &ts->tcp;

	switch (name) {
	case TCP_SYNCNT:
		if (v < 1 || v > KEEP_MAX_PROBES)
			return -EINVAL;
		t->syn_retries = (u8)v;
		return 0;
	case TCP_LINGER2:
		t->fin_timeout_s = v < 0    ? 0
				   : v == 0 ? tcp_sysctl.fin_timeout_s
					    : min((u32)v, 120u);
		return 0;
	case TCP_DEFER_ACCEPT:
		ts->defer_accept = v > 0 ? secs_to_tries(v) : 0;
		return 0;
	case TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		t->user_timeout_ms = (u32)v;
		return 0;
	case TCP_NOTSENT_LOWAT:
		t->notsent_lowat = (u32)v ? (u32)v : tcp_sysctl.notsent_lowat;
		tcp_env_space(t);
		return 0;
	case TCP_SAVE_SYN:
		if (v < 0 || v > 2)
			return -EINVAL;
		ts->save_syn = (u8)v;
		return 0;
	case TCP_INQ:
		if (v < 0 || v > 1)
			return -EINVAL;
		ts->recv_inq = v;
		return 0;
	case TCP_FASTOPEN:
		if (v < 0 || !(TCP_STATES(TCP_CLOSED, TCP_LISTEN) & 1u << t->state))
			return -EINVAL;
		ts->fastopen_qlen = (u32)v;
		return 0;
	case TCP_FASTOPEN_CONNECT:
		if (v < 0 || v > 1)
			return -EINVAL;
		if (t->state != TCP_CLOSED)
			return -EINVAL;
		ts->tfo_connect = v;
		return 0;
	case TCP_FASTOPEN_NO_COOKIE:
		if (v < 0 || v > 1 || !(TCP_STATES(TCP_CLOSED, TCP_LISTEN) & 1u << t->state))
			return -EINVAL;
		ts->tfo_no_cookie = v;
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
	case TCP_THIN_DUPACK:
		return v < 0 || v > 1 ? -EINVAL : 0;
	case TCP_REPAIR:
		return capable(CAP_NET_ADMIN) &&
				       (TCP_STATES(TCP_CLOSED, TCP_ESTABLISHED) & 1u << t->state)
			       ? -EOPNOTSUPP
			       : -EPERM;
	case TCP_REPAIR_QUEUE: case TCP_REPAIR_OPTIONS:
		return -EPERM;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_tcp(struct tcp_sock *ts, s32 name, s32 v)
{
	struct tcp *t = &ts->tcp;

	switch (name) {
	case TCP_NODELAY:
		set_nodelay(t, v);
		return 0;
	case TCP_CORK:
		set_cork(t, v);
		return 0;
	case TCP_MAXSEG:
		if (v && (v < (s32)TCP_MSS_MIN || v > 32767))
			return -EINVAL;
		t->mss_user = (u32)v;
		return 0;
	case TCP_KEEPIDLE: case TCP_KEEPINTVL: case TCP_KEEPCNT:
		return set_keep(t, name, v);
	case TCP_QUICKACK:
		set_quickack(t, v);
		return 0;
	case TCP_WINDOW_CLAMP:
		return set_window_clamp(t, v);
	default:
		return set_more(ts, name, v);
	}
}

static int set_socket(struct tcp_sock *ts, s32 name, s32 v)
{
	if (name == SO_OOBINLINE) {
		ts->tcp.urg_inline = v;
		return 0;
	}
	ts->tcp.keepalive = v;
	tcp_start_keepalive(&ts->tcp);
	return 0;
}

int tcp_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len)
{
	struct tcp_sock *ts = to_tcp(sk);
	s32 v = 0;
	int err;

	if (level != SOL_TCP &&
	    !(level == SOL_SOCKET && (name == SO_KEEPALIVE || name == SO_OOBINLINE)))
		return inet_setopt(sk, level, name, val, len);
	if (name == TCP_ULP && level == SOL_TCP)
		return len ? -ENOENT : -EINVAL;
	if (!(level == SOL_TCP && (name == TCP_CONGESTION || name == TCP_FASTOPEN_KEY)) &&
	    sock_opt_int(val, len, &v))
		return -EINVAL;
	sock_lock(sk);
	tcp_enter(ts);
	if (level == SOL_SOCKET)
		err = set_socket(ts, name, v);
	else if (name == TCP_CONGESTION)
		err = set_congestion(ts, val, len);
	else if (name == TCP_FASTOPEN_KEY)
		err = tcp_fast_set_keys(ts, val, len);
	else
		err = set_tcp(ts, name, v);
	sock_unlock(sk);
	return err;
}

/* ---- reading ---- */

static int get_info(struct tcp_sock *ts, void *val, u32 *len)
{
	u8 info[TCP_INFO_BYTES];

	tcp_fill_info(&ts->inet, info);
	return put_bytes(val, len, info, sizeof(info));
}

static int get_saved_syn(struct tcp_sock *ts, void *val, u32 *len)
{
	u32 n = ts->saved_syn_len;

	if (!ts->saved_syn) {
		*len = 0;
		return 0;
	}
	if (*len < n) {
		*len = n;
		return -EINVAL;
	}
	put_bytes(val, len, ts->saved_syn, n);
	kfree(ts->saved_syn);
	ts->saved_syn = NULL;
	return 0;
}

static int get_bytes(struct tcp_sock *ts, s32 name, void *val, u32 *len)
{
	char text[16] = {};
	u8 keys[32];

	switch (name) {
	case TCP_INFO:
		return get_info(ts, val, len);
	case TCP_CC_INFO:
		*len = 0;
		return 0;
	case TCP_CONGESTION:
		memcpy(text, ts->tcp.cong->name, strlen(ts->tcp.cong->name));
		return put_bytes(val, len, text, sizeof(text));
	case TCP_SAVED_SYN:
		return get_saved_syn(ts, val, len);
	case TCP_FASTOPEN_KEY:
		return put_bytes(val, len, keys, tcp_fast_get_keys(ts, keys));
	case TCP_ULP:
		*len = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static bool get_int(struct tcp_sock *ts, s32 name, s32 *v)
{
	struct tcp *t = &ts->tcp;

	switch (name) {
	case TCP_NODELAY:	*v = t->nodelay; break;
	case TCP_MAXSEG:	*v = (s32)(t->mss_user && (TCP_STATES(TCP_CLOSED, TCP_LISTEN) & 1u << t->state) ? t->mss_user : t->mss); break;
	case TCP_CORK:		*v = t->cork; break;
	case TCP_KEEPIDLE:	*v = (s32)t->keep_idle_s; break;
	case TCP_KEEPINTVL:	*v = (s32)t->keep_intvl_s; break;
	case TCP_KEEPCNT:	*v = (s32)t->keep_cnt; break;
	case TCP_SYNCNT:	*v = (s32)t->syn_retries; break;
	case TCP_LINGER2:	*v = t->fin_timeout_s ? (s32)t->fin_timeout_s : -1; break;
	case TCP_DEFER_ACCEPT:	*v = tries_to_secs(ts->defer_accept); break;
	case TCP_WINDOW_CLAMP:	*v = t->window_clamp == U32_MAX / 2 ? 0 : (s32)t->window_clamp; break;
	case TCP_QUICKACK:	*v = !t->pingpong; break;
	case TCP_USER_TIMEOUT:	*v = (s32)t->user_timeout_ms; break;
	case TCP_NOTSENT_LOWAT: *v = t->notsent_lowat == U32_MAX ? 0 : (s32)t->notsent_lowat; break;
	case TCP_SAVE_SYN:	*v = ts->save_syn; break;
	case TCP_INQ:		*v = ts->recv_inq; break;
	case TCP_FASTOPEN:	*v = (s32)ts->fastopen_qlen; break;
	case TCP_FASTOPEN_CONNECT: *v = ts->tfo_connect; break;
	case TCP_FASTOPEN_NO_COOKIE: *v = ts->tfo_no_cookie; break;
	case TCP_THIN_LINEAR_TIMEOUTS: case TCP_THIN_DUPACK: case TCP_REPAIR: case TCP_TX_DELAY: *v = 0; break;
	default:		return false;
	}
	return true;
}

int tcp_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len)
{
	struct tcp_sock *ts = to_tcp(sk);
	s32 v;
	int err;

	if (level != SOL_TCP)
		return inet_getopt(sk, level, name, val, len);
	sock_lock(sk);
	if (get_int(ts, name, &v))
		err = sock_put_int(val, len, v);
	else
		err = get_bytes(ts, name, val, len);
	sock_unlock(sk);
	return err;
}
