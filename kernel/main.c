/* SPDX-License-Identifier: MIT */
/* main.c - the boot order, as a list. The one file that sees every layer.
 *
 * boot.S leaves us on the boot CPU with the kernel mapped. kmain() brings up memory, interrupts and
 * the scheduler, then becomes the idle loop; the rest of the way happens in PID 1's thread, which
 * may sleep: it unpacks the initramfs and runs init.
 * Tests: selftests/boot/run (no_init, no_console, broken_initramfs)
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <compat/exec.h>
#include <compat/procnet.h>
#include <compat/rtnetlink.h>
#include <compat/sockdiag.h>
#include <compat/sysblk.h>
#include <compat/sysnet.h>
#include <compat/uevent.h>
#include <compat/shm.h>
#include <compat/signal.h>
#include <compat/sockaddr.h>
#include <compat/vdso.h>
#include <drivers/driver.h>
#include <drivers/fdt_bus.h>
#include <drivers/serial/pl011.h>
#include <drivers/tty/tty.h>
#include <fs/blkdev.h>
#include <fs/devfs.h>
#include <fs/dm/dm.h>
#include <fs/initramfs.h>
#include <fs/loop.h>
#include <fs/namei.h>
#include <fs/procfs.h>
#include <fs/pipe.h>
#include <fs/tmpfs.h>
#include <fs/vfs.h>
#include <gen/version.h>
#include <kernel/bh_timer.h>
#include <kernel/budget.h>
#include <kernel/clock.h>
#include <kernel/cmdline.h>
#include <kernel/file.h>
#include <kernel/futex.h>
#include <kernel/handle.h>
#include <kernel/irq.h>
#include <kernel/kasan.h>
#include <kernel/ksyms.h>
#include <kernel/ktest.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/ntp.h>
#include <kernel/power.h>
#include <kernel/ptimer.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/stackprot.h>
#include <kernel/task.h>
#include <kernel/trap.h>
#include <kernel/workq.h>
#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>
#include <net/net.h>

#define MAX_INIT_ARGS 32

CMDLINE(init, NULL);
CMDLINE(rdinit, NULL);
CMDLINE(nokaslr, NULL); /* bootmap.c */
CMDLINE(earlycon, NULL);
CMDLINE(root, NULL);
CMDLINE(rootwait, NULL);
CMDLINE(rootfstype, NULL);
CMDLINE(rootflags, NULL);
CMDLINE(ro, NULL);
CMDLINE(rw, NULL);
CMDLINE(quiet, NULL);

static void memory_init(paddr_t fdt)
{
	if (fdt)
		fdt_set_blob(phys_to_virt(fdt));
	fmt_symbol_hook = ksym_lookup;
	pl011_early_console();
	fdt_bus_init(fdt);
	cmdline_parse(fdt_bus_bootargs());
	page_init();
	kasan_init();
	slab_init();
	page_lock_init();
	vmo_init();
	commit_init();
	aspace_init();
	fault_init();
}

static void core_init(void)
{
	u8 seed[64];
	usize n;

	smp_prepare_boot_cpu();
	sched_init();
	clock_init();
	ntp_init();
	bh_timer_init();
	task_init();
	signal_init();
	ptimer_init();
	budget_init();
	file_init();
	handle_init();
	n = fdt_bus_take_seed(seed, sizeof(seed));
	random_add(seed, n, (u32)n * 8);
	memset(seed, 0, sizeof(seed));
	random_init();
	driver_probe_irq_chip();
	arch_timer_init_cpu();
}

static void face_init(void)
{
	futex_init();
	sigframe_init();
	vdso_init();
}

/* ---- PID 1's thread ---- */

static void unpack_initramfs(void)
{
	paddr_t start, end;
	int err;

	if (!fdt_bus_initrd(&start, &end))
		return;
	err = initramfs_unpack(phys_to_virt(start), end - start);
	if (err)
		pr_err("initramfs: not unpacked: error %d", -err);
	page_release_range(start, end);
}

