/* SPDX-License-Identifier: MIT */
/* panic.c - how the kernel dies: says why and where, then resets or halts.
 *
 * The first CPU to panic is the one that speaks; it stops the others and ignores locks from then
 * on. A panic while panicking skips what was being tried. panic=N on the command line: N > 0 resets
 * after N seconds, N < 0 at once, 0 halts.
 * Ref: Linux Documentation/admin-guide/kernel-parameters.rst panic=; the first line is worded as
 * Linux's: people and scripts look for it.
 * Tests: selftests/boot/run (panic_waits_as_told)
 */
#include <kernel/panic.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fmt.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include <kernel/uapi.h>

static u32 panic_cpu = U32_MAX;		/* [a] who speaks */
static s64 panic_timeout;

bool panic_in_progress(void)
{
	return unlikely(READ_ONCE(panic_cpu) == this_cpu_id());
}

static int set_timeout(const char *value)
{
	return parse_s64(value, 10, &panic_timeout, NULL);
}

CMDLINE(panic, set_timeout);

void regs_print(const struct trap_frame *f)
{
	log_print(LOG_EMERG, NULL, "pc %016lx  lr %016lx  sp %016lx  pstate %08lx", f->pc, f->x[30],
		  f->sp, f->pstate);
	for (u32 i = 0; i < 30; i += 3)
		log_print(LOG_EMERG, NULL, "x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", i, f->x[i],
			  i + 1, f->x[i + 1], i + 2, f->x[i + 2]);
}

static void print_where(void)
{
	struct task *t = current();

	log_print(LOG_EMERG, NULL, "CPU: %u PID: %d Comm: %.16s", this_cpu_id(), t->tid, t->comm);
}

static __noreturn void finish(void)
{
	ktime_t end = arch_clock_ns() + panic_timeout * NSEC_PER_SEC;

	if (panic_timeout > 0)
		while (arch_clock_ns() < end)
			cpu_relax();
	if (panic_timeout)
		machine_reset();
	log_print(LOG_EMERG, NULL, "---[ end Kernel panic ]---");
	cpu_halt();
}

/* Only one CPU returns from here, once. */
static void take_over(void)
{
	u32 nobody = U32_MAX, me = this_cpu_id();

	irq_disable();
	if (!cmpxchg(&panic_cpu, &nobody, me)) {
		if (nobody == me)
			finish();	/* again, while printing the first one */
		cpu_halt();
	}
	ipi_send_mask(cpu_online_mask & ~BIT(me), IPI_STOP);
}

static __noreturn void die(const char *message, const struct trap_frame *f)
{
	if (console_loglevel < LOG_DEBUG)
		console_loglevel = LOG_DEBUG;
	log_print(LOG_EMERG, NULL, "Kernel panic - not syncing: %s", message);
	print_where();
	if (f)
		regs_print(f);
	backtrace_print(f);
	finish();
}

void panic(const char *fmt, ...)
{
	char message[200];
	va_list ap;

	take_over();
	va_start(ap, fmt);
	fmt_vprint(message, sizeof(message), fmt, ap);
	va_end(ap);
	die(message, NULL);
}

void trap_kernel_fault(struct trap_frame *f, const char *what, u64 addr, u64 esr)
{
	char message[200];

	take_over();
	fmt_print(message, sizeof(message), "%s at %016lx (esr %08lx, pc %pS)", what, addr, esr,
		  (void *)f->pc);
	die(message, f);
}

void log_warn_here(const char *what, const char *file, int line)
{
	log_print(LOG_WARNING, NULL, "WARNING: %s at %s:%d", what, file, line);
	print_where();
	backtrace_print(NULL);
}
