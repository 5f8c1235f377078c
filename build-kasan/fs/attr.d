build-kasan/fs/attr.o: fs/attr.c build-kasan/gen/config.h fs/attr.h \
 fs/path.h kernel/lib/compiler.h kernel/lib/types.h fs/walk.h fs/dcache.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h kernel/uapi.h fs/namei.h fs/vfs.h kernel/mutex.h \
 kernel/waitq.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/signal.h kernel/timer.h fs/vnode.h kernel/cred.h kernel/object.h \
 kernel/handle.h kernel/file.h kernel/workq.h kernel/rights.h \
 kernel/clock.h mm/vmo.h kernel/lib/xarray.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
fs/attr.h:
fs/path.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
fs/walk.h:
fs/dcache.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
fs/namei.h:
fs/vfs.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/signal.h:
kernel/timer.h:
fs/vnode.h:
kernel/cred.h:
kernel/object.h:
kernel/handle.h:
kernel/file.h:
kernel/workq.h:
kernel/rights.h:
kernel/clock.h:
mm/vmo.h:
kernel/lib/xarray.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
