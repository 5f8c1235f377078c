build-kasan/ext/zlib/crc32.o: /root/.cache/ashlar/src/zlib/crc32.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h \
 /root/.cache/ashlar/src/zlib/crc32.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
/root/.cache/ashlar/src/zlib/crc32.h:
