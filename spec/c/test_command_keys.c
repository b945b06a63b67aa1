/* The generic family, expiry as commands see it, and commands over whole databases.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#include <stdlib.h>

#define SAME "-ERR source and destination objects are the same"

TEST(del_exists_type)
{
    static const struct fixture_case cases[] = {
        {"MSET a 1 b 2", "+OK", "MSET a 1 b 2"},
        {"EXISTS a b a nokey", "3", NULL},
        {"TOUCH a nokey", "1", NULL},
        {"TYPE a", "+string", NULL},
        {"TYPE nokey", "+none", NULL},
        {"DEL nokey", "0", NULL},
        {"DEL a nokey a", "1", "DEL a nokey a"},
        {"UNLINK b", "1", "UNLINK b"},
        {"DBSIZE", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(rename_keys)
{
    static const struct fixture_case cases[] = {
        {"RENAME a b", "-ERR no such key", NULL},
        {"SET a 1 PX 100", "+OK", "SET a 1 PXAT 1700000000100"},
        {"RENAME a a", "+OK", NULL},
        {"RENAMENX a a", "0", NULL},
        {"RENAME a b", "+OK", "RENAME a b"},
        {"PTTL b", "100", NULL},
        {"SET a 2", "+OK", "SET a 2"},
        {"RENAMENX a b", "0", NULL},
        {"RENAME a b", "+OK", "RENAME a b"},
        {"GET b", "\"2\"", NULL},
        {"PTTL b", "-1", NULL},
        {"RENAMENX b c", "1", "RENAMENX b c"},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(copy_and_move)
{
    static const struct fixture_case cases[] = {
        {"COPY a b", "0", NULL},
        {"SET a 1 PX 100", "+OK", "SET a 1 PXAT 1700000000100"},
        {"COPY a a", SAME, NULL},
        {"COPY a b", "1", "COPY a b"},
        {"PTTL b", "100", NULL},
        {"COPY a b", "0", NULL},
        {"COPY a b REPLACE", "1", "COPY a b REPLACE"},
        {"COPY a a DB 1", "1", "COPY a a DB 1"},
        {"COPY a a DB 16", "-ERR DB index is out of range", NULL},
        {"COPY a a DB x", NOT_AN_INTEGER, NULL},
        {"COPY a a DB 9999999999",
         "-ERR value is out of range, value must between -2147483648 and 2147483647", NULL},
        {"COPY a a DB", SYNTAX, NULL},
        {"MOVE a 1", "0", NULL},
        {"MOVE a 2", "1", "MOVE a 2"},
        {"MOVE a 2", "0", NULL},
        {"MOVE a 0", SAME, NULL},
        {"MOVE a 16", "-ERR DB index is out of range", NULL},
        {"EXISTS a", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(expire_family)
{
    static const struct fixture_case cases[] = {
        {"EXPIRE k 10", "0", NULL},
        {"SET k v", "+OK", "SET k v"},
        {"TTL k", "-1", NULL},
        {"TTL nokey", "-2", NULL},
        {"EXPIRE k 10 XX", "0", NULL},
        {"EXPIRE k 10 GT", "0", NULL},
        {"EXPIRE k 10 NX", "1", "PEXPIREAT k 1700000010000 NX"},
        {"EXPIRE k 20 NX", "0", NULL},
        {"EXPIRE k 20 gt xx gt", "1", "PEXPIREAT k 1700000020000 gt xx"},
        {"EXPIRE k 30 LT", "0", NULL},
        {"PEXPIRE k 15500 LT", "1", "PEXPIREAT k 1700000015500 LT"},
        {"TTL k", "16", NULL},
        {"PTTL k", "15500", NULL},
        {"EXPIRETIME k", "1700000016", NULL},
        {"PEXPIRETIME k", "1700000015500", NULL},
        {"EXPIREAT k 1700000100", "1", "PEXPIREAT k 1700000100000"},
        {"pexpireat k 1700000200000", "1", "PEXPIREAT k 1700000200000"},
        {"PERSIST k", "1", "PERSIST k"},
        {"PERSIST k", "0", NULL},
        {"PERSIST nokey", "0", NULL},
        {"EXPIRE k x", NOT_AN_INTEGER, NULL},
        {"EXPIRE k 1 what", "-ERR Unsupported option what", NULL},
        {"EXPIRE k 1 NX GT", "-ERR NX and XX, GT or LT options at the same time are not compatible", NULL},
        {"EXPIRE k 1 GT LT", "-ERR GT and LT options at the same time are not compatible", NULL},
        {"EXPIRE k 9223372036854775807", "-ERR invalid expire time in 'expire' command", NULL},
        {"EXPIRE k -9223372036854775808", "-ERR invalid expire time in 'expire' command", NULL},
        {"PEXPIRE k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command", NULL},
        {"PEXPIREAT k 9223372036854775807", "1", "PEXPIREAT k 9223372036854775807"},
        {"EXPIRE k -1", "1", "DEL k"},
        {"EXISTS k", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

/* A key whose time has come is deleted by whatever finds it, and the DEL is logged ahead of the command. */
TEST(expired_keys_on_a_primary)
{
    static const struct fixture_case cases[] = {
        {"MSET a 1 b 1 c 1 d 1 e 1 f 1", "+OK", "MSET a 1 b 1 c 1 d 1 e 1 f 1"},
        {"PEXPIREAT a 1700000000100", "1", "PEXPIREAT a 1700000000100"},
        {"PEXPIREAT b 1700000000100", "1", "PEXPIREAT b 1700000000100"},
        {"PEXPIREAT c 1700000000100", "1", "PEXPIREAT c 1700000000100"},
        {"PEXPIREAT d 1700000000100", "1", "PEXPIREAT d 1700000000100"},
        {"PEXPIREAT e 1700000000100", "1", "PEXPIREAT e 1700000000100"},
        {"@50", NULL, NULL},
        {"PTTL a", "50", NULL},
        {"@51", NULL, NULL},
        {"GET a", "nil", "DEL a"},
        {"GET a", "nil", NULL},
        {"INCR b", "1", "DEL b; INCR b"},
        {"DEL c", "0", "DEL c"},
        {"COPY f d", "1", "DEL d; COPY f d"},
        {"KEYS e", "[]", NULL}, /* …which leaves it where it is */
        {"DBSIZE", "4", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(expired_keys_in_another_database)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    f->db = 3;
    fixture_run(f, "SET k old PX 10");
    f->db = 0;
    fixture_run(f, "SET k new");
    fixture_run(f, "@11");
    CHECK_EQ_STR(fixture_run(f, "MOVE k 3"), "1");
    CHECK_EQ_STR(fixture_effects(f), "SELECT 3; DEL k; SELECT 0; MOVE k 3");
    CHECK(!f->wrong);
    fixture_free(f);
}

/* A replica hides expired keys and deletes none: its primary will tell. */
TEST(expired_keys_on_a_replica)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    fixture_run(f, "SET k v PX 100");
    fixture_run(f, "@101");
    f->follow = false;
    f->replica = true;
    CHECK_EQ_STR(fixture_run(f, "GET k"), "nil");
    CHECK_EQ_STR(fixture_run(f, "EXISTS k"), "0");
    CHECK_EQ_STR(fixture_run(f, "SCAN 0"), "[\"0\" []]");
    CHECK_EQ_STR(fixture_run(f, "RANDOMKEY"), "\"k\"");
    CHECK_EQ_STR(fixture_run(f, "DBSIZE"), "1");
    CHECK_EQ_STR(fixture_effects(f), "");
    f->from_primary = true;
    CHECK_EQ_STR(fixture_run(f, "APPEND k w"), "2");
    CHECK_EQ_STR(fixture_run(f, "PEXPIREAT k 1"), "1");
    CHECK_EQ_STR(fixture_run(f, "DBSIZE"), "1");
    CHECK_EQ_STR(fixture_run(f, "DEL k"), "1");
    fixture_free(f);
}

TEST(writable_replica_starts_anew)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    fixture_run(f, "SET k v PX 100");
    fixture_run(f, "@101");
    f->follow = false;
    f->replica = true;
    CHECK_EQ_STR(fixture_run(f, "APPEND k w"), "1");
    CHECK_EQ_STR(fixture_effects(f), "APPEND k w");
    CHECK_EQ_STR(fixture_run(f, "TTL k"), "-1");
    fixture_free(f);
}

TEST(scan_arguments)
{
    static const struct fixture_case cases[] = {
        {"SCAN 0", "[\"0\" []]", NULL},
        {"MSET a 1 key:1 2", "+OK", "MSET a 1 key:1 2"},
        {"SCAN 0 MATCH a*", "[\"0\" [\"a\"]]", NULL},
        {"SCAN 0 match key:? count 100 TYPE STRING", "[\"0\" [\"key:1\"]]", NULL},
        {"SCAN 0 TYPE list", "[\"0\" []]", NULL},
        {"SCAN x", "-ERR invalid cursor", NULL},
        {"SCAN 18446744073709551616", "-ERR invalid cursor", NULL},
        {"SCAN 0 COUNT 0", SYNTAX, NULL},
        {"SCAN 0 COUNT x", NOT_AN_INTEGER, NULL},
        {"SCAN 0 MATCH", SYNTAX, NULL},
        {"KEYS k*", "[\"key:1\"]", NULL},
        {"KEYS [b-z]", "[]", NULL},
        {"DEL key:1", "1", "DEL key:1"},
        {"RANDOMKEY", "\"a\"", NULL},
        {"DEL a", "1", "DEL a"},
        {"RANDOMKEY", "nil", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

/* Every key that is there all the time is returned, while the table grows and shrinks under the scan. */
TEST(scan_returns_all)
{
    enum { KEYS = 500 };
    struct fixture *f = fixture_new();
    bool seen[KEYS] = {false};
    char line[64], cursor[24] = "0";
    REQUIRE(f);
    for (int i = 0; i < KEYS; i++) {
        snprintf(line, sizeof line, "SET stays:%d v", i);
        fixture_run(f, line);
    }
    int step = 0;
    do {
        for (int i = 0; i < 20; i++) {
            bool grow = step < 40;
            snprintf(line, sizeof line, grow ? "SET other:%d v" : "DEL other:%d",
                     (step - (grow ? 0 : 40)) * 20 + i);
            fixture_run(f, line);
        }
        snprintf(line, sizeof line, "SCAN %s COUNT 10", cursor);
        const char *reply = fixture_run(f, line);
        REQUIRE(reply[0] == '[' && reply[1] == '"');
        snprintf(cursor, sizeof cursor, "%.*s", (int)strcspn(reply + 2, "\""), reply + 2);
        for (const char *p = strstr(reply, "stays:"); p; p = strstr(p + 1, "stays:"))
            seen[atoi(p + 6)] = true;
        REQUIRE(++step < 1000);
    } while (strcmp(cursor, "0") != 0);
    for (int i = 0; i < KEYS; i++) CHECK(seen[i]);
    CHECK(!f->wrong);
    fixture_free(f);
}

TEST(databases)
{
    static const struct fixture_case cases[] = {
        {"FLUSHDB", "+OK", "FLUSHDB"},
        {"MSET a 1 b 2", "+OK", "MSET a 1 b 2"},
        {"SWAPDB 0 1", "+OK", "SWAPDB 0 1"},
        {"DBSIZE", "0", NULL},
        {"SWAPDB 1 0", "+OK", "SWAPDB 1 0"},
        {"DBSIZE", "2", NULL},
        {"SWAPDB x 1", "-ERR invalid first DB index", NULL},
        {"SWAPDB 1 x", "-ERR invalid second DB index", NULL},
        {"SWAPDB 0 16", "-ERR DB index is out of range", NULL},
        {"FLUSHDB now", SYNTAX, NULL},
        {"FLUSHALL sync async", SYNTAX, NULL},
        {"FLUSHDB sync", "+OK", "FLUSHDB sync"},
        {"FLUSHALL ASYNC", "+OK", "FLUSHALL ASYNC"},
        {"DBSIZE", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(object)
{
    static const struct fixture_case cases[] = {
        {"OBJECT ENCODING k", "nil", NULL},
        {"SET k 12345", "+OK", "SET k 12345"},
        {"OBJECT ENCODING k", "\"int\"", NULL},
        {"OBJECT REFCOUNT k", "1", NULL},
        {"SET k 12", "+OK", "SET k 12"},
        {"OBJECT REFCOUNT k", "2147483647", NULL},
        {"SET k text", "+OK", "SET k text"},
        {"OBJECT ENCODING k", "\"embstr\"", NULL},
        {"SET k 123456789012345678901234567890123456789012345", "+OK",
         "SET k 123456789012345678901234567890123456789012345"},
        {"OBJECT ENCODING k", "\"raw\"", NULL},
        {"@2500", NULL, NULL},
        {"OBJECT IDLETIME k", "2", NULL},
        {"TYPE k", "+string", NULL},
        {"OBJECT IDLETIME k", "2", NULL},
        {"STRLEN k", "45", NULL},
        {"OBJECT IDLETIME k", "0", NULL},
        {"OBJECT what", "-ERR unknown subcommand 'what'. Try OBJECT HELP.", NULL},
        {"OBJECT", "-ERR wrong number of arguments for 'object' command", NULL},
        {"OBJECT FREQ", "-ERR wrong number of arguments for 'object|freq' command", NULL},
        {"MEMORY USAGE nokey", "nil", NULL},
        {"MEMORY USAGE k SAMPLES -1", SYNTAX, NULL},
        {"MEMORY USAGE k SAMPLES", SYNTAX, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(access_frequency)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    CHECK_EQ_STR(fixture_run(f, "SET k v"), "+OK");
    CHECK(strncmp(fixture_run(f, "OBJECT FREQ k"), "-ERR An LFU maxmemory policy is not selected", 44) == 0);
    f->access.lfu = true;
    CHECK(strncmp(fixture_run(f, "OBJECT IDLETIME k"), "-ERR An LFU maxmemory policy is selected", 40) == 0);
    fixture_run(f, "SET k2 v");
    CHECK_EQ_STR(fixture_run(f, "OBJECT FREQ k2"), "5");
    for (int i = 0; i < 1000; i++) fixture_run(f, "GET k2");
    int often = atoi(fixture_run(f, "OBJECT FREQ k2"));
    CHECK(often > 10 && often < 40);
    fixture_run(f, "@300000");
    CHECK_EQ_INT(atoi(fixture_run(f, "OBJECT FREQ k2")), often - 5);
    fixture_free(f);
}

TEST_MAIN()
