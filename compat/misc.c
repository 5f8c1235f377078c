/* SPDX-License-Identifier: MIT */
/* misc.c - what fits nowhere else: uname, sysinfo, getrandom, syslog, reboot, host name, limits,
 * prctl, personality.
 * Ref: each call's page. Tests: selftests/abi/cred.c */
#include <compat/abi/resource.h>
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <gen/version.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ns.h>
#include <kernel/power.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/page.h>
#include <mm/slab.h>

struct abi_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

long sys_uname(uaddr_t out)
{
	struct uts_ns *uts = current()->ns->uts;
	struct abi_utsname u = { .sysname = "Linux",
				 .release = ASHLAR_RELEASE,
				 .version = ASHLAR_VERSION,
				 .machine = ASHLAR_MACHINE };

	memcpy(u.nodename, uts->nodename, sizeof(u.nodename));
	memcpy(u.domainname, uts->domainname, sizeof(u.domainname));
	return put_user(out, u);
}

static long set_name(char *dst, uaddr_t name, s32 len)
{
	char buf[UTS_LEN] = {};

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > UTS_LEN - 1)
		return -EINVAL;
	if (copy_from_user(buf, name, (usize)len))
		return -EFAULT;
	memcpy(dst, buf, sizeof(buf));
	return 0;
}

long sys_sethostname(uaddr_t name, s32 len)
{
	return set_name(current()->ns->uts->nodename, name, len);
}

long sys_setdomainname(uaddr_t name, s32 len)
{
	return set_name(current()->ns->uts->domainname, name, len);
}

struct abi_sysinfo {
	s64 uptime;
	u64 loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
};

static u16 count_threads(void)
{
	struct proc *p;
	pid_t nr = 1;
	u32 n = 0;

	while ((p = proc_next(&nr))) {
		nr++;
		n += READ_ONCE(p->nr_threads);
		proc_put(p);
	}
	return (u16)min(n, 65535u);
}

long sys_sysinfo(uaddr_t out)
{
	struct abi_sysinfo s = { .mem_unit = 1, .procs = count_threads() };
	struct mem_stats m;
	u32 i;

	mem_stats_get(&m);
	s.uptime = DIV_ROUND_UP(clock_monotonic(), NSEC_PER_SEC);
	for (i = 0; i < 3; i++)
		s.loads[i] = (u64)sched_load_avg(i) << 5;	/* 11 to 16 bits of fraction */
	s.totalram = m.total * PAGE_SIZE;
	s.freeram = m.free * PAGE_SIZE;
	s.sharedram = m.shmem * PAGE_SIZE;
	return put_user(out, s);
}

#define GRND_NONBLOCK 1u
#define GRND_RANDOM   2u
#define GRND_INSECURE 4u

long sys_getrandom(uaddr_t buf, usize len, u32 flags)
{
	u8 chunk[256];
	usize done = 0;
	int err;

	if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_INSECURE | GRND_RANDOM)) == (GRND_INSECURE | GRND_RANDOM))
		return -EINVAL;
	if (!random_ready() && !(flags & GRND_INSECURE)) {
		if (flags & GRND_NONBLOCK)
			return -EAGAIN;
		err = waitq_wait(random_waitq(), random_ready(), WAIT_INTERRUPTIBLE, WAIT_FOREVER);
		if (err)
			return err;
	}
	len = min(len, (usize)S32_MAX);
	while (done < len) {
		usize n = min(len - done, sizeof(chunk));

		random_bytes(chunk, n);
		if (copy_to_user(uaddr_add(buf, done), chunk, n))
			return done ? (long)done : -EFAULT;
		done += n;
		if (done < len && signal_pending(current()))
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return (long)done;
}

/* ---- reboot ---- */

long sys_reboot(s32 magic, s32 magic2, u32 cmd, uaddr_t arg)
{
	const u32 second[] = { LINUX_REBOOT_MAGIC2, LINUX_REBOOT_MAGIC2A, LINUX_REBOOT_MAGIC2B,
			       LINUX_REBOOT_MAGIC2C };
	u32 i;

	(void)arg;
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	for (i = 0; i < ARRAY_SIZE(second) && second[i] != (u32)magic2; i++)
		;
	if ((u32)magic != LINUX_REBOOT_MAGIC1 || i == ARRAY_SIZE(second))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		pr_info("Restarting system");
		power_end(POWER_RESET);
	case LINUX_REBOOT_CMD_HALT:
		pr_info("System halted");
		power_end(POWER_HALT);
	case LINUX_REBOOT_CMD_POWER_OFF:
		pr_info("Power down");
		power_end(POWER_OFF);
	}
	return -EINVAL;
}

/* ---- syslog ---- */

#define LOG_BUF_BYTES (64 * 1024)

/* "<level>[time] text\n" as /dev/kmsg's readers and dmesg want it. */
static usize format_record(const struct log_record *r, char *buf, usize size)
{
	int n = fmt_print(buf, size, "<%u>[%5lu.%06lu] %.*s\n", r->level,
			  (u64)r->when_ns / NSEC_PER_SEC, (u64)r->when_ns % NSEC_PER_SEC / 1000,
			  (int)r->len, r->text);

	return min((usize)n, size - 1);
}

static u64 clear_seq, read_seq;		/* where SYSLOG_ACTION_CLEAR and _READ got to */

static long read_log(uaddr_t buf, s32 len, u64 from, u64 *next)
{
	auto_kfree struct log_record *r = kmalloc(sizeof(*r) + 1100, PAGE_KERNEL);
	char *line = (char *)(r + 1);
	long done = 0;
	u64 seq = from;

	if (!r)
		return -ENOMEM;
	while (log_read(&seq, r)) {
		usize n = format_record(r, line, 1100);

		if (done + (long)n > len)
			break;
		if (copy_to_user(uaddr_add(buf, (u64)done), line, n))
			return -EFAULT;
		done += (long)n;
		seq++;
		if (next)
			*next = seq;
	}
	return done;
}

/* Where to begin so that the last len bytes fit. */
static u64 tail_seq(s32 len)
{
	auto_kfree struct log_record *r = kmalloc(sizeof(*r), PAGE_KERNEL);
	u64 first = max(log_first_seq(), clear_seq), seq = first;
	usize total = 0;

	if (!r)
		return first;
	while (log_read(&seq, r)) {
		total += r->len + 20u;
		seq++;
	}
	for (seq = first; total > (usize)len && log_read(&seq, r); seq++)
		total -= r->len + 20u;
	return seq;
}

long sys_syslog(s32 type, uaddr_t buf, s32 len)
{
	int err;

	if (type != 3 && type != 10 && !capable(CAP_SYSLOG) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if ((type >= 2 && type <= 4) && (uaddr_null(buf) || len < 0))
		return -EINVAL;
	switch (type) {
	case 0:
	case 1:
		return 0;
	case 2:
		err = waitq_wait(log_waitq(), log_next_seq() > read_seq, WAIT_INTERRUPTIBLE,
				 WAIT_FOREVER);
		return err ? err : read_log(buf, len, read_seq, &read_seq);
	case 3:
		return read_log(buf, len, tail_seq(len), NULL);
	case 4: {
		long n = read_log(buf, len, tail_seq(len), NULL);

		clear_seq = log_next_seq();
		return n;
	}
	case 5:
		clear_seq = log_next_seq();
		return 0;
	case 6:
		console_loglevel = 1;
		return 0;
	case 7:
		console_loglevel = 7;
		return 0;
	case 8:
		if (len < 1 || len > 8)
			return -EINVAL;
		console_loglevel = len;
		return 0;
	case 9:
		return (long)(log_next_seq() - max(read_seq, log_first_seq())) * 80;
	case 10:
		return LOG_BUF_BYTES;
	}
	return -EINVAL;
}

/* ---- limits ---- */

static int set_limit(struct proc *p, u32 which, const struct abi_rlimit *new)
{
	irqflags_t irq;
	int err = 0;

	if (new->cur > new->max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && new->max > 1048576)	/* fs.nr_open */
		return -EPERM;
	irq = spin_lock_irq(&p->lock);
	if (new->max > p->rlimits[which].max && !capable(CAP_SYS_RESOURCE))
		err = -EPERM;
	else
		p->rlimits[which] = (struct rlimit){ new->cur, new->max };
	spin_unlock_irq(&p->lock, irq);
	return err;
}

static bool may_limit(const struct proc *p)
{
	const struct cred *me = current_cred(), *c;
	bool ok;

	rcu_read_lock();
	c = rcu_deref(p->leader->cred);
	ok = uid_eq(me->uid, c->euid) && uid_eq(me->uid, c->suid) && uid_eq(me->uid, c->uid) &&
	     gid_eq(me->gid, c->egid) && gid_eq(me->gid, c->sgid) && gid_eq(me->gid, c->gid);
	rcu_read_unlock();
	return ok || capable(CAP_SYS_RESOURCE);
}

long sys_prlimit64(pid_t pid, u32 which, uaddr_t new_p, uaddr_t old_p)
{
	struct abi_rlimit new, old;
	struct proc *p = current_proc();
	int err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (!uaddr_null(new_p) && get_user(&new, new_p))
		return -EFAULT;
	if (pid) {
		p = proc_find(pid);
		if (!p)
			return -ESRCH;
		if (p != current_proc() && !may_limit(p))
			err = -EPERM;
	}
	if (!err) {
		old = (struct abi_rlimit){ p->rlimits[which].cur, p->rlimits[which].max };
		if (!uaddr_null(new_p))
			err = set_limit(p, which, &new);
	}
	if (pid)
		proc_put(p);
	if (!err && !uaddr_null(old_p))
		err = put_user(old_p, old);
	return err;
}

long sys_getrlimit(u32 which, uaddr_t out)
{
	return sys_prlimit64(0, which, UADDR_NULL, out);
}

long sys_setrlimit(u32 which, uaddr_t in)
{
	return sys_prlimit64(0, which, in, UADDR_NULL);
}

long sys_personality(u32 persona)
{
	struct task *t = current();
	u64 old = t->personality;

	if (persona != 0xffffffff)
		t->personality = persona;
	return (long)old;
}
