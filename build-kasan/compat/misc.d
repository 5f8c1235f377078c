build-kasan/compat/misc.o: compat/misc.c build-kasan/gen/config.h \
 compat/abi/resource.h compat/abi/time.h kernel/lib/compiler.h \
 kernel/lib/types.h compat/syscalls.h compat/user.h \
 arch/arm64/include/arch/uaccess.h kernel/uapi.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h build-kasan/gen/syscalls.h \
 arch/arm64/include/arch/cpu.h build-kasan/gen/version.h kernel/clock.h \
 kernel/cred.h kernel/lib/fmt.h kernel/lib/string.h kernel/ns.h \
 kernel/power.h kernel/printk.h kernel/random.h kernel/sched.h \
 kernel/task.h arch/arm64/include/arch/thread.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/timer.h kernel/waitq.h mm/aspace.h kernel/mutex.h mm/vma.h
build-kasan/gen/config.h:
compat/abi/resource.h:
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
build-kasan/gen/version.h:
kernel/clock.h:
kernel/cred.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/ns.h:
kernel/power.h:
kernel/printk.h:
kernel/random.h:
kernel/sched.h:
kernel/task.h:
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
mm/aspace.h:
kernel/mutex.h:
mm/vma.h:
