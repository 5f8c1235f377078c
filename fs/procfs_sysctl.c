/* SPDX-License-Identifier: MIT */
/* procfs_sysctl.c - /proc/sys. Ref: proc(5), Linux Documentation/admin-guide/sysctl. Tests: none of
 * its own yet */
#include "procfs_int.h"

#include <fs/dcache.h>
#include <fs/devfs.h>
#include <fs/pipe.h>
#include <gen/version.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/random.h>
#include <kernel/runq.h>
#include <kernel/shm.h>
#include <kernel/sysctl.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/vmo.h>

static int show_number(struct seq *s, u64 v)
{
	seq_print(s, "%lu\n", v);
	return 0;
}

#define CONSTANT(name, v)						\
	static int name(struct seq *s, struct task *t)			\
	{								\
		return show_number(s, v);				\
	}

#define TEXT(name, v)							\
	static int name(struct seq *s, struct task *t)			\
	{								\
		seq_print(s, "%s\n", v);				\
		return 0;						\
	}

/* A value that is kept and shown, for settings that make no difference here. */
#define KEPT(name, first)						\
	static u64 name##_value = first;	/* sysctl */		\
	static int show_##name(struct seq *s, struct task *t)		\
	{								\
		return show_number(s, name##_value);			\
	}								\
	static int write_##name(struct task *t, char *text, usize n)	\
	{								\
		return parse_u64(text, 0, &name##_value, NULL) ? -EINVAL : 0; \
	}

/* A percentage that lives elsewhere. */
#define KEPT_AT(name, var)						\
	static int show_##name(struct seq *s, struct task *t)		\
	{								\
		return show_number(s, READ_ONCE(var));			\
	}								\
	static int write_##name(struct task *t, char *text, usize n)	\
	{								\
		u64 v;							\
									\
		if (parse_u64(text, 0, &v, NULL) || v > 100)		\
			return -EINVAL;					\
		WRITE_ONCE(var, (u32)v);				\
		return 0;						\
	}

/* ---- kernel ---- */

TEXT(show_ostype, "Linux")
TEXT(show_osrelease, ASHLAR_RELEASE)
TEXT(show_version, ASHLAR_VERSION)
TEXT(show_hostname, current()->ns->uts->nodename)
TEXT(show_domainname, current()->ns->uts->domainname)
CONSTANT(show_pid_max, PID_MAX)
CONSTANT(show_threads_max, task_max_threads())
CONSTANT(show_cap_last_cap, CAP_NR - 1)
CONSTANT(show_ngroups_max, NGROUPS_MAX)
KEPT(randomize_va_space, 2)
KEPT(panic, 0)
KEPT(core_uses_pid, 0)
KEPT(dmesg_restrict, 0)
KEPT(kptr_restrict, 1)
TEXT(show_core_pattern, "core")
TEXT(show_printk, "7\t4\t1\t7")

static int set_name(char *dst, const char *text, usize n)
{
	if (n >= UTS_LEN)
		return -EINVAL;
	memset(dst, 0, UTS_LEN);
	memcpy(dst, text, n);
	return 0;
}

static int write_hostname(struct task *t, char *text, usize n)
{
	return set_name(current()->ns->uts->nodename, text, n);
}

static int write_domainname(struct task *t, char *text, usize n)
{
	return set_name(current()->ns->uts->domainname, text, n);
}

/* A limit of System V shared memory in this namespace. */
#define SHM_LIMIT(name, field, most)						\
	static int show_##name(struct seq *s, struct task *t)			\
	{									\
		return show_number(s, READ_ONCE(current()->ns->shm->field));	\
	}									\
	static int write_##name(struct task *t, char *text, usize n)		\
	{									\
		u64 v;								\
										\
		if (parse_u64(text, 0, &v, NULL) || v > (most))			\
			return -EINVAL;						\
		WRITE_ONCE(current()->ns->shm->field, (typeof(((struct shm_ns *)0)->field))v); \
		return 0;							\
	}

SHM_LIMIT(shmmax, max_bytes, U64_MAX)
SHM_LIMIT(shmall, max_pages, U64_MAX)
SHM_LIMIT(shmmni, max_nr, IPC_INDEX_MAX)

/* ---- kernel/random ---- */

static void show_uuid_of(struct seq *s, const u8 b[16])
{
	seq_print(s, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", b[0],
		  b[1], b[2], b[3], b[4], b[5], (b[6] & 0xf) | 0x40, b[7], (b[8] & 0x3f) | 0x80,
		  b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static int show_uuid(struct seq *s, struct task *t)
{
	u8 b[16];

	random_bytes(b, sizeof(b));
	show_uuid_of(s, b);
	return 0;
}

static int show_boot_id(struct seq *s, struct task *t)
{
	static u8 id[16];		/* of this boot; made once, under once */
	static struct mutex once = MUTEX_INIT(once, RANK_SLEEP_LEAF);
	static bool made;

	mutex_lock(&once);
	if (!made)
		random_bytes(id, sizeof(id));
	made = true;
	mutex_unlock(&once);
	show_uuid_of(s, id);
	return 0;
}

CONSTANT(show_entropy, random_ready() ? 256 : 0)
CONSTANT(show_poolsize, 256)

/* ---- vm, fs ---- */

static int show_overcommit_memory(struct seq *s, struct task *t)
{
	return show_number(s, READ_ONCE(overcommit_mode));
}

static int write_overcommit_memory(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL) || v > OVERCOMMIT_NEVER)
		return -EINVAL;
	WRITE_ONCE(overcommit_mode, (u32)v);
	return 0;
}

/* The two limits: writing one puts the other out of use. */
static int show_overcommit_ratio(struct seq *s, struct task *t)
{
	return show_number(s, READ_ONCE(overcommit_ratio));
}

static int write_overcommit_ratio(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL) || v > S32_MAX)
		return -EINVAL;
	WRITE_ONCE(overcommit_ratio, (u32)v);
	WRITE_ONCE(overcommit_kbytes, 0);
	return 0;
}

static int show_overcommit_kbytes(struct seq *s, struct task *t)
{
	return show_number(s, READ_ONCE(overcommit_kbytes));
}

static int write_overcommit_kbytes(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL))
		return -EINVAL;
	WRITE_ONCE(overcommit_kbytes, v);
	WRITE_ONCE(overcommit_ratio, 0);
	return 0;
}

CONSTANT(show_admin_reserve, admin_reserve_kbytes)
CONSTANT(show_user_reserve, user_reserve_kbytes)
KEPT(swappiness, 60)
KEPT_AT(dirty_ratio, vm_dirty_ratio)
KEPT_AT(dirty_background_ratio, vm_dirty_background_ratio)
KEPT(vfs_cache_pressure, 100)
KEPT(min_free_kbytes, 4096)
CONSTANT(show_max_map_count, MAX_MAP_COUNT)
CONSTANT(show_mmap_min_addr, 32768)
CONSTANT(show_nr_open, 1048576)
CONSTANT(show_file_max, file_count_max())
CONSTANT(show_pipe_max, pipe_max_bytes())
CONSTANT(show_mount_max, MOUNT_MAX)
KEPT(protected_symlinks, 0)
KEPT(protected_hardlinks, 0)
KEPT(suid_dumpable, 0)
KEPT(protected_fifos, 0)
KEPT(protected_regular, 0)
KEPT(overflowuid, 65534)
KEPT(overflowgid, 65534)
CONSTANT(show_tainted, 0)
CONSTANT(show_rr_timeslice, SCHED_RR_SLICE / NSEC_PER_MSEC)
KEPT(max_user_watches, 1048576)
KEPT(inotify_watches, 8192)
KEPT(inotify_instances, 128)
KEPT(inotify_events, 16384)

static int write_drop_caches(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL) || v < 1 || v > 4)
		return -EINVAL;
	reclaim_everything(v & 1, v & 2);
	return 0;
}

static int write_file_max(struct task *t, char *text, usize n)
{
	u64 v;

	if (parse_u64(text, 0, &v, NULL))
		return -EINVAL;
	file_set_count_max(v);
	return 0;
}

static int write_pipe_max(struct task *t, char *text, usize n)
{
	u64 v;

	return parse_u64(text, 0, &v, NULL) ? -EINVAL : pipe_set_max_bytes(v);
}

static int show_file_nr(struct seq *s, struct task *t)
{
	seq_print(s, "%lu\t0\t%lu\n", file_count(), file_count_max());
	return 0;
}

static int show_dentry_state(struct seq *s, struct task *t)
{
	seq_print(s, "%lu\t%lu\t45\t0\t0\t0\n", dcache_count(), dcache_unused());
	return 0;
}

#define RO(n, fn)     { .name = n, .mode = S_IFREG | 0444, .kind = PROC_FILE, .setting = true, .show = fn }
#define RW(n, sh, wr) { .name = n, .mode = S_IFREG | 0644, .kind = PROC_FILE, .show = sh, .write = wr }
#define RW_KEPT(n)    RW(#n, show_##n, write_##n)
#define DIR(n, t)     { .name = n, .mode = S_IFDIR | 0555, .kind = PROC_DIR, .dir = t }

static const struct proc_entry random_entries[] = {
	RO("boot_id", show_boot_id),
	RO("uuid", show_uuid),
	RO("entropy_avail", show_entropy),
	RO("poolsize", show_poolsize),
	{},
};

#define FIXED(n, t) \
	{ \
		.name = n, .mode = S_IFREG | 0444, .kind = PROC_TEXT, .setting = true, .text = t \
	}

static const struct sysctl pty_ctls[] = {
	{ .value = &pty_max, .size = 4, .count = 1, .max = 1 << 20 },
	{ .value = &pty_reserve, .size = 4, .count = 1, .max = 1 << 20 },
	{ .value = &pty_count, .size = 4, .count = 1 },
};

static const struct proc_entry pty_entries[] = {
	{ .name = "max", .mode = S_IFREG | 0644, .kind = PROC_FILE, .ctl = &pty_ctls[0] },
	{ .name = "reserve", .mode = S_IFREG | 0644, .kind = PROC_FILE, .ctl = &pty_ctls[1] },
	{ .name = "nr", .mode = S_IFREG | 0444, .kind = PROC_FILE, .ctl = &pty_ctls[2] },
	{},
};

static const struct proc_entry kernel_entries[] = {
	RO("ostype", show_ostype),
	RO("osrelease", show_osrelease),
	RO("version", show_version),
	RW("hostname", show_hostname, write_hostname),
	RW("domainname", show_domainname, write_domainname),
	RO("pid_max", show_pid_max),
	RO("threads-max", show_threads_max),
	RO("cap_last_cap", show_cap_last_cap),
	RO("ngroups_max", show_ngroups_max),
	RO("core_pattern", show_core_pattern),
	RO("printk", show_printk),
	RW_KEPT(randomize_va_space),
	RW_KEPT(panic),
	RW_KEPT(core_uses_pid),
	RW_KEPT(dmesg_restrict),
	RW_KEPT(kptr_restrict),
	RW_KEPT(overflowuid),
	RW_KEPT(overflowgid),
	DIR("pty", pty_entries),
	FIXED("arch", "aarch64\n"),
	RO("tainted", show_tainted),
	RO("sched_rr_timeslice_ms", show_rr_timeslice),
	RW_KEPT(shmmax),
	RW_KEPT(shmall),
	RW_KEPT(shmmni),
	DIR("random", random_entries),
	{},
};

static const struct proc_entry vm_entries[] = {
	RW_KEPT(overcommit_memory),
	RW_KEPT(overcommit_ratio),
	RW_KEPT(overcommit_kbytes),
	RW_KEPT(swappiness),
	RW_KEPT(dirty_ratio),
	RW_KEPT(dirty_background_ratio),
	{ .name = "drop_caches",
	  .mode = S_IFREG | 0200,
	  .kind = PROC_FILE,
	  .write = write_drop_caches },
	RW_KEPT(vfs_cache_pressure),
	RW_KEPT(min_free_kbytes),
	FIXED("dirty_expire_centisecs", "3000\n"),
	FIXED("dirty_writeback_centisecs", "500\n"),
	FIXED("nr_hugepages", "0\n"),
	RO("admin_reserve_kbytes", show_admin_reserve),
	RO("user_reserve_kbytes", show_user_reserve),
	RO("max_map_count", show_max_map_count),
	RO("mmap_min_addr", show_mmap_min_addr),
	{},
};

static const struct proc_entry epoll_entries[] = {
	RW("max_user_watches", show_max_user_watches, write_max_user_watches), {}
};

static const struct proc_entry inotify_entries[] = {
	RW("max_user_watches", show_inotify_watches, write_inotify_watches),
	RW("max_user_instances", show_inotify_instances, write_inotify_instances),
	RW("max_queued_events", show_inotify_events, write_inotify_events), {},
};

static const struct proc_entry fs_entries[] = {
	RO("file-nr", show_file_nr),
	RW("file-max", show_file_max, write_file_max),
	RO("nr_open", show_nr_open),
	RO("dentry-state", show_dentry_state),
	RW("pipe-max-size", show_pipe_max, write_pipe_max),
	RO("mount-max", show_mount_max),
	RW_KEPT(overflowuid),
	RW_KEPT(overflowgid),
	RW_KEPT(protected_symlinks),
	RW_KEPT(protected_hardlinks),
	RW_KEPT(suid_dumpable),
	RW_KEPT(protected_fifos),
	RW_KEPT(protected_regular),
	DIR("epoll", epoll_entries),
	DIR("inotify", inotify_entries),
	{},
};

const struct proc_entry proc_sys_entries[] = {
	DIR("kernel", kernel_entries),
	DIR("vm", vm_entries),
	DIR("fs", fs_entries),
	{ .name = "net",
	  .mode = S_IFDIR | 0555,
	  .kind = PROC_STATIC_DIR,
	  .dir = proc_net_sys_entries },
	{},
};
