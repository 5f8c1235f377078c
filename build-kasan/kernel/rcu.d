build-kasan/kernel/rcu.o: kernel/rcu.c build-kasan/gen/config.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/spinlock.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/percpu.h kernel/irq.h kernel/sched.h \
 kernel/task.h kernel/lib/list.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h
build-kasan/gen/config.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/percpu.h:
kernel/irq.h:
kernel/sched.h:
kernel/task.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
