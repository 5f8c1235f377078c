/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/types.h>

#define __must_check	   __attribute__((warn_unused_result))
#define __packed	   __attribute__((packed))
#define __aligned(n)	   __attribute__((aligned(n)))
#define __printf(f, a)	   __attribute__((format(printf, f, a)))
#define __noreturn	   __attribute__((noreturn))
#define __noinline	   __attribute__((noinline))
#define __always_inline	   inline __attribute__((always_inline))
#define __cold		   __attribute__((cold, noinline))
#define __used		   __attribute__((used))
#define __unused	   __attribute__((unused))
#define __section(s)	   __attribute__((section(s)))
#define __cleanup(fn)	   __attribute__((cleanup(fn)))
#define __no_sanitize	   __attribute__((no_sanitize("address", "kernel-address", "undefined")))

/* Written while booting, read-only afterwards (mmu_protect_kernel() seals the section). */
#define __ro_after_init	   __attribute__((section(".data.ro_after_init")))

/* Used only while booting: the memory is handed to the page allocator afterwards. */
#define __init		   __attribute__((section(".init.text"), noinline))
#define __initdata	   __attribute__((section(".init.data")))

#define likely(x)	   __builtin_expect(!!(x), 1)
#define unlikely(x)	   __builtin_expect(!!(x), 0)
#define unreachable()	   __builtin_unreachable()
#define barrier()	   __asm__ volatile("" ::: "memory")
#define fallthrough	   __attribute__((fallthrough))

#define READ_ONCE(x)	   (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)   (*(volatile __typeof__(x) *)&(x) = (v))

#define offsetof(t, m)	   __builtin_offsetof(t, m)
#define container_of(p, t, m) ({						\
	const __typeof__(((t *)0)->m) *mp_ = (p);				\
	(t *)((u64)mp_ - offsetof(t, m)); })
#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define static_assert	   _Static_assert

#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define swap(a, b) do { __typeof__(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define ALIGN_UP(x, a)	   (((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define BIT(n)		   (1ul << (n))

/* Arithmetic on sizes that a program or a device chose: true means it overflowed. */
#define add_of(a, b, r)	   __builtin_add_overflow(a, b, r)
#define sub_of(a, b, r)	   __builtin_sub_overflow(a, b, r)
#define mul_of(a, b, r)	   __builtin_mul_overflow(a, b, r)

/* Clang's thread-safety analysis (make lint); gcc sees nothing. */
#ifdef __clang__
#define CAPABILITY(n)	__attribute__((capability(n)))
#define ACQUIRES(...)	__attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)	__attribute__((release_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define MUST_HOLD(...)	__attribute__((requires_capability(__VA_ARGS__)))
#define NO_LOCK_CHECK	__attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(n)
#define ACQUIRES(...)
#define RELEASES(...)
#define TRY_ACQUIRES(...)
#define MUST_HOLD(...)
#define NO_LOCK_CHECK
#endif
