build-kasan/kernel/sched.o: kernel/sched.c build-kasan/gen/config.h \
 kernel/sched.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lib/list.h kernel/lib/rbtree.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h arch/arm64/include/arch/percpu.h \
 kernel/clock.h kernel/cred.h kernel/irq.h kernel/lib/fmt.h \
 kernel/lib/string.h kernel/printk.h kernel/runq.h kernel/trap.h \
 mm/aspace.h kernel/mutex.h mm/vma.h mm/kvmap.h mm/slab.h mm/page.h
build-kasan/gen/config.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
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
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
arch/arm64/include/arch/percpu.h:
kernel/clock.h:
kernel/cred.h:
kernel/irq.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/runq.h:
kernel/trap.h:
mm/aspace.h:
kernel/mutex.h:
mm/vma.h:
mm/kvmap.h:
mm/slab.h:
mm/page.h:
