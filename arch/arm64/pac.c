/* SPDX-License-Identifier: MIT */
/* pac.c - keys of pointer authentication: one for the kernel's own return addresses in each thread,
 * five of each program.
 *
 * A program's keys are copied by fork and clone and drawn anew by exec. APIAKey is shared with the
 * kernel, so entry.S and switch.S load it; the others are in the registers of the CPU that runs the
 * thread. A key that is switched off (pac_off) neither signs nor
 * checks: SCTLR.EnIB ... follow the thread, EnIA is on whenever the kernel runs.
 *
 * Locks: none; a thread changes its own, with preemption off while registers and memory are to
 * agree.
 * Ref: Arm ARM D8.11, prctl(2) PR_PAC_RESET_KEYS and PR_PAC_SET_ENABLED_KEYS. Tests:
 * selftests/abi/cpu.c, selftests/ktest/fault.c
 */
#include <arch/cpu.h>

#include "asm.h"
#include "cpu_int.h"

#include <arch/barrier.h>
#include <arch/thread.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>

#define ADDRESS_KEYS (PAC_IA | PAC_IB | PAC_DA | PAC_DB)

#define set_key(lo, hi, k) __asm__ volatile("msr " #lo ", %0\n\tmsr " #hi ", %1" ::"r"((k)[0]), "r"((k)[1]))

/* Before there is entropy: the boot CPU's idle thread. RNDR if there is one. */
void pac_boot_key(void)
{
	u64 *key = current_head()->kernel_key;

	for (u32 i = 0; i < 2; i++)
		if (!cpu_random(&key[i]))
			key[i] = cycles_now() * 0x9e3779b97f4a7c15ul;
}

void pac_kernel_key(struct thread_head *t)
{
	if (cpu_has(CPU_PAC))
		random_bytes(t->kernel_key, sizeof(t->kernel_key));
}

/* All but APIAKey, which entry.S loads on the way out. Preemption off. */
static void load_keys(const struct pac_keys *k)
{
	if (cpu_has(CPU_PAC)) {
		set_key(s3_0_c2_c1_2, s3_0_c2_c1_3, k->ib);
		set_key(s3_0_c2_c2_0, s3_0_c2_c2_1, k->da);
		set_key(s3_0_c2_c2_2, s3_0_c2_c2_3, k->db);
	}
	if (cpu_has(CPU_PACG))
		set_key(s3_0_c2_c3_0, s3_0_c2_c3_1, k->ga);
}

void pac_reset_keys(u32 keys)
{
	struct pac_keys *mine = &current_head()->user_keys, fresh;

	random_bytes(&fresh, sizeof(fresh));
	preempt_disable();
	if (keys & PAC_IA)
		memcpy(mine->ia, fresh.ia, sizeof(fresh.ia));
	if (keys & PAC_IB)
		memcpy(mine->ib, fresh.ib, sizeof(fresh.ib));
	if (keys & PAC_DA)
		memcpy(mine->da, fresh.da, sizeof(fresh.da));
	if (keys & PAC_DB)
		memcpy(mine->db, fresh.db, sizeof(fresh.db));
	if (keys & PAC_GA)
		memcpy(mine->ga, fresh.ga, sizeof(fresh.ga));
	load_keys(mine);
	preempt_enable();
}

static u64 sctlr_bits(u32 keys)
{
	return (keys & PAC_IB ? BIT(SCTLR_ENIB_BIT) : 0) |
	       (keys & PAC_DA ? BIT(SCTLR_ENDA_BIT) : 0) |
	       (keys & PAC_DB ? BIT(SCTLR_ENDB_BIT) : 0);
}

void pac_set_enabled(u32 keys)
{
	u64 v;

	preempt_disable();
	current_head()->pac_off = ~keys & ADDRESS_KEYS;
	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(v));
	v = (v & ~sctlr_bits(ADDRESS_KEYS)) | sctlr_bits(keys);
	__asm__ volatile("msr sctlr_el1, %0" ::"r"(v));
	isb();
	preempt_enable();
}

u32 pac_enabled(void)
{
	return ~current_head()->pac_off & ADDRESS_KEYS;
}

void pac_exec(void)
{
	if (!cpu_has(CPU_PAC))
		return;
	pac_set_enabled(ADDRESS_KEYS);
	pac_reset_keys(ADDRESS_KEYS | PAC_GA);
}

void pac_fork(struct task *child)
{
	if (!cpu_has(CPU_PAC))
		return;
	child->head.user_keys = current_head()->user_keys;
	child->head.pac_off = current_head()->pac_off;
}
