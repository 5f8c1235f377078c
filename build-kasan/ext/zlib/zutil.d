build-kasan/ext/zlib/zutil.o: /root/.cache/ashlar/src/zlib/zutil.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
