/* SPDX-License-Identifier: MIT */
/* tcp_int.h - what the files of TCP share. */
#pragma once

#include <kernel/clock.h>
#include <net/mib.h>
#include <net/tcp.h>

/* What netstat -s counts: TCP_COUNT(TCPTimeouts). */
#define TCP_COUNT(what) mib_inc(MIB_TCP_EXT_##what)

struct diag_cursor;
struct inet_diag;

static inline bool seq_before(u32 a, u32 b) { return (s32)(a - b) < 0; }
static inline bool seq_after(u32 a, u32 b) { return seq_before(b, a); }
static inline u32 seq_max(u32 a, u32 b) { return seq_before(a, b) ? b : a; }
static inline u32 seq_min(u32 a, u32 b) { return seq_before(a, b) ? a : b; }

#define TCP_RTO_MIN_MS	 200u
#define TCP_RTO_MAX_MS	 120000u
#define TCP_RTO_INIT_MS	 1000u
#define TCP_OOW_INTERVAL_MS 500u	/* net.ipv4.tcp_invalid_ratelimit */
#define TCP_DELACK_MIN_MS 40u
#define TCP_DELACK_MAX_MS 200u
#define TCP_MSS_MIN	 88u		/* Linux: 48 for the connection, 88 for TCP_MAXSEG */
#define TCP_MSS_FLOOR	 48u
#define TCP_WINDOW_MAX	 32767u
#define TCP_INIT_CWND	 10u
#define TCP_WSCALE_MAX	 14u
#define TCP_TIMEWAIT_NS	 (60 * NSEC_PER_SEC)
#define TCP_PROBE0_MAX_MS TCP_RTO_MAX_MS
#define TCP_SEG_COST	 ((u32)sizeof(struct tcp_seg))
#define TCP_SMALL	 128u		/* payload up to this is copied behind the header */
#define TCP_HEADER_MAX	 60u
#define TCP_INFINITE	 0x7fffffffu
#define TCP_URG_NONE	 0u
#define TCP_URG_ANNOUNCED 1u
#define TCP_URG_HERE	 2u
#define TCP_URG_READ	 3u
#define TCP_FASTOPEN_QLEN_DEFAULT 5u

/* RFC 9293 s3.7.1: what a peer takes that does not say. */
static inline u32 tcp_default_mss(struct ipaddr peer) { return ip_is4(peer) ? 536 : 1220; }

#define ms_ns(ms) ((ktime_t)(ms) * 1000000)

/* ---- the world, as a connection sees it: tcp_ip.c in the kernel, the test's double on the host
 * ---- */
/* data at the TCP header, sum not computed. Takes nb over */
void tcp_env_send(struct tcp *t, struct netbuf *nb, u32 mss);
void tcp_env_wake(struct tcp *t, u32 events);
void tcp_env_space(struct tcp *t);		/* room in the send queue */
void tcp_env_state(struct tcp *t);		/* state or shutdown changed */
/* the connection is lost: state is TCP_CLOSED next */
void tcp_env_error(struct tcp *t, u32 err);
void tcp_env_timer(struct tcp *t, ktime_t when);	/* a deadline came nearer than all others */
/* TIME_WAIT, or FIN_WAIT2 without a program, lives on outside */
void tcp_env_time_wait(struct tcp *t, u32 state, u32 ms);
/* the peer gave one for Fast Open */
void tcp_env_cookie(struct tcp *t, const struct tcp_in *in);
void tcp_env_confirm(struct tcp *t);		/* the peer's address works */
u32 tcp_env_tune_max(struct tcp *t, bool send);	/* how far the buffer may grow; 0: not at all */
void tcp_env_urgent(struct tcp *t);		/* SIGURG */
void tcp_env_refuse(struct tcp *t, const struct tcp_in *in);	/* a reset in answer to a segment */
void tcp_env_port(struct tcp *t, struct tcp_header *h);		/* fills in the ports */
struct tcp_seg *tcp_env_seg_alloc(void);
void tcp_env_seg_free(struct tcp_seg *s);

