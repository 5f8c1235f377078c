build-kasan/kernel/lock.o: kernel/lock.c build-kasan/gen/config.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h \
 arch/arm64/include/arch/percpu.h kernel/printk.h kernel/lib/list.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/rcu.h kernel/signal.h kernel/uapi.h kernel/timer.h kernel/waitq.h
build-kasan/gen/config.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
arch/arm64/include/arch/percpu.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
