/* SPDX-License-Identifier: MIT */
/* kasan: the shadow says which bytes may be touched. Nothing here is touched but the shadow. */
/* flags: -DCONFIG_KASAN=1 -fno-sanitize=all */
#include <kernel/kasan.h>
#include <mm/page.h>

#include "unit.h"

#define RAM_START 0x40000000ul
#define RAM_SIZE  0x100000ul

void __asan_load1_noabort(u64 addr);
void __asan_store8_noabort(u64 addr);
void __asan_load16_noabort(u64 addr);
void __asan_loadN_noabort(u64 addr, usize n);
void __asan_storeN_noabort(u64 addr, usize n);
void __asan_handle_no_return(void);

void ram_for_each_bank(void (*fn)(paddr_t start, paddr_t end, void *arg), void *arg)
{
	fn(RAM_START + 0x1000, RAM_START + RAM_SIZE, arg);
	fn(RAM_START, RAM_START + 0x1000, arg);
}

paddr_t ram_end(void)
{
	return RAM_START + RAM_SIZE;
}

paddr_t early_alloc(u64 size, u64 align)
{
	return virt_to_phys(host_alloc(size, align, true));
}

static const u64 object = LINEAR_BASE + RAM_START + 0x800;

static void *at(u64 addr)
{
	return (void *)addr;
}

TEST(before_init_everything_may_be_touched)
{
	kasan_poison(at(object), 64, KASAN_FREE_OBJECT);
	__asan_load1_noabort(object);
}

TEST(a_poisoned_object_may_not_be_touched)
{
	kasan_init();
	__asan_store8_noabort(object);
	kasan_poison(at(object), 64, KASAN_FREE_OBJECT);
	EXPECT_PANIC(__asan_load1_noabort(object));
	EXPECT_PANIC(__asan_store8_noabort(object + 56));
	__asan_load1_noabort(object - 1);
	__asan_load1_noabort(object + 64);
	kasan_unpoison(at(object), 64);
	__asan_loadN_noabort(object, 64);
}

TEST(an_odd_size_ends_where_it_ends)
{
	kasan_init();
	kasan_poison(at(object), 64, KASAN_REDZONE);
	kasan_unpoison(at(object), 13);
	__asan_loadN_noabort(object, 13);
	__asan_load1_noabort(object + 12);
	EXPECT_PANIC(__asan_load1_noabort(object + 13));
	EXPECT_PANIC(__asan_loadN_noabort(object, 14));
	EXPECT_PANIC(__asan_storeN_noabort(object, 14));
	__asan_storeN_noabort(object, 13);
	__asan_handle_no_return();
	EXPECT_PANIC(__asan_store8_noabort(object + 8));
	EXPECT_PANIC(__asan_store8_noabort(object + 6));
	EXPECT_PANIC(__asan_load16_noabort(object));
	__asan_loadN_noabort(object + 13, 0);
}

TEST(a_hole_in_the_middle_is_found)
{
	kasan_init();
	kasan_poison(at(object + 512), 8, KASAN_REDZONE);
	EXPECT_PANIC(__asan_loadN_noabort(object, 1024));
}

TEST(a_second_free_is_found)
{
	kasan_init();
	kasan_check_free(at(object));
	kasan_poison(at(object), 64, KASAN_FREE_OBJECT);
	EXPECT_PANIC(kasan_check_free(at(object)));
}

TEST(other_addresses_are_not_watched)
{
	kasan_init();
	__asan_load1_noabort(0);
	__asan_load1_noabort(LINEAR_BASE + RAM_START - 1);
	__asan_load1_noabort(LINEAR_BASE + RAM_START + RAM_SIZE);
	__asan_load1_noabort(U64_MAX);
}