/* Descriptors 0, 1 and 2. Linux goes on without them, and so do we. */
static void open_console(void)
{
	static const char console[16] = "/dev/console";
	struct open_request req = { .flags = O_RDWR };
	auto_file struct file *f = NULL;
	int i, err = vfs_open(AT_FDCWD, console, &req, &f);

	if (err) {
		pr_warn("unable to open an initial console: error %d", -err);
		return;
	}
	for (i = 0; i < 3; i++)
		if (handle_install(f, file_rights(f), 0) < 0)
			pr_warn("no descriptor for the console");
}

static const char *init_argv[MAX_INIT_ARGS + 2], *init_envp[MAX_INIT_ARGS + 3];

static void gather_init_args(void)
{
	const char *const *p;
	u32 n = 1;

	for (p = cmdline_init_argv(); *p && n <= MAX_INIT_ARGS; p++)
		init_argv[n++] = *p;
	init_envp[0] = "HOME=/";
	init_envp[1] = "TERM=linux";
	n = 2;
	for (p = cmdline_init_envp(); *p && n <= MAX_INIT_ARGS; p++)
		init_envp[n++] = *p;
}

static int try_init(const char *path)
{
	int err;

	init_argv[0] = path;
	err = exec_kernel(path, init_argv, init_envp);
	if (err && err != -ENOENT)
		pr_err("%s: cannot be run: error %d", path, -err);
	return err;
}

/* Returns when an init is in place: the thread then leaves for user space. */
static void run_init(void)
{
	static const char *const usual[] = { "/init", "/sbin/init", "/etc/init", "/bin/init",
					     "/bin/sh" };
	const char *asked = cmdline_get("rdinit");
	u32 i;
	int err = 0;

	if (!asked)
		asked = cmdline_get("init");
	if (asked) {
		if (try_init(asked) == 0)
			return;
		panic("Requested init %s failed. Give rdinit= the path of a static arm64 program "
		      "in the initramfs.",
		      asked);
	}
	for (i = 0; i < ARRAY_SIZE(usual); i++) {
		err = try_init(usual[i]);
		if (err == 0)
			return;
	}
	panic("no init found: tried /init, /sbin/init, /etc/init, /bin/init, /bin/sh: error %d. Is "
	      "there an initramfs?",
	      -err);
}

static void first_thread(void *unused)
{
	struct task *t = current();

	(void)unused;
	smp_init();
	if (vfs_mount_root("tmpfs"))
		panic("no memory for the root file system");
	t->ns->mnt = mount_ns_first();
	t->fs = fs_context_create();
	if (!t->fs)
		panic("no memory for the root directory");
	workq_init();
	reclaim_init();
	blkdev_init();
	loop_init();
	dm_init();
	softirq_threads_init();
	tty_init_devices();
	driver_probe_all();
	dm_boot();
	unpack_initramfs();
	mmu_protect_kernel();
	mmu_for_each_init_range(page_release_range);
	ktest_run_if_asked();
	gather_init_args();
	open_console();
	run_init();
	arch_return_to_user(arch_user_frame(t));
}

void kmain(paddr_t fdt)
{
	memory_init(fdt);
	pr_info("Linux-compatible kernel Ashlar %s %s", ASHLAR_RELEASE, ASHLAR_VERSION);
	core_init();
	stackprot_init();
	face_init();
	vfs_init();
	tmpfs_init();
	pipe_init();
	net_init();
	sockaddr_init();
	rtnetlink_init();
	sockdiag_init();
	devfs_init();
	procfs_init();
	procnet_init();
	uevent_init();
	sysnet_init();
	shm_proc_init();
	sysblk_init();
	power_quiesce_hook = driver_quiesce_all;
	irq_enable();
	if (task_spawn_init(first_thread, NULL))
		panic("no memory for the first process");
	sched_idle_loop();
}

void kmain_secondary(void)
{
	irq_init_cpu();
	arch_timer_init_cpu();
	irq_enable();
	sched_idle_loop();
}
