build-kasan/kernel/workq.o: kernel/workq.c build-kasan/gen/config.h \
 kernel/workq.h kernel/lib/list.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/printk.h kernel/sched.h kernel/task.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/rbtree.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h
build-kasan/gen/config.h:
kernel/workq.h:
kernel/lib/list.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/printk.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
