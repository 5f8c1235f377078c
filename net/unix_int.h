/* SPDX-License-Identifier: MIT */
/* unix_int.h - what the files of AF_UNIX share. */
#pragma once

#include <kernel/mutex.h>
#include <net/net.h>
#include <net/sock.h>
#include <net/unix.h>

/* States: those of TCP that fit. */
#define UNIX_CONNECTED	1u
#define UNIX_CLOSED	7u
#define UNIX_LISTENING	SOCK_STATE_LISTEN

/* A bound name: shared with the sockets that accept() makes. */
struct unix_name {
	atomic_t refs;
	u8 len;				/* of path */
	/* abstract: begins with a NUL; else ends with one that len counts */
	char path[];
};

/*
 * Locks: s  sk.lock.spin (never owned: AF_UNIX has no bottom halves)   t  net->un.lock   g  unix_gc's   I  set before publishing
 * Two spin locks through spin_lock_two().
 */
struct unix_sock {
	struct sock sk;			/* first */
	struct netbuf_queue rx;		/* [s] */
	/* readers of a stream, one after the other: the head of rx is theirs */
	struct mutex read_lock;
	struct unix_sock *peer;		/* [s] a reference. Streams: set once, kept until the end */
	struct unix_name *name;		/* [s] a reference; set once */
	void *node;			/* [s] what keeps the path name */
	u32 node_id[2];			/* [s] its inode and device */
	/* [s] of unix_sock.accept_link: connected, not accepted; references */
	struct list accept_q;
	struct list accept_link;
	struct unix_sock *listener;	/* [s of the listener] while on its accept_q */
	struct waitq room;		/* connecting and sending to a full queue */
	/* [s] of unix_sock.client_link: datagram sockets connected to this one */
	struct list clients;
	struct list client_link;	/* [s of the peer] */
	struct hnode hash;		/* [t] */
	struct list all;		/* [t] */
	struct file *file;		/* [g] while in flight: its description, not a reference */
	u32 inflight;			/* [g] how many queued messages carry it */
	struct list gc_link;		/* [g] in flight */
	u32 gc_inside;			/* [g] messages of candidates that carry it */
	bool gc_candidate;		/* [g] */
};

static inline struct unix_sock *to_unix(struct sock *sk)
{
	return container_of(sk, struct unix_sock, sk);
}

/* netbuf.cb of a queued message. */
struct unix_cb {
	struct scm_fds *fds;		/* owned; taken by the first recv that reads from it */
	struct sock_cred cred;		/* pid 0: none */
	u32 consumed;			/* stream: bytes already read */
	struct unix_name *from;		/* datagrams: the sender's name, a reference */
};

static inline struct unix_cb *unix_cb(struct netbuf *nb) { return netbuf_cb(nb, struct unix_cb); }

int unix_bind(struct sock *sk, struct sock_addr *a);
int unix_getname(struct sock *sk, bool peer, struct sock_addr *out);
void unix_name_put(struct unix_name *n);
void unix_addr_of(const struct unix_name *n, struct sock_addr *out);
/* The socket that a decoded address names: a reference. -ECONNREFUSED, -EPROTOTYPE, -EINVAL. */
int __must_check unix_find(struct net_ns *net, struct sock_addr *a, u32 type,
			   struct unix_sock **out);
int __must_check unix_autobind(struct unix_sock *u);
/* The peer, with a reference; NULL: none. */
struct unix_sock *unix_peer_get(struct unix_sock *u);
/* For datagrams: a new peer (NULL: none); takes over the reference. */
void unix_set_peer(struct unix_sock *u, struct unix_sock *peer);
bool unix_queue_full(const struct unix_sock *u);
/* A message left the queue that was full. */
void unix_wake_senders(struct unix_sock *u);

/* ---- unix_io.c ---- */
ssize_t unix_stream_send(struct sock *sk, struct sock_msg *m),
	unix_stream_recv(struct sock *sk, struct sock_msg *m);
ssize_t unix_dgram_send(struct sock *sk, struct sock_msg *m),
	unix_dgram_recv(struct sock *sk, struct sock_msg *m);
ssize_t unix_seqpacket_send(struct sock *sk, struct sock_msg *m),
	unix_seqpacket_recv(struct sock *sk, struct sock_msg *m);
int unix_ioctl(struct sock *sk, u32 cmd, s32 *value);

/* ---- unix_gc.c: sockets that only lie in each other's queues ---- */
/* Descriptors go into a message, come out of one. */
void unix_fds_queued(struct scm_fds *fds);
void unix_fds_taken(struct scm_fds *fds);
/* A socket was closed: there may be a cycle now. */
void unix_gc_consider(void);
