build-kasan/kernel/runq.o: kernel/runq.c build-kasan/gen/config.h \
 kernel/runq.h kernel/lib/list.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/rbtree.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/rcu.h kernel/signal.h kernel/uapi.h \
 kernel/timer.h kernel/waitq.h
build-kasan/gen/config.h:
kernel/runq.h:
kernel/lib/list.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/rbtree.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/rcu.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
