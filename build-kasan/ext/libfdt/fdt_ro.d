build-kasan/ext/libfdt/fdt_ro.o: /root/.cache/ashlar/src/libfdt/fdt_ro.c \
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
