/* SPDX-License-Identifier: MIT */
/* procfs_lists.c - files of /proc that list what the machine and the kernel consist of: memory,
 * bottom halves, terminals, symbols. What Linux lists and we have not is an empty list there too.
 * Locks: none of its own. Ref: proc(5). Tests: selftests/abi/procsys.c */
#include "procfs_int.h"

#include <arch/cpu.h>
#include <fs/chrdev.h>
#include <kernel/cred.h>
#include <kernel/irq.h>
#include <kernel/ksyms.h>
#include <kernel/lib/string.h>
#include <mm/page.h>

static int show_buddyinfo(struct seq *s, struct task *t)
{
	u64 n[PAGE_ORDERS];

	page_free_blocks(n);
	seq_print(s, "Node 0, zone      DMA ");
	for (u32 i = 0; i < PAGE_ORDERS; i++)
		seq_print(s, "%6lu ", n[i]);
	seq_print(s, "\n");
	return 0;
}

/* In Linux's order; what has no row number there runs as something else here. */
static int show_softirqs(struct seq *s, struct task *t)
{
	static const struct {
		const char *name;
		u8 n;
	} rows[] = {
		{ "HI", SOFTIRQ_NR }, { "TIMER", SOFTIRQ_TIMER }, { "NET_TX", SOFTIRQ_NET_TX },
		{ "NET_RX", SOFTIRQ_NET_RX }, { "BLOCK", SOFTIRQ_BLOCK },
		{ "IRQ_POLL", SOFTIRQ_NR }, { "TASKLET", SOFTIRQ_NR }, { "SCHED", SOFTIRQ_NR },
		{ "HRTIMER", SOFTIRQ_NR }, { "RCU", SOFTIRQ_RCU },
	};
	u32 c;

	seq_print(s, "                    ");
	for_each_cpu(c)
		seq_print(s, "CPU%-8u", c);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		seq_print(s, "\n%12s:", rows[i].name);
		for_each_cpu(c)
			seq_print(s, " %10lu", softirq_count(rows[i].n, c));
	}
	seq_print(s, "\n");
	return 0;
}

static void one_misc(const struct chrdev *c, void *arg)
{
	if (c->major == MISC_MAJOR)
		seq_print(arg, "%3u %s\n", c->minor, c->misc ? c->misc : c->name);
}

static int show_misc(struct seq *s, struct task *t)
{
	chrdev_for_each(one_misc, s);
	return 0;
}

static void one_bank(paddr_t start, paddr_t end, void *arg)
{
	bool see = capable(CAP_SYS_ADMIN);

	seq_print(arg, "%08lx-%08lx : System RAM\n", see ? start : 0, see ? end - 1 : 0);
}

static int show_iomem(struct seq *s, struct task *t)
{
	ram_for_each_bank(one_bank, s);
	return 0;
}

static void one_symbol(const char *name, u64 addr, void *arg)
{
	seq_print(arg, "%016lx t %s\n", capable(CAP_SYSLOG) ? addr : 0, name);
}

static int show_kallsyms(struct seq *s, struct task *t)
{
	ksym_for_each(one_symbol, s);
	return 0;
}

/* ---- terminals ---- */

static void one_terminal(const struct chrdev *c, void *arg)
{
	const char *name = c->driver ? c->driver : "";
	bool pts = !strcmp(name, "pts");

	if (c->major == TTYAUX_MAJOR || (strncmp(name, "tty", 3) != 0 && !pts))
		return;
	seq_print(arg, "%-20s /dev/%-8s %3u ", pts ? "pty_slave" : name, name, c->major);
	if (c->nr_minors > 1)
		seq_print(arg, "%u-%u ", c->minor, c->minor + c->nr_minors - 1);
	else
		seq_print(arg, "%7u ", c->minor);
	seq_print(arg, pts ? "pty:slave\n" : "serial\n");
}

static int show_tty_drivers(struct seq *s, struct task *t)
{
	seq_print(s, "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
		     "/dev/console         /dev/console    5       1 system:console\n"
		     "/dev/ptmx            /dev/ptmx       5       2 system\n");
	chrdev_for_each(one_terminal, s);
	return 0;
}

#define FILE_R(n, fn) { .name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .show = fn }
#define TEXT(n, t)    { .name = n, .mode = S_IFREG | 0444, .kind = PROC_TEXT, .text = t }

static const struct proc_entry tty_entries[] = {
	FILE_R("drivers", show_tty_drivers),
	TEXT("ldiscs", "n_tty       0\n"),
	{},
};

const struct proc_entry proc_list_entries[] = {
	FILE_R("buddyinfo", show_buddyinfo),
	TEXT("cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
	TEXT("execdomains", "0-0\tLinux           \t[kernel]\n"),
	TEXT("fb", ""),
	FILE_R("iomem", show_iomem),
	TEXT("ioports", ""),
	FILE_R("kallsyms", show_kallsyms),
	FILE_R("misc", show_misc),
	TEXT("modules", ""),
	FILE_R("softirqs", show_softirqs),
	TEXT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
	{ .name = "tty", .mode = S_IFDIR | 0555, .kind = PROC_DIR, .dir = tty_entries },
	{},
};
