build-kasan/fs/chrdev.o: fs/chrdev.c build-kasan/gen/config.h fs/chrdev.h \
 kernel/object.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/waitq.h \
 fs/devfs.h kernel/file.h kernel/mutex.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/workq.h
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
fs/devfs.h:
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
