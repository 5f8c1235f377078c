/* SPDX-License-Identifier: MIT */
/* cred.h - who acts: user and group ids, capabilities. Immutable once published; changed by
 * copy. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/compiler.h>
#include <kernel/rcu.h>

typedef struct {
	u32 v;
} kuid_t;
typedef struct {
	u32 v;
} kgid_t;

#define KUID(x)	   ((kuid_t){ x })
#define KGID(x)	   ((kgid_t){ x })
#define UID_UNSET  U32_MAX

static inline bool uid_eq(kuid_t a, kuid_t b) { return a.v == b.v; }
static inline bool gid_eq(kgid_t a, kgid_t b) { return a.v == b.v; }

/* capabilities(7), the numbers that are asked for here; the sets hold all 41. */
enum capability {
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_DAC_READ_SEARCH,
	CAP_FOWNER,
	CAP_FSETID,
	CAP_KILL,
	CAP_SETGID,
	CAP_SETUID,
	CAP_SETPCAP,
	CAP_LINUX_IMMUTABLE,
	CAP_NET_BIND_SERVICE,
	CAP_NET_BROADCAST,
	CAP_NET_ADMIN,
	CAP_NET_RAW,
	CAP_IPC_LOCK,
	CAP_IPC_OWNER,
	CAP_SYS_MODULE,
	CAP_SYS_RAWIO,
	CAP_SYS_CHROOT,
	CAP_SYS_PTRACE,
	CAP_SYS_PACCT,
	CAP_SYS_ADMIN,
	CAP_SYS_BOOT,
	CAP_SYS_NICE,
	CAP_SYS_RESOURCE,
	CAP_SYS_TIME,
	CAP_SYS_TTY_CONFIG,
	CAP_MKNOD,
	CAP_LEASE,
	CAP_AUDIT_WRITE,
	CAP_AUDIT_CONTROL,
	CAP_SETFCAP,
	CAP_MAC_OVERRIDE,
	CAP_MAC_ADMIN,
	CAP_SYSLOG,
	CAP_WAKE_ALARM,
	CAP_BLOCK_SUSPEND,
	CAP_AUDIT_READ,
	CAP_PERFMON,
	CAP_BPF,
	CAP_CHECKPOINT_RESTORE,
	CAP_NR
};
#define CAP_FULL_SET (BIT(CAP_NR) - 1)

/* cred.securebits, capabilities(7): each bit, and the lock above it. */
#define SECBIT_NO_SETUID_FIXUP	    0x04u
#define SECBIT_KEEP_CAPS	    0x10u
#define SECBIT_KEEP_CAPS_LOCKED	    0x20u
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40u
#define SECURE_ALL_BITS		    0x55u
#define SECURE_ALL_LOCKS	    0xaau

struct user_ns;

struct cred {
	atomic_t refs;
	kuid_t uid, euid, suid, fsuid;
	kgid_t gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	u32 securebits;
	bool no_new_privs;
	struct user_ns *user_ns;
	u32 nr_groups;
	kgid_t *groups;		/* sorted; owned */
	struct rcu_head rcu;
};

extern struct cred cred_init;	/* root, all capabilities; never freed */

struct cred *current_cred(void);			/* borrowed from current */
static inline struct cred *cred_get(struct cred *c) { ref_get(&c->refs); return c; }
void cred_put(struct cred *c);
/* one reference, changeable until cred_install; NULL: no memory */
struct cred *cred_copy(const struct cred *c);
/* becomes current's; takes over the reference */
void cred_install(struct cred *c);
bool cred_has(const struct cred *c, enum capability cap);
static inline bool capable(enum capability cap) { return cred_has(current_cred(), cap); }
bool cred_in_group(const struct cred *c, kgid_t g);	/* fsgid or supplementary */

/* Access check of inode(7) permission bits: want = MAY_*. 0 or -EACCES. */
#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u
int __must_check may_access(const struct cred *c, u32 mode, kuid_t owner, kgid_t group, u32 want);

/* Processes and threads of a real user id (RLIMIT_NPROC). Any context. */
void cred_count_proc(kuid_t uid, s64 delta);
u64 cred_nr_procs(kuid_t uid);
void cred_count_pending(kuid_t uid, s64 delta);		/* queued signals: RLIMIT_SIGPENDING */
u64 cred_nr_pending(kuid_t uid);
