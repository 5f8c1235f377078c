build-kasan/kernel/object.o: kernel/object.c build-kasan/gen/config.h \
 kernel/object.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/waitq.h \
 kernel/uapi.h
build-kasan/gen/config.h:
kernel/object.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/waitq.h:
kernel/uapi.h:
