build-kasan/arch/arm64/asid.o: arch/arm64/asid.c build-kasan/gen/config.h \
 arch/arm64/asid.h arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/percpu.h
build-kasan/gen/config.h:
arch/arm64/asid.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/percpu.h:
