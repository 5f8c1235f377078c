/* SPDX-License-Identifier: MIT */
/* kasan.c - the address sanitizer's run time.
 *
 * Why/How: the compiler calls __asan_loadN_noabort(addr) and its kin before each access (outline
 * instrumentation, so it needs no address fixed at compile time). Each 8 bytes of RAM have a shadow
 * byte: 0 all may be touched, 1..7 the first so many, else a kasan_state. The allocators write the
 * shadow. Only the linear map is watched: images, stacks and the page array are not. Assembly
 * (memcpy, user copies) is not seen by the compiler. This file, and slab.c, which chains free
 * objects through their first word, are compiled without.
 * Locks: none; a byte of shadow belongs to whoever owns the memory it stands for.
 * Ref: Serebryany et al., "AddressSanitizer: A Fast Address Sanity Checker", 2012. Tests:
 * selftests/unit/kasan_test.c */
#include <kernel/kasan.h>

#include <arch/mmu.h>
#include <kernel/printk.h>
#include <mm/page.h>

static u8 *shadow;
static u64 watched_start, watched_size;		/* of virtual addresses */

static void widen(paddr_t start, paddr_t end, void *lowest)
{
	(void)end;
	*(paddr_t *)lowest = min(*(paddr_t *)lowest, start);
}

void kasan_init(void)
{
	paddr_t lowest = U64_MAX;

	ram_for_each_bank(widen, &lowest);
	watched_start = (u64)phys_to_virt(lowest);
	watched_size = ram_end() - lowest;
	shadow = phys_to_virt(early_alloc(watched_size / 8, PAGE_SIZE));
}

static u8 *shadow_of(u64 addr)
{
	u64 offset = addr - watched_start;

	return shadow && offset < watched_size ? &shadow[offset / 8] : NULL;
}

void kasan_poison(const void *p, usize n, enum kasan_state why)
{
	u8 *s = shadow_of((u64)p);

	for (usize i = 0; s && i < n / 8; i++)
		s[i] = (u8)why;
}

void kasan_unpoison(const void *p, usize n)
{
	u8 *s = shadow_of((u64)p);

	for (usize i = 0; s && i < n / 8; i++)
		s[i] = 0;
	if (s && n % 8)
		s[n / 8] = n % 8;
}

static const char *state_name(u8 state)
{
	return state == KASAN_FREE_PAGE	    ? "a free page"
	       : state == KASAN_FREE_OBJECT ? "a freed object"
					    : "no object";
}

static __cold void report(u64 addr, usize n, const char *what, u64 caller)
{
	u8 state = *shadow_of(addr);

	shadow = NULL;		/* the panic itself may touch what it likes */
	panic("KASAN: %s of %lu bytes at %p, in %s, by %pS", what, n, (void *)addr,
	      state_name(state), (void *)caller);
}

void kasan_check_free(const void *p)
{
	u8 *s = shadow_of((u64)p);

	if (s && *s >= 0x80)
		report((u64)p, 0, "second free", (u64)__builtin_return_address(0));
}

/* The byte at addr may not be touched. */
static bool is_bad(u64 addr)
{
	const u8 *s = shadow_of(addr);

	return s && *s && (*s >= 0x80 || (addr & 7) >= *s);
}

static __always_inline void check(u64 addr, usize n, const char *what)
{
	u64 at = addr;

	if (likely(!shadow_of(addr)) || !n)
		return;
	for (; at < addr + n; at = ALIGN_DOWN(at, 8ul) + 8)
		if (unlikely(is_bad(at)))
			report(at, n, what, (u64)__builtin_return_address(0));
	if (unlikely(is_bad(addr + n - 1)))
		report(addr + n - 1, n, what, (u64)__builtin_return_address(0));
}

/* What the compiler calls. */
#define CHECKERS(n)                                                                               \
	void __asan_load##n##_noabort(u64 addr);                                                  \
	void __asan_load##n##_noabort(u64 addr)                                                   \
	{                                                                                         \
		check(addr, n, "read");                                                           \
	}                                                                                         \
	void __asan_store##n##_noabort(u64 addr);                                                 \
	void __asan_store##n##_noabort(u64 addr)                                                  \
	{                                                                                         \
		check(addr, n, "write");                                                          \
	}
CHECKERS(1)
CHECKERS(2)
CHECKERS(4)
CHECKERS(8)
CHECKERS(16)

void __asan_loadN_noabort(u64 addr, usize n);
void __asan_loadN_noabort(u64 addr, usize n)
{
	check(addr, n, "read");
}

void __asan_storeN_noabort(u64 addr, usize n);
void __asan_storeN_noabort(u64 addr, usize n)
{
	check(addr, n, "write");
}

void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}
