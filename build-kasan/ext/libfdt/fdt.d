build-kasan/ext/libfdt/fdt.o: /root/.cache/ashlar/src/libfdt/fdt.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/libfdt/libfdt_env.h \
 /root/.cache/ashlar/src/libfdt/fdt.h \
 /root/.cache/ashlar/src/libfdt/libfdt.h \
 /root/.cache/ashlar/src/libfdt/libfdt_env.h \
 /root/.cache/ashlar/src/libfdt/libfdt_internal.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/libfdt/libfdt_env.h:
/root/.cache/ashlar/src/libfdt/fdt.h:
/root/.cache/ashlar/src/libfdt/libfdt.h:
/root/.cache/ashlar/src/libfdt/libfdt_env.h:
/root/.cache/ashlar/src/libfdt/libfdt_internal.h:
