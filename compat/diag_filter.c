/* SPDX-License-Identifier: MIT */
/* diag_filter.c - which sockets a program wants to hear of: the little programs of
 * INET_DIAG_REQ_BYTECODE.
 *
 * An instruction is {code, yes, no} and operands. It asks one thing and goes on by `yes` or `no`
 * bytes from its beginning, always forward. The end of the program accepts, four bytes behind it
 * refuses. A checked program's jumps lead to instructions that are reached by following `yes` from
 * the first: these are the ones that were looked at. So running needs no checks, and as it only
 * goes forward it ends. Pure. Ref: sock_diag(7), <linux/inet_diag.h>. Tests:
 * selftests/unit/diag_filter_test.c, selftests/fuzz/diag_filter_fuzz.c
 */
#include <compat/diag_filter.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>

enum {
	OP_NOP,
	OP_JMP,
	OP_S_GE,
	OP_S_LE,
	OP_D_GE,
	OP_D_LE,
	OP_AUTO,
	OP_S_COND,
	OP_D_COND,
	OP_DEV_COND,
	OP_MARK_COND,
	OP_S_EQ,
	OP_D_EQ,
	OP_CGROUP_COND
};

struct op {
	u8 code, yes;
	u16 no;
};
struct host_cond {
	u8 family, bits;
	u16 pad;
	s32 port;			/* -1: any */
};

/* ---- checking ---- */

/* Bytes of a host condition; 0: malformed. */
static u32 host_cond_size(const u8 *at, u32 left)
{
	struct host_cond c;
	u32 addr;

	if (left < sizeof(c))
		return 0;
	memcpy(&c, at, sizeof(c));
	if (c.family != AF_UNSPEC && c.family != AF_INET && c.family != AF_INET6)
		return 0;
	addr = c.family == AF_INET ? 4 : c.family == AF_INET6 ? 16 : 0;
	return left - sizeof(c) < addr || c.bits > addr * 8 ? 0 : (u32)sizeof(c) + addr;
}

/* Bytes of the instruction at `at` with its operands; 0: not one. */
static u32 size_of(const u8 *at, u32 left)
{
	u32 operands = 0, host;

	switch (*at) {
	case OP_NOP: case OP_JMP: case OP_AUTO:
		break;
	case OP_S_GE:
	case OP_S_LE:
	case OP_S_EQ:
	case OP_D_GE:
	case OP_D_LE:
	case OP_D_EQ:
	case OP_DEV_COND: operands = 4; break;
	case OP_MARK_COND: case OP_CGROUP_COND:
		operands = 8;
		break;
	case OP_S_COND: case OP_D_COND:
		host = host_cond_size(at + sizeof(struct op), left - (u32)sizeof(struct op));
		if (!host)
			return 0;
		operands = host;
		break;
	default:
		return 0;
	}
	return operands > left - sizeof(struct op) ? 0 : (u32)sizeof(struct op) + operands;
}

/* Does following `yes` from the beginning come by `where`? The steps up to there were checked, or
 * are looked at here. */
static bool is_instruction(const u8 *prog, u32 len, u32 where)
{
	u32 at = 0;

	while (at < where) {
		u8 yes;

		if (len - at < sizeof(struct op))
			return false;
		yes = prog[at + 1];
		if (yes < sizeof(struct op) || yes & 3 || yes > len - at)
			return false;
		at += yes;
	}
	return at == where;
}

static bool jump_is_right(u32 by, u32 size, u32 left)
{
	return by >= size && by <= left + sizeof(struct op) && !(by & 3);
}

int diag_filter_check(const u8 *prog, u32 len, bool is_admin)
{
	u32 at = 0;

	if (len < sizeof(struct op))
		return -EINVAL;
	while (at < len) {
		u32 left = len - at, size;
		struct op op;

		if (left < sizeof(op))
			return -EINVAL;
		memcpy(&op, prog + at, sizeof(op));
		if (op.code == OP_MARK_COND && !is_admin)
			return -EPERM;
		size = size_of(prog + at, left);
		if (!size || !jump_is_right(op.yes, size, left) || op.yes > left)
			return -EINVAL;
		if (op.code != OP_NOP && (!jump_is_right(op.no, size, left) ||
					  (op.no < left && !is_instruction(prog, len, at + op.no))))
			return -EINVAL;
		at += op.yes;
	}
	return 0;
}

/* ---- running ---- */

static bool same_bits(const u8 *a, const u8 *b, u32 bits)
{
	u32 rest = bits & 7;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

static bool host_matches(const u8 *at, u16 port, const u8 *addr, u8 family)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const u8 *want = at + sizeof(struct host_cond);
	struct host_cond c;

	memcpy(&c, at, sizeof(c));
	if (c.port != -1 && c.port != port)
		return false;
	if (c.family == AF_UNSPEC || c.family == family)
		return same_bits(addr, want, c.bits);
	return family == AF_INET6 && c.family == AF_INET && !memcmp(addr, mapped, sizeof(mapped)) &&
	       same_bits(addr + 12, want, c.bits);
}

static u32 word_at(const u8 *at)
{
	u32 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* A port is the `no` of an empty instruction. */
static u16 port_at(const u8 *at)
{
	return (u16)(word_at(at) >> 16);
}

static bool holds(const u8 *at, const struct diag_subject *s)
{
	const u8 *operand = at + sizeof(struct op);

	switch (*at) {
	case OP_JMP:	     return false;
	case OP_S_EQ:	     return s->sport == port_at(operand);
	case OP_S_GE:	     return s->sport >= port_at(operand);
	case OP_S_LE:	     return s->sport <= port_at(operand);
	case OP_D_EQ:	     return s->dport == port_at(operand);
	case OP_D_GE:	     return s->dport >= port_at(operand);
	case OP_D_LE:	     return s->dport <= port_at(operand);
	case OP_AUTO:	     return !s->bound_port;
	case OP_S_COND:	     return host_matches(operand, s->sport, s->saddr, s->family);
	case OP_D_COND:	     return host_matches(operand, s->dport, s->daddr, s->family);
	case OP_DEV_COND:    return word_at(operand) == s->ifindex;
	case OP_MARK_COND:   return (s->mark & word_at(operand + 4)) == word_at(operand);
	case OP_CGROUP_COND: return false;			/* there are none */
	default:	     return true;
	}
}

bool diag_filter_run(const u8 *prog, u32 len, const struct diag_subject *s)
{
	u32 at = 0;

	while (at < len) {
		struct op op;

		memcpy(&op, prog + at, sizeof(op));
		at += holds(prog + at, s) ? op.yes : op.no;
	}
	return at == len;
}
