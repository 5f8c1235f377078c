build-kasan/fs/initramfs.o: fs/initramfs.c build-kasan/gen/config.h \
 fs/initramfs.h kernel/lib/compiler.h kernel/lib/types.h fs/chrdev.h \
 kernel/object.h arch/arm64/include/arch/atomic.h kernel/lib/list.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h kernel/waitq.h fs/dcache.h kernel/lib/rbtree.h \
 kernel/rcu.h kernel/uapi.h fs/namei.h fs/path.h fs/vfs.h kernel/mutex.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/signal.h \
 kernel/timer.h fs/vnode.h kernel/cred.h kernel/file.h kernel/workq.h \
 kernel/lib/cpio.h kernel/lib/string.h kernel/printk.h mm/kvmap.h \
 mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vmo.h \
 kernel/lib/xarray.h
build-kasan/gen/config.h:
fs/initramfs.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
fs/chrdev.h:
kernel/object.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/waitq.h:
fs/dcache.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/uapi.h:
fs/namei.h:
fs/path.h:
fs/vfs.h:
kernel/mutex.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/signal.h:
kernel/timer.h:
fs/vnode.h:
kernel/cred.h:
kernel/file.h:
kernel/workq.h:
kernel/lib/cpio.h:
kernel/lib/string.h:
kernel/printk.h:
mm/kvmap.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vmo.h:
kernel/lib/xarray.h:
