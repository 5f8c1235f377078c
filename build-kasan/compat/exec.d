build-kasan/compat/exec.o: compat/exec.c build-kasan/gen/config.h \
 compat/exec.h kernel/lib/compiler.h kernel/lib/types.h kernel/lib/elf.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 build-kasan/gen/syscalls.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/frame.h fs/namei.h fs/path.h fs/vfs.h \
 kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/rcu.h \
 kernel/task.h kernel/lib/rbtree.h kernel/signal.h kernel/timer.h \
 fs/vnode.h kernel/cred.h kernel/object.h kernel/file.h kernel/workq.h \
 kernel/handle.h kernel/rights.h kernel/lib/fmt.h kernel/lib/string.h \
 kernel/ptimer.h kernel/sched.h mm/aspace.h mm/vma.h mm/iter.h
build-kasan/gen/config.h:
compat/exec.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/elf.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
build-kasan/gen/syscalls.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
fs/namei.h:
fs/path.h:
fs/vfs.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/rcu.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/timer.h:
fs/vnode.h:
kernel/cred.h:
kernel/object.h:
kernel/file.h:
kernel/workq.h:
kernel/handle.h:
kernel/rights.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/ptimer.h:
kernel/sched.h:
mm/aspace.h:
mm/vma.h:
mm/iter.h:
