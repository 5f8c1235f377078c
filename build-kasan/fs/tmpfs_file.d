build-kasan/fs/tmpfs_file.o: fs/tmpfs_file.c build-kasan/gen/config.h \
 kernel/lib/string.h kernel/lib/compiler.h kernel/lib/types.h mm/slab.h \
 mm/page.h arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h mm/vmo.h kernel/lib/rbtree.h kernel/lib/xarray.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h fs/tmpfs_int.h fs/dcache.h kernel/uapi.h fs/tmpfs.h \
 fs/vnode.h kernel/cred.h kernel/mutex.h kernel/waitq.h kernel/object.h \
 fs/vfs.h fs/path.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/signal.h kernel/timer.h
build-kasan/gen/config.h:
kernel/lib/string.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
mm/vmo.h:
kernel/lib/rbtree.h:
kernel/lib/xarray.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
fs/tmpfs_int.h:
fs/dcache.h:
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
