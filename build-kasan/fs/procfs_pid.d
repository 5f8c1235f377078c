build-kasan/fs/procfs_pid.o: fs/procfs_pid.c build-kasan/gen/config.h \
 fs/procfs_int.h fs/procfs.h kernel/lib/compiler.h kernel/lib/types.h \
 fs/vfs.h fs/path.h kernel/lib/list.h kernel/mutex.h kernel/waitq.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/rcu.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/signal.h kernel/uapi.h kernel/timer.h fs/vnode.h kernel/cred.h \
 kernel/object.h fs/dcache.h kernel/clock.h kernel/file.h kernel/workq.h \
 kernel/handle.h kernel/rights.h kernel/lib/fmt.h kernel/lib/string.h \
 kernel/peek.h kernel/sched.h mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vma.h \
 mm/page.h mm/slab.h
build-kasan/gen/config.h:
fs/procfs_int.h:
fs/procfs.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
fs/vfs.h:
fs/path.h:
kernel/lib/list.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
fs/vnode.h:
kernel/cred.h:
kernel/object.h:
fs/dcache.h:
kernel/clock.h:
kernel/file.h:
kernel/workq.h:
kernel/handle.h:
kernel/rights.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/peek.h:
kernel/sched.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
mm/page.h:
mm/slab.h:
