/* SPDX-License-Identifier: MIT */
/* filter.h - SO_ATTACH_FILTER: a classic BPF program that says how much of each packet a socket
 * gets. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/cbpf.h>
#include <kernel/rcu.h>

struct netbuf;
struct sock;

struct sock_filter_prog {
	struct rcu_head rcu;
	u32 n;
	struct cbpf_insn insns[];
};

/* *slot under RCU; changed with the socket's lock held. -EINVAL, -ENOMEM, -EPERM (locked), -ENOENT
 * (nothing to detach). */
int __must_check filter_attach(struct sock *sk, const struct cbpf_insn *insns, u32 n);
int __must_check filter_detach(struct sock *sk);
/* Bytes of nb to keep, from its data on; 0: none. Under RCU. */
u32 filter_run(const struct sock *sk, const struct netbuf *nb);
void filter_free(struct sock *sk);	/* from destroy */
