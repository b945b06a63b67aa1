/* The string family: replies and effects, case by case. FIXTURE_NOW is 1700000000 (seconds).
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#define TOO_LONG "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"

TEST(set_and_get)
{
    static const struct fixture_case cases[] = {
        {"GET k", "nil", NULL},   {"SET k v", "+OK", "SET k v"},
        {"get k", "\"v\"", NULL}, {"set k \"\"", "+OK", "set k "},
        {"GET k", "\"\"", NULL},  {"SET \"a\\x00b\" \"\\xff\\x0d\\x0a\"", "+OK", NULL},
        {NULL, NULL, NULL},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_STR(fixture_run(f, cases[i].line), cases[i].reply);
        CHECK_EQ_STR(fixture_effects(f), cases[i].effects ? cases[i].effects : "");
    }
    fixture_run(f, cases[5].line);
    CHECK_EQ_STR(fixture_run(f, "GET \"a\\x00b\""), "\"\\xff\\x0d\\x0a\"");
    CHECK(!f->wrong);
    fixture_free(f);
}

TEST(set_options)
{
    static const struct fixture_case cases[] = {
        {"SET k v XX", "nil", NULL},
        {"SET k v NX", "+OK", "SET k v NX"},
        {"SET k w NX", "nil", NULL},
        {"SET k w XX", "+OK", "SET k w XX"},
        {"SET k w NX XX", SYNTAX, NULL},
        {"SET k x GET", "\"w\"", "SET k x"},
        {"SET k y get xx GET", "\"x\"", "SET k y xx"},
        {"SET k z NX GET", "\"y\"", NULL},
        {"SET n z NX GET", "nil", "SET n z NX"},
        {"SET m z XX GET", "nil", NULL},
        {"SET k v EX 10", "+OK", "SET k v PXAT 1700000010000"},
        {"SET k w GET PX 1500", "\"v\"", "SET k w PXAT 1700000001500"},
        {"SET k w KEEPTTL", "+OK", "SET k w KEEPTTL"},
        {"PTTL k", "1500", NULL},
        {"SET k w EXAT 1700000100", "+OK", "SET k w PXAT 1700000100000"},
        {"TTL k", "100", NULL},
        {"SET k w PXAT 1700000200000 XX", "+OK", "SET k w PXAT 1700000200000"},
        {"SET k w", "+OK", "SET k w"},
        {"TTL k", "-1", NULL},
        {"SET k v EX", SYNTAX, NULL},
        {"SET k v EX 1 PX 1", SYNTAX, NULL},
        {"SET k v EX 1 KEEPTTL", SYNTAX, NULL},
        {"SET k v PERSIST", SYNTAX, NULL},
        {"SET k v what", SYNTAX, NULL},
        {"SET k v EX 0", "-ERR invalid expire time in 'set' command", NULL},
        {"SET k v PX -1", "-ERR invalid expire time in 'set' command", NULL},
        {"SET k v EX 9223372036854775807", "-ERR invalid expire time in 'set' command", NULL},
        {"SET k v PX 9223372036854775807", "-ERR invalid expire time in 'set' command", NULL},
        {"SET k v EX x", NOT_AN_INTEGER, NULL},
        {"SET k", "-ERR wrong number of arguments for 'set' command", NULL},
        {"GET k", "\"w\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(set_relatives)
{
    static const struct fixture_case cases[] = {
        {"SETNX k v", "1", "SETNX k v"},
        {"SETNX k w", "0", NULL},
        {"SETEX k 10 v", "+OK", "SET k v PXAT 1700000010000"},
        {"SETEX k 0 v", "-ERR invalid expire time in 'setex' command", NULL},
        {"PSETEX k 10 v", "+OK", "SET k v PXAT 1700000000010"},
        {"PSETEX k x v", NOT_AN_INTEGER, NULL},
        {"GETSET k w", "\"v\"", "SET k w"},
        {"GETSET new w", "nil", "SET new w"},
        {"GETDEL new", "\"w\"", "DEL new"},
        {"GETDEL new", "nil", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(getex)
{
    static const struct fixture_case cases[] = {
        {"GETEX k EX 10", "nil", NULL},
        {"SET k v", "+OK", "SET k v"},
        {"GETEX k", "\"v\"", NULL},
        {"GETEX k EX 10", "\"v\"", "PEXPIREAT k 1700000010000"},
        {"GETEX k PX 10", "\"v\"", "PEXPIREAT k 1700000000010"},
        {"GETEX k EXAT 1700000300", "\"v\"", "PEXPIREAT k 1700000300000"},
        {"GETEX k PERSIST", "\"v\"", "PERSIST k"},
        {"GETEX k PERSIST", "\"v\"", NULL},
        {"GETEX k PERSIST EX 10", SYNTAX, NULL},
        {"GETEX k KEEPTTL", SYNTAX, NULL},
        {"GETEX k NX", SYNTAX, NULL},
        {"GETEX k EX 0", "-ERR invalid expire time in 'getex' command", NULL},
        {"GETEX k PXAT 1", "\"v\"", "DEL k"},
        {"EXISTS k", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(many_keys)
{
    static const struct fixture_case cases[] = {
        {"MSET a 1 b 2 a 3", "+OK", "MSET a 1 b 2 a 3"},
        {"MGET a b c", "[\"3\" \"2\" nil]", NULL},
        {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command", NULL},
        {"MSETNX c 1 a 2", "0", NULL},
        {"EXISTS c", "0", NULL},
        {"MSETNX c 1 d 2", "1", "MSETNX c 1 d 2"},
        {"MSETNX c", "-ERR wrong number of arguments for 'msetnx' command", NULL},
        {"MSETNX c 1 d", "-ERR wrong number of arguments for 'msetnx' command", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(ranges)
{
    static const struct fixture_case cases[] = {
        {"APPEND k 12", "2", "APPEND k 12"},
        {"OBJECT ENCODING k", "\"int\"", NULL},
        {"APPEND k 345", "5", "APPEND k 345"},
        {"OBJECT ENCODING k", "\"raw\"", NULL},
        {"APPEND k \"\"", "5", "APPEND k "},
        {"STRLEN k", "5", NULL},
        {"STRLEN nokey", "0", NULL},
        {"GETRANGE k 1 2", "\"23\"", NULL},
        {"GETRANGE k -3 -1", "\"345\"", NULL},
        {"GETRANGE k -100 100", "\"12345\"", NULL},
        {"GETRANGE k -1 -3", "\"\"", NULL},
        {"GETRANGE k 5 9", "\"\"", NULL},
        {"GETRANGE k 9223372036854775807 -9223372036854775808", "\"\"", NULL},
        {"SUBSTR k 0 0", "\"1\"", NULL},
        {"GETRANGE nokey 0 -1", "\"\"", NULL},
        {"GETRANGE k 0 x", NOT_AN_INTEGER, NULL},
        {"SETRANGE k 1 xx", "5", "SETRANGE k 1 xx"},
        {"GET k", "\"1xx45\"", NULL},
        {"SETRANGE k 7 y", "8", "SETRANGE k 7 y"},
        {"GET k", "\"1xx45\\x00\\x00y\"", NULL},
        {"SETRANGE k -1 y", "-ERR offset is out of range", NULL},
        {"SETRANGE k 0 \"\"", "8", NULL},
        {"SETRANGE nokey 5 \"\"", "0", NULL},
        {"EXISTS nokey", "0", NULL},
        {"SETRANGE new 2 a", "3", "SETRANGE new 2 a"},
        {"GET new", "\"\\x00\\x00a\"", NULL},
        {"SETRANGE k 536870911 ab", TOO_LONG, NULL},
        {"SETRANGE k 9223372036854775807 ab", TOO_LONG, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(edits_keep_the_expiry_time)
{
    static const struct fixture_case cases[] = {
        {"SET k 1 PX 500", "+OK", "SET k 1 PXAT 1700000000500"},
        {"INCR k", "2", "INCR k"},
        {"APPEND k x", "2", "APPEND k x"},
        {"SETRANGE k 0 y", "2", "SETRANGE k 0 y"},
        {"SET k 1 KEEPTTL", "+OK", "SET k 1 KEEPTTL"},
        {"INCRBYFLOAT k 0.5", "\"1.5\"", "SET k 1.5 KEEPTTL"},
        {"PTTL k", "500", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(size_is_bounded)
{
    static const struct fixture_case cases[] = {
        {"SET k 12345", "+OK", "SET k 12345"},
        {"APPEND k 67890", "10", "APPEND k 67890"},
        {"APPEND k x", TOO_LONG, NULL},
        {"SETRANGE k 9 xx", TOO_LONG, NULL},
        {"SETRANGE k 9 x", "10", "SETRANGE k 9 x"},
        {NULL, NULL, NULL},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    f->bulk_max = 10;
    CHECK_TABLE(f, cases);
    f->from_primary = f->replica = true; /* what the primary accepted */
    CHECK_EQ_STR(fixture_run(f, "APPEND k x"), "11");
    fixture_free(f);
}

TEST(counters)
{
    static const struct fixture_case cases[] = {
        {"INCR k", "1", "INCR k"},
        {"INCRBY k 41", "42", "INCRBY k 41"},
        {"DECR k", "41", "DECR k"},
        {"DECRBY k 50", "-9", "DECRBY k 50"},
        {"INCRBY k x", NOT_AN_INTEGER, NULL},
        {"DECRBY k -9223372036854775808", "-ERR decrement would overflow", NULL},
        {"SET k 9223372036854775807", "+OK", "SET k 9223372036854775807"},
        {"INCR k", "-ERR increment or decrement would overflow", NULL},
        {"SET k -9223372036854775808", "+OK", "SET k -9223372036854775808"},
        {"DECR k", "-ERR increment or decrement would overflow", NULL},
        {"SET k \" 1\"", "+OK", "SET k  1"},
        {"INCR k", NOT_AN_INTEGER, NULL},
        {"SET k 1", "+OK", "SET k 1"},
        {"APPEND k 2", "2", "APPEND k 2"},
        {"INCR k", "13", "INCR k"},
        {"OBJECT ENCODING k", "\"int\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(counters_by_floats)
{
    static const struct fixture_case cases[] = {
        {"SET k 13", "+OK", "SET k 13"},
        {"INCRBYFLOAT k 0.1", "\"13.1\"", "SET k 13.1 KEEPTTL"},
        {"INCRBYFLOAT k 5.0e3", "\"5013.10000000000000009\"", "SET k 5013.10000000000000009 KEEPTTL"},
        {"INCRBYFLOAT k abc", "-ERR value is not a valid float", NULL},
        {"INCRBYFLOAT k inf", "-ERR increment would produce NaN or Infinity", NULL},
        {"INCRBYFLOAT new -1.5", "\"-1.5\"", "SET new -1.5 KEEPTTL"},
        {"INCRBYFLOAT new 1.5", "\"0\"", "SET new 0 KEEPTTL"},
        {"SET k x", "+OK", "SET k x"},
        {"INCRBYFLOAT k 1", "-ERR value is not a valid float", NULL},
        {NULL, NULL, NULL},
    };
    if (test_has_long_doubles()) CHECK_CASES(cases, 3);
}

TEST(lcs)
{
    static const struct fixture_case cases[] = {
        {"MSET a ohmytext b mynewtext", "+OK", "MSET a ohmytext b mynewtext"},
        {"LCS a b", "\"mytext\"", NULL},
        {"LCS a b LEN", "6", NULL},
        {"LCS a b IDX", "{\"matches\" [[[4 7] [5 8]] [[2 3] [0 1]]] \"len\" 6}", NULL},
        {"LCS a b IDX MINMATCHLEN 4", "{\"matches\" [[[4 7] [5 8]]] \"len\" 6}", NULL},
        {"LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "{\"matches\" [[[4 7] [5 8] 4]] \"len\" 6}", NULL},
        {"LCS a b IDX MINMATCHLEN -4", "{\"matches\" [[[4 7] [5 8]] [[2 3] [0 1]]] \"len\" 6}", NULL},
        {"LCS a nokey", "\"\"", NULL},
        {"LCS nokey nokey IDX", "{\"matches\" [] \"len\" 0}", NULL},
        {"LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX.", NULL},
        {"LCS a b MINMATCHLEN", SYNTAX, NULL},
        {"LCS a b MINMATCHLEN x", NOT_AN_INTEGER, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(lcs_memory_is_bounded)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    fixture_run(f, "MSET a aaaa b bbbb");
    f->bulk_max = 4 * 25;
    CHECK_EQ_STR(fixture_run(f, "LCS a b LEN"), "0");
    f->bulk_max = 4 * 25 - 1;
    CHECK_EQ_STR(fixture_run(f, "LCS a b LEN"),
                 "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    fixture_free(f);
}

TEST_MAIN()
