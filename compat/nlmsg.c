/* SPDX-License-Identifier: MIT */
/* nlmsg.c - netlink messages: building and taking apart. Ref: netlink(7), netlink(3). Tests:
 * selftests/abi/netlink.c */
#include <compat/nlmsg.h>

#include <compat/abi/rtnetlink.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <mm/slab.h>

#define ALIGN4(n) ALIGN_UP(n, 4u)
#define MESSAGE_MAX 2048u		/* no message of ours is longer */

int nl_out_begin(struct nl_out *o, const struct netlink_request *r, const struct nl_header *h,
		 u16 flags)
{
	*o = (struct nl_out){ .r = r,
			      .room = NL_PIECE,
			      .flags = flags,
			      .seq = h ? h->seq : 0,
			      .pid = r ? r->pid : 0 };
	o->buf = kmalloc(o->room, PAGE_KERNEL);
	return o->buf ? 0 : -ENOMEM;
}

void nl_flush(struct nl_out *o)
{
	if (o->len && o->r && !o->err)
		o->err = netlink_answer(o->r, o->buf, o->len);
	o->len = 0;
}

bool nl_is_full(const struct nl_out *o)
{
	return o->room - o->len < MESSAGE_MAX;
}

void *nl_begin(struct nl_out *o, u16 type, u32 n)
{
	struct nl_header *h;

	if (o->err)
		return NULL;
	if (nl_is_full(o))
		nl_flush(o);
	o->msg = o->len;
	h = (struct nl_header *)(void *)(o->buf + o->msg);
	*h = (struct nl_header){ 0, type, o->flags, o->seq, o->pid };
	memset(h + 1, 0, ALIGN4(n));
	o->len += (u32)sizeof(*h) + ALIGN4(n);
	return h + 1;
}

void nl_end(struct nl_out *o)
{
	if (!o->err)
		((struct nl_header *)(void *)(o->buf + o->msg))->len = o->len - o->msg;
}

void nl_put(struct nl_out *o, u16 type, const void *data, u32 n)
{
	struct abi_rtattr a = { (u16)(sizeof(a) + n), type };
	u32 step = ALIGN4((u32)sizeof(a) + n);

	if (o->err)
		return;
	if (o->len + step > o->room || o->len + step - o->msg > MESSAGE_MAX) {
		o->err = -EMSGSIZE;
		return;
	}
	memset(o->buf + o->len, 0, step);
	memcpy(o->buf + o->len, &a, sizeof(a));
	memcpy(o->buf + o->len + sizeof(a), data, n);
	o->len += step;
}

u32 nl_nest_begin(struct nl_out *o, u16 type)
{
	u32 at = o->len;

	nl_put(o, type, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_out *o, u32 at)
{
	if (!o->err)
		((struct abi_rtattr *)(void *)(o->buf + at))->len = (u16)(o->len - at);
}

void nl_done(struct nl_out *o)
{
	if (nl_begin(o, NLMSG_DONE, 4))
		nl_end(o);
}

int nl_out_end(struct nl_out *o)
{
	nl_flush(o);
	kfree(o->buf);
	o->buf = NULL;
	return o->err;
}

/* ---- reading ---- */

int nl_parse(const struct nl_header *h, u32 n, const struct abi_rtattr **tb, u32 nr)
{
	const u8 *p = (const u8 *)(h + 1);
	u32 left = h->len - (u32)sizeof(*h), at = ALIGN4(n);

	for (u32 i = 0; i < nr; i++)
		tb[i] = NULL;
	if (left < n)
		return -EINVAL;
	while (at + sizeof(struct abi_rtattr) <= left) {
		const struct abi_rtattr *a = (const struct abi_rtattr *)(const void *)(p + at);

		if (a->len < sizeof(*a) || a->len > left - at)
			break;
		if ((a->type & NLA_TYPE_MASK) < nr)
			tb[a->type & NLA_TYPE_MASK] = a;
		at += ALIGN4((u32)a->len);
	}
	return 0;
}

const struct abi_rtattr *nl_next(const struct nl_header *h, u32 n, const struct abi_rtattr *a)
{
	const u8 *end = (const u8 *)h + h->len,
		 *at = a ? (const u8 *)a + ALIGN4((u32)a->len) : (const u8 *)(h + 1) + ALIGN4(n);

	if (at > end || (usize)(end - at) < sizeof(*a))
		return NULL;
	a = (const struct abi_rtattr *)(const void *)at;
	return a->len < sizeof(*a) || a->len > end - at ? NULL : a;
}

u32 nl_len(const struct abi_rtattr *a)
{
	return a->len - (u32)sizeof(*a);
}

const void *nl_data(const struct abi_rtattr *a)
{
	return a + 1;
}

bool nl_u32(const struct abi_rtattr *a, u32 *out)
{
	if (nl_len(a) < sizeof(*out))
		return false;
	memcpy(out, nl_data(a), sizeof(*out));
	return true;
}

bool nl_ip(const struct abi_rtattr *a, u8 family, struct ipaddr *out)
{
	u32 v4;

	if (nl_len(a) < (family == AF_INET ? 4u : 16u))
		return false;
	if (family == AF_INET) {
		memcpy(&v4, nl_data(a), 4);
		*out = ip4(v4);
	} else {
		*out = ip6(nl_data(a));
	}
	return true;
}
