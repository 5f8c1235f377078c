build-kasan/fs/devfs.o: fs/devfs.c build-kasan/gen/config.h fs/devfs.h \
 kernel/lib/compiler.h kernel/lib/types.h fs/chrdev.h kernel/object.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/waitq.h \
 kernel/cred.h kernel/lib/fmt.h kernel/lib/string.h kernel/printk.h \
 fs/tmpfs_int.h fs/dcache.h kernel/lib/rbtree.h kernel/rcu.h \
 kernel/uapi.h fs/tmpfs.h fs/vnode.h kernel/mutex.h fs/vfs.h fs/path.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/signal.h \
 kernel/timer.h fs/vfs_int.h
build-kasan/gen/config.h:
fs/devfs.h:
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
kernel/cred.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/printk.h:
fs/tmpfs_int.h:
fs/dcache.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/uapi.h:
fs/tmpfs.h:
fs/vnode.h:
kernel/mutex.h:
fs/vfs.h:
fs/path.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/signal.h:
kernel/timer.h:
fs/vfs_int.h:
