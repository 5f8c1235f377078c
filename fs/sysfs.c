/* SPDX-License-Identifier: MIT */
/* sysfs.c - /sys: what programs ask about the machine. The nodes are procfs's, over tables of its
 * own.
 *
 * Directories that programs merely look for are there and empty. Each CPU has a directory, as those
 * who count CPUs expect.
 * Locks: none; the tables are complete with the first mount. Ref: Linux
 * Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/admin-guide/mm/transhuge.rst.
 * Tests: selftests/abi/procsys.c
 */
#include "procfs_int.h"

#include <arch/cpu.h>
#include <fs/dcache.h>
#include <kernel/lib/fmt.h>

#define SYSFS_MAGIC 0x62656572u
#define MAX_CPUS    64u		/* bits of cpu_online_mask */

#define FILE_R(n, fn) { .name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .show = fn }
#define GROUP(n, p)   { .name = n, .mode = S_IFDIR | 0755, .kind = PROC_STATIC_DIR, .dir = nothing, .path = p }
#define DIR(n, t)     { .name = n, .mode = S_IFDIR | 0755, .kind = PROC_STATIC_DIR, .dir = t }

static int show_range(struct seq *s, u32 first, u32 end)
{
	if (end > first)
		seq_print(s, end - first > 1 ? "%u-%u" : "%u", first, end - 1);
	seq_print(s, "\n");
	return 0;
}

static int show_cpus(struct seq *s, struct task *t)
{
	return show_range(s, 0, nr_cpus);
}

static int show_present(struct seq *s, struct task *t)
{
	return show_range(s, 0, nr_cpus_present);
}

static int show_possible(struct seq *s, struct task *t)
{
	return show_range(s, 0, nr_cpus_possible);
}

static int show_offline(struct seq *s, struct task *t)
{
	return show_range(s, nr_cpus, nr_cpus_possible);
}

static int show_kernel_max(struct seq *s, struct task *t)
{
	seq_print(s, "%u\n", MAX_CPUS - 1);
	return 0;
}

static int show_no_cpus(struct seq *s, struct task *t)
{
	return show_range(s, 0, 0);
}

static int show_zero(struct seq *s, struct task *t)
{
	seq_print(s, "0\n");
	return 0;
}

static int show_one(struct seq *s, struct task *t)
{
	seq_print(s, "1\n");
	return 0;
}

/* There are no huge pages: "never" is the truth, and what those who warn about them like to
 * read. */
static int show_thp(struct seq *s, struct task *t)
{
	seq_print(s, "always madvise [never]\n");
	return 0;
}

static int show_thp_defrag(struct seq *s, struct task *t)
{
	seq_print(s, "always defer defer+madvise madvise [never]\n");
	return 0;
}

static int show_thp_size(struct seq *s, struct task *t)
{
	seq_print(s, "%lu\n", 2ul << 20);
	return 0;
}

static const struct proc_entry nothing[1];

static const struct proc_entry thp_entries[] = {
	FILE_R("defrag", show_thp_defrag),
	FILE_R("enabled", show_thp),
	FILE_R("hpage_pmd_size", show_thp_size),
	{},
};
static const struct proc_entry mm_entries[] = { DIR("transparent_hugepage", thp_entries), {} };
static const struct proc_entry kernel_entries[] = { DIR("mm", mm_entries), {} };
static const struct proc_entry class_entries[] = { GROUP("block", "/sys/class/block"),
						   GROUP("net", "/sys/class/net"),
						   {} };
static const struct proc_entry dev_entries[] = { GROUP("block", "/sys/dev/block"),
						 DIR("char", nothing),
						 {} };
static const struct proc_entry fs_entries[] = { DIR("cgroup", nothing), {} };

static const struct proc_entry one_cpu_entries[] = { FILE_R("online", show_one), {} };
static const struct proc_entry idle_cpu_entries[] = { FILE_R("online", show_zero), {} };

#define NR_CPU_FILES 7
/* Then a directory for each CPU, and the end. */
static struct proc_entry cpu_entries[NR_CPU_FILES + MAX_CPUS + 1] = {
	FILE_R("online", show_cpus),	       FILE_R("possible", show_possible),
	FILE_R("present", show_present),       FILE_R("offline", show_offline),
	FILE_R("isolated", show_no_cpus),      FILE_R("nohz_full", show_no_cpus),
	FILE_R("kernel_max", show_kernel_max),
};
static char cpu_names[MAX_CPUS][8];

static const struct proc_entry system_entries[] = { DIR("cpu", cpu_entries), {} };
static const struct proc_entry virtual_entries[] = { GROUP("block", "/sys/devices/virtual/block"),
						     {} };
static const struct proc_entry device_entries[] = { DIR("system", system_entries),
						    DIR("virtual", virtual_entries),
						    {} };

static const struct proc_entry root_entries[] = {
	GROUP("block", "/sys/block"),
	DIR("bus", nothing),
	DIR("class", class_entries),
	DIR("dev", dev_entries),
	DIR("devices", device_entries),
	DIR("firmware", nothing),
	DIR("fs", fs_entries),
	DIR("kernel", kernel_entries),
	DIR("module", nothing),
	DIR("power", nothing),
	{},
};
static const struct proc_entry root_entry = DIR("/", root_entries);

/* Once: there is one sysfs, first mounted when all CPUs run. */
static int sysfs_mount(struct super *sb, const char *source, const char *options)
{
	u32 i;

	for (i = 0; i < nr_cpus_present && i < MAX_CPUS; i++) {
		fmt_print(cpu_names[i], sizeof(cpu_names[i]), "cpu%u", i);
		cpu_entries[NR_CPU_FILES + i] = (struct proc_entry)DIR(
			cpu_names[i], i < nr_cpus ? one_cpu_entries : idle_cpu_entries);
	}
	return proc_mount_tree(sb, &root_entry, SYSFS_MAGIC);
}

static int sysfs_remount(struct super *sb, u32 flags, const char *options)
{
	return 0;
}

FSTYPE(sysfs, .flags = FS_SINGLE, .magic = SYSFS_MAGIC, .mount = sysfs_mount,
       .remount = sysfs_remount);
