build-kasan/fs/vfs.o: fs/vfs.c build-kasan/gen/config.h fs/vfs.h \
 fs/path.h kernel/lib/compiler.h kernel/lib/types.h kernel/lib/list.h \
 kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h fs/dcache.h fs/flock.h fs/vnode.h \
 kernel/cred.h kernel/object.h kernel/file.h kernel/workq.h \
 kernel/lib/string.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 fs/vfs_int.h
build-kasan/gen/config.h:
fs/vfs.h:
fs/path.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
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
fs/dcache.h:
fs/flock.h:
fs/vnode.h:
kernel/cred.h:
kernel/object.h:
kernel/file.h:
kernel/workq.h:
kernel/lib/string.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
fs/vfs_int.h:
