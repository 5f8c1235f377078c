build-kasan/fs/vnode.o: fs/vnode.c build-kasan/gen/config.h fs/vnode.h \
 kernel/cred.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/mutex.h kernel/waitq.h kernel/lib/list.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h kernel/object.h kernel/rcu.h kernel/uapi.h fs/flock.h \
 fs/vfs.h fs/path.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/signal.h kernel/timer.h kernel/clock.h \
 kernel/file.h kernel/workq.h kernel/printk.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h mm/vmo.h kernel/lib/xarray.h
build-kasan/gen/config.h:
fs/vnode.h:
kernel/cred.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/object.h:
kernel/rcu.h:
kernel/uapi.h:
fs/flock.h:
fs/vfs.h:
fs/path.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/timer.h:
kernel/clock.h:
kernel/file.h:
kernel/workq.h:
kernel/printk.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vmo.h:
kernel/lib/xarray.h:
