build-kasan/arch/arm64/switch.o: arch/arm64/switch.S \
 build-kasan/gen/config.h arch/arm64/asm.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
