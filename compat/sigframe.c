/* SPDX-License-Identifier: MIT */
/* sigframe.c - the frame a signal handler runs on, and the way back.
 *
 * On the user's stack: struct abi_rt_frame (siginfo, ucontext with registers, FP state as a tagged
 * record), above it a frame record {fp, lr} for unwinders. The handler is entered with x0 = signal,
 * x1 = siginfo, x2 = ucontext, x30 = the trampoline of the vDSO (or SA_RESTORER's), and returns by
 * rt_sigreturn(2), which takes everything back from the program's memory: nothing there is trusted.
 *
 * Ref: sigaction(2), sigreturn(2), Linux arch/arm64 signal ABI (asm/sigcontext.h). Tests:
 * selftests/abi/signal.c
 */
#include <compat/abi/signal.h>
#include <compat/signal.h>
#include <compat/syscalls.h>
#include <compat/vdso.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/thread.h>
#include <kernel/lib/string.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/aspace.h>

#define PSTATE_USER_BITS 0xf0000000ul	/* NZCV: all that a program may set */
#define PSTATE_SSBS_DIT	 (BIT(12) | BIT(24))

struct frame_record {
	u64 fp, lr;
};

/* From F_SETSIG: any signal may come with POLL_*, those with codes of their own come with
 * SI_SIGIO. */
static bool tells_of_file(const struct siginfo_k *in)
{
	if (in->code == SI_SIGIO)
		return true;
	return in->code >= POLL_IN && in->code <= POLL_HUP && in->sig != SIGILL &&
	       in->sig != SIGFPE && in->sig != SIGSEGV && in->sig != SIGBUS && in->sig != SIGTRAP &&
	       in->sig != SIGCHLD && in->sig != SIGSYS;
}

void siginfo_to_abi(const struct siginfo_k *in, struct abi_siginfo *out)
{
	if (in->is_raw) {
		memcpy(out, in->raw, sizeof(*out));
		return;
	}
	memset(out, 0, sizeof(*out));
	out->signo = in->sig;
	out->err = in->err;
	out->code = in->code;
	if (in->code == SI_TIMER) {
		out->timer.tid = in->timer_id;
		out->timer.overrun = in->overrun;
		out->timer.value = in->value;
	} else if (tells_of_file(in)) {
		out->poll.band = in->band;
		out->poll.fd = in->fd;
	} else if (in->code < 0) {
		out->rt.pid = in->pid;
		out->rt.uid = in->uid;
		out->rt.value = in->value;
	} else if (in->code == SI_USER || in->code == SI_KERNEL) {
		out->kill.pid = in->pid;
		out->kill.uid = in->uid;
	} else if (in->sig == SIGCHLD) {
		out->chld.pid = in->pid;
		out->chld.uid = in->uid;
		out->chld.status = in->status;
		out->chld.utime = in->utime;
		out->chld.stime = in->stime;
	} else {
		out->fault.addr = in->addr;
		out->fault.lsb = (s16)in->addr_lsb;
	}
}

static bool on_altstack(const struct task *t, u64 sp)
{
	return t->altstack_size && sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

/* Where the frame goes; 0: the alternate stack is full. */
static u64 frame_place(const struct task *t, u64 sp, u64 flags)
{
	if ((flags & SA_ONSTACK) && t->altstack_size && !on_altstack(t, sp))
		sp = t->altstack_sp + t->altstack_size;
	else if (on_altstack(t, sp) && !on_altstack(t, sp - RT_FRAME_BYTES))
		return 0;
	return ALIGN_DOWN(sp, 16ul);
}

static void fill_fp(struct abi_fpsimd *f, struct fp_state *fp)
{
	fp_save_current(fp);
	f->head = (struct abi_frame_record){ FPSIMD_MAGIC, sizeof(*f) };
	f->fpsr = fp->fpsr;
	f->fpcr = fp->fpcr;
	memcpy(f->v, fp->v, sizeof(f->v));
}

/* Only the used part of the frame is written: the rest of the reserved bytes is the program's old
 * stack, as on Linux. */
static int write_frame(u64 at, const struct siginfo_k *info, sigset_k mask,
		       const struct trap_frame *f)
{
	struct task *t = current();
	struct abi_rt_frame_used buf;
	struct abi_ucontext *uc = &buf.head.uc;

	memset(&buf.head, 0, sizeof(buf.head));
	buf.end = (struct abi_frame_record){ 0, 0 };
	siginfo_to_abi(info, &buf.head.info);
	uc->stack.sp = t->altstack_sp;
	uc->stack.size = t->altstack_size;
	uc->stack.flags = !t->altstack_size ? SS_DISABLE : on_altstack(t, f->sp) ? SS_ONSTACK : 0;
	uc->stack.flags |= (s32)t->altstack_flags;
	uc->sigmask = mask;
	uc->mcontext.fault_address = info->code > 0 && info->code != SI_KERNEL ? info->addr : 0;
	memcpy(uc->mcontext.regs, f->x, sizeof(f->x));
	uc->mcontext.sp = f->sp;
	uc->mcontext.pc = f->pc;
	uc->mcontext.pstate = f->pstate;
	fill_fp(&buf.fp, t->head.fp);
	return copy_to_user(UADDR(at), &buf, sizeof(buf));
}

static int build_frame(const struct siginfo_k *info, const struct sigaction_k *act, sigset_k mask)
{
	struct task *t = current();
	struct trap_frame *f = arch_user_frame(t);
	u64 sp = frame_place(t, f->sp, act->flags), at;
	struct frame_record rec = { f->x[29], f->x[30] };

	if (!sp)
		return -EFAULT;
	sp -= sizeof(rec);
	at = sp - RT_FRAME_BYTES;
	if (at >= TASK_SIZE || copy_to_user(UADDR(sp), &rec, sizeof(rec)) ||
	    write_frame(at, info, mask, f))
		return -EFAULT;
	if (t->altstack_flags & SS_AUTODISARM)
		t->altstack_sp = t->altstack_size = t->altstack_flags = 0;
	f->x[0] = (u64)info->sig;
	if (act->flags & SA_SIGINFO) {
		f->x[1] = at;
		f->x[2] = at + offsetof(struct abi_rt_frame, uc);
	}
	f->x[29] = sp;
	f->x[30] = act->flags & SA_RESTORER ? act->restorer : t->as->vdso + vdso_sigreturn_offset();
	f->sp = at;
	f->pc = act->handler;
	f->pstate &= ~PSTATE_BTYPE_MASK;
	if (cpu_has(CPU_BTI))
		/* as if called: a guarded handler begins with bti c */
		f->pstate |= PSTATE_BTYPE_C;
	return 0;
}

static int restore_fp(uaddr_t at)
{
	struct abi_fpsimd f;
	struct fp_state *fp = current_head()->fp;
	int err = copy_from_user(&f, at, sizeof(f));

	if (err || f.head.magic != FPSIMD_MAGIC || f.head.size != sizeof(f))
		return -EINVAL;
	fp->fpsr = f.fpsr;
	fp->fpcr = f.fpcr;
	memcpy(fp->v, f.v, sizeof(fp->v));
	fp_load_current(fp);
	return 0;
}

static int restore(struct trap_frame *f)
{
	struct abi_rt_frame r;
	struct task *t = current();
	int err;

	if (f->sp & 15)
		return -EINVAL;
	err = copy_from_user(&r, UADDR(f->sp), sizeof(r));
	if (!err)
		err = restore_fp(UADDR(f->sp + sizeof(r)));
	if (err || (r.uc.mcontext.pstate & (PSTATE_MODE_MASK | BIT(4))))
		return -EINVAL;		/* not EL0 in AArch64 state */
	signal_set_blocked(r.uc.sigmask);
	memcpy(f->x, r.uc.mcontext.regs, sizeof(f->x));
	f->sp = r.uc.mcontext.sp;
	f->pc = r.uc.mcontext.pc;
	f->pstate = r.uc.mcontext.pstate & (PSTATE_USER_BITS | PSTATE_BTYPE_MASK | PSTATE_SSBS_DIT);
	/* As Linux: errors of the alternate stack are ignored here. */
	(void)altstack_set(t, &r.uc.stack, f->sp);
	return 0;
}

long sys_rt_sigreturn(void)
{
	struct trap_frame *f = arch_user_frame(current());

	current()->restart.fn = NULL;
	if (restore(f))
		signal_force(SIGSEGV, SEGV_MAPERR, f->sp);
	f->syscall_nr = NO_SYSCALL;	/* x0 is the program's: no restart */
	return (long)f->x[0];
}

int altstack_set(struct task *t, const struct abi_stack *ss, u64 sp)
{
	u32 mode = (u32)ss->flags & ~(u32)SS_AUTODISARM;

	if (on_altstack(t, sp) && !(t->altstack_flags & SS_AUTODISARM))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		t->altstack_sp = t->altstack_size = 0;
		t->altstack_flags = 0;
		return 0;
	}
	if (ss->size < MINSIGSTKSZ)
		return -ENOMEM;
	t->altstack_sp = ss->sp;
	t->altstack_size = ss->size;
	t->altstack_flags = (u32)ss->flags & SS_AUTODISARM;
	return 0;
}

long sys_sigaltstack(uaddr_t new, uaddr_t old)
{
	struct task *t = current();
	u64 sp = arch_user_frame(t)->sp;
	struct abi_stack was = { .sp = t->altstack_sp, .size = t->altstack_size }, ss;
	int err;

	was.flags = (s32)((!t->altstack_size	? SS_DISABLE
			   : on_altstack(t, sp) ? SS_ONSTACK
						: 0) |
			  t->altstack_flags);
	if (!uaddr_null(new)) {
		err = get_user(&ss, new);
		if (!err)
			err = altstack_set(t, &ss, sp);
		if (err)
			return err;
	}
	return uaddr_null(old) ? 0 : put_user(old, was);
}

void sigframe_init(void)
{
	signal_build_frame = build_frame;
}