/* ---- tcp_wire.c ---- */
/* h and its options (h->off words) must be there, len bytes in all. False: malformed. */
bool __must_check tcp_parse(const struct tcp_header *h, u32 len, struct tcp_in *in);
/* Options into at (40 bytes of room), padded; bytes written. */
struct tcp_out_options {
	u16 mss;			/* 0: none */
	bool wscale_ok, sack_perm, ts, cookie_ask;
	u8 wscale, nr_sack, cookie_len;
	u32 tsval, tsecr;
	struct tcp_sack sack[4];
	const u8 *cookie;
};
u32 tcp_put_options(u8 *at, const struct tcp_out_options *o);
/* of all bytes: 0 when it is right */
u16 tcp_checksum(const struct netbuf *nb, struct ipaddr src, struct ipaddr dst);
/* what CSUM_PARTIAL wants in the field */
u16 tcp_pseudo(struct ipaddr src, struct ipaddr dst, u32 len);
u64 siphash(const u64 key[2], const void *data, usize n);

/* ---- tcp_in.c ---- */
void tcp_setup(struct tcp *t, ktime_t now);			/* a zeroed block */
/* A segment for this connection; nb: its payload. Takes nb over. now is set. */
void tcp_segment(struct tcp *t, struct tcp_in *in, struct netbuf *nb);
void tcp_set_state(struct tcp *t, u32 state);
/* closed at once, nothing is sent */
void tcp_abort(struct tcp *t, u32 err);
void tcp_done(struct tcp *t);					/* closed in order */
void tcp_enter_time_wait(struct tcp *t, u32 state, u32 ms);
void tcp_challenge_ack(struct tcp *t);
/* The handshake's results: options of the peer's SYN; then windows and congestion start. */
void tcp_take_syn(struct tcp *t, const struct tcp_in *in);
void tcp_established(struct tcp *t);
void tcp_purge(struct tcp *t);					/* frees all queues */

/* ---- tcp_ack.c ---- */
/* Acknowledgement fields of a segment. <0: not acceptable, the segment is dropped. */
int __must_check tcp_ack(struct tcp *t, const struct tcp_in *in);
/* What one acknowledgement brought. */
struct tcp_ack_round {
	u32 prior_una, prior_pipe;
	u32 acked, sacked;		/* bytes newly so */
	bool advanced, dsack, lost_retrans, was_retrans;
	s64 rtt_us, sack_rtt_us;	/* -1: none */
};
void tcp_rtt_sample(struct tcp *t, s64 rtt_us);
void tcp_arm_retrans(struct tcp *t);
u32 tcp_ts_now(const struct tcp *t);
static inline u32 tcp_pipe(const struct tcp *t)
{
	return t->snd_nxt - t->snd_una - t->sacked_bytes - t->lost_bytes + t->retrans_bytes;
}
u32 tcp_rto_ms(const struct tcp *t);

/* ---- tcp_recov.c ---- */
void tcp_seg_lost(struct tcp *t, struct tcp_seg *s);
void tcp_rack_saw(struct tcp *t, const struct tcp_seg *s);	/* it arrived */
void tcp_recover(struct tcp *t, const struct tcp_in *in, const struct tcp_ack_round *r);
void tcp_enter_loss(struct tcp *t);
void tcp_enter_cwr(struct tcp *t);
void tcp_rack_timeout(struct tcp *t);
static inline u32 tcp_packets(const struct tcp *t, u32 bytes)
{
	return bytes <= t->mss ? !!bytes : DIV_ROUND_UP(bytes, t->mss);
}

/* ---- tcp_rcv.c ---- */
/* acceptable, with payload or FIN. Takes nb over */
void tcp_receive(struct tcp *t, struct tcp_in *in, struct netbuf *nb);
void tcp_urgent(struct tcp *t, const struct tcp_in *in, struct netbuf *nb);
/* the program took bytes: windows, tuning */
void tcp_data_read(struct tcp *t, u32 copied);
/* bytes in order, FIN not counted, up to an urgent mark or not */
u32 tcp_readable(const struct tcp *t);
void tcp_free_rcv(struct tcp *t, struct netbuf *nb);		/* of rcvq or ooo, unlinked */
u32 tcp_choose_window(struct tcp *t);
void tcp_init_window(struct tcp *t, u32 rcvbuf, u32 mss, bool wscale_ok, u32 *window, u8 *wscale);
u32 tcp_rcv_space(const struct tcp *t);
static inline u32 tcp_receive_window(const struct tcp *t)
{
	s32 w = (s32)(t->rcv_wup + t->rcv_wnd - t->rcv_nxt);

	return w < 0 ? 0 : (u32)w;
}

/* ---- tcp_out.c ---- */
/* SYN_SENT, nothing sent; -ENOBUFS: the state is as before */
int __must_check tcp_connect_queue(struct tcp *t);
/* the SYN, and the data behind it if there is some */
void tcp_connect_send(struct tcp *t);
static inline int tcp_connect_start(struct tcp *t)
{
	int err = tcp_connect_queue(t);

	if (!err)
		tcp_connect_send(t);
	return err;
}
/* Fast Open: a fresh block in SYN_RECV takes the SYN with its data and answers both. Takes nb
 * over. */
void tcp_accept_start(struct tcp *t, struct tcp_in *in, struct netbuf *nb);
void tcp_send_synack(struct tcp *t);				/* simultaneous open */
/* what windows allow; flush: not held back by Nagle */
void tcp_push(struct tcp *t, bool flush);
void tcp_send_ack(struct tcp *t);
/* after a segment with payload: at once or delayed */
void tcp_ack_soon(struct tcp *t);
void tcp_send_reset(struct tcp *t);				/* active */
void tcp_send_fin(struct tcp *t);
bool tcp_retransmit(struct tcp *t, struct tcp_seg *s, u32 max_len);
void tcp_retransmit_lost(struct tcp *t, u32 budget);
void tcp_send_probe(struct tcp *t, bool keepalive);
bool tcp_send_tlp(struct tcp *t);
void tcp_arm_tlp(struct tcp *t);
/* Splits s (of either list) at seq at; the second half follows it. False: no memory. */
bool __must_check tcp_seg_split(struct tcp *t, struct tcp_seg *s, u32 at);
void tcp_seg_trim(struct tcp *t, struct tcp_seg *s, u32 upto);	/* drops bytes before upto */
void tcp_seg_free(struct tcp *t, struct tcp_seg *s);
void tcp_update_mss(struct tcp *t);
u32 tcp_size_goal(const struct tcp *t);
/* The segment new bytes go to, made if need be; room: how many it takes. NULL: no memory. */
struct tcp_seg *tcp_tail_seg(struct tcp *t, u32 *room);
/* takes over a reference */
void tcp_queue_frag(struct tcp *t, struct tcp_seg *s, struct page *p, u32 off, u32 len);
bool tcp_seg_takes(const struct tcp_seg *s, const struct page *p, u32 off);
void tcp_mark_urgent(struct tcp *t);
/* after queueing: push as MSG_MORE, Nagle say */
void tcp_wrote(struct tcp *t, u32 size_goal, bool more);
static inline bool tcp_can_write(const struct tcp *t)
{
	return *t->sndbuf > t->wmem && *t->sndbuf - t->wmem >= t->wmem / 2;
}
static inline u32 tcp_notsent(const struct tcp *t) { return t->write_seq - t->snd_nxt; }

/* ---- tcp_timer.c ---- */
void tcp_set_deadline(struct tcp *t, enum tcp_deadline which, ktime_t when);
static inline void tcp_clear_deadline(struct tcp *t, enum tcp_deadline which)
{
	t->deadline[which] = WAIT_FOREVER;
}
ktime_t tcp_next_deadline(const struct tcp *t);
/* works off the deadlines that have passed */
void tcp_timeout(struct tcp *t);
void tcp_arm_probe(struct tcp *t);
void tcp_start_keepalive(struct tcp *t);

/* ---- tcp_cong.c ---- */
const struct tcp_cong_ops *tcp_cong_find(const char *name, usize n);
extern const struct tcp_cong_ops tcp_reno, tcp_cubic;
void tcp_slow_start_after_idle(struct tcp *t);
u32 tcp_slow_start(struct tcp *t, u32 acked);			/* what is left of acked */
void tcp_reno_avoid(struct tcp *t, u32 window, u32 acked);
static inline bool tcp_in_slow_start(const struct tcp *t) { return t->snd_cwnd < t->snd_ssthresh; }

/* ---- tcp_seg.c ---- */
/* TCP_SYN, TCP_FIN: onto the last segment or one of its own */
struct tcp_seg *tcp_queue_flag(struct tcp *t, u8 flag);
void tcp_seg_share(const struct tcp_seg *s, struct netbuf *nb, u32 len);

/* ---- below: the socket side ---- */

/* Nothing can be sent or read yet. */
static inline bool tcp_is_opening(const struct tcp_sock *ts)
{
	u8 s = READ_ONCE(ts->inet.sk.state);

	return s == TCP_SYN_SENT || (s == TCP_SYN_RECV && !ts->tcp.tfo_server);
}

#define TCP_PENDING_TIMER 1u		/* tcp_sock.pending */
#define TCP_PENDING_MTU	  2u

/* ---- tcp_table.c ---- */
/* RCU */
struct tcp_ent *tcp_table_find(struct net_ns *net, struct ipaddr laddr, u16 lport,
			       struct ipaddr raddr, u16 rport, s32 ifindex);
bool __must_check tcp_table_add(struct tcp_ent *e);		/* false: the four-tuple is taken */
bool tcp_table_del(struct tcp_ent *e);				/* true: we took it out */
/* false: old was not there any more */
bool __must_check tcp_table_replace(struct tcp_ent *old, struct tcp_ent *e);
void tcp_listener_add(struct tcp_sock *ts);
void tcp_listener_del(struct tcp_sock *ts);
/* RCU */
struct tcp_sock *tcp_listener_find(struct net_ns *net, const struct ip_cb *cb, u16 sport,
				   u16 dport);
/* All in turn from the cursor on, listeners first; false: fn said so. Under RCU. */
bool tcp_walk(struct net_ns *net, struct diag_cursor *c, bool (*fn)(struct tcp_ent *e, void *arg),
	      void *arg);
bool tcp_walk_listeners(struct net_ns *net, struct diag_cursor *c,
			bool (*fn)(struct tcp_sock *ts, void *arg), void *arg);
void tcp_table_init(void);

/* ---- tcp_ip.c ---- */
/* A segment that no socket sends. */
struct tcp_reply {
	struct net_ns *net;
	struct ipaddr src, dst;
	u16 sport, dport, window;
	u8 flags, tos;
	u32 seq, ack, mark;
	s32 oif;
	struct tcp_out_options opt;
};
void tcp_send_reply(const struct tcp_reply *r);
/* RST */
void tcp_refuse(struct net_ns *net, struct ipaddr local, struct ipaddr remote,
		const struct tcp_in *in, s32 oif);
/* mss_path, gso_max by the route; owner */
void tcp_find_path(struct tcp_sock *ts);
void tcp_enter(struct tcp_sock *ts);				/* each entry by an owner: now */
u32 tcp_new_iss(struct ipaddr laddr, u16 lport, struct ipaddr raddr, u16 rport, u32 *ts_offset);
/* bottom half or owner: locks, or backlog. Takes nb over */
void tcp_deliver(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in);
void tcp_timer_fired(struct bh_timer *timer);
void tcp_kicked(struct sock *sk);
void tcp_backlog(struct sock *sk, struct netbuf *nb);
extern const struct ip_proto tcp_ip_proto;
extern u64 tcp_secret[2];
void tcp_make_secret(void);

/* ---- tcp_req.c ---- */
int tcp_listen_start(struct tcp_sock *ts);			/* owner */
/* owner: requests and children go */
void tcp_listen_stop(struct tcp_sock *ts);
void tcp_listen_free(struct tcp_sock *ts);
/* RCU; isn 0: a new one. Takes nb over */
void tcp_listen_rx(struct tcp_sock *ts, struct netbuf *nb, struct tcp_in *in, u32 isn);
void tcp_req_rx(struct tcp_ent *e, struct netbuf *nb, struct tcp_in *in);
struct tcp_sock *tcp_accept_take(struct tcp_sock *ts);		/* NULL: none */
bool tcp_accept_waiting(const struct tcp_sock *ts);
void tcp_req_kill(struct tcp_ent *e);
void tcp_req_show(struct tcp_ent *e, ktime_t now, struct inet_diag *d);
void tcp_req_init(void);

/* ---- tcp_fastopen.c ---- */
int tcp_fast_set_keys(struct tcp_sock *ts, const void *val, u32 len);
u32 tcp_fast_get_keys(struct tcp_sock *ts, void *out);		/* 32 bytes of room */
/* A send that connects: -EISCONN and so on; 0: connected, or *copied bytes are on their way with
 * the SYN. Owner. */
int tcp_fast_send(struct tcp_sock *ts, struct sock_msg *m, ssize_t *copied);
/* connect(): leave the SYN to the first send */
bool tcp_fast_may_wait(struct tcp_sock *ts);
/* the handshake is done, or the connection gone */
void tcp_fast_done(struct tcp_sock *c);
void tcp_fast_init(void);

/* ---- tcp_tw.c ---- */
void tcp_tw_make(struct tcp_sock *ts, u32 state, u32 ms);
/* true: a SYN that may begin anew; else took nb over */
bool tcp_tw_rx(struct tcp_ent *e, struct netbuf *nb, struct tcp_in *in, u32 *isn);
bool tcp_tw_reusable(struct tcp_ent *e, struct tcp *t);		/* connect(): takes over numbers */
void tcp_tw_kill(struct tcp_ent *e);
void tcp_tw_show(struct tcp_ent *e, ktime_t now, struct inet_diag *d);
void tcp_tw_init(void);

/* ---- tcp_sysctl.c ---- */
void tcp_sysctl_init(void);

/* ---- tcp.c ---- */
struct tcp_sock *tcp_alloc(struct net_ns *net, u16 family);

/* owner: as connect() to AF_UNSPEC */
void tcp_disconnect(struct tcp_sock *ts);
int tcp_connect_prepare(struct tcp_sock *ts, struct sock_addr *a);	/* all but the SYN; owner */
int tcp_connect_wait(struct tcp_sock *ts, bool nonblock);	/* owner; lets go meanwhile */

/* ---- tcp_close.c ---- */
/* owner: nobody will accept or close it: reset */
void tcp_orphan(struct tcp_sock *ts);
int tcp_shutdown(struct sock *sk, u32 how);
void tcp_close(struct sock *sk);
int tcp_sock_abort(struct sock *sk, u32 err);

/* ---- tcp_sock.c ---- */
ssize_t tcp_send(struct sock *sk, struct sock_msg *m);
/* into the last segment; bytes, or -errno */
ssize_t tcp_copy_some(struct tcp *t, struct iter *from, u32 most);
ssize_t tcp_recv(struct sock *sk, struct sock_msg *m);
ssize_t tcp_send_page(struct sock *sk, struct page *p, u32 off, u32 len, u32 flags);
u32 tcp_poll(struct sock *sk);
int tcp_ioctl(struct sock *sk, u32 cmd, s32 *value);

/* ---- tcp_opt.c ---- */
int tcp_setopt(struct sock *sk, s32 level, s32 name, const void *val, u32 len);
int tcp_getopt(struct sock *sk, s32 level, s32 name, void *val, u32 *len);
