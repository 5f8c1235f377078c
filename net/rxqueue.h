/* SPDX-License-Identifier: MIT */
/* rxqueue.h - whole packets that wait to be received: what UDP, raw, ping, packet and netlink
 * sockets have in common. */
#pragma once

#include <net/sock.h>

/* Locks: l  lock (RANK_SOCK_QUEUE), bottom halves off */
struct rxqueue {
	struct spinlock lock;
	struct netbuf_queue q;		/* [l] q.n is read without */
};

void rxqueue_init(struct rxqueue *r);
/* The first packet: with peek a clone of it, which the queue keeps. False: none (or no memory for
 * the clone). Context: thread. */
bool rxqueue_take(struct rxqueue *r, bool peek, struct netbuf **out);
/* A clone of the packet that has byte *skip of all that wait; *skip: that byte within it. */
bool rxqueue_peek_at(struct rxqueue *r, u32 *skip, struct netbuf **out);
/* Bytes of the first packet; 0: none. */
u32 rxqueue_first_len(struct rxqueue *r);
/*
 * Waits for a packet as recv(2) of an inet socket does: a pending error first. 0 with *out (left
 * alone at the end of a socket that was shut down), -EAGAIN, the error, or as sock_intr(). skip:
 * SO_PEEK_OFF is obeyed, and that many bytes of *out are passed over; may be NULL.
 */
int __must_check rxqueue_wait(struct rxqueue *r, struct sock *sk, struct sock_msg *m, u32 *skip,
			      struct netbuf **out);
/* nb's bytes from skip on to the program: how many, by MSG_TRUNC all of nb; -EFAULT. */
ssize_t rxqueue_give(const struct netbuf *nb, u32 skip, struct sock_msg *m);
