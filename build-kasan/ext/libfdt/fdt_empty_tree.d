build-kasan/ext/libfdt/fdt_empty_tree.o: \
 /root/.cache/ashlar/src/libfdt/fdt_empty_tree.c build-kasan/gen/config.h \
 /root/.cache/ashlar/src/libfdt/libfdt_env.h \
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
