/* SPDX-License-Identifier: MIT */
/* tcp.h - TCP: the control block of a connection, and what the rest of the kernel may ask of TCP
 * sockets.
 *
 * struct tcp is one connection without a socket: (block, now, segment) -> segments, states. The
 * files tcp_wire, tcp_in, tcp_ack, tcp_rcv, tcp_out, tcp_timer and tcp_cong work on nothing else
 * and compile on the host; what they need of the world are the tcp_env_* functions.
 */
#pragma once

#include <kernel/bh_timer.h>
#include <kernel/lib/rbtree.h>
#include <net/inet.h>

/* States: values of tcp(7)'s TCP_INFO and /proc/net/tcp. */
enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSED,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};
/* A set of states as a mask, which the compiler folds. */
static __always_inline u32 tcp_state_mask(const u8 *s, usize n)
{
	u32 mask = 0;

	for (usize i = 0; i < n; i++)
		mask |= 1u << s[i];
	return mask;
}
#define TCP_STATES(...) tcp_state_mask((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_URG 0x20u
#define TCP_ECE 0x40u
#define TCP_CWR 0x80u

struct tcp_header {
	u16 sport, dport;
	u32 seq, ack;
	u8 off, flags;			/* off: words << 4 */
	u16 window, csum, urg;
};

/* ---- a segment, decoded ---- */
struct tcp_sack {
	u32 start, end;
};
#define TCP_COOKIE_MAX 16u
struct tcp_options {
	u16 mss;			/* 0: none */
	u8 wscale;
	bool has_wscale, has_ts, sack_ok, has_cookie;
	u8 nr_sack, cookie_len;
	u32 tsval, tsecr;
	struct tcp_sack sack[4];
	u8 cookie[TCP_COOKIE_MAX];
};
struct tcp_in {
	u32 seq, end, ack;		/* end: behind the payload, SYN and FIN */
	u32 len;			/* payload */
	u16 window, urg, sport, dport;
	u8 flags;
	bool ce;			/* the packet met congestion */
	struct tcp_options opt;
};

/* ---- what was written and is not yet acknowledged ---- */
#define SEG_SACKED  0x1u
#define SEG_LOST    0x2u
#define SEG_RETRANS 0x4u			/* on its way again */
#define SEG_EVER    0x8u			/* was sent more than once */
struct tcp_seg {
	struct list link;		/* tcp.unsent or tcp.sent, by seq */
	struct list tlink;		/* tcp.by_time: sent ones, by when */
	u32 seq, end;			/* end counts SYN and FIN */
	u8 flags;			/* TCP_SYN, TCP_FIN, TCP_PSH */
	u8 mark;			/* SEG_* */
	u16 nr_frags;
	u32 tries;
	ktime_t sent;			/* last time */
	u64 delivered;			/* tcp.delivered then */
	struct netbuf_frag frags[NETBUF_FRAGS];
};

/* Deadlines of a connection; WAIT_FOREVER: off. */
enum tcp_deadline {
	/* RTO, tail loss probe, reordering: tcp.retrans_kind says which */
	TCP_T_RETRANS,
	TCP_T_PROBE,			/* zero window */
	TCP_T_DELACK,
	TCP_T_KEEP,			/* keepalive; FIN_WAIT2 of an orphan */
	TCP_T_PACE,
	TCP_T_FIN,			/* a FIN for which there was no memory */
	TCP_T_NR
};
enum tcp_retrans_kind { TCP_RT_RTO, TCP_RT_TLP, TCP_RT_REO };
enum tcp_ca_state { TCP_CA_OPEN, TCP_CA_DISORDER, TCP_CA_CWR, TCP_CA_RECOVERY, TCP_CA_LOSS };

struct tcp;
struct tcp_cong_ops {
	const char *name;
	void (*init)(struct tcp *t);
	u32 (*ssthresh)(struct tcp *t);				/* packets, after a loss */
	/* packets newly acknowledged, not in recovery */
	void (*on_ack)(struct tcp *t, u32 acked);
	void (*state)(struct tcp *t, enum tcp_ca_state s);	/* NULL: does not care */
	/* the window as if the loss had not been */
	u32 (*undo)(struct tcp *t);
};

/* Locks: all of it by the owner of the socket. Names as in RFC 9293 where it has them. */
struct tcp {
	ktime_t now;			/* of the entry we are in */
	/* enum tcp_state, tcp_ca_state; RCV_SHUTDOWN | SEND_SHUTDOWN */
	u8 state, ca_state, shutdown;
	bool dead;			/* no program has it any more */
	bool nodelay, cork, push_later;
	bool ts_ok, sack_ok, wscale_ok, ecn_ok, ecn_ask;
	bool ect;			/* for tcp_env_send(): this packet may be marked */
	bool no_idle_restart;		/* tcp_slow_start_after_idle 0 */
	u8 snd_wscale, rcv_wscale;
	bool urg_out, fin_queued, ecn_cwr_due, ecn_echo_due;
	bool undo_possible, cwnd_limited, rack_advanced, tlp_retrans;
	u8 urg_byte;
	u8 urg_state;			/* 0 none, 1 announced, 2 arrived, 3 read */
	bool urg_inline;
	bool fin_seen, fin_read;	/* fin_read: the program was told of the end */
	bool dsack_due, dsack_off;
	u8 nr_recent;
	bool ack_due, ack_now, pingpong;
	u8 quick;			/* acks to send at once */
	u8 retrans_kind;
	bool keepalive;
	u8 retries, backoff, probes_out, keep_cnt, keep_probes, reo_steps;
	u8 retries_max, syn_retries;	/* tcp_retries2 */
	/* tcp_orphan_retries; tcp_syn_linear_timeouts: so many SYNs before the wait doubles */
	u8 orphan_retries, syn_linear;
	u16 keep_idle_s, keep_intvl_s;
	/* truesize of a full packet, in 256ths of its payload; 0: none came */
	u16 cost;
	/* here for the room: an idle connection costs at most 4 KiB */
	u8 tfo_cookie_len;
	/* sending */
	u32 snd_una, snd_nxt, write_seq, snd_wnd, snd_wl1, max_wnd, iss;
	u32 snd_sml;			/* behind the last small segment sent (Minshall) */
	u32 snd_up;			/* behind the urgent byte: 0 when none */
	/* payload with our options; as the peer said; of the path; TCP_MAXSEG */
	u32 mss, mss_peer, mss_path, mss_user;
	u32 adv_mss;			/* what we say */
	u32 gso_max;			/* payload of one large packet: 0: none */
	u32 snd_cwnd, snd_ssthresh, cwnd_cnt, cwnd_clamp, prior_cwnd, prior_ssthresh;
	u32 high_seq;			/* snd_nxt when recovery began */
	u32 undo_marker;		/* snd_una when the window was cut */
	/* retransmissions since, not yet reported as needless; -1: not counting */
	s32 undo_retrans;
	u32 dupacks;			/* without SACK */
	u32 prr_delivered, prr_out;	/* packets */
	u32 max_out, max_out_seq;	/* packets in flight at most, in this round */
	u32 high_sacked;
	u32 sacked_bytes, lost_bytes, retrans_bytes;	/* of snd_una..snd_nxt */
	u32 total_retrans, reord_seen, reo_round;
	u32 wmem;			/* bytes queued and their segments' memory */
	u32 notsent_lowat;
	ktime_t cwnd_stamp;
	u64 delivered;			/* bytes acknowledged or selectively so */
	ktime_t retrans_stamp;		/* first retransmission of this episode, 0: none */
	struct list unsent, sent, by_time;
	u32 *sndbuf, *rcvbuf;		/* the socket's */
	/* RACK, TLP */
	ktime_t rack_sent;
	u32 rack_end, rack_rtt_us, tlp_high;
	/* round trip */
	u32 srtt_us, rttvar_us, mdev_us, min_rtt_us;	/* srtt in eighths, mdev in quarters */
	u32 rto_ms;
	ktime_t min_rtt_at;
	/* receiving */
	u32 rcv_nxt, rcv_wnd, rcv_wup, copied_seq, irs;
	u32 rcv_up;			/* sequence of the urgent byte */
	u32 ts_recent, ts_offset;
	u32 syn_stamp;			/* of the first SYN: no echo is older */
	u32 rmem;			/* truesize of both queues */
	u32 window_clamp, rcv_mss, rcv_ssthresh;
	u32 soft_err;
	ktime_t ts_recent_at;
	struct list rcvq;		/* netbufs in order; cb: struct tcp_cb */
	struct list ooo;		/* netbufs beyond a hole, by seq, disjoint */
	struct tcp_sack dsack, recent_sack[4];
	u32 rcv_rtt_us, rcv_rtt_tsecr;
	u32 space_seq, space;		/* what the program read in the last round trip */
	ktime_t space_at;
	/* acknowledging */
	ktime_t last_rcv, last_snd, last_ack_rcv, last_oow_ack;
	u32 ato_ms;
	/* timers */
	u32 user_timeout_ms, fin_timeout_s;	/* fin_timeout 0: not at all */
	bool tfo_sent, tfo_ask, tfo_server, syn_data_acked; /* Fast Open */
	ktime_t deadline[TCP_T_NR];
	ktime_t pace_next;
	u64 pace_rate;			/* bytes a second; U64_MAX: none */
	const struct tcp_cong_ops *cong;
	u64 cong_priv[8];
	/* counts for TCP_INFO */
	u64 bytes_acked, bytes_received, bytes_sent, bytes_retrans;
	u32 segs_in, segs_out, data_in, data_out, ooo_packets, dsack_dups;
	u32 delivered_ce, delivered_packets;
	u8 tfo_cookie[TCP_COOKIE_MAX];
};

/* netbuf.cb of what waits to be received. */
struct tcp_cb {
	u32 seq, end;
	bool fin;
};
static inline struct tcp_cb *tcp_cb(struct netbuf *nb) { return netbuf_cb(nb, struct tcp_cb); }

/* ---- the socket ---- */
enum tcp_ent_kind { TCP_ENT_SOCK, TCP_ENT_REQ, TCP_ENT_TW };
/* What the table of four-tuples holds. Locks: I  immutable while hashed */
struct tcp_ent {
	struct hnode node;		/* RCU */
	struct ipaddr laddr, raddr;	/* [I] */
	u16 lport, rport;		/* [I] host order */
	s32 bound_if;			/* [I] 0: any */
	u8 kind, family;		/* [I] enum tcp_ent_kind; of the socket */
	struct net_ns *net;		/* [I] */
};

struct tcp_listen;			/* net/tcp_req.c */
struct tcp_fast_keys {
	u8 nr;
	u64 key[2][2];
};
/* net.ipv4.tcp_fastopen */
#define TFO_CLIENT	     0x1u
#define TFO_SERVER	     0x2u
#define TFO_CLIENT_NO_COOKIE 0x4u
#define TFO_SERVER_NO_COOKIE 0x200u
#define TFO_SERVER_ALWAYS    0x400u	/* listeners need no TCP_FASTOPEN */
/* what connect() says next */
enum tcp_conn { TCP_UNCONNECTED, TCP_CONNECTING, TCP_CONNECTED };

/* Locks: o  owner   I  immutable   q  the listener's queue lock */
struct tcp_sock {
	struct inet_sock inet;		/* first */
	struct tcp tcp;			/* [o] */
	struct tcp_ent ent;
	struct bh_timer timer;		/* one for all deadlines; holds a reference while armed */
	ktime_t armed_for;		/* [o] WAIT_FOREVER: not armed */
	struct tcp_listen *listen;	/* [o, RCU] while listening; freed with the socket */
	struct list accept_link;	/* [q] */
	/* [lock.spin] TCP_PENDING_*: left by bottom halves for the owner */
	u32 pending;
	u32 pending_mtu;
	u32 defer_accept, fastopen_qlen;	/* options of a listener */
	u8 *saved_syn;			/* [o] */
	u32 saved_syn_len;
	u32 zc_next;			/* [o] MSG_ZEROCOPY: numbers of calls */
	bool tfo_connect, tfo_no_cookie, recv_inq, was_bound;
	/* [o] connect() returned, the SYN goes with the first data */
	bool tfo_deferred;
	bool no_space;			/* a writer or poller waits for room */
	u8 save_syn;
	u8 conn;			/* [o] enum tcp_conn */
	/* [o] the listener, a reference, until the handshake of a Fast Open is done */
	struct tcp_sock *fast_of;
	/* [tcp_fastopen.c's lock] of a listener; NULL: those of the system */
	struct tcp_fast_keys *fast_keys;
};

static inline struct tcp_sock *to_tcp(struct sock *sk)
{
	return container_of(sk, struct tcp_sock, inet.sk);
}
static inline struct tcp_sock *tcp_sock_of(struct tcp *t)
{
	return container_of(t, struct tcp_sock, tcp);
}

/* net.ipv4.tcp_* of a namespace. */
struct tcp_sysctl {
	u32 syn_retries, synack_retries, retries2, orphan_retries, fin_timeout_s, keep_time_s,
		keep_intvl_s, keep_probes;
	u32 max_syn_backlog, notsent_lowat, max_tw, syn_linear, fastopen;
	u32 retries1, max_orphans, chains;
	u32 rmem[3], wmem[3], mem[3];	/* mem: pages */
	const struct tcp_cong_ops *cong;
	u8 ecn, syncookies, tw_reuse;
	bool window_scaling, timestamps, sack, dsack, abort_on_overflow, slow_start_after_idle,
		moderate_rcvbuf, rfc1337;
};
extern struct tcp_sysctl tcp_sysctl;

void tcp_init(struct net_ns *net);

/* Whether sk is a TCP socket. */
bool sock_is_tcp(const struct sock *sk);
