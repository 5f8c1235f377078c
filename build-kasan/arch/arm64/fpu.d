build-kasan/arch/arm64/fpu.o: arch/arm64/fpu.c build-kasan/gen/config.h \
 arch/arm64/include/arch/cpu.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/frame.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/percpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/string.h arch/arm64/fpu.h \
 arch/arm64/asm.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/string.h:
arch/arm64/fpu.h:
arch/arm64/asm.h:
