/* SPDX-License-Identifier: MIT */
/* cpu.c - what the processor can do (ID registers), what programs are told of it (HWCAP), per-CPU
 * set-up of EL1.
 *
 * The boot CPU's features are the machine's: they are read once, before any pointer is relocated,
 * and code is patched by them. A secondary CPU that lacks one does not come up (smp.c). Only state
 * that is saved and framed is shown to programs: no SVE, SME or MTE yet.
 *
 * Ref: Arm ARM D17.2 (ID_AA64*_EL1, CNTKCTL_EL1, SCTLR_EL1); Linux
 * Documentation/arch/arm64/elf_hwcaps.rst (the meaning of bits).
 * Tests: selftests/boot/run (cpu_models), selftests/abi/cpu.c
 */
#include <arch/cpu.h>

#include "early.h"
#include "cpu_int.h"

#include <arch/barrier.h>
#include <arch/mmu.h>
#include <arch/percpu.h>

#define read_reg(name) ({ u64 v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define write_reg(name, v) __asm__ volatile("msr " #name ", %0" ::"r"((u64)(v)))

static u64 id_regs[NR_ID_REGS] __ro_after_init;
static u64 features __ro_after_init;
static u64 midr[MAX_CPUS];
u64 percpu_offset[MAX_CPUS];

extern const char vectors[];

/* One row: a 4-bit field of an ID register, its least value, the bit that it grants. 0xf in the FP
 * fields means none. */
struct cap_row {
	u8 reg, shift, least, bit;
};

static const struct cap_row hwcaps[] = {
	{ ISAR0, 4, 1, 3 },	/* AES */
	{ ISAR0, 4, 2, 4 },	/* PMULL */
	{ ISAR0, 8, 1, 5 },	/* SHA1 */
	{ ISAR0, 12, 1, 6 },	/* SHA2 */
	{ ISAR0, 12, 2, 21 },	/* SHA512 */
	{ ISAR0, 16, 1, 7 },	/* CRC32 */
	{ ISAR0, 20, 2, 8 },	/* ATOMICS */
	{ ISAR0, 28, 1, 12 },	/* ASIMDRDM */
	{ ISAR0, 32, 1, 17 },	/* SHA3 */
	{ ISAR0, 36, 1, 18 },	/* SM3 */
	{ ISAR0, 40, 1, 19 },	/* SM4 */
	{ ISAR0, 44, 1, 20 },	/* ASIMDDP */
	{ ISAR0, 48, 1, 23 },	/* ASIMDFHM */
	{ ISAR0, 52, 1, 27 },	/* FLAGM */
	{ ISAR1, 0, 1, 16 },	/* DCPOP */
	{ ISAR1, 12, 1, 13 },	/* JSCVT */
	{ ISAR1, 16, 1, 14 },	/* FCMA */
	{ ISAR1, 20, 1, 15 },	/* LRCPC */
	{ ISAR1, 20, 2, 26 },	/* ILRCPC */
	{ ISAR1, 36, 1, 29 },	/* SB */
	{ PFR0, 48, 1, 24 },	/* DIT */
	{ ISAR1, 4, 1, 30 },	/* PACA: one of three algorithms */
	{ ISAR1, 8, 1, 30 },
	{ ISAR2, 12, 1, 30 },
	{ ISAR1, 24, 1, 31 },	/* PACG */
	{ ISAR1, 28, 1, 31 },
	{ ISAR2, 8, 1, 31 },
	{ MMFR2, 32, 1, 25 },	/* USCAT */
};

static const struct cap_row hwcaps2[] = {
	{ ISAR1, 0, 2, 0 },	/* DCPODP */
	{ ISAR0, 52, 2, 7 },	/* FLAGM2 */
	{ ISAR1, 32, 1, 8 },	/* FRINT */
	{ ISAR1, 52, 1, 13 },	/* I8MM */
	{ ISAR1, 44, 1, 14 },	/* BF16 */
	{ ISAR1, 48, 1, 15 },	/* DGH */
	{ ISAR0, 60, 1, 16 },	/* RNG */
	{ PFR1, 0, 1, 17 },	/* BTI */
};

static u32 field(enum id_reg r, u32 shift)
{
	return (u32)(id_regs[r] >> shift) & 0xf;
}

static void read_id_regs(u64 *r)
{
	r[ISAR0] = read_reg(id_aa64isar0_el1);
	r[ISAR1] = read_reg(id_aa64isar1_el1);
	r[ISAR2] = read_reg(s3_0_c0_c6_2);
	r[PFR0] = read_reg(id_aa64pfr0_el1);
	r[PFR1] = read_reg(id_aa64pfr1_el1);
	r[MMFR0] = read_reg(id_aa64mmfr0_el1);
	r[MMFR1] = read_reg(id_aa64mmfr1_el1);
	r[MMFR2] = read_reg(s3_0_c0_c7_2);
}

