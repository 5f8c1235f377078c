build-kasan/compat/vdso_image.o: compat/vdso_image.S \
 build-kasan/gen/config.h
build-kasan/gen/config.h:
