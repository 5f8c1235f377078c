/* SPDX-License-Identifier: MIT */
/* unix_diag.c - AF_UNIX sockets one after the other, for /proc/net/unix and sock_diag.
 *
 * Some references are taken under the table's lock, then each socket is looked at under its own:
 * the locks' order is the other way.
 * Locks: net->un.lock, then sk.lock.spin, never both. Ref: proc(5), sock_diag(7). Tests:
 * selftests/abi/sockdiag.c
 */
#include "unix_int.h"

#include <kernel/uapi.h>

#define AT_ONCE 32u

/* Nobody accepted it yet: it has no number. */
static u64 number_of(const struct unix_sock *u)
{
	return list_empty_racy(&u->accept_link) ? u->sk.ino : 0;
}

/* [s] */
static void look_at_queue(struct unix_sock *u, struct unix_info *i)
{
	struct unix_sock *c;

	i->rqueue = atomic_read(&u->sk.ack_backlog);
	i->wqueue = u->sk.max_ack_backlog;
	list_for_each_entry(c, &u->accept_q, accept_link)
		if (i->nr_waiting < UNIX_WAITING_SHOWN)
			i->waiting[i->nr_waiting++] = c->peer ? (u32)c->peer->sk.ino : 0;
}

static void look_at(struct unix_sock *u, struct unix_info *i, struct sock_addr *name)
{
	struct unix_sock *peer = NULL;
	s32 n = 0;

	*i = (struct unix_info){ .sk = &u->sk,
				 .refs = atomic_read(&u->sk.obj.refs) - 1,
				 .type = u->sk.type,
				 .ino = number_of(u),
				 .name = name };
	spin_lock(&u->sk.lock.spin);
	i->tcp_state = u->sk.state;
	i->listening = u->sk.state == UNIX_LISTENING;
	i->node[0] = u->node_id[0];
	i->node[1] = u->node_id[1];
	unix_addr_of(u->name, name);
	if (i->listening)
		look_at_queue(u, i);
	peer = u->peer;
	if (peer)
		i->peer_ino = number_of(peer);
	spin_unlock(&u->sk.lock.spin);
	i->flags = i->listening ? 0x10000 : 0;					/* __SO_ACCEPTCON */
	/* SS_CONNECTING, CONNECTED, UNCONNECTED */
	i->state = !i->ino ? 2 : i->tcp_state == UNIX_CONNECTED ? 3 : 1;
	if (i->listening)
		return;
	if (!unix_ioctl(&u->sk, SIOCINQ, &n))
		i->rqueue = (u32)n;
	i->wqueue = sock_wmem(&u->sk);
}

static u32 take_some(struct net_ns *net, u32 skip, struct unix_sock **out)
{
	struct unix_sock *u;
	u32 n = 0, pos = 0;

	spin_lock(&net->un.lock);
	list_for_each_entry(u, &net->un.all, all) {
		if (sock_flag(&u->sk, SOCK_DEAD) || pos++ < skip || !object_tryget(&u->sk.obj))
			continue;
		out[n++] = u;
		if (n == AT_ONCE)
			break;
	}
	spin_unlock(&net->un.lock);
	return n;
}

bool unix_walk(struct net_ns *net, u32 *skip, bool (*fn)(const struct unix_info *i, void *arg),
	       void *arg)
{
	struct unix_sock *some[AT_ONCE];
	bool go_on = true;
	u32 n;

	do {
		n = take_some(net, *skip, some);
		for (u32 k = 0; k < n; k++) {
			struct sock_addr name;
			struct unix_info i;

			if (go_on) {
				look_at(some[k], &i, &name);
				go_on = fn(&i, arg);
				*skip += go_on;
			}
			sock_put(&some[k]->sk);
		}
	} while (n == AT_ONCE && go_on);
	return go_on;
}
