/* SPDX-License-Identifier: MIT */
/* procfs_sys.c - the files of /proc that tell about the machine. Ref: proc(5). Tests: none of its
 * own yet */
#include "procfs_int.h"

#include <arch/cpu.h>
#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <fs/flock.h>
#include <fs/vfs.h>
#include <gen/version.h>
#include <kernel/clock.h>
#include <kernel/cmdline.h>
#include <kernel/irq.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/peek.h>
#include <kernel/sched.h>
#include <kernel/sysrq.h>
#include <kernel/task.h>
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slab.h>

#define TICKS(ns) ((u64)(ns) / (NSEC_PER_SEC / 100))
#define KB(pages) ((pages) * (PAGE_SIZE / 1024))

static int show_version(struct seq *s, struct task *t)
{
	seq_print(s, "Linux version %s (ashlar) (gcc) %s\n", ASHLAR_RELEASE, ASHLAR_VERSION);
	return 0;
}

static int show_cmdline(struct seq *s, struct task *t)
{
	seq_print(s, "%s\n", cmdline_text());
	return 0;
}

static u64 idle_total(void)
{
	u64 sum = 0;
	u32 c;

	for_each_cpu(c)
		sum += sched_idle_ns(c);
	return sum;
}

static int show_uptime(struct seq *s, struct task *t)
{
	u64 up = TICKS(clock_boottime()), idle = TICKS(idle_total());

	seq_print(s, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
	return 0;
}

/* Processes, threads and the highest number. */
static void count_tasks(u32 *threads, pid_t *last)
{
	struct proc *p;
	pid_t nr = 1;

	*threads = 0;
	*last = 0;
	while ((p = proc_next(&nr))) {
		*threads += READ_ONCE(p->nr_threads);
		*last = nr++;
		proc_put(p);
	}
}

static int show_loadavg(struct seq *s, struct task *t)
{
	u32 threads, i;
	pid_t last;

	for (i = 0; i < 3; i++) {
		/* rounds as Linux does: half of 0.01 in 11-bit fixed point */
		u32 load = sched_load_avg(i) + 10;

		seq_print(s, "%u.%02u ", load >> 11, ((load & 2047) * 100) >> 11);
	}
	count_tasks(&threads, &last);
	seq_print(s, "%lu/%u %d\n", sched_nr_running(), threads, last);
	return 0;
}

static int show_meminfo(struct seq *s, struct task *t)
{
	struct mem_stats m;
	u64 file;

	mem_stats_get(&m);
	file = m.cached;
	seq_print(s,
		  "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu "
		  "kB\nBuffers:               0 kB\n",
		  KB(m.total), KB(m.free), KB(m.free + (file > m.shmem ? file - m.shmem : 0)));
	seq_print(s,
		  "Cached:         %8lu kB\nSwapCached:            0 kB\nActive:         %8lu "
		  "kB\nInactive:       %8lu kB\n",
		  KB(file), KB(m.anon), KB(file));
	seq_print(s,
		  "SwapTotal:             0 kB\nSwapFree:              0 kB\nDirty:          %8lu "
		  "kB\nWriteback:      %8lu kB\n",
		  KB(m.dirty), KB(m.writeback));
	seq_print(s,
		  "AnonPages:      %8lu kB\nMapped:         %8lu kB\nShmem:          %8lu "
		  "kB\nSlab:           %8lu kB\n",
		  KB(m.anon), KB(m.mapped), KB(m.shmem), KB(m.slab));
	seq_print(s,
		  "SReclaimable:          0 kB\nSUnreclaim:     %8lu kB\nKernelStack:    %8lu "
		  "kB\nPageTables:     %8lu kB\n",
		  KB(m.slab), KB(m.kstacks), KB(m.tables));
	seq_print(s,
		  "CommitLimit:    %8lu kB\nCommitted_AS:   %8lu kB\nVmallocTotal:   135288315904 "
		  "kB\nVmallocUsed:           0 kB\n",
		  KB(commit_limit()), KB(committed_pages()));
	seq_print(s, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        "
		     "0\nHugePages_Surp:        0\nHugepagesize:       2048 kB\n");
	return 0;
}

static int show_vmstat(struct seq *s, struct task *t)
{
	struct mem_stats m;

	mem_stats_get(&m);
	seq_print(s,
		  "nr_free_pages %lu\nnr_anon_pages %lu\nnr_mapped %lu\nnr_file_pages "
		  "%lu\nnr_dirty %lu\nnr_writeback %lu\n",
		  m.free, m.anon, m.mapped, m.cached, m.dirty, m.writeback);
	seq_print(s,
		  "nr_shmem %lu\nnr_kernel_stack %lu\nnr_page_table_pages %lu\npgpgin 0\npgpgout "
		  "0\npswpin 0\npswpout 0\n",
		  m.shmem, KB(m.kstacks), m.tables);
	return 0;
}

/* ---- stat ---- */

static void add_irq(u32 irq, const char *name, const u64 *counts, void *arg)
{
	u64 *sum = arg;
	u32 c;

	for_each_cpu(c)
		*sum += counts[c];
}

/* User and system time of all processes there are; the dead ones are in their parents' child
 * times. */
static void sum_times(u64 *user, u64 *sys)
{
	struct proc *p;
	pid_t nr = 1;
	u64 u, k;

	*user = *sys = 0;
	while ((p = proc_next(&nr))) {
		proc_times(p, &u, &k);
		*user += u + p->child_user_ns;
		*sys += k + p->child_sys_ns;
		nr++;
		proc_put(p);
	}
}

static int show_stat(struct seq *s, struct task *t)
{
	u64 user, sys, up = (u64)clock_boottime(), irqs = 0;
	u32 c, threads;
	pid_t last;

	sum_times(&user, &sys);
	seq_print(s, "cpu  %lu 0 %lu %lu 0 0 0 0 0 0\n", TICKS(user), TICKS(sys),
		  TICKS(idle_total()));
	for_each_cpu(c) {
		u64 idle = sched_idle_ns(c), busy = up > idle ? up - idle : 0,
		    all = max(user + sys, 1ul);

		/* what one CPU did is known; user and system in proportion to all */
		seq_print(s, "cpu%u %lu 0 %lu %lu 0 0 0 0 0 0\n", c,
			  TICKS(busy * (user >> 20) / max(all >> 20, 1ul)),
			  TICKS(busy * (sys >> 20) / max(all >> 20, 1ul)), TICKS(idle));
	}
	irq_for_each(add_irq, &irqs);
	count_tasks(&threads, &last);
	seq_print(s,
		  "intr %lu\nctxt %lu\nbtime %ld\nprocesses %d\nprocs_running %lu\nprocs_blocked "
		  "0\nsoftirq 0\n",
		  irqs, sched_nr_switches(), (clock_realtime() - clock_boottime()) / NSEC_PER_SEC,
		  last, sched_nr_running());
	return 0;
}

static void show_irq(u32 irq, const char *name, const u64 *counts, void *arg)
{
	struct seq *s = arg;
	u32 c;

	seq_print(s, "%3u: ", irq);
	for_each_cpu(c)
		seq_print(s, "%10lu ", counts[c]);
	seq_print(s, "     GIC %3u  %s\n", irq, name);
}

static int show_interrupts(struct seq *s, struct task *t)
{
	u32 c;

	seq_print(s, "     ");
	for_each_cpu(c)
		seq_print(s, "       CPU%-3u", c);
	seq_print(s, "\n");
	irq_for_each(show_irq, s);
	return 0;
}

/* By bit of AT_HWCAP and AT_HWCAP2. Ref: Linux Documentation/arch/arm64/elf_hwcaps.rst. */
static const char *const hwcap_names[] = {
	"fp",	   "asimd", "evtstrm", "aes",	"pmull",    "sha1",   "sha2", "crc32",
	"atomics", "fphp",  "asimdhp", "cpuid", "asimdrdm", "jscvt",  "fcma", "lrcpc",
	"dcpop",   "sha3",  "sm3",     "sm4",	"asimddp",  "sha512", "sve",  "asimdfhm",
	"dit",	   "uscat", "ilrcpc",  "flagm", "ssbs",	    "sb",     "paca", "pacg",
};
static const char *const hwcap2_names[] = {
	"dcpodp",  "sve2",   "sveaes", "svepmull", "svebitperm", "svesha3",
	"svesm4",  "flagm2", "frint",  "svei8mm",  "svef32mm",	 "svef64mm",
	"svebf16", "i8mm",   "bf16",   "dgh",	   "rng",	 "bti",
};

static void show_features(struct seq *s, u64 caps, const char *const *names, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (caps & BIT(i))
			seq_print(s, " %s", names[i]);
}

static int show_cpuinfo(struct seq *s, struct task *t)
{
	u32 c;

	for_each_cpu(c) {
		u64 midr = cpu_midr(c);

		seq_print(s, "processor\t: %u\nBogoMIPS\t: 125.00\nFeatures\t:", c);
		show_features(s, cpu_hwcap(), hwcap_names, ARRAY_SIZE(hwcap_names));
		show_features(s, cpu_hwcap2(), hwcap2_names, ARRAY_SIZE(hwcap2_names));
		seq_print(s,
			  "\nCPU implementer\t: 0x%02lx\nCPU architecture: 8\nCPU variant\t: "
			  "0x%lx\nCPU part\t: 0x%03lx\nCPU revision\t: %lu\n\n",
			  midr >> 24 & 0xff, midr >> 20 & 0xf, midr >> 4 & 0xfff, midr & 0xf);
	}
	return 0;
}

/* ---- sysrq-trigger ---- */

static int show_no_sysrq(struct seq *s, struct task *t)
{
	return -EIO;
}

/* The first letter; all of them after an underscore. */
static int write_sysrq(struct task *t, char *text, usize n)
{
	usize last = n && text[0] == '_' ? n : min(n, (usize)1);

	for (usize i = n && text[0] == '_'; i < last; i++) {
		if (text[i] == 's')
			super_sync_all(false);
		else if (text[i] == 'u')
			super_all_readonly();
		else
			sysrq(text[i]);
	}
	return 0;
}

/* ---- lists ---- */

static void one_type(const struct fs_type *t, void *arg)
{
	seq_print(arg, "%s\t%s\n", t->flags & FS_NEEDS_DEVICE ? "" : "nodev", t->name);
}

static int show_filesystems(struct seq *s, struct task *t)
{
	fs_type_for_each(one_type, s);
	return 0;
}

/* One line a driver: neighbours of one major number and name count once. */
struct device_list {
	struct seq *s;
	const struct chrdev *last;
};

static const char *driver_name(const struct chrdev *c)
{
	return c->driver ? c->driver : c->name;
}

static void one_device(const struct chrdev *c, void *arg)
{
	struct device_list *l = arg;

	if (!l->last || l->last->major != c->major ||
	    strcmp(driver_name(l->last), driver_name(c)) != 0)
		seq_print(l->s, "%3u %s\n", c->major, driver_name(c));
	l->last = c;
}

static int show_devices(struct seq *s, struct task *t)
{
	struct device_list l = { s, NULL };

	seq_print(s, "Character devices:\n");
	chrdev_for_each(one_device, &l);
	seq_print(s, "\nBlock devices:\n  7 loop\n253 device-mapper\n254 virtblk\n259 blkext\n");
	return 0;
}

static void show_lock(struct seq *s, u64 id, const struct vnode *v, const struct lock_request *r)
{
	static const char *const kinds[] = { [LOCK_KIND_FLOCK] = "FLOCK ",
					     [LOCK_KIND_POSIX] = "POSIX ",
					     [LOCK_KIND_OFD] = "OFDLCK" };

	seq_print(s, "%lu: %s ADVISORY  %s %d %02x:%02x:%lu %ld ", id, kinds[r->kind],
		  r->type == F_WRLCK ? "WRITE" : "READ ", r->pid, dev_major(v->sb->dev),
		  dev_minor(v->sb->dev), v->ino, r->start);
	if (r->end == S64_MAX)
		seq_print(s, "EOF\n");
	else
		seq_print(s, "%ld\n", r->end);
}

static int show_locks(struct seq *s, struct task *t)
{
	struct lock_request r;
	struct vnode *v;
	u64 file, i, id = 0;

	for (file = 0; (v = flock_nth_file(file)); file++) {
		for (i = 0; flock_nth_lock(v, i, &r); i++)
			show_lock(s, ++id, v, &r);
		vnode_put(v);
	}
	return 0;
}

static void one_slab(const char *name, u64 objs, u64 active, u64 size, u64 pages, void *arg)
{
	seq_print(arg,
		  "%-17s %6lu %6lu %6lu %4lu %4u : tunables    0    0    0 : slabdata %6lu %6lu    "
		  "  0\n",
		  name, active, objs, size, size ? PAGE_SIZE / size : 0, 1, pages, pages);
}

static int show_slabinfo(struct seq *s, struct task *t)
{
	seq_print(s, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> "
		     "<objsize> <objperslab> <pagesperslab>\n");
	slab_for_each(one_slab, s);
	return 0;
}

/* ---- mounts ---- */

struct mount_list {
	struct seq *s;
	struct path root;
	char *options;		/* room for those of one: a page */
	bool info;
};

static void mount_place(struct mount_list *l, struct mount *m)
{
	struct path p = { m->parent == m ? m : m->parent, m->parent == m ? m->root : m->point, 0 };

	seq_file_path(l->s, &p, true);
}

static void one_mount(struct mount *m, void *arg)
{
	struct mount_list *l = arg;
	char flags[128], *options = l->options;

	mount_show_flags(m, flags, sizeof(flags));
	options[0] = 0;
	if (m->sb->ops->show_options)
		m->sb->ops->show_options(m->sb, options, PAGE_SIZE);
	if (l->info) {
		seq_print(l->s, "%d %d %u:%u / ", m->id, m->parent->id, dev_major(m->sb->dev),
			  dev_minor(m->sb->dev));
		mount_place(l, m);
		seq_print(l->s, " %s - %s ", flags, m->sb->type->name);
		seq_path(l->s, m->source);
		seq_print(l->s, " %s%s\n", m->sb->flags & MS_RDONLY ? "ro" : "rw", options);
		return;
	}
	seq_path(l->s, m->source);
	seq_print(l->s, " ");
	mount_place(l, m);
	seq_print(l->s, " %s %s%s 0 0\n", m->sb->type->name, flags, options);
}

static int show_mount_list(struct seq *s, struct task *t, bool info)
{
	auto_kfree char *options = kmalloc(PAGE_SIZE, PAGE_KERNEL);
	struct mount_list l = { .s = s, .info = info, .options = options };

	if (!options)
		return -ENOMEM;
	mount_for_each(t->ns ? t->ns->mnt : current()->ns->mnt, one_mount, &l);
	return 0;
}

int proc_show_mounts(struct seq *s, struct task *t)
{
	return show_mount_list(s, t, false);
}

int proc_show_mountinfo(struct seq *s, struct task *t)
{
	return show_mount_list(s, t, true);
}

static void one_stat(struct mount *m, void *arg)
{
	struct mount_list *l = arg;

	seq_print(l->s, "device ");
	seq_path(l->s, m->source);
	seq_print(l->s, " mounted on ");
	mount_place(l, m);
	seq_print(l->s, " with fstype %s\n", m->sb->type->name);
}

int proc_show_mountstats(struct seq *s, struct task *t)
{
	struct mount_list l = { .s = s };

	mount_for_each(t->ns ? t->ns->mnt : current()->ns->mnt, one_stat, &l);
	return 0;
}

/* ---- links ---- */

static ssize_t read_self(struct task *t, char *buf, usize size)
{
	return (ssize_t)min((usize)fmt_print(buf, size, "%d", proc_pid(current_proc())), size);
}

static ssize_t read_thread_self(struct task *t, char *buf, usize size)
{
	return (ssize_t)min(
		(usize)fmt_print(buf, size, "%d/task/%d", proc_pid(current_proc()), current()->tid),
		size);
}

static ssize_t read_mounts_link(struct task *t, char *buf, usize size)
{
	return str_copy(buf, "self/mounts", size);
}

static ssize_t read_net_link(struct task *t, char *buf, usize size)
{
	return str_copy(buf, "self/net", size);
}

#define FILE_R(n, fn) { .name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .show = fn }
#define TEXT_LINK(n, fn) { .name = n, .mode = S_IFLNK | 0777, .kind = PROC_LINK, .readlink = fn }

const struct proc_entry proc_root_entries[] = {
	TEXT_LINK("self", read_self),
	TEXT_LINK("thread-self", read_thread_self),
	TEXT_LINK("mounts", read_mounts_link),
	TEXT_LINK("net", read_net_link),
	FILE_R("cmdline", show_cmdline),
	FILE_R("cpuinfo", show_cpuinfo),
	FILE_R("devices", show_devices),
	FILE_R("filesystems", show_filesystems),
	FILE_R("interrupts", show_interrupts),
	FILE_R("loadavg", show_loadavg),
	FILE_R("locks", show_locks),
	FILE_R("meminfo", show_meminfo),
	{ .name = "slabinfo", .mode = S_IFREG | 0400, .kind = PROC_FILE, .show = show_slabinfo },
	FILE_R("stat", show_stat),
	{ .name = "sysrq-trigger",
	  .mode = S_IFREG | 0200,
	  .kind = PROC_FILE,
	  .show = show_no_sysrq,
	  .write = write_sysrq },
	{ .name = "sys", .mode = S_IFDIR | 0555, .kind = PROC_DIR, .dir = proc_sys_entries },
	FILE_R("uptime", show_uptime),
	FILE_R("version", show_version),
	FILE_R("vmstat", show_vmstat),
	{},
};
