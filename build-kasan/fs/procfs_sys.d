build-kasan/fs/procfs_sys.o: fs/procfs_sys.c build-kasan/gen/config.h \
 fs/procfs_int.h fs/procfs.h kernel/lib/compiler.h kernel/lib/types.h \
 fs/vfs.h fs/path.h kernel/lib/list.h kernel/mutex.h kernel/waitq.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/rcu.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/signal.h kernel/uapi.h kernel/timer.h fs/vnode.h kernel/cred.h \
 kernel/object.h fs/chrdev.h fs/dcache.h build-kasan/gen/version.h \
 kernel/clock.h kernel/cmdline.h kernel/lib/set.h kernel/irq.h \
 kernel/lib/fmt.h kernel/lib/string.h kernel/ns.h kernel/peek.h \
 kernel/sched.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/slab.h
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
fs/chrdev.h:
fs/dcache.h:
build-kasan/gen/version.h:
kernel/clock.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/irq.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/ns.h:
kernel/peek.h:
kernel/sched.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/slab.h:
