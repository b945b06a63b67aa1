/* rdb.h: the RDB file format: opcodes, types, and how lengths and strings are encoded.
 *
 *   "REDIS0010"  { aux key value }  { SELECTDB db  RESIZEDB keys volatile  { [expiry] type key value } }  EOF  crc64
 *
 * A length's first byte says how it goes on, and may say that a string comes encoded instead:
 *
 *   00llllll                     0 .. 63
 *   01llllll llllllll            .. 16383
 *   10000000 and 4 bytes         big-endian
 *   10000001 and 8 bytes         big-endian
 *   11000000 and 1 byte          a string that is the text of an int8,
 *   11000001 and 2 bytes         an int16,
 *   11000010 and 4 bytes         an int32, little-endian
 *   11000011 packed size bytes   a string packed with LZF: two lengths, then as many bytes as the first one says
 *
 * Source: Redis's rdb.h, and "RDB file format" by Jan-Erik Rediger.
 */
#ifndef TIDELOCK_PERSIST_RDB_H
#define TIDELOCK_PERSIST_RDB_H

enum {
    RDB_VERSION = 10,         /* what is written: Redis 7.0's */
    RDB_VERSION_MAX = 11,     /* the newest that is read: Redis 7.2's */
    RDB_VERSION_CHECKSUM = 5, /* files end in a checksum since then */
    RDB_MAGIC_SIZE = 9,       /* "REDIS" and four digits */
    RDB_CHECKSUM_SIZE = 8,
    RDB_LENGTH_MAX = 9, /* bytes of the longest encoded length */
    RDB_NAMES_MAX = 400 /* bytes of the field: */
};

/* An aux field of ours, which others pass over: the history's former names (replication/lineage.h). */
#define RDB_NAMES "tidelock-names"

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

/* The first two bits of a length, and what the others say when both are set. */
enum rdb_length {
    RDB_LENGTH_6 = 0x00,
    RDB_LENGTH_14 = 0x40,
    RDB_LENGTH_32 = 0x80,
    RDB_LENGTH_64 = 0x81,
    RDB_ENCODED = 0xC0
};
enum rdb_encoding { RDB_INT8 = 0, RDB_INT16 = 1, RDB_INT32 = 2, RDB_LZF = 3 };

/* What a value is written as. Not all are read: rdb_value.c has those that are. */
enum rdb_type {
    RDB_STRING = 0,
    RDB_LIST = 1,
    RDB_SET = 2,
    RDB_ZSET = 3,
    RDB_HASH = 4,
    RDB_ZSET_2 = 5,
    RDB_MODULE = 6,
    RDB_MODULE_2 = 7,
    RDB_HASH_ZIPMAP = 9,
    RDB_LIST_ZIPLIST = 10,
    RDB_SET_INTSET = 11,
    RDB_ZSET_ZIPLIST = 12,
    RDB_HASH_ZIPLIST = 13,
    RDB_LIST_QUICKLIST = 14,
    RDB_STREAM = 15,
    RDB_HASH_LISTPACK = 16,
    RDB_ZSET_LISTPACK = 17,
    RDB_LIST_QUICKLIST_2 = 18,
    RDB_STREAM_2 = 19,
    RDB_SET_LISTPACK = 20,
    RDB_STREAM_3 = 21,
    RDB_TYPES /* how many numbers */
};

#endif
