build-kasan/kernel/task.o: kernel/task.c build-kasan/gen/config.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h kernel/clock.h kernel/cred.h \
 kernel/family.h kernel/handle.h kernel/file.h kernel/mutex.h \
 kernel/object.h kernel/workq.h kernel/rights.h kernel/lib/string.h \
 kernel/ns.h kernel/pidfd.h kernel/printk.h kernel/ptimer.h \
 kernel/sched.h mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vma.h \
 mm/kvmap.h mm/slab.h mm/page.h arch/arm64/include/arch/frame.h \
 arch/arm64/include/arch/uaccess.h
build-kasan/gen/config.h:
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
kernel/clock.h:
kernel/cred.h:
kernel/family.h:
kernel/handle.h:
kernel/file.h:
kernel/mutex.h:
kernel/object.h:
kernel/workq.h:
kernel/rights.h:
kernel/lib/string.h:
kernel/ns.h:
kernel/pidfd.h:
kernel/printk.h:
kernel/ptimer.h:
kernel/sched.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
mm/kvmap.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/uaccess.h:
