build-kasan/fs/memdev.o: fs/memdev.c build-kasan/gen/config.h fs/chrdev.h \
 kernel/object.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/waitq.h \
 kernel/cred.h kernel/file.h kernel/mutex.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/workq.h kernel/lib/fmt.h \
 kernel/lib/string.h kernel/printk.h kernel/random.h mm/iter.h mm/slab.h \
 mm/page.h arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h mm/vma.h mm/vmo.h kernel/lib/xarray.h \
 fs/vfs_int.h
build-kasan/gen/config.h:
fs/chrdev.h:
kernel/object.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/waitq.h:
kernel/cred.h:
kernel/file.h:
kernel/mutex.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/workq.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/random.h:
mm/iter.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
mm/vmo.h:
kernel/lib/xarray.h:
fs/vfs_int.h:
