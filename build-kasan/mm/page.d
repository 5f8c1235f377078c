build-kasan/mm/page.o: mm/page.c build-kasan/gen/config.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/percpu.h kernel/kasan.h kernel/lib/string.h \
 kernel/printk.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/task.h \
 kernel/lib/rbtree.h kernel/rcu.h kernel/signal.h kernel/uapi.h \
 kernel/timer.h kernel/waitq.h mm/buddy.h mm/early.h mm/oom.h
build-kasan/gen/config.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/percpu.h:
kernel/kasan.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
mm/buddy.h:
mm/early.h:
mm/oom.h:
