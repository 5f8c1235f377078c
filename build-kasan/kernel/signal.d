build-kasan/kernel/signal.o: kernel/signal.c build-kasan/gen/config.h \
 kernel/signal.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/uapi.h \
 arch/arm64/include/arch/frame.h kernel/cred.h kernel/lib/string.h \
 kernel/object.h kernel/waitq.h kernel/printk.h kernel/ptimer.h \
 kernel/sched.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/rcu.h kernel/timer.h kernel/stop.h mm/slab.h \
 mm/page.h arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
kernel/signal.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
arch/arm64/include/arch/frame.h:
kernel/cred.h:
kernel/lib/string.h:
kernel/object.h:
kernel/waitq.h:
kernel/printk.h:
kernel/ptimer.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/timer.h:
kernel/stop.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
