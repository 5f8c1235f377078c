build-kasan/arch/arm64/boot.o: arch/arm64/boot.S build-kasan/gen/config.h \
 arch/arm64/asm.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
