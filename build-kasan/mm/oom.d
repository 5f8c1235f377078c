build-kasan/mm/oom.o: mm/oom.c build-kasan/gen/config.h mm/oom.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/clock.h kernel/printk.h \
 kernel/lib/list.h kernel/sched.h kernel/task.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/rbtree.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h mm/aspace.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/mutex.h mm/vma.h mm/early.h \
 mm/page.h
build-kasan/gen/config.h:
mm/oom.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/clock.h:
kernel/printk.h:
kernel/lib/list.h:
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
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/mutex.h:
mm/vma.h:
mm/early.h:
mm/page.h:
