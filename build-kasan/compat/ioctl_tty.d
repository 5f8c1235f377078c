build-kasan/compat/ioctl_tty.o: compat/ioctl_tty.c \
 build-kasan/gen/config.h compat/abi/tty.h kernel/lib/compiler.h \
 kernel/lib/types.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h drivers/tty/tty.h \
 drivers/tty/ldisc.h drivers/tty/termios.h kernel/lib/bitmap.h \
 kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/workq.h kernel/cred.h kernel/file.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/timer.h kernel/handle.h kernel/rights.h kernel/lib/string.h
build-kasan/gen/config.h:
compat/abi/tty.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
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
drivers/tty/tty.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/bitmap.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/object.h:
kernel/workq.h:
kernel/cred.h:
kernel/file.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/timer.h:
kernel/handle.h:
kernel/rights.h:
kernel/lib/string.h:
