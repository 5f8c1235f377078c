/* SPDX-License-Identifier: MIT */
/* shm.c - System V shared memory as programs see it. Ref: shmget(2), shmop(2), shmctl(2), proc(5).
 * Tests: selftests/abi/shm.c */
#include <compat/shm.h>

#include <compat/abi/ipc.h>
#include <compat/syscalls.h>
#include <compat/user.h>
#include <fs/procfs.h>
#include <kernel/ns.h>
#include <kernel/shm.h>
#include <kernel/task.h>

long sys_shmget(s32 key, usize size, s32 flags)
{
	return shm_get(key, size, (u32)flags);
}

long sys_shmat(s32 shmid, uaddr_t addr, s32 flags)
{
	return shm_attach(shmid, addr.va, (u32)flags);
}

long sys_shmdt(uaddr_t addr)
{
	return shm_detach(addr.va);
}

static int put_stat(uaddr_t buf, const struct shm_stat *s)
{
	struct abi_shmid64_ds ds = {
		.perm = { .key = s->perm.key,
			  .uid = s->perm.uid.v,
			  .gid = s->perm.gid.v,
			  .cuid = s->perm.cuid.v,
			  .cgid = s->perm.cgid.v,
			  .mode = s->perm.mode,
			  .seq = (u16)ipc_seq(&s->perm) },
		.segsz = s->bytes,
		.atime = s->attached_s,
		.dtime = s->detached_s,
		.ctime = s->changed_s,
		.cpid = s->creator,
		.lpid = s->last,
		.nattch = s->nr_attached,
	};

	return put_user(buf, ds);
}

static long tell_limits(uaddr_t buf)
{
	const struct shm_ns *ns = current()->ns->shm;
	struct abi_shminfo64 info = { .shmmax = ns->max_bytes,
				      .shmmin = 1,
				      .shmmni = ns->max_nr,
				      .shmseg = ns->max_nr,
				      .shmall = ns->max_pages };
	struct shm_totals t;

	shm_totals(&t);
	return put_user(buf, info) ? -EFAULT : (long)t.last_index;
}

static long tell_totals(uaddr_t buf)
{
	struct abi_shm_info info = {};
	struct shm_totals t;

	shm_totals(&t);
	info.used_ids = (s32)t.used;
	info.tot = t.pages;
	info.rss = t.rss;
	return put_user(buf, info) ? -EFAULT : (long)t.last_index;
}

static long tell_stat(s32 shmid, s32 cmd, uaddr_t buf)
{
	struct shm_stat s;
	int err = cmd == IPC_STAT ? shm_stat(shmid, &s)
				  : shm_stat_index((u32)shmid, cmd == SHM_STAT_ANY, &s);

	if (!err)
		err = put_stat(buf, &s);
	return err ? err : cmd == IPC_STAT ? 0 : s.perm.id;
}

static long set_owner(s32 shmid, uaddr_t buf)
{
	struct abi_shmid64_ds ds;

	if (get_user(&ds, buf))
		return -EFAULT;
	return shm_set_owner(shmid, ds.perm.uid, ds.perm.gid, ds.perm.mode);
}

long sys_shmctl(s32 shmid, s32 cmd, uaddr_t buf)
{
	if (shmid < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:	return tell_limits(buf);
	case SHM_INFO:	return tell_totals(buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY: return tell_stat(shmid, cmd, buf);
	case IPC_SET:	return set_owner(shmid, buf);
	case IPC_RMID:	return shm_remove(shmid);
	case SHM_LOCK:
	case SHM_UNLOCK: return shm_lock(shmid, cmd == SHM_LOCK);
	default:	return -EINVAL;
	}
}

static int show_shm(struct seq *s, struct task *t)
{
	struct shm_stat m;

	seq_print(s, "       key      shmid perms                  size  cpid  lpid nattch   uid   "
		     "gid  cuid  cgid      atime      dtime      ctime"
		     "                   rss                  swap\n");
	for (u32 at = 0; shm_stat_next(&at, &m); at++)
		seq_print(s,
			  "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu "
			  "%21lu %21lu\n",
			  m.perm.key, m.perm.id, m.perm.mode, m.bytes, (u32)m.creator, (u32)m.last,
			  m.nr_attached, m.perm.uid.v, m.perm.gid.v, m.perm.cuid.v, m.perm.cgid.v,
			  (u64)m.attached_s, (u64)m.detached_s, (u64)m.changed_s,
			  m.rss << PAGE_SHIFT, 0ul);
	return 0;
}

void shm_proc_init(void)
{
	procfs_add("sysvipc/shm", show_shm);
}
