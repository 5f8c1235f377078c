build-kasan/arch/arm64/smp.o: arch/arm64/smp.c build-kasan/gen/config.h \
 arch/arm64/include/arch/cpu.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/cpu_int.h arch/arm64/early.h arch/arm64/include/arch/pte.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/percpu.h arch/arm64/include/arch/thread.h \
 kernel/irq.h kernel/lib/fdt.h kernel/lib/string.h kernel/printk.h \
 kernel/lib/list.h kernel/sched.h kernel/task.h kernel/lib/rbtree.h \
 kernel/rcu.h kernel/spinlock.h arch/arm64/include/arch/irqflags.h \
 kernel/lockrank.h kernel/signal.h kernel/uapi.h kernel/timer.h \
 kernel/waitq.h kernel/trap.h mm/kvmap.h mm/page.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/cpu_int.h:
arch/arm64/early.h:
arch/arm64/include/arch/pte.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/include/arch/thread.h:
kernel/irq.h:
kernel/lib/fdt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/sched.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
kernel/trap.h:
mm/kvmap.h:
mm/page.h:
