build-kasan/kernel/trap.o: kernel/trap.c build-kasan/gen/config.h \
 kernel/trap.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/frame.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/page.h \
 kernel/sched.h kernel/task.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 kernel/lockrank.h kernel/signal.h kernel/uapi.h kernel/timer.h \
 kernel/waitq.h mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/pte.h kernel/mutex.h mm/vma.h
build-kasan/gen/config.h:
kernel/trap.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/page.h:
kernel/sched.h:
kernel/task.h:
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
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/pte.h:
kernel/mutex.h:
mm/vma.h:
