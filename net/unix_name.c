/* SPDX-License-Identifier: MIT */
/* unix_name.c - AF_UNIX: names, and who has them.
 *
 * Invariant: a name is set once. Abstract names are in net->un.names from bind to close; path names
 * are found through their vnode.
 * Locks: sk.lock.spin [RANK_SOCK] > net->un.lock [RANK_SOCK_TABLE]. Ref: unix(7), bind(2). Tests:
 * selftests/abi/unix.c
 */
#include "unix_int.h"

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#define AUTOBIND_NAMES	0x100000u	/* five hexadecimal digits */

void unix_name_put(struct unix_name *n)
{
	if (ref_put(&n->refs))
		kfree(n);
}

static struct unix_name *make_name(const struct sock_addr *a)
{
	struct unix_name *n = kmalloc(sizeof(*n) + a->path_len, PAGE_KERNEL);

	if (!n)
		return NULL;
	ref_init(&n->refs, 1);
	n->len = a->path_len;
	memcpy(n->path, a->path, n->len);
	return n;
}

void unix_addr_of(const struct unix_name *n, struct sock_addr *out)
{
	*out = (struct sock_addr){ .family = AF_UNIX };
	if (!n)
		return;
	out->path_len = n->len;
	memcpy(out->path, n->path, n->len);
}

static u32 hash_name(const char *p, u32 len, u32 type)
{
	u32 h = 2166136261u ^ type;

	for (u32 i = 0; i < len; i++)
		h = (h ^ (u8)p[i]) * 16777619u;
	return (h ^ h >> 16) % UNIX_HASH;
}

static struct unix_sock *find_abstract(struct net_ns *net, const char *path, u32 len, u32 type)
{
	struct unix_sock *u;

	hlist_for_each_entry(u, &net->un.names[hash_name(path, len, type)], hash)
		if (u->sk.type == type && u->name->len == len &&
		    memcmp(u->name->path, path, len) == 0)
			return u;
	return NULL;
}

int unix_find(struct net_ns *net, struct sock_addr *a, u32 type, struct unix_sock **out)
{
	struct unix_sock *u = NULL;

	if (a->path_len && !a->path[0]) {
		spin_lock(&net->un.lock);
		u = find_abstract(net, a->path, a->path_len, type);
		if (u && !object_tryget(&u->sk.obj))
			u = NULL;
		spin_unlock(&net->un.lock);
	} else if (a->bound) {
		u = to_unix(to_sock(a->bound));
		if (u->sk.type != type)
			return -EPROTOTYPE;
		sock_get(&u->sk);
	}
	if (!u)
		return -ECONNREFUSED;
	*out = u;
	return 0;
}

/* Names u. -EINVAL: it has a name; -EADDRINUSE. */
static int give_name(struct unix_sock *u, struct unix_name *n, void *node)
{
	struct net_ns *net = u->sk.net;
	bool abstract = !n->path[0];
	u32 id[2] = {};
	int err = 0;

	if (node)
		unix_node_id(node, id);
	spin_lock(&u->sk.lock.spin);
	spin_lock(&net->un.lock);
	if (u->name)
		err = -EINVAL;
	else if (abstract && find_abstract(net, n->path, n->len, u->sk.type))
		err = -EADDRINUSE;
	if (!err) {
		u->name = n;
		u->node = node;
		memcpy(u->node_id, id, sizeof(u->node_id));
		if (abstract)
			hlist_add(&net->un.names[hash_name(n->path, n->len, u->sk.type)], &u->hash);
	}
	spin_unlock(&net->un.lock);
	spin_unlock(&u->sk.lock.spin);
	return err;
}

int unix_autobind(struct unix_sock *u)
{
	struct net_ns *net = u->sk.net;
	int err = -ENOSPC;

	if (READ_ONCE(u->name))
		return 0;
	for (u32 i = 0; i < AUTOBIND_NAMES; i++) {
		struct sock_addr a = { .family = AF_UNIX, .path_len = 6 };
		struct unix_name *n;
		char digits[8];

		fmt_print(digits, sizeof(digits), "%05x",
			  __atomic_fetch_add(&net->un.next_auto, 1, __ATOMIC_RELAXED) %
				  AUTOBIND_NAMES);
		memcpy(a.path + 1, digits, 5);
		n = make_name(&a);
		if (!n)
			return -ENOMEM;
		err = give_name(u, n, NULL);
		if (!err)
			return 0;
		unix_name_put(n);
		if (err == -EINVAL)		/* somebody else was quicker */
			return 0;
	}
	return err;
}

int unix_bind(struct sock *sk, struct sock_addr *a)
{
	struct unix_sock *u = to_unix(sk);
	struct unix_name *n;
	int err;

	if (!a->path_len)
		return READ_ONCE(u->name) ? -EINVAL : unix_autobind(u);
	n = make_name(a);
	if (!n)
		return -ENOMEM;
	err = give_name(u, n, a->node);
	if (err)
		unix_name_put(n);
	else
		a->node = NULL;
	return err;
}

int unix_getname(struct sock *sk, bool peer, struct sock_addr *out)
{
	struct unix_sock *u = to_unix(sk), *of = u;

	if (peer) {
		of = unix_peer_get(u);
		if (!of)
			return -ENOTCONN;
	}
	unix_addr_of(READ_ONCE(of->name), out);
	if (peer)
		sock_put(&of->sk);
	return 0;
}
