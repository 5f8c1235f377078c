/* SPDX-License-Identifier: MIT */
/* shm.c - System V shared memory: segments that have no name in the file system and stay until
 * somebody removes them.
 *
 * A segment is an object whose vmo areas of address spaces show. Each attachment is a description
 * of it, shared by the areas that fork and splitting make of the first; those areas are counted
 * (VMA_COUNTED, object_ops.mapped), as Linux does.
 *
 *	shm_get() --> there --shm_remove()--> found by identifier alone --the last area goes--> gone
 *	                     \_______________________shm_remove(), no area_________________/
 *
 * Invariant: while nr_attached is not 0 the segment is in its namespace's ids.
 *
 * Locks: shm_ns.ids.lock [RANK_IPC] inside aspace.lock. i: that lock, I: immutable.
 * Ref: shmget(2), shmop(2), shmctl(2), proc(5). Tests: selftests/abi/shm.c
 */
#include <kernel/shm.h>

#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/ns.h>
#include <kernel/rights.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define READ_BITS  0444u
#define WRITE_BITS 0222u
#define EXEC_BITS  0111u
#define PERM_BITS  0777u

struct shm {
	struct ipc_perm perm;
	struct object obj;
	struct shm_ns *ns;		/* [I] */
	struct vmo *vmo;		/* [I] a reference */
	u64 bytes;			/* [I] */
	u64 nr_attached;		/* [i] areas, and calls of shm_attach() on their way */
	s64 attached_s, detached_s, changed_s; /* [i] */
	s32 creator, last;		/* [i] processes */
	kuid_t locker;			/* [i] who pays for it while SHM_LOCKED */
	char name[24];			/* [I] for /proc/PID/maps */
};

static struct shm *to_shm(struct ipc_perm *p) { return container_of(p, struct shm, perm); }
static struct shm *of_object(struct object *o) { return container_of(o, struct shm, obj); }
static struct shm_ns *here(void) { return current()->ns->shm; }
static s64 now_s(void) { return clock_realtime() / NSEC_PER_SEC; }
static s32 me(void) { return current_proc() ? proc_pid(current_proc()) : 0; }
static u64 pages_of(u64 bytes) { return DIV_ROUND_UP(bytes, PAGE_SIZE); }

/* ---- the object ---- */

/* The last area has gone and it was removed: the caller drops the reference of the namespace. */
static bool is_over_locked(struct shm_ns *ns, struct shm *s) MUST_HOLD(ns->ids.lock)
{
	if (s->nr_attached || !(s->perm.mode & SHM_DEST))
		return false;
	ipc_remove(&ns->ids, &s->perm);
	ns->pages -= pages_of(s->bytes);
	return true;
}

static void mapped(struct file *f, bool on)
{
	struct shm *s = of_object(f->obj);
	struct shm_ns *ns = s->ns;
	bool over;

	mutex_lock(&ns->ids.lock);
	s->nr_attached += on ? 1 : -1ull;
	*(on ? &s->attached_s : &s->detached_s) = now_s();
	s->last = me();
	over = is_over_locked(ns, s);
	mutex_unlock(&ns->ids.lock);
	if (over)
		object_put(&s->obj);
}

static int map(struct file *f, struct vm_request *req)
{
	struct shm *s = of_object(f->obj);

	vmo_get(s->vmo);
	req->vmo = s->vmo;
	req->name = s->name;
	req->flags |= VMA_COUNTED;
	return 0;
}

static u64 number(struct object *o) { return (u64)of_object(o)->perm.id; }

static void release(struct object *o)
{
	struct shm *s = of_object(o);

	vmo_put(s->vmo);
	kfree(s);
}

static const struct object_ops shm_ops = {
	.name = "[sysv shm]",
	.type = OBJ_OTHER,
	.mmap = map,
	.mapped = mapped,
	.ino = number,
	.release = release,
};

/* ---- making ---- */

