/* SPDX-License-Identifier: MIT */
/* cbpf.c - classic BPF, checked and interpreted. Pure.
 *
 * The machine: accumulator A, index X, sixteen scratch words. Programs only jump forward, so they
 * end.
 * Ref: McCanne and Jacobson 1993; Linux Documentation/networking/filter.rst. Tests:
 * selftests/unit/cbpf_test.c
 */
#include <kernel/lib/cbpf.h>

#define MEMWORDS 16u

/* Classes and fields of an opcode. */
#define CLASS(c) ((c) & 7u)
#define LD 0u
#define LDX 1u
#define ST 2u
#define STX 3u
#define ALU 4u
#define JMP 5u
#define RET 6u
#define MISC 7u
#define SIZE(c) ((c) & 0x18u)
#define SIZE_W 0x00u
#define SIZE_H 0x08u
#define SIZE_B 0x10u
#define MODE(c) ((c) & 0xe0u)
#define MODE_IMM 0x00u
#define MODE_ABS 0x20u
#define MODE_IND 0x40u
#define MODE_MEM 0x60u
#define MODE_LEN 0x80u
#define MODE_MSH 0xa0u
#define OP(c) ((c) & 0xf0u)
#define SRC_X 0x08u
#define RET_A 0x10u
#define TXA 0x80u

#define AD_OFF 0xfffff000u		/* SKF_AD_OFF */

/* ---- checking ---- */

static bool load_ok(const struct cbpf_insn *i)
{
	if (CLASS(i->code) == LDX)
		return i->code == (LDX | MODE_IMM) || i->code == (LDX | MODE_MEM) ||
		       i->code == (LDX | MODE_LEN) || i->code == (LDX | SIZE_B | MODE_MSH);
	switch (MODE(i->code)) {
	case MODE_ABS:
	case MODE_IND: return SIZE(i->code) != 0x18u;
	case MODE_IMM:
	case MODE_MEM:
	case MODE_LEN: return SIZE(i->code) == SIZE_W;
	default:       return false;
	}
}

static bool alu_ok(const struct cbpf_insn *i)
{
	u32 op = OP(i->code);

	if (op == 0x80u)		/* neg */
		return i->code == (ALU | 0x80u);
	if (op > 0xa0u)
		return false;
	if (!(i->code & SRC_X) && (op == 0x30u || op == 0x90u) && !i->k)
		return false;		/* divide by zero */
	return (i->code & SRC_X) || (op != 0x60u && op != 0x70u) || i->k < 32;
}

static bool jump_ok(const struct cbpf_insn *i, u32 at, u32 n)
{
	if (i->code == JMP)		/* ja */
		return i->k < n - at - 1;
	return OP(i->code) >= 0x10u && OP(i->code) <= 0x40u && at + i->jt + 1u < n &&
	       at + i->jf + 1u < n;
}

static bool insn_ok(const struct cbpf_insn *i, u32 at, u32 n)
{
	if (i->code > 0xff)
		return false;
	switch (CLASS(i->code)) {
	case LD:
	case LDX: return load_ok(i) && (MODE(i->code) != MODE_MEM || i->k < MEMWORDS);
	case ST:
	case STX: return (i->code == ST || i->code == STX) && i->k < MEMWORDS;
	case ALU: return alu_ok(i);
	case JMP: return jump_ok(i, at, n);
	case RET: return i->code == RET || i->code == (RET | RET_A);
	default:  return i->code == MISC || i->code == (MISC | TXA);
	}
}

/* Scratch words: valid[at] is what is surely written on every way to at. */
static bool scratch_ok(const struct cbpf_insn *p, u32 n)
{
	static const u16 all = 0xffff;
	/* jt and jf reach 255 ahead: a ring of masks; ja farther is met by `all` below */
	u16 now = 0, at_target[256];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at_target); i++)
		at_target[i] = all;
	for (i = 0; i < n; i++) {
		u16 *here = &at_target[i % ARRAY_SIZE(at_target)];

		now &= *here;
		*here = all;
		switch (CLASS(p[i].code)) {
		case ST:
		case STX:
			now |= (u16)(1u << p[i].k);
			break;
		case LD:
		case LDX:
			if (MODE(p[i].code) == MODE_MEM && !(now & (1u << p[i].k)))
				return false;
			break;
		case JMP:
			if (p[i].code == JMP) {
				if (p[i].k >= ARRAY_SIZE(at_target) - 1)
					/* Linux has no such bound; no compiler emits so long a jump
					 * over scratch */
					return false;
				at_target[(i + 1 + p[i].k) % ARRAY_SIZE(at_target)] &= now;
			} else {
				at_target[(i + 1 + p[i].jt) % ARRAY_SIZE(at_target)] &= now;
				at_target[(i + 1 + p[i].jf) % ARRAY_SIZE(at_target)] &= now;
			}
			now = all;
			break;
		}
	}
	return true;
}

static bool uses_scratch(const struct cbpf_insn *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if ((CLASS(p[i].code) == LD || CLASS(p[i].code) == LDX) &&
		    MODE(p[i].code) == MODE_MEM)
			return true;
	return false;
}

bool cbpf_check(const struct cbpf_insn *p, u32 n)
{
	if (!n || n > CBPF_MAX_INSNS)
		return false;
	for (u32 i = 0; i < n; i++)
		if (!insn_ok(&p[i], i, n))
			return false;
	if (CLASS(p[n - 1].code) != RET)
		return false;
	return !uses_scratch(p, n) || scratch_ok(p, n);
}

/* ---- running ---- */

struct machine {
	u32 a, x, mem[MEMWORDS];
};

static bool load(const struct cbpf_data *d, const struct cbpf_insn *i, struct machine *m)
{
	u32 off = i->k, n = SIZE(i->code) == SIZE_W ? 4 : SIZE(i->code) == SIZE_H ? 2 : 1;

	switch (MODE(i->code)) {
	case MODE_IMM: m->a = i->k; return true;
	case MODE_MEM: m->a = m->mem[i->k]; return true;
	case MODE_LEN: m->a = d->len; return true;
	case MODE_IND: off += m->x; break;
	default:
		if (off >= AD_OFF && off < AD_OFF + 64)
			return d->ancillary && d->ancillary(d, off - AD_OFF, m->a, m->x, &m->a);
		break;
	}
	return d->load(d, off, n, &m->a);
}

static bool load_x(const struct cbpf_data *d, const struct cbpf_insn *i, struct machine *m)
{
	u32 byte;

	switch (MODE(i->code)) {
	case MODE_IMM: m->x = i->k; return true;
	case MODE_MEM: m->x = m->mem[i->k]; return true;
	case MODE_LEN: m->x = d->len; return true;
	default:			/* four times the low nibble: an IP header's length */
		if (!d->load(d, i->k, 1, &byte))
			return false;
		m->x = (byte & 15u) * 4;
		return true;
	}
}

/* False: division by zero, which ends the program with 0. */
static bool alu(const struct cbpf_insn *i, struct machine *m)
{
	u32 v = i->code & SRC_X ? m->x : i->k;

	switch (OP(i->code)) {
	case 0x00: m->a += v; break;
	case 0x10: m->a -= v; break;
	case 0x20: m->a *= v; break;
	case 0x30: if (!v) return false; m->a /= v; break;
	case 0x40: m->a |= v; break;
	case 0x50: m->a &= v; break;
	case 0x60: m->a = m->a << (v & 31u); break;
	case 0x70: m->a = m->a >> (v & 31u); break;
	case 0x80: m->a = 0u - m->a; break;
	case 0x90: if (!v) return false; m->a %= v; break;
	case 0xa0: m->a ^= v; break;
	}
	return true;
}

static u32 jump(const struct cbpf_insn *i, const struct machine *m)
{
	u32 v = i->code & SRC_X ? m->x : i->k;
	bool yes;

	switch (OP(i->code)) {
	case 0x00: return i->k;
	case 0x10: yes = m->a == v; break;
	case 0x20: yes = m->a > v; break;
	case 0x30: yes = m->a >= v; break;
	default:   yes = (m->a & v) != 0; break;
	}
	return yes ? i->jt : i->jf;
}

u32 cbpf_run(const struct cbpf_insn *p, const struct cbpf_data *d)
{
	struct machine m = {};

	for (const struct cbpf_insn *i = p;; i++) {
		switch (CLASS(i->code)) {
		case LD:  if (!load(d, i, &m)) return 0; break;
		case LDX: if (!load_x(d, i, &m)) return 0; break;
		case ST:  m.mem[i->k] = m.a; break;
		case STX: m.mem[i->k] = m.x; break;
		case ALU: if (!alu(i, &m)) return 0; break;
		case JMP: i += jump(i, &m); break;
		case RET: return i->code & RET_A ? m.a : i->k;
		default:
			if (i->code & TXA)
				m.a = m.x;
			else
				m.x = m.a;
			break;
		}
	}
}
