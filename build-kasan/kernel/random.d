build-kasan/kernel/random.o: kernel/random.c build-kasan/gen/config.h \
 kernel/random.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/percpu.h kernel/lib/crypto.h kernel/lib/string.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/waitq.h kernel/lib/list.h
build-kasan/gen/config.h:
kernel/random.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/percpu.h:
kernel/lib/crypto.h:
kernel/lib/string.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/waitq.h:
kernel/lib/list.h:
