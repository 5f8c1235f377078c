build-kasan/kernel/stop.o: kernel/stop.c build-kasan/gen/config.h \
 kernel/stop.h arch/arm64/include/arch/irqflags.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/sched.h kernel/task.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 kernel/lockrank.h kernel/signal.h kernel/uapi.h kernel/timer.h \
 kernel/waitq.h
build-kasan/gen/config.h:
kernel/stop.h:
arch/arm64/include/arch/irqflags.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
