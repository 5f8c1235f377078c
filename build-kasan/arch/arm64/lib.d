build-kasan/arch/arm64/lib.o: arch/arm64/lib.S build-kasan/gen/config.h \
 arch/arm64/asm.h arch/arm64/copy.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
arch/arm64/copy.h:
