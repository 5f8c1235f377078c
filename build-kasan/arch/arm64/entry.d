build-kasan/arch/arm64/entry.o: arch/arm64/entry.S \
 build-kasan/gen/config.h arch/arm64/asm.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
