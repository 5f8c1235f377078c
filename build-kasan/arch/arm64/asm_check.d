build-kasan/arch/arm64/asm_check.o: arch/arm64/asm_check.c \
 build-kasan/gen/config.h arch/arm64/asm.h arch/arm64/include/arch/cpu.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/frame.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
