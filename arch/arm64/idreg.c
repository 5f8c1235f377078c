/* SPDX-License-Identifier: MIT */
/* idreg.c - MRS of ID registers by programs (HWCAP_CPUID): trapped, and answered with what programs
 * may use.
 *
 * A field that names something programs cannot use, or that the kernel does not save, reads as its
 * safe value; registers without a row in the architecture's ID space read as zero; what lies
 * outside is undefined, as for the hardware.
 *
 * Ref: Arm ARM D17.2 (ID registers), C6.2.208 (MRS), D17.2.37 (a trapped MRS comes as 0 or 0x18);
 * Linux Documentation/arch/arm64/cpu-feature-registers.rst. Tests: selftests/abi/cpu.c
 */
#include <arch/cpu.h>

#include "cpu_int.h"
#include "trap.h"

#include <arch/frame.h>
#include <arch/thread.h>
#include <arch/uaccess.h>

#define read_reg(name) ({ u64 v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })

#define MPIDR_SAFE BIT(31)

/* The bits of a register that programs see, and those that are always set. */
struct user_view {
	u8 crm, op2;
	u64 mask, set;
};

static const struct user_view views[] = {
	{ 2, 5, 0xffff0, 0 },			/* ID_ISAR5: AES SHA1 SHA2 CRC32 */
	{ 2, 7, 0xff0fff0, 0 },			/* ID_ISAR6: DP FHM SB BF16 I8MM */
	{ 3, 0, 0xf00, 0 },			/* MVFR0: FPDP */
	{ 3, 1, 0xffffff00, 0 },		/* MVFR1: SIMD and half precision */
	{ 3, 4, 0xf0, 0 },			/* ID_PFR2: SSBS */
	/* ID_AA64PFR0: DIT AdvSIMD FP; EL0 and EL1 are AArch64 */
	{ 4, 0, 0x000f000000ff0000, 0x11 },
	{ 4, 1, 0xf, 0 },			/* ID_AA64PFR1: BT */
	{ 5, 0, 0, 6 },				/* ID_AA64DFR0 */
	{ 6, 0, 0xf0fffffff0fffff0, 0 },	/* ID_AA64ISAR0: all but TLB and TME */
	{ 6, 1, 0x00fff0ffffffffff, 0 },	/* ID_AA64ISAR1: all but SPECRES and above I8MM */
	{ 6, 2, 0xff00, 0 },			/* ID_AA64ISAR2: APA3 GPA3 */
	{ 7, 0, 0, 0x111ff000000 },		/* ID_AA64MMFR0 */
	{ 7, 2, 0xf00000000, 0 },		/* ID_AA64MMFR2: AT */
};

static u64 raw(const struct user_view *v)
{
	switch (v->crm << 4 | v->op2) {
	case 0x25: return read_reg(s3_0_c0_c2_5);
	case 0x27: return read_reg(s3_0_c0_c2_7);
	case 0x30: return read_reg(s3_0_c0_c3_0);
	case 0x31: return read_reg(s3_0_c0_c3_1);
	case 0x34: return read_reg(s3_0_c0_c3_4);
	case 0x40: return cpu_id_reg(PFR0);
	case 0x41: return cpu_id_reg(PFR1);
	case 0x60: return cpu_id_reg(ISAR0);
	case 0x61: return cpu_id_reg(ISAR1);
	case 0x62: return cpu_id_reg(ISAR2);
	case 0x72: return cpu_id_reg(MMFR2);
	}
	return 0;
}

bool cpu_user_id_reg(u32 crm, u32 op2, u64 *out)
{
	*out = 0;
	if (crm == 0) {
		if (op2 == 0)
			*out = read_reg(midr_el1);
		else if (op2 == 5)
			*out = MPIDR_SAFE;
		return op2 == 0 || op2 == 5 || op2 == 6;	/* MIDR, MPIDR, REVIDR */
	}
	if (crm < 2 || crm > 7)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(views); i++)
		if (views[i].crm == crm && views[i].op2 == op2)
			*out = (raw(&views[i]) & views[i].mask) | views[i].set;
	return true;
}

/* An instruction that EL0 may not execute, at f->pc. true: it was MRS of an ID register, and is
 * done. Interrupts on: it may fault. */
bool emulate_id_read(struct trap_frame *f)
{
	u32 insn, rt;
	u64 v;

	/* mrs xt, s3_0_c0_cM_op2 */
	if (uaccess_get_u32(&insn, UADDR(f->pc)) || (insn & 0xfffff000) != 0xd5380000)
		return false;
	if (!cpu_user_id_reg(insn >> 8 & 15, insn >> 5 & 7, &v))
		return false;
	rt = insn & 31;
	if (rt != 31)
		f->x[rt] = v;
	f->pc += 4;
	f->pstate &= ~PSTATE_BTYPE_MASK;
	return true;
}
