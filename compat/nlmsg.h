/* SPDX-License-Identifier: MIT */
/* nlmsg.h - netlink messages: building them, and finding attributes in those of programs. */
#pragma once

#include <kernel/lib/string.h>
#include <net/ipaddr.h>
#include <net/netlink.h>

/* Messages one after the other in a piece of memory; a piece that is full goes out and a new one
 * begins. */
struct nl_out {
	const struct netlink_request *r;	/* whom it answers; NULL: news */
	u8 *buf;
	u32 len, room;
	u32 msg;			/* where the current message begins */
	u32 seq, pid;
	u16 flags;			/* NLM_F_MULTI */
	int err;
};
#define NL_PIECE 8192u

/* -ENOMEM. Pair with nl_out_end(). */
int __must_check nl_out_begin(struct nl_out *o, const struct netlink_request *r,
			      const struct nl_header *h, u16 flags);
/* A message of this type with a fixed part of n bytes, zeroed: where that is, or NULL (o->err).
 * Sends the piece first when it is full. */
void *nl_begin(struct nl_out *o, u16 type, u32 n);
void nl_end(struct nl_out *o);
/* Is there no room for another message? Who may not sleep stops then, and calls nl_flush() where he
 * may. */
bool nl_is_full(const struct nl_out *o);
void nl_flush(struct nl_out *o);
void nl_put(struct nl_out *o, u16 type, const void *data, u32 n);
static inline void nl_put8(struct nl_out *o, u16 type, u8 v) { nl_put(o, type, &v, sizeof(v)); }
static inline void nl_put32(struct nl_out *o, u16 type, u32 v) { nl_put(o, type, &v, sizeof(v)); }
static inline void nl_put_string(struct nl_out *o, u16 type, const char *s)
{
	nl_put(o, type, s, (u32)strlen(s) + 1);
}
static inline void nl_put_ip(struct nl_out *o, u16 type, struct ipaddr a)
{
	if (ip_is4(a))
		nl_put(o, type, &a.w[3], 4);
	else
		nl_put(o, type, &a, 16);
}
u32 nl_nest_begin(struct nl_out *o, u16 type);
void nl_nest_end(struct nl_out *o, u32 at);
/* NLMSG_DONE after a dump. */
void nl_done(struct nl_out *o);
/* Sends what is there and frees the piece. */
int nl_out_end(struct nl_out *o);

/* Attributes of a request behind a fixed part of n bytes: tb[type] (type < nr) points at struct
 * abi_rtattr. -EINVAL. */
struct abi_rtattr;
int __must_check nl_parse(const struct nl_header *h, u32 n, const struct abi_rtattr **tb, u32 nr);
/* The attribute after a (NULL: the first) behind the fixed part of n bytes; NULL: no more. */
const struct abi_rtattr *nl_next(const struct nl_header *h, u32 n, const struct abi_rtattr *a);
u32 nl_len(const struct abi_rtattr *a);		/* of its payload */
const void *nl_data(const struct abi_rtattr *a);
bool nl_u32(const struct abi_rtattr *a, u32 *out);
/* An address of family; false: of another length. */
bool nl_ip(const struct abi_rtattr *a, u8 family, struct ipaddr *out);
