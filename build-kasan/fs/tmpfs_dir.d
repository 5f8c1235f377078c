build-kasan/fs/tmpfs_dir.o: fs/tmpfs_dir.c build-kasan/gen/config.h \
 fs/tmpfs_int.h fs/dcache.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/list.h \
 kernel/lib/rbtree.h kernel/rcu.h arch/arm64/include/arch/barrier.h \
 kernel/spinlock.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/uapi.h \
 fs/tmpfs.h fs/vnode.h kernel/cred.h kernel/mutex.h kernel/waitq.h \
 kernel/object.h fs/vfs.h fs/path.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/signal.h kernel/timer.h \
 kernel/lib/string.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
fs/tmpfs_int.h:
fs/dcache.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
fs/tmpfs.h:
fs/vnode.h:
kernel/cred.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/object.h:
fs/vfs.h:
fs/path.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/signal.h:
kernel/timer.h:
kernel/lib/string.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
