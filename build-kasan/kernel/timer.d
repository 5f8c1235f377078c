build-kasan/kernel/timer.o: kernel/timer.c build-kasan/gen/config.h \
 kernel/timer.h kernel/lib/rbtree.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/percpu.h \
 kernel/clock.h kernel/trap.h
build-kasan/gen/config.h:
kernel/timer.h:
kernel/lib/rbtree.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/percpu.h:
kernel/clock.h:
kernel/trap.h:
