build-kasan/drivers/tty/tty.o: drivers/tty/tty.c build-kasan/gen/config.h \
 drivers/tty/tty.h drivers/tty/ldisc.h drivers/tty/termios.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/bitmap.h \
 kernel/mutex.h kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/object.h kernel/workq.h \
 arch/arm64/include/arch/cpu.h kernel/clock.h kernel/cred.h kernel/file.h \
 kernel/rcu.h kernel/task.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/lib/string.h mm/iter.h
build-kasan/gen/config.h:
drivers/tty/tty.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/bitmap.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/object.h:
kernel/workq.h:
arch/arm64/include/arch/cpu.h:
kernel/clock.h:
kernel/cred.h:
kernel/file.h:
kernel/rcu.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/lib/string.h:
mm/iter.h:
