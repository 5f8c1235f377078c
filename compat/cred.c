/* SPDX-License-Identifier: MIT */
/* cred.c - user and group ids, capabilities. Ref: credentials(7), setresuid(2), setgroups(2),
 * capget(2), capabilities(7).
 * Tests: selftests/abi/cred.c */
#include <compat/syscalls.h>

#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/slab.h>

#define KEEP U32_MAX	/* an id of -1: unchanged */

long sys_getuid(void)
{
	return current_cred()->uid.v;
}

long sys_geteuid(void)
{
	return current_cred()->euid.v;
}

long sys_getgid(void)
{
	return current_cred()->gid.v;
}

long sys_getegid(void)
{
	return current_cred()->egid.v;
}

long sys_getresuid(uaddr_t ruid, uaddr_t euid, uaddr_t suid)
{
	const struct cred *c = current_cred();

	return put_user(ruid, c->uid.v) || put_user(euid, c->euid.v) || put_user(suid, c->suid.v)
		       ? -EFAULT
		       : 0;
}

long sys_getresgid(uaddr_t rgid, uaddr_t egid, uaddr_t sgid)
{
	const struct cred *c = current_cred();

	return put_user(rgid, c->gid.v) || put_user(egid, c->egid.v) || put_user(sgid, c->sgid.v)
		       ? -EFAULT
		       : 0;
}

/* capabilities(7), "Effect of user ID changes on capabilities". */
static void fix_caps(struct cred *c, const struct cred *old)
{
	const u64 fs_caps = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |
			    BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) |
			    BIT(CAP_MKNOD) | BIT(CAP_MAC_OVERRIDE);
	bool was_root = old->uid.v == 0 || old->euid.v == 0 || old->suid.v == 0;
	bool is_root = c->uid.v == 0 || c->euid.v == 0 || c->suid.v == 0;

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(c->securebits & SECBIT_KEEP_CAPS))
			c->cap_permitted = c->cap_effective = 0;
		c->cap_ambient = 0;
	}
	if (old->euid.v == 0 && c->euid.v != 0)
		c->cap_effective = 0;
	if (old->euid.v != 0 && c->euid.v == 0)
		c->cap_effective = c->cap_permitted;
	if (old->fsuid.v == 0 && c->fsuid.v != 0)
		c->cap_effective &= ~fs_caps;
	if (old->fsuid.v != 0 && c->fsuid.v == 0)
		c->cap_effective |= c->cap_permitted & fs_caps;
}

static long commit(struct cred *c)
{
	const struct cred *old = current_cred();

	fix_caps(c, old);
	if (c->euid.v != old->euid.v || c->egid.v != old->egid.v || c->fsuid.v != old->fsuid.v ||
	    c->fsgid.v != old->fsgid.v || c->cap_permitted & ~old->cap_permitted) {
		if (current()->as)
			current()->as->dumpable = false;
		current()->pdeath_signal = 0;
	}
	cred_install(c);
	return 0;
}

static bool one_of(u32 id, u32 a, u32 b, u32 c)
{
	return id == KEEP || id == a || id == b || id == c;
}

/* The four ids of one kind, user or group, of a copy that is being changed: the rules are the same
 * for both. */
struct ids {
	struct cred *c;
	u32 *real, *effective, *saved, *fs;
	enum capability cap;	/* who has it may set any value */
};

static bool ids_begin(struct ids *i, bool group)
{
	struct cred *c = cred_copy(current_cred());

	if (!c)
		return false;
	*i = group ? (struct ids){ c, &c->gid.v, &c->egid.v, &c->sgid.v, &c->fsgid.v, CAP_SETGID }
		   : (struct ids){ c, &c->uid.v, &c->euid.v, &c->suid.v, &c->fsuid.v, CAP_SETUID };
	return true;
}

static long ids_refuse(struct ids *i)
{
	cred_put(i->c);
	return -EPERM;
}

static long set_id(u32 id, bool group)
{
	struct ids i;

	if (id == KEEP)
		return -EINVAL;
	if (!ids_begin(&i, group))
		return -ENOMEM;
	if (capable(i.cap))
		*i.real = *i.saved = id;
	else if (id != *i.real && id != *i.saved)
		return ids_refuse(&i);
	*i.effective = *i.fs = id;
	return commit(i.c);
}

static long set_re_id(u32 real, u32 effective, bool group)
{
	struct ids i;
	u32 old_real;

	if (!ids_begin(&i, group))
		return -ENOMEM;
	old_real = *i.real;
	if (!capable(i.cap) && (!one_of(real, *i.real, *i.effective, *i.real) ||
				!one_of(effective, *i.real, *i.effective, *i.saved)))
		return ids_refuse(&i);
	if (real != KEEP)
		*i.real = real;
	if (effective != KEEP)
		*i.effective = effective;
	if (real != KEEP || (effective != KEEP && effective != old_real))
		*i.saved = *i.effective;
	*i.fs = *i.effective;
	return commit(i.c);
}

static long set_res_id(u32 real, u32 effective, u32 saved, bool group)
{
	struct ids i;
	u32 r, e, s;

	if (!ids_begin(&i, group))
		return -ENOMEM;
	r = *i.real;
	e = *i.effective;
	s = *i.saved;
	if (!capable(i.cap) &&
	    (!one_of(real, r, e, s) || !one_of(effective, r, e, s) || !one_of(saved, r, e, s)))
		return ids_refuse(&i);
	if (real != KEEP)
		*i.real = real;
	if (effective != KEEP)
		*i.effective = effective;
	if (saved != KEEP)
		*i.saved = saved;
	*i.fs = *i.effective;
	return commit(i.c);
}

/* Returns the old id whether it changed or not. */
static long set_fs_id(u32 id, bool group)
{
	const struct cred *now = current_cred();
	u32 old = group ? now->fsgid.v : now->fsuid.v;
	struct ids i;

	if (!ids_begin(&i, group))
		return old;
	if (id == KEEP ||
	    (!capable(i.cap) && !one_of(id, *i.real, *i.effective, *i.saved) && id != old)) {
		cred_put(i.c);
		return old;
	}
	*i.fs = id;
	commit(i.c);
	return old;
}

long sys_setuid(u32 uid)
{
	return set_id(uid, false);
}

long sys_setgid(u32 gid)
{
	return set_id(gid, true);
}

long sys_setreuid(u32 ruid, u32 euid)
{
	return set_re_id(ruid, euid, false);
}

long sys_setregid(u32 rgid, u32 egid)
{
	return set_re_id(rgid, egid, true);
}

long sys_setresuid(u32 ruid, u32 euid, u32 suid)
{
	return set_res_id(ruid, euid, suid, false);
}

long sys_setresgid(u32 rgid, u32 egid, u32 sgid)
{
	return set_res_id(rgid, egid, sgid, true);
}

long sys_setfsuid(u32 uid)
{
	return set_fs_id(uid, false);
}

long sys_setfsgid(u32 gid)
{
	return set_fs_id(gid, true);
}

long sys_getgroups(s32 size, uaddr_t list)
{
	const struct cred *c = current_cred();

	if (size < 0)
		return -EINVAL;
	if (size == 0)
		return c->nr_groups;
	if ((u32)size < c->nr_groups)
		return -EINVAL;
	return copy_to_user(list, c->groups, c->nr_groups * sizeof(u32)) ? -EFAULT
									 : (long)c->nr_groups;
}

static void sort_groups(kgid_t *g, u32 n)
{
	u32 gap, i, j;

	for (gap = n / 2; gap; gap /= 2)
		for (i = gap; i < n; i++)
			for (j = i; j >= gap && g[j].v < g[j - gap].v; j -= gap)
				swap(g[j], g[j - gap]);
}

long sys_setgroups(s32 size, uaddr_t list)
{
	struct cred *c;
	kgid_t *g = NULL;
	s32 i;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > NGROUPS_MAX)
		return -EINVAL;
	if (size) {
		g = kcalloc((usize)size, sizeof(*g));
		if (!g)
			return -ENOMEM;
		if (copy_from_user(g, list, (usize)size * sizeof(*g))) {
			kfree(g);
			return -EFAULT;
		}
		for (i = 0; i < size; i++) {
			if (g[i].v == KEEP) {
				kfree(g);
				return -EINVAL;
			}
		}
		sort_groups(g, (u32)size);
	}
	c = cred_copy(current_cred());
	if (!c) {
		kfree(g);
		return -ENOMEM;
	}
	kfree(c->groups);
	c->groups = g;
	c->nr_groups = (u32)size;
	return commit(c);
}

/* ---- capabilities ---- */

#define CAP_V1 0x19980330u
#define CAP_V2 0x20071026u
#define CAP_V3 0x20080522u

struct abi_cap_header {
	u32 version;
	s32 pid;
};

struct abi_cap_data {
	u32 effective, permitted, inheritable;
};

/* How many 32-bit words each set has; an unknown version is answered with ours. */
static int cap_words(uaddr_t header, struct abi_cap_header *h)
{
	u32 ours = CAP_V3;

	if (get_user(h, header))
		return -EFAULT;
	switch (h->version) {
	case CAP_V1: return 1;
	case CAP_V2:
	case CAP_V3: return 2;
	}
	return put_user(header, ours) ? -EFAULT : -EINVAL;
}

long sys_capget(uaddr_t header, uaddr_t data)
{
	struct abi_cap_data d[2] = {};
	struct abi_cap_header h;
	struct task *t = NULL;
	const struct cred *c;
	int n = cap_words(header, &h), i;

	if (n < 0)
		return n == -EINVAL && uaddr_null(data) ? 0 : n;
	if (h.pid < 0)
		return -EINVAL;
	if (h.pid) {
		t = task_find(h.pid);
		if (!t)
			return -ESRCH;
	}
	rcu_read_lock();
	c = t ? rcu_deref(t->cred) : current_cred();
	for (i = 0; i < n; i++)
		d[i] = (struct abi_cap_data){ (u32)(c->cap_effective >> 32 * i),
					      (u32)(c->cap_permitted >> 32 * i),
					      (u32)(c->cap_inheritable >> 32 * i) };
	rcu_read_unlock();
	if (t)
		task_put(t);
	return copy_to_user(data, d, (usize)n * sizeof(d[0]));
}

long sys_capset(uaddr_t header, uaddr_t data)
{
	struct abi_cap_data d[2] = {};
	struct abi_cap_header h;
	const struct cred *old = current_cred();
	u64 e, p, in;
	struct cred *c;
	int n = cap_words(header, &h);

	if (n < 0)
		return n;
	if (h.pid && h.pid != current()->tid)
		return -EPERM;
	if (copy_from_user(d, data, (usize)n * sizeof(d[0])))
		return -EFAULT;
	e = (d[0].effective | (u64)d[1].effective << 32) & CAP_FULL_SET;
	p = (d[0].permitted | (u64)d[1].permitted << 32) & CAP_FULL_SET;
	in = (d[0].inheritable | (u64)d[1].inheritable << 32) & CAP_FULL_SET;
	if ((p & ~old->cap_permitted) || (e & ~p) ||
	    (in & ~(old->cap_inheritable | old->cap_bounding)))
		return -EPERM;
	if (!capable(CAP_SETPCAP) && (in & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	c->cap_effective = e;
	c->cap_permitted = p;
	c->cap_inheritable = in;
	c->cap_ambient &= p & in;
	cred_install(c);
	return 0;
}
