/* SPDX-License-Identifier: MIT */
/* filter.c - socket filters. The program is replaced whole and read under RCU. Ref: socket(7)
 * SO_ATTACH_FILTER, filter.rst of Linux (ancillary loads). Tests: selftests/abi/packet.c */
#include <net/filter.h>

#include <arch/cpu.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <mm/slab.h>
#include <net/netdev.h>
#include <net/sock.h>

#define NET_OFF	0xfff00000u		/* SKF_NET_OFF: from the network header */
#define LL_OFF	0xffe00000u		/* SKF_LL_OFF: from the link header */

enum {
	AD_PROTOCOL = 0,
	AD_PKTTYPE = 4,
	AD_IFINDEX = 8,
	AD_MARK = 20,
	AD_HATYPE = 28,
	AD_RXHASH = 32,
	AD_CPU = 36,
	AD_ALU_XOR_X = 40,
	AD_VLAN_TAG = 44,
	AD_VLAN_TAG_PRESENT = 48,
	AD_PAY_OFFSET = 52,
	AD_RANDOM = 56,
	AD_VLAN_TPID = 60
};

static bool load(const struct cbpf_data *d, u32 off, u32 n, u32 *out)
{
	const struct netbuf *nb = d->arg;
	u8 b[4];

	if (off >= NET_OFF)
		off = off - NET_OFF + nb->net_off - netbuf_offset(nb);
	else if (off >= LL_OFF)
		off = off - LL_OFF + nb->link_off - netbuf_offset(nb);
	if ((s32)off < 0) {		/* a header in front of data */
		s32 back = -(s32)off;

		if ((u32)back > netbuf_headroom(nb) || n > (u32)back)
			return false;
		memcpy(b, nb->data - back, n);
	} else {
		if (off > nb->len || n > nb->len - off)
			return false;
		netbuf_read(nb, off, b, n);
	}
	*out = n == 4 ? get_be32(b) : n == 2 ? get_be16(b) : b[0];
	return true;
}

static bool ancillary(const struct cbpf_data *d, u32 k, u32 a, u32 x, u32 *out)
{
	const struct netbuf *nb = d->arg;

	switch (k) {
	case AD_PROTOCOL: *out = nb->protocol; return true;
	case AD_PKTTYPE:  *out = nb->kind; return true;
	case AD_IFINDEX:  *out = nb->dev ? (u32)nb->dev->index : 0; return nb->dev;
	case AD_MARK:	  *out = nb->mark; return true;
	case AD_HATYPE:	  *out = nb->dev ? nb->dev->type : 0; return nb->dev;
	case AD_RXHASH:	  *out = nb->hash; return true;
	case AD_CPU:	  *out = this_cpu_id(); return true;
	case AD_ALU_XOR_X: *out = a ^ x; return true;
	case AD_VLAN_TAG:
	case AD_VLAN_TAG_PRESENT:
	case AD_VLAN_TPID: *out = 0; return true;
	case AD_RANDOM:	  *out = (u32)random_u64(); return true;
	case AD_PAY_OFFSET: *out = (u32)(nb->trans_off - netbuf_offset(nb)); return true;
	default:	  return false;
	}
}

static void free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct sock_filter_prog, rcu));
}

static void replace(struct sock *sk, struct sock_filter_prog *new)
{
	struct sock_filter_prog *old = sk->filter;

	rcu_assign(sk->filter, new);
	if (old)
		call_rcu(&old->rcu, free_rcu);
}

int filter_attach(struct sock *sk, const struct cbpf_insn *insns, u32 n)
{
	struct sock_filter_prog *p;

	if (sock_flag(sk, SOCK_LOCK_FILTER))
		return -EPERM;
	if (!cbpf_check(insns, n))
		return -EINVAL;
	p = kmalloc(sizeof(*p) + n * sizeof(*insns), PAGE_KERNEL);
	if (!p)
		return -ENOMEM;
	p->n = n;
	memcpy(p->insns, insns, n * sizeof(*insns));
	replace(sk, p);
	return 0;
}

int filter_detach(struct sock *sk)
{
	if (sock_flag(sk, SOCK_LOCK_FILTER))
		return -EPERM;
	if (!sk->filter)
		return -ENOENT;
	replace(sk, NULL);
	return 0;
}

void filter_free(struct sock *sk)
{
	if (sk->filter)
		replace(sk, NULL);
}

u32 filter_run(const struct sock *sk, const struct netbuf *nb)
{
	const struct sock_filter_prog *p = rcu_deref(sk->filter);
	struct cbpf_data d = { .len = nb->len, .load = load, .ancillary = ancillary, .arg = nb };

	return p ? cbpf_run(p->insns, &d) : U32_MAX;
}
