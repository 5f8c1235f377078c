build-kasan/fs/tmpfs.o: fs/tmpfs.c build-kasan/gen/config.h fs/tmpfs.h \
 fs/vnode.h kernel/cred.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/mutex.h kernel/waitq.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h kernel/object.h kernel/rcu.h kernel/uapi.h fs/namei.h \
 fs/path.h kernel/file.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/signal.h kernel/timer.h kernel/workq.h \
 kernel/lib/fmt.h kernel/lib/string.h kernel/printk.h kernel/rights.h \
 mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vmo.h \
 kernel/lib/xarray.h fs/tmpfs_int.h fs/dcache.h fs/vfs.h
build-kasan/gen/config.h:
fs/tmpfs.h:
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
fs/namei.h:
fs/path.h:
kernel/file.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/timer.h:
kernel/workq.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/rights.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vmo.h:
kernel/lib/xarray.h:
fs/tmpfs_int.h:
fs/dcache.h:
fs/vfs.h:
