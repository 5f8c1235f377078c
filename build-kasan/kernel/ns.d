build-kasan/kernel/ns.o: kernel/ns.c build-kasan/gen/config.h kernel/ns.h \
 arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h
build-kasan/gen/config.h:
kernel/ns.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
