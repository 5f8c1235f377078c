/* SPDX-License-Identifier: MIT */
/* sockaddr.c - socket addresses between a program's bytes and struct sock_addr; path names of
 * AF_UNIX to what lies behind them.
 * Ref: unix(7), ip(7), ipv6(7), packet(7), netlink(7). Tests: selftests/abi/unix.c */
#include <compat/sockaddr.h>

#include "sock_int.h"

#include <compat/user.h>
#include <fs/namei.h>
#include <fs/dcache.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <net/unix.h>

#define SIN6_LEN_RFC2133 24u
#define LL_LEN_MIN	 offsetof(struct abi_sockaddr_ll, addr)

/* ---- AF_UNIX ---- */

static void drop_node(void *node)
{
	struct path *p = node;

	vfs_unbind_socket(p);
	path_put(p);
	kfree(p);
}

static void node_id(void *node, u32 out[2])
{
	const struct path *p = node;
	struct kstat st;

	if (vnode_getattr(p->dentry->vnode, &st))
		return;
	out[0] = (u32)st.ino;
	out[1] = (u32)st.dev;
}

void sockaddr_init(void)
{
	unix_node_id = node_id;
	unix_drop_node = drop_node;
}

/* The socket bound to a path. */
static int find_bound(const char *name, struct object **out)
{
	auto_dir struct path p = {};
	struct vnode *v;
	int err = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	v = p.dentry->vnode;
	err = vnode_permission(v, current_cred(), MAY_WRITE);
	if (err)
		return err;
	*out = (v->mode & S_IFMT) == S_IFSOCK ? vfs_bound_socket(v) : NULL;
	return *out ? 0 : -ECONNREFUSED;
}

static int make_node(struct sock *sk, const char *name, struct sock_addr *out)
{
	struct path *p = knew(struct path);
	int err;

	if (!p)
		return -ENOMEM;
	err = vfs_bind_socket(name, 0777, &sk->obj, p);
	if (err) {
		kfree(p);
		return err == -EEXIST ? -EADDRINUSE : err;
	}
	out->node = p;
	return 0;
}

static int get_unix(struct sock *sk, const union abi_sockaddr *a, u32 len, enum addr_use use,
		    struct sock_addr *out)
{
	char path[SUN_PATH_MAX + 1 + 8];	/* walks read 8 bytes beyond the NUL */
	u32 n = len - (u32)sizeof(a->un.family);

	if (len < sizeof(a->un.family) || n > SUN_PATH_MAX)
		return -EINVAL;
	if (n == 0)
		return use == ADDR_BIND ? 0 : -EINVAL;
	memset(path, 0, sizeof(path));
	memcpy(path, a->un.path, n);
	if (path[0]) {
		n = (u32)strlen(path) + 1;
		memcpy(out->path, path, n);
		out->path_len = (u8)n;
		return use == ADDR_BIND ? make_node(sk, path, out) : find_bound(path, &out->bound);
	}
	memcpy(out->path, path, n);
	out->path_len = (u8)n;
	return 0;
}

/* ---- the rest ---- */

static int decode(struct sock *sk, const union abi_sockaddr *a, u32 len, enum addr_use use,
		  struct sock_addr *out)
{
	switch (a->family) {
	case AF_UNIX:
		return get_unix(sk, a, len, use, out);
	case AF_INET:
		if (len < sizeof(a->in))
			return -EINVAL;
		out->port = be16_to_cpu(a->in.port);
		memcpy(out->ip, a->in.addr, 4);
		return 0;
	case AF_INET6:
		if (len < SIN6_LEN_RFC2133)
			return -EINVAL;
		out->port = be16_to_cpu(a->in6.port);
		out->flowinfo = a->in6.flowinfo;
		out->scope = len >= sizeof(a->in6) ? a->in6.scope : 0;
		memcpy(out->ip, a->in6.addr, 16);
		return 0;
	case AF_PACKET:
		if (len < LL_LEN_MIN)
			return -EINVAL;
		out->protocol = be16_to_cpu(a->ll.protocol);
		out->ifindex = a->ll.ifindex;
		out->hatype = a->ll.hatype;
		out->halen = min(a->ll.halen, (u8)8);
		if (len < LL_LEN_MIN + out->halen)
			return -EINVAL;
		memcpy(out->hw, a->ll.addr, out->halen);
		return 0;
	case AF_NETLINK:
		if (len < sizeof(a->nl))
			return -EINVAL;
		out->nl_pid = a->nl.pid;
		out->nl_groups = a->nl.groups;
		return 0;
	default:
		if (len >= sizeof(a->in)) {
			out->port = be16_to_cpu(a->in.port);
			memcpy(out->ip, a->in.addr, 4);
		}
		return 0;		/* AF_UNSPEC, and what the family refuses by itself */
	}
}

int sockaddr_get(struct sock *sk, uaddr_t addr, s32 len, enum addr_use use, struct sock_addr *out)
{
	union abi_sockaddr a = {};

	memset(out, 0, sizeof(*out));
	if (len < 0 || (usize)len > sizeof(a))
		return -EINVAL;
	if (copy_from_user(&a, addr, (usize)len))
		return -EFAULT;
	if ((usize)len < sizeof(a.family))
		return -EINVAL;
	out->family = a.family;
	if (sk->family == AF_UNIX && a.family != AF_UNIX)
		return a.family == AF_UNSPEC && use == ADDR_CONNECT && sk->type == SOCK_DGRAM
			       ? 0
			       : -EINVAL;
	if (sk->family != AF_UNIX && a.family == AF_UNIX)
		return -EAFNOSUPPORT;
	return decode(sk, &a, (u32)len, use, out);
}

void sockaddr_done(struct sock_addr *a)
{
	if (a->family != AF_UNIX)
		return;
	if (a->bound)
		object_put(a->bound);
	if (a->node)
		drop_node(a->node);
}

u32 sockaddr_encode(const struct sock_addr *a, union abi_sockaddr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = a->family;
	switch (a->family) {
	case AF_UNIX:
		memcpy(out->un.path, a->path, min((u32)a->path_len, SUN_PATH_MAX));
		if (a->path_len > SUN_PATH_MAX)		/* 108 bytes and no NUL: Linux tells 111 */
			out->bytes[sizeof(out->un)] = 0;
		return (u32)sizeof(out->un.family) + a->path_len;
	case AF_INET:
		out->in.port = cpu_to_be16(a->port);
		memcpy(out->in.addr, a->ip, 4);
		return sizeof(out->in);
	case AF_INET6:
		out->in6.port = cpu_to_be16(a->port);
		out->in6.flowinfo = a->flowinfo;
		out->in6.scope = a->scope;
		memcpy(out->in6.addr, a->ip, 16);
		return sizeof(out->in6);
	case AF_PACKET:
		out->ll.protocol = cpu_to_be16(a->protocol);
		out->ll.ifindex = a->ifindex;
		out->ll.hatype = a->hatype;
		out->ll.pkttype = a->pkttype;
		out->ll.halen = a->halen;
		memcpy(out->ll.addr, a->hw, 8);
		return (u32)LL_LEN_MIN + max(a->halen, (u8)0);
	case AF_NETLINK:
		out->nl.pid = a->nl_pid;
		out->nl.groups = a->nl_groups;
		return sizeof(out->nl);
	default:
		return sizeof(out->family);
	}
}

int sockaddr_put(const struct sock_addr *a, uaddr_t addr, uaddr_t len_ptr)
{
	union abi_sockaddr out;
	u32 n = sockaddr_encode(a, &out);
	s32 room;

	if (get_user(&room, len_ptr))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(addr, &out, min((u32)room, n)))
		return -EFAULT;
	return put_user(len_ptr, (s32)n);
}
