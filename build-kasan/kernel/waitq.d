build-kasan/kernel/waitq.o: kernel/waitq.c build-kasan/gen/config.h \
 kernel/waitq.h kernel/lib/list.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/sched.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/rcu.h kernel/signal.h kernel/uapi.h kernel/timer.h
build-kasan/gen/config.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