static int check_room(const struct shm_ns *ns, u64 bytes, u32 flags) MUST_HOLD(ns->ids.lock)
{
	struct mem_stats m;
	u64 pages;

	if (!bytes || bytes > ns->max_bytes)
		return -EINVAL;
	if (bytes > U64_MAX - PAGE_SIZE || add_of(ns->pages, pages_of(bytes), &pages) ||
	    pages > ns->max_pages)
		return -ENOSPC;
	if (flags & SHM_HUGETLB)	/* no pool of huge pages, as on a stock system */
		return capable(CAP_IPC_LOCK) ? -ENOMEM : -EPERM;
	mem_stats_get(&m);
	return pages_of(bytes) > m.total && !(flags & SHM_NORESERVE) ? -ENOMEM : 0;
}

static int create_locked(struct shm_ns *ns, s32 key, u64 bytes, u32 flags) MUST_HOLD(ns->ids.lock)
{
	int err = check_room(ns, bytes, flags);
	struct shm *s;

	if (err)
		return err;
	s = knew(struct shm);
	if (!s)
		return -ENOMEM;
	object_init(&s->obj, &shm_ops);
	s->ns = ns;
	s->bytes = bytes;
	s->changed_s = now_s();
	s->creator = me();
	fmt_print(s->name, sizeof(s->name), "/SYSV%08x (deleted)", (u32)key);
	s->vmo = vmo_create(NULL, NULL, ALIGN_UP(bytes, PAGE_SIZE), VMO_SHMEM);
	if (s->vmo && !((flags & SHM_NORESERVE) && READ_ONCE(overcommit_mode) != OVERCOMMIT_NEVER))
		err = vmo_commit(s->vmo, bytes);
	if (!err)
		err = s->vmo ? ipc_add(&ns->ids, &s->perm, key, flags & PERM_BITS, ns->max_nr)
			     : -ENOMEM;
	if (err) {
		if (s->vmo)
			vmo_put(s->vmo);
		kfree(s);
		return err;
	}
	ns->pages += pages_of(bytes);
	return s->perm.id;
}

static int get_locked(struct shm_ns *ns, s32 key, u64 bytes, u32 flags) MUST_HOLD(ns->ids.lock)
{
	struct ipc_perm *p = key == IPC_PRIVATE ? NULL : ipc_find_key(&ns->ids, key);
	int err;

	if (!p && key != IPC_PRIVATE && !(flags & IPC_CREAT))
		return -ENOENT;
	if (!p)
		return create_locked(ns, key, bytes, flags);
	if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		return -EEXIST;
	if (bytes > to_shm(p)->bytes)
		return -EINVAL;
	err = ipc_permission(p, flags);
	return err ? err : p->id;
}

int shm_get(s32 key, u64 bytes, u32 flags)
{
	struct shm_ns *ns = here();
	int ret;

	mutex_lock(&ns->ids.lock);
	ret = get_locked(ns, key, bytes, flags);
	mutex_unlock(&ns->ids.lock);
	return ret;
}

/* ---- attaching ---- */

/* Counts s as attached, so that it stays in its namespace, and references it. */
static int hold(struct shm_ns *ns, s32 id, u32 flags, struct shm **out)
{
	u32 want = READ_BITS | (flags & SHM_RDONLY ? 0 : WRITE_BITS) |
		   (flags & SHM_EXEC ? EXEC_BITS : 0);
	struct ipc_perm *p;
	int err;

	mutex_lock(&ns->ids.lock);
	err = ipc_find(&ns->ids, id, &p);
	if (!err)
		err = ipc_permission(p, want);
	if (!err) {
		*out = to_shm(p);
		(*out)->nr_attached++;
		object_get(&(*out)->obj);
	}
	mutex_unlock(&ns->ids.lock);
	return err;
}

static void let_go(struct shm_ns *ns, struct shm *s)
{
	bool over;

	mutex_lock(&ns->ids.lock);
	s->nr_attached--;
	over = is_over_locked(ns, s);
	mutex_unlock(&ns->ids.lock);
	if (over)
		object_put(&s->obj);
	object_put(&s->obj);
}

/* how: MAP_FIXED, MAP_FIXED_NOREPLACE, or 0: anywhere. */
static long attach_at(struct shm *s, u64 addr, u32 how, u32 flags)
{
	u32 prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
		   (flags & SHM_EXEC ? PROT_EXEC : 0);
	const u32 rights = RIGHT_MAP_READ | RIGHT_MAP_WRITE | RIGHT_MAP_EXEC;
	struct file *f;
	long ret;

	object_get(&s->obj);
	ret = file_create(&s->obj, flags & SHM_RDONLY ? O_RDONLY : O_RDWR, &f);
	if (ret)
		return ret;
	ret = aspace_mmap(current()->as, addr, s->bytes, prot, MAP_SHARED | how, f, rights, 0);
	file_put_now(f);
	return ret == -EEXIST ? -EINVAL : ret;
}

long shm_attach(s32 id, u64 addr, u32 flags)
{
	struct shm_ns *ns = here();
	struct shm *s;
	u64 at = flags & SHM_RND ? ALIGN_DOWN(addr, PAGE_SIZE) : addr;
	/* what rounds to 0 is put there, as on Linux */
	u32 how = !addr ? 0 : !at || (flags & SHM_REMAP) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	long ret;

	if (id < 0 || (at & ~PAGE_MASK) || (!at && (flags & SHM_REMAP)))
		return -EINVAL;
	ret = hold(ns, id, flags, &s);
	if (ret)
		return ret;
	ret = at + s->bytes < at ? -EINVAL : attach_at(s, at, how, flags);
	let_go(ns, s);
	return ret;
}

int shm_detach(u64 addr)
{
	return addr & ~PAGE_MASK ? -EINVAL : aspace_unmap_object(current()->as, addr, &shm_ops);
}

/* ---- control ---- */

static int find_owned(struct shm_ns *ns, s32 id, struct shm **out) MUST_HOLD(ns->ids.lock)
{
	struct ipc_perm *p;
	int err = ipc_find(&ns->ids, id, &p);

	if (err)
		return err;
	*out = to_shm(p);
	return ipc_is_owner(p) || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

int shm_remove(s32 id)
{
	struct shm_ns *ns = here();
	struct shm *s;
	bool over = false;
	int err;

	mutex_lock(&ns->ids.lock);
	err = find_owned(ns, id, &s);
	if (!err) {
		s->perm.mode |= SHM_DEST;
		ipc_forget_key(&ns->ids, &s->perm);
		over = is_over_locked(ns, s);
	}
	mutex_unlock(&ns->ids.lock);
	if (over)
		object_put(&s->obj);
	return err;
}

int shm_set_owner(s32 id, u32 uid, u32 gid, u32 mode)
{
	struct shm_ns *ns = here();
	struct shm *s;
	int err;

	mutex_lock(&ns->ids.lock);
	err = find_owned(ns, id, &s);
	if (!err && (uid == UID_UNSET || gid == UID_UNSET))
		err = -EINVAL;
	if (!err) {
		s->perm.uid = KUID(uid);
		s->perm.gid = KGID(gid);
		s->perm.mode = (s->perm.mode & ~PERM_BITS) | (mode & PERM_BITS);
		s->changed_s = now_s();
	}
	mutex_unlock(&ns->ids.lock);
	return err;
}

/* Bytes in segments that this user has locked. */
static u64 locked_by(const struct shm_ns *ns, kuid_t uid) MUST_HOLD(ns->ids.lock)
{
	struct ipc_perm *p;
	u64 bytes = 0;

	for (u32 at = 0; (p = ipc_next(&ns->ids, &at)); at++)
		if ((p->mode & SHM_LOCKED) && uid_eq(to_shm(p)->locker, uid))
			bytes += ALIGN_UP(to_shm(p)->bytes, PAGE_SIZE);
	return bytes;
}

/* Nothing is ever swapped out: what is left of locking is who may, and how much. */
static int lock_locked(struct shm_ns *ns, s32 id, bool on) MUST_HOLD(ns->ids.lock)
{
	const struct cred *c = current_cred();
	bool may = cred_has(c, CAP_IPC_LOCK);
	struct ipc_perm *p;
	int err = ipc_find(&ns->ids, id, &p);

	if (err)
		return err;
	if (!may && (!ipc_is_owner(p) || (on && !rlimit(RLIMIT_MEMLOCK))))
		return -EPERM;
	if (!on || (p->mode & SHM_LOCKED)) {
		p->mode &= on ? ~0u : ~SHM_LOCKED;
		return 0;
	}
	if (!may &&
	    locked_by(ns, c->uid) + ALIGN_UP(to_shm(p)->bytes, PAGE_SIZE) > rlimit(RLIMIT_MEMLOCK))
		return -ENOMEM;
	p->mode |= SHM_LOCKED;
	to_shm(p)->locker = c->uid;
	return 0;
}

int shm_lock(s32 id, bool on)
{
	struct shm_ns *ns = here();
	int err;

	mutex_lock(&ns->ids.lock);
	err = lock_locked(ns, id, on);
	mutex_unlock(&ns->ids.lock);
	return err;
}

/* ---- what there is ---- */

static void fill(const struct shm *s, struct shm_stat *out)
{
	*out = (struct shm_stat){
		.perm = s->perm,
		.bytes = s->bytes,
		.nr_attached = s->nr_attached,
		.rss = READ_ONCE(s->vmo->nr_pages),
		.attached_s = s->attached_s,
		.detached_s = s->detached_s,
		.changed_s = s->changed_s,
		.creator = s->creator,
		.last = s->last,
	};
}

int shm_stat(s32 id, struct shm_stat *out)
{
	struct shm_ns *ns = here();
	struct ipc_perm *p;
	int err;

	mutex_lock(&ns->ids.lock);
	err = ipc_find(&ns->ids, id, &p);
	if (!err)
		err = ipc_permission(p, READ_BITS);
	if (!err)
		fill(to_shm(p), out);
	mutex_unlock(&ns->ids.lock);
	return err;
}

int shm_stat_index(u32 index, bool any, struct shm_stat *out)
{
	struct shm_ns *ns = here();
	u32 at = index % IPC_INDEX_MAX;
	struct ipc_perm *p;
	int err = -EINVAL;

	mutex_lock(&ns->ids.lock);
	p = ipc_next(&ns->ids, &at);
	if (p && at == index % IPC_INDEX_MAX)
		err = any ? 0 : ipc_permission(p, READ_BITS);
	if (!err)
		fill(to_shm(p), out);
	mutex_unlock(&ns->ids.lock);
	return err;
}

bool shm_stat_next(u32 *index, struct shm_stat *out)
{
	struct shm_ns *ns = here();
	struct ipc_perm *p;

	mutex_lock(&ns->ids.lock);
	p = ipc_next(&ns->ids, index);
	if (p)
		fill(to_shm(p), out);
	mutex_unlock(&ns->ids.lock);
	return p;
}

void shm_totals(struct shm_totals *out)
{
	struct shm_ns *ns = here();
	struct ipc_perm *p;

	mutex_lock(&ns->ids.lock);
	*out = (struct shm_totals){ .used = ns->ids.used,
				    .last_index = ipc_last(&ns->ids),
				    .pages = ns->pages };
	for (u32 at = 0; (p = ipc_next(&ns->ids, &at)); at++)
		out->rss += READ_ONCE(to_shm(p)->vmo->nr_pages);
	mutex_unlock(&ns->ids.lock);
}
