/* The bitmap family: replies and effects as Redis 7.0.15 gives them.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#define BAD_OFFSET "-ERR bit offset is not an integer or out of range"
#define BAD_TYPE \
    "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

TEST(single_bits)
{
    static const struct fixture_case cases[] = {
        {"GETBIT nokey 5", "0", NULL},
        {"SETBIT k 7 1", "0", "SETBIT k 7 1"},
        {"SETBIT k 7 1", "1", NULL},
        {"GET k", "\"\\x01\"", NULL},
        {"SETBIT k 100 0", "0", "SETBIT k 100 0"},
        {"STRLEN k", "13", NULL},
        {"GETBIT k 7", "1", NULL},
        {"GETBIT k 1000", "0", NULL},
        {"SETBIT k -1 1", BAD_OFFSET, NULL},
        {"SETBIT k 4294967296 1", BAD_OFFSET, NULL},
        {"SETBIT k #1 1", BAD_OFFSET, NULL},
        {"SETBIT k 1 2", "-ERR bit is not an integer or out of range", NULL},
        {"SETBIT k 1 x", "-ERR bit is not an integer or out of range", NULL},
        {"GETBIT k x", BAD_OFFSET, NULL},
        {"SET n 12345", "+OK", "SET n 12345"},
        {"SETBIT n 6 1", "0", "SETBIT n 6 1"},
        {"GET n", "\"32345\"", NULL},
        {"OBJECT ENCODING n", "\"raw\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(bitcount)
{
    static const struct fixture_case cases[] = {
        {"SET s foobar", "+OK", "SET s foobar"},
        {"BITCOUNT s", "26", NULL},
        {"BITCOUNT s 0 0", "4", NULL},
        {"BITCOUNT s 1 1 BYTE", "6", NULL},
        {"BITCOUNT s 5 30 BIT", "17", NULL},
        {"BITCOUNT s -2 -1", "7", NULL},
        {"BITCOUNT s -1 -2 what", "0", NULL},
        {"BITCOUNT s 4 3", "0", NULL},
        {"BITCOUNT s 0 -1 what", SYNTAX, NULL},
        {"BITCOUNT s 0", SYNTAX, NULL},
        {"BITCOUNT s 0 x", "-ERR value is not an integer or out of range", NULL},
        {"BITCOUNT nokey 0 x", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(bitpos)
{
    static const struct fixture_case cases[] = {
        {"SET f \"\\xff\\xf0\\xff\"", "+OK", "SET f \xff\xf0\xff"},
        {"BITPOS f 0", "12", NULL},
        {"BITPOS f 0 2", "24", NULL},
        {"BITPOS f 0 2 -1", "-1", NULL},
        {"BITPOS f 1 1 1", "8", NULL},
        {"BITPOS f 1 12 14 BIT", "-1", NULL},
        {"BITPOS f 1 12 16 BIT", "16", NULL},
        {"BITPOS f 0 5", "-1", NULL},
        {"BITPOS f 2", "-ERR The bit argument must be 1 or 0.", NULL},
        {"BITPOS f 0 0 0 what", SYNTAX, NULL},
        {"BITPOS f 0 0 0 BIT what", SYNTAX, NULL},
        {"BITPOS nokey 0", "0", NULL},
        {"BITPOS nokey 1 x", "-1", NULL},
        {"SET e \"\"", "+OK", "SET e "},
        {"BITPOS e 0", "-1", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(bitop)
{
    static const struct fixture_case cases[] = {
        {"MSET a abc b b n 12", "+OK", "MSET a abc b b n 12"},
        {"BITOP AND d a b", "3", "BITOP AND d a b"},
        {"GET d", "\"`\\x00\\x00\"", NULL},
        {"BITOP or d a b nokey", "3", "BITOP or d a b nokey"},
        {"GET d", "\"cbc\"", NULL},
        {"BITOP XOR a a a", "3", "BITOP XOR a a a"},
        {"GET a", "\"\\x00\\x00\\x00\"", NULL},
        {"BITOP NOT d b", "1", "BITOP NOT d b"},
        {"GET d", "\"\\x9d\"", NULL},
        {"BITOP OR n n", "2", "BITOP OR n n"},
        {"OBJECT ENCODING n", "\"raw\"", NULL},
        {"BITOP OR d nokey", "0", "BITOP OR d nokey"},
        {"BITOP OR d nokey", "0", NULL},
        {"BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key.", NULL},
        {"BITOP NAND d a", SYNTAX, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(bitfield)
{
    static const struct fixture_case cases[] = {
        {"BITFIELD b", "[]", NULL},
        {"BITFIELD b GET u8 0", "[0]", NULL},
        {"BITFIELD b SET u8 #1 200 GET i8 8", "[0 -56]", "BITFIELD b SET u8 #1 200 GET i8 8"},
        {"BITFIELD b SET u8 #1 200", "[200]", NULL},
        {"BITFIELD b INCRBY u8 #1 100 OVERFLOW SAT INCRBY u8 #1 300 OVERFLOW FAIL INCRBY u8 #1 1",
         "[44 255 nil]",
         "BITFIELD b INCRBY u8 #1 100 OVERFLOW SAT INCRBY u8 #1 300 OVERFLOW FAIL INCRBY u8 #1 1"},
        {"BITFIELD b OVERFLOW SAT SET i8 0 1000 GET i8 0 SET u4 0 -1 GET u4 0", "[0 127 7 15]",
         "BITFIELD b OVERFLOW SAT SET i8 0 1000 GET i8 0 SET u4 0 -1 GET u4 0"},
        {"BITFIELD w SET i64 3 9223372036854775807 INCRBY i64 3 1", "[0 -9223372036854775808]",
         "BITFIELD w SET i64 3 9223372036854775807 INCRBY i64 3 1"},
        {"BITFIELD grown OVERFLOW FAIL SET u4 100 16", "[nil]", "BITFIELD grown OVERFLOW FAIL SET u4 100 16"},
        {"STRLEN grown", "13", NULL},
        {"BITFIELD b GET u64 0", BAD_TYPE, NULL},
        {"BITFIELD b GET i0 0", BAD_TYPE, NULL},
        {"BITFIELD b GET U8 0", BAD_TYPE, NULL},
        {"BITFIELD b GET u8 #536870912", BAD_OFFSET, NULL},
        {"BITFIELD b GET u8 #9223372036854775807", BAD_OFFSET, NULL},
        {"BITFIELD b SET u8 0 1 GET u8", SYNTAX, NULL},
        {"BITFIELD b OVERFLOW what", "-ERR Invalid OVERFLOW type specified", NULL},
        {"BITFIELD_RO b GET u8 #1", "[255]", NULL},
        {"BITFIELD_RO b SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(events)
{
    static const struct fixture_notice_case cases[] = {
        {"SETBIT k 0 1", "new k; setbit k"},   {"SETBIT k 0 1", NULL},
        {"BITFIELD k SET u8 0 5", "setbit k"}, {"BITFIELD n SET u8 0 0", "new n; setbit n"},
        {"BITOP NOT d k", "new d; set d"},     {"BITOP AND d nokey", "keymiss nokey; del d"},
        {"BITCOUNT nokey", "keymiss nokey"},   {NULL, NULL},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    CHECK_NOTICES(f, cases);
    fixture_free(f);
}

TEST(on_other_types)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    if (command_find(f->index, slice_text("rpush"))) {
        static const struct fixture_case cases[] = {
            {"RPUSH l a", "1", "RPUSH l a"},
            {"SETBIT l 0 1", WRONGTYPE, NULL},
            {"BITCOUNT l x", WRONGTYPE, NULL},
            {"BITPOS l 0", WRONGTYPE, NULL},
            {"BITOP AND d nokey l", WRONGTYPE, NULL},
            {"BITFIELD l GET u8 0", WRONGTYPE, NULL},
            {"BITFIELD l SET u8 0 1", WRONGTYPE, NULL},
            {NULL, NULL, NULL},
        };
        CHECK_TABLE(f, cases);
    }
    fixture_free(f);
}

TEST_MAIN()
