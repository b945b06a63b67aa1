/* rdb.h: the RDB file format (Redis 7.0 writes version 10; versions 1 to 10 are read): opcodes and types.
 *
 * Source: Redis's rdb.h, and "RDB file format" by Jan-Erik Rediger.
 */
#ifndef TIDELOCK_PERSIST_RDB_H
#define TIDELOCK_PERSIST_RDB_H

enum {
    RDB_VERSION = 10,
    RDB_VERSION_MAX = 11 /* the newest that is read: Redis 7.2; later ones when every type in them is known */
};

enum rdb_opcode {
    RDB_FUNCTION2 = 245,
    RDB_FUNCTION_PRE_GA = 246,
    RDB_MODULE_AUX = 247,
    RDB_IDLE = 248,
    RDB_FREQ = 249,
    RDB_AUX = 250,
    RDB_RESIZEDB = 251,
    RDB_EXPIRETIME_MS = 252,
    RDB_EXPIRETIME = 253,
    RDB_SELECTDB = 254,
    RDB_EOF = 255
};

#endif