static u64 find_features(void)
{
	u64 f = 0;

	if (field(MMFR1, 20))
		f |= BIT(CPU_PAN);
	if (field(ISAR0, 20) >= 2)
		f |= BIT(CPU_LSE);
	if (field(PFR1, 0))
		f |= BIT(CPU_BTI);
	if (field(ISAR1, 4) || field(ISAR1, 8) || field(ISAR2, 12))
		f |= BIT(CPU_PAC);
	if (field(ISAR1, 24) || field(ISAR1, 28) || field(ISAR2, 8))
		f |= BIT(CPU_PACG);
	if (field(ISAR0, 60))
		f |= BIT(CPU_RNG);
	if (field(MMFR0, 4) == 2)
		f |= BIT(CPU_ASID16);
	if (!(read_reg(dczid_el0) & 0x10))
		f |= BIT(CPU_DCZVA);
	return f;
}

/* Called on the identity map, before relocation. */
void cpu_detect(void)
{
	read_id_regs(id_regs);
	features = find_features();
}

u64 cpu_id_reg(enum id_reg r)
{
	return id_regs[r];
}

bool cpu_has(enum cpu_feature f)
{
	return features & BIT(f);
}

static u64 caps_of(const struct cap_row *rows, usize n)
{
	u64 caps = 0;

	for (usize i = 0; i < n; i++)
		if (field(rows[i].reg, rows[i].shift) >= rows[i].least)
			caps |= BIT(rows[i].bit);
	return caps;
}

u64 cpu_hwcap(void)
{
	u64 caps = caps_of(hwcaps, ARRAY_SIZE(hwcaps)) | BIT(11);	/* CPUID: idreg.c */

	if (field(PFR0, 16) != 0xf)
		caps |= BIT(0) | (field(PFR0, 16) == 1 ? BIT(9) : 0);	/* FP, FPHP */
	if (field(PFR0, 20) != 0xf)
		caps |= BIT(1) | (field(PFR0, 20) == 1 ? BIT(10) : 0);	/* ASIMD, ASIMDHP */
	return caps;
}

u64 cpu_hwcap2(void)
{
	return caps_of(hwcaps2, ARRAY_SIZE(hwcaps2));
}

u64 cpu_midr(u32 cpu)
{
	return midr[cpu];
}

bool cpu_random(u64 *out)
{
	u64 v, ok;

	if (!cpu_has(CPU_RNG))
		return false;
	/* RNDR */
	__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, ne" : "=r"(v), "=r"(ok)::"cc");
	*out = v;
	return ok;
}

/* Everything of EL1 that boot.S did not set because it needs no assembly. */
void cpu_init_local(u32 cpu)
{
	write_reg(vbar_el1, vectors);
	write_reg(cntkctl_el1, BIT(1));		/* EL0 reads the virtual counter */
	write_reg(tpidr_el0, 0);
	write_reg(tpidrro_el0, 0);
	if ((read_reg(id_aa64dfr0_el1) >> 8) & 0xf)
		write_reg(pmuserenr_el0, 0);
	if (cpu_has(CPU_PAN))
		__asm__ volatile(".inst 0xd500419f");	/* msr pan, #1 */
	midr[cpu] = read_reg(midr_el1);
	mmu_init_cpu();
	isb();
	__asm__ volatile("msr daifclr, #4");		/* SErrors from here on */
}

/* Whether this CPU can run code that was patched for the boot CPU, with its ASIDs and keys. */
bool cpu_matches_boot(void)
{
	bool pan = (read_reg(id_aa64mmfr1_el1) >> 20) & 0xf, bti = read_reg(id_aa64pfr1_el1) & 0xf;
	bool pac = (read_reg(id_aa64isar1_el1) & 0xff0) || (read_reg(s3_0_c0_c6_2) & 0xf000);
	u64 asid_bits = (read_reg(id_aa64mmfr0_el1) >> 4) & 0xf;
	bool crc = (read_reg(id_aa64isar0_el1) >> 16) & 0xf;

	return (crc || !field(ISAR0, 16)) && (pan || !cpu_has(CPU_PAN)) &&
	       (bti || !cpu_has(CPU_BTI)) && pac == cpu_has(CPU_PAC) &&
	       asid_bits == field(MMFR0, 4);
}

void cpu_init_boot(void)
{
	percpu_offset[0] = this_cpu_offset();
	cpu_init_local(0);
	crc_init();
	pac_boot_key();
}

void cpu_wait_irq(void)
{
	dsb(sy);
	__asm__ volatile("wfi" ::: "memory");
}

void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("msr daifset, #0xf\n\twfi" ::: "memory");
}

/* Arm ARM B2.4.4: clean to the point of unification, invalidate instructions, everywhere. */
void cache_sync_code(u64 va, usize len)
{
	u64 ctr = read_reg(ctr_el0), dline = 4ul << ((ctr >> 16) & 0xf), iline = 4ul << (ctr & 0xf);
	u64 end = va + len;

	if (!(ctr & BIT(28)))		/* IDC */
		for (u64 p = va & ~(dline - 1); p < end; p += dline)
			__asm__ volatile("dc cvau, %0" ::"r"(p) : "memory");
	dsb(ish);
	if (!(ctr & BIT(29)))		/* DIC */
		for (u64 p = va & ~(iline - 1); p < end; p += iline)
			__asm__ volatile("ic ivau, %0" ::"r"(p) : "memory");
	dsb(ish);
	isb();
}
