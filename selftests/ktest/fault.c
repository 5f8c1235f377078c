/* SPDX-License-Identifier: MIT */
/* fault.c - what the kernel may not do, tried: user memory outside uaccess, writing code, running
 * data, branching anywhere. */
#include <kernel/ktest.h>

#include <arch/catch.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/uaccess.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/page.h>

static struct caught c;

#define EXPECT_CAUGHT(class_, kind, fn, where)                                                    \
	do {                                                                                      \
		EXPECT_TRUE(fault_catch(fn, (void *)(where), &c));                                \
		EXPECT_EQ(class_, c.class);                                                       \
		EXPECT_EQ(kind, c.status >> 2);                                                   \
		EXPECT_EQ(where, c.addr);                                                         \
	} while (0)

static u64 data_word = 0xd65f03c0;	/* ret */
static const u64 constant_word = 0xd65f03c0;

TEST(code_and_constants_cannot_be_written)
{
	u64 text = (u64)fault_catch, alias;
	paddr_t pa;

	ASSERT_TRUE(mmu_ktranslate(text, &pa));
	alias = (u64)phys_to_virt(pa);
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_PERMISSION, provoke_store, text);
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_PERMISSION, provoke_store, alias);
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_PERMISSION, provoke_store, (u64)&constant_word);
	EXPECT_TRUE(!fault_catch(provoke_store, &data_word, &c));
	data_word = 0xd65f03c0;
}

TEST(data_cannot_be_run)
{
	struct page *p = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
	paddr_t pa;

	ASSERT_TRUE(p && mmu_ktranslate((u64)fault_catch, &pa));
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, (u64)&data_word);
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, (u64)&constant_word);
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, (u64)page_to_virt(p));
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, (u64)phys_to_virt(pa));
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, current()->head.stack);
	page_put(p);
}

TEST(nothing_lies_below_a_stack)
{
	u64 stack = current()->head.stack;

	EXPECT_TRUE(!fault_catch(provoke_load, (void *)stack, &c));
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_TRANSLATION, provoke_load, stack - 8);
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_TRANSLATION, provoke_load, stack - KSTACK_SIZE);
	EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_TRANSLATION, provoke_load, 0ul);
}

#define USER_PAGE 0x10000000ul

TEST(user_pages_are_out_of_reach)
{
	struct task *t = current();
	struct aspace *old = t->as, *as = aspace_create();
	irqflags_t irq;

	ASSERT_TRUE(as);
	irq = irq_save();
	t->as = as;
	arch_mm_switch(&as->mm);
	irq_restore(irq);
	EXPECT_EQ(USER_PAGE,
		  aspace_mmap(as, USER_PAGE, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0, 0));
	EXPECT_EQ(0, uaccess_put_u32(UADDR(USER_PAGE), 0xd65f03c0));
	EXPECT_CAUGHT(CAUGHT_EXEC, CAUGHT_PERMISSION, provoke_call, USER_PAGE);
	if (cpu_has(CPU_PAN)) {
		EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_PERMISSION, provoke_load, USER_PAGE);
		EXPECT_CAUGHT(CAUGHT_DATA, CAUGHT_PERMISSION, provoke_store, USER_PAGE);
	}
	irq = irq_save();
	t->as = old;
	arch_mm_switch(old ? &old->mm : NULL);
	irq_restore(irq);
	aspace_put(as);
}

TEST(branches_hit_landing_pads)
{
	bool faulted = fault_catch(provoke_call, not_a_landing_pad, &c);

	EXPECT_EQ(cpu_has(CPU_BTI), faulted);
	if (faulted)
		EXPECT_EQ(CAUGHT_BTI, c.class);
}

TEST(a_return_address_cannot_be_exchanged)
{
	bool faulted = fault_catch(provoke_exchanged_return, NULL, &c);

	EXPECT_EQ(cpu_has(CPU_PAC), faulted);
	if (faulted)
		EXPECT_TRUE(c.class == CAUGHT_EXEC || c.class == CAUGHT_FPAC);
}

static __noinline u64 deeper(u64 n)
{
	volatile u64 room[64] = { n };

	return n ? deeper(n - 1) + room[0] : 0;
}

TEST_DIES(a_used_up_stack, "kernel stack overflow")
{
	EXPECT_EQ(0, deeper(1000));
}
