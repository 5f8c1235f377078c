build-kasan/compat/futex.o: compat/futex.c build-kasan/gen/config.h \
 compat/abi/time.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 build-kasan/gen/syscalls.h kernel/clock.h kernel/cred.h kernel/futex.h \
 kernel/sched.h kernel/task.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/thread.h kernel/lib/rbtree.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/timer.h kernel/waitq.h
build-kasan/gen/config.h:
compat/abi/time.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
build-kasan/gen/syscalls.h:
kernel/clock.h:
kernel/cred.h:
kernel/futex.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/thread.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/timer.h:
kernel/waitq.h:
