build-kasan/kernel/panic.o: kernel/panic.c build-kasan/gen/config.h \
 kernel/panic.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/frame.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/cmdline.h kernel/lib/set.h \
 kernel/lib/fmt.h kernel/printk.h kernel/lib/list.h kernel/task.h \
 arch/arm64/include/arch/thread.h kernel/lib/rbtree.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h kernel/lockrank.h \
 kernel/signal.h kernel/uapi.h kernel/timer.h kernel/waitq.h \
 kernel/trap.h
build-kasan/gen/config.h:
kernel/panic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/lib/fmt.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/task.h:
arch/arm64/include/arch/thread.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
kernel/trap.h:
