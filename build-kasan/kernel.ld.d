build-kasan/kernel.ld: arch/arm64/kernel.ld build-kasan/gen/config.h
build-kasan/gen/config.h:
