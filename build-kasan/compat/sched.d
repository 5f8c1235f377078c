build-kasan/compat/sched.o: compat/sched.c build-kasan/gen/config.h \
 compat/abi/time.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 build-kasan/gen/syscalls.h arch/arm64/include/arch/cpu.h kernel/cred.h \
 kernel/runq.h kernel/lib/rbtree.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/sched.h \
 kernel/task.h kernel/rcu.h kernel/signal.h kernel/timer.h kernel/waitq.h
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
arch/arm64/include/arch/cpu.h:
kernel/cred.h:
kernel/runq.h:
kernel/lib/rbtree.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/sched.h:
kernel/task.h:
kernel/rcu.h:
kernel/signal.h:
kernel/timer.h:
kernel/waitq.h:
