/* SPDX-License-Identifier: MIT */
/* time.c - clock_gettime without entering the kernel. Runs in the program: no kernel symbol, no
 * writable data.
 *
 * The counter is read between two looks at seq; what the page does not know (CPU-time clocks) goes
 * to the system call.
 * Ref: vdso(7), clock_gettime(2), Arm ARM D12.1 (CNTVCT_EL0). Tests: selftests/abi/time.c
 */
#include <compat/abi/time.h>
#include <compat/vdso/data.h>
#include <kernel/lib/compiler.h>

#define CLOCK_REALTIME	 0
#define NR_clock_gettime 113
#define NR_clock_getres	 114
#define NS		 1000000000ul

/* Not const: the kernel writes it, and the compiler must read it inside the loop. */
extern struct vdso_data vdso_data __attribute__((visibility("hidden")));

#define VDSO_EXPORT __attribute__((visibility("default")))

VDSO_EXPORT int __kernel_clock_gettime(s32 id, struct abi_timespec *ts);
VDSO_EXPORT int __kernel_gettimeofday(struct abi_timeval *tv, struct abi_timezone *tz);
VDSO_EXPORT int __kernel_clock_getres(s32 id, struct abi_timespec *ts);

static long call2(long nr, u64 a, u64 b)
{
	register u64 x0 __asm__("x0") = a;
	register u64 x1 __asm__("x1") = b;
	register long x8 __asm__("x8") = nr;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
	return (long)x0;
}

static __always_inline u64 read_ns(const struct vdso_clock *clock)
{
	struct vdso_data *d = &vdso_data;
	u64 c, ns;
	u32 seq;

	for (;;) {
		seq = __atomic_load_n(&d->seq, __ATOMIC_ACQUIRE);
		__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(c)::"memory");
		ns = (u64)(((u128)c * clock->mult) >> 32) + (u64)clock->offset_ns;
		__asm__ volatile("dmb ishld" ::: "memory");
		if (likely(seq == READ_ONCE(d->seq) && !(seq & 1)))
			return ns;
	}
}

int __kernel_clock_gettime(s32 id, struct abi_timespec *ts)
{
	u64 ns;

	if (unlikely((u32)id >= VDSO_NR_CLOCKS || !vdso_data.clock[id].mult))
		return (int)call2(NR_clock_gettime, (u64)id, (u64)ts);
	ns = read_ns(&vdso_data.clock[id]);
	ts->sec = (s64)(ns / NS);
	ts->nsec = (s64)(ns % NS);
	return 0;
}

int __kernel_gettimeofday(struct abi_timeval *tv, struct abi_timezone *tz)
{
	u64 ns;

	if (likely(tv)) {
		ns = read_ns(&vdso_data.clock[CLOCK_REALTIME]);
		tv->sec = (s64)(ns / NS);
		tv->usec = (u32)(ns % NS) / 1000;	/* in 32 bits: shorter */
	}
	if (unlikely(tz))
		tz->minuteswest = tz->dsttime = 0;
	return 0;
}

int __kernel_clock_getres(s32 id, struct abi_timespec *ts)
{
	return (int)call2(NR_clock_getres, (u64)id, (u64)ts);
}
