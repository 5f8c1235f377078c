/* SPDX-License-Identifier: MIT */
/* main.c - the boot order, as a list, and the start of PID 1. The one file that sees every layer.
 *
 * kmain() runs as the boot CPU's idle thread with interrupts off and may not sleep: memory, interrupts, clock, scheduler. The rest happens
 * in the thread that becomes init.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <drivers/driver.h>
#include <drivers/fdt_bus.h>
#include <drivers/serial/pl011.h>
#include <drivers/tty/tty.h>
#include <fs/devfs.h>
#include <fs/initramfs.h>
#include <fs/pipe.h>
#include <fs/tmpfs.h>
#include <fs/vfs.h>
#include <gen/version.h>
#include <kernel/clock.h>
#include <kernel/cmdline.h>
#include <kernel/file.h>
#include <kernel/futex.h>
#include <kernel/handle.h>
#include <kernel/irq.h>
#include <kernel/ksyms.h>
#include <kernel/ktest.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/fmt.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/trap.h>
#include <kernel/workq.h>
#include <mm/aspace.h>
#include <mm/kvmap.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

static void init_memory(void)
{
	page_init();
	slab_init();
	page_lock_init();
	vmo_init();
	aspace_init();
	fault_init();
}

static void init_core(void)
{
	sched_init();
	task_init();
	signal_init();
	handle_init();
	file_init();
	futex_init();
}

static void init_seed(void)
{
	u8 seed[64];
	usize n = fdt_bus_take_seed(seed, sizeof(seed));

	random_init();
	if (n)
		random_add(seed, n, (u32)n * 8);
}

static void init_files(void)
{
	vfs_init();
	tmpfs_init();
	pipe_init();
	devfs_init();
	tty_init_devices();
}

static void unpack_initramfs(void)
{
	paddr_t start, end;

	if (!fdt_bus_initrd(&start, &end))
		return;
	if (initramfs_unpack(phys_to_virt(start), end - start))
		pr_err("initramfs: damaged");
	page_release_range(start, end);
}

/* PID 1, still in the kernel. */
static void kernel_init(void *arg)
{
	workq_init();
	smp_init();
	init_files();
	driver_probe_all();
	clock_init();
	if (vfs_mount_root("tmpfs"))
		panic("no root file system");
	current()->fs = fs_context_create();
	ktest_run_if_asked();
	unpack_initramfs();
	mmu_protect_kernel();
	mmu_for_each_init_range(page_release_range);
	panic("no init found");
}

void kmain(paddr_t fdt)
{
	fdt_set_blob(phys_to_virt(fdt));
	fmt_symbol_hook = ksym_lookup;
	pl011_early_console();
	pr_info("Ashlar %s, booting on CPU %016lx", ASHLAR_RELEASE, cpu_midr(0));
	fdt_bus_init(fdt);
	cmdline_parse(fdt_bus_bootargs());
	smp_prepare_boot_cpu();
	init_memory();
	init_core();
	driver_probe_irq_chip();
	arch_timer_init_cpu();
	init_seed();
	if (task_spawn_init(kernel_init, NULL))
		panic("cannot make the first thread");
	irq_enable();
	sched_idle_loop();
}

void kmain_secondary(void)
{
	irq_init_cpu();
	arch_timer_init_cpu();
	irq_enable();
	sched_idle_loop();
}
