/* SPDX-License-Identifier: MIT */
/* kasan.h - which bytes of RAM may be touched, checked at every access the compiler sees
 * (CONFIG_KASAN). */
#pragma once

#include <kernel/lib/compiler.h>

/* Why bytes may not be touched; what a report says. */
enum kasan_state {
	KASAN_FREE_PAGE = 0xff,
	KASAN_FREE_OBJECT = 0xfb,
	KASAN_REDZONE = 0xfc,
};

#ifdef CONFIG_KASAN
/* Before page_init() gives pages out. Until then everything may be touched. */
void kasan_init(void);
/* p is 8-byte aligned, n a multiple of 8. */
void kasan_poison(const void *p, usize n, enum kasan_state why);
/* n bytes may be touched; the rest of the last 8 bytes may not. */
void kasan_unpoison(const void *p, usize n);
/* Panics when p was freed already. */
void kasan_check_free(const void *p);
#else
static inline void kasan_init(void) {}
static inline void kasan_poison(const void *p, usize n, enum kasan_state why)
{
	(void)p, (void)n, (void)why;
}
static inline void kasan_unpoison(const void *p, usize n) { (void)p, (void)n; }
static inline void kasan_check_free(const void *p) { (void)p; }
#endif
