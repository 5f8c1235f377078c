build-kasan/arch/arm64/uaccess.o: arch/arm64/uaccess.S \
 build-kasan/gen/config.h arch/arm64/asm.h arch/arm64/copy.h
build-kasan/gen/config.h:
arch/arm64/asm.h:
arch/arm64/copy.h:
