/* The set family: replies and effects, case by case.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

TEST(adding_and_removing)
{
    static const struct fixture_case cases[] = {
        {"SADD s 3 1 2 1", "3", "SADD s 3 1 2 1"},
        {"SADD s 1", "0", NULL},
        {"SMEMBERS s", "(\"1\" \"2\" \"3\")", NULL},
        {"OBJECT ENCODING s", "\"intset\"", NULL},
        {"SADD s 70000 -5000000000", "2", "SADD s 70000 -5000000000"},
        {"SMEMBERS s", "(\"-5000000000\" \"1\" \"2\" \"3\" \"70000\")", NULL},
        {"SREM s 2 9", "1", "SREM s 2 9"},
        {"SREM s text", "0", NULL},
        {"SREM nokey 1", "0", NULL},
        {"SADD s 01", "1", "SADD s 01"},
        {"OBJECT ENCODING s", "\"hashtable\"", NULL},
        {"SCARD s", "5", NULL},
        {"SCARD nokey", "0", NULL},
        {"SISMEMBER s 01", "1", NULL},
        {"SISMEMBER s 2", "0", NULL},
        {"SISMEMBER nokey 2", "0", NULL},
        {"SMISMEMBER s 1 2 01", "[1 0 1]", NULL},
        {"SMISMEMBER nokey 1 2", "[0 0]", NULL},
        {"SREM s 1 01 3 70000 -5000000000", "5", "SREM s 1 01 3 70000 -5000000000"},
        {"EXISTS s", "0", NULL},
        {"SMEMBERS s", "()", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(moving)
{
    static const struct fixture_case cases[] = {
        {"SADD a 1 2", "2", "SADD a 1 2"},
        {"SMOVE a b 1", "1", "SMOVE a b 1"},
        {"SMOVE a b 1", "0", NULL},
        {"SMOVE nokey b 1", "0", NULL},
        {"SADD b 2", "1", "SADD b 2"},
        {"SMOVE a b 2", "1", "SMOVE a b 2"},
        {"EXISTS a", "0", NULL},
        {"SMEMBERS b", "(\"1\" \"2\")", NULL},
        {"SMOVE b b 1", "1", NULL},
        {"SMOVE b b 9", "0", NULL},
        {"SET s x", "+OK", "SET s x"},
        {"SMOVE b s 1", WRONGTYPE, NULL},
        {"SMOVE s b 1", WRONGTYPE, NULL},
        {"SMOVE nokey s 1", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(algebra)
{
    static const struct fixture_case cases[] = {
        {"SADD a 1 2 3 4", "4", "SADD a 1 2 3 4"},
        {"SADD b 2 4 6", "3", "SADD b 2 4 6"},
        {"SADD c 4 text", "2", "SADD c 4 text"},
        {"SINTER a b", "(\"2\" \"4\")", NULL},
        {"SINTER a b c", "(\"4\")", NULL},
        {"SINTER a a", "(\"1\" \"2\" \"3\" \"4\")", NULL},
        {"SINTER a nokey", "()", NULL},
        {"SINTER nokey", "()", NULL},
        {"SUNION a b", "(\"1\" \"2\" \"3\" \"4\" \"6\")", NULL},
        {"SUNION nokey b nokey", "(\"2\" \"4\" \"6\")", NULL},
        {"SDIFF a b", "(\"1\" \"3\")", NULL},
        {"SDIFF a b c nokey", "(\"1\" \"3\")", NULL},
        {"SDIFF nokey a", "()", NULL},
        {"SDIFF a a", "()", NULL},
        {"SINTERSTORE d a b", "2", "SINTERSTORE d a b"},
        {"SMEMBERS d", "(\"2\" \"4\")", NULL},
        {"EXPIRE d 10", "1", "PEXPIREAT d 1700000010000"},
        {"SUNIONSTORE d a d", "4", "SUNIONSTORE d a d"},
        {"TTL d", "-1", NULL},
        {"SDIFFSTORE d a c", "3", "SDIFFSTORE d a c"},
        {"SMEMBERS d", "(\"1\" \"2\" \"3\")", NULL},
        {"SDIFFSTORE d a a", "0", "SDIFFSTORE d a a"},
        {"EXISTS d", "0", NULL},
        {"SDIFFSTORE d a a", "0", NULL},
        {"SINTERCARD 2 a b", "2", NULL},
        {"SINTERCARD 2 a b LIMIT 1", "1", NULL},
        {"SINTERCARD 2 a b LIMIT 0", "2", NULL},
        {"SINTERCARD 2 a nokey", "0", NULL},
        {"SINTERCARD 0 a", "-ERR numkeys should be greater than 0", NULL},
        {"SINTERCARD x a", "-ERR numkeys should be greater than 0", NULL},
        {"SINTERCARD 3 a b", "-ERR Number of keys can't be greater than number of args", NULL},
        {"SINTERCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative", NULL},
        {"SINTERCARD 2 a b LIMIT", SYNTAX, NULL},
        {"SADD e 4 6 text", "3", "SADD e 4 6 text"},
        {"SDIFFSTORE d e c", "1", "SDIFFSTORE d e c"},
        {"OBJECT ENCODING d", "\"intset\"", NULL},
        {"SET s x", "+OK", "SET s x"},
        {"SINTER a s", WRONGTYPE, NULL},
        {"SINTER nokey s", WRONGTYPE, NULL},
        {"SUNIONSTORE s a b", "5", "SUNIONSTORE s a b"},
        {"TYPE s", "+set", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(at_random)
{
    static const struct fixture_case cases[] = {
        {"SPOP nokey", "nil", NULL},
        {"SPOP nokey 2", "()", NULL},
        {"SRANDMEMBER nokey", "nil", NULL},
        {"SRANDMEMBER nokey 2", "[]", NULL},
        {"SADD s 5", "1", "SADD s 5"},
        {"SRANDMEMBER s", "\"5\"", NULL},
        {"SRANDMEMBER s -3", "[\"5\" \"5\" \"5\"]", NULL},
        {"SRANDMEMBER s 3", "[\"5\"]", NULL},
        {"SRANDMEMBER s 0", "[]", NULL},
        {"SRANDMEMBER s x", NOT_AN_INTEGER, NULL},
        {"SRANDMEMBER s 1 2", SYNTAX, NULL},
        {"SPOP s 0", "()", NULL},
        {"SPOP s -1", "-ERR value is out of range, must be positive", NULL},
        {"SPOP s x", "-ERR value is out of range, must be positive", NULL},
        {"SPOP s 1 2", SYNTAX, NULL},
        {"SPOP s", "\"5\"", "SREM s 5"},
        {"EXISTS s", "0", NULL},
        {"SADD s 5 7", "2", "SADD s 5 7"},
        {"SPOP s 2", "(\"5\" \"7\")", "DEL s"},
        {"EXISTS s", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

static size_t count_words(const char *reply)
{
    size_t words = 0;
    for (const char *p = reply; (p = strchr(p, '"')); p++) words++;
    return words / 2;
}

TEST(large_ones)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    char line[64];
    for (int i = 0; i < 3000; i++) {
        snprintf(line, sizeof line, "SADD s %smember:%d", i % 2 ? "the-other-" : "", i);
        fixture_run(f, line);
    }
    CHECK_EQ_INT(count_words(fixture_run(f, "SRANDMEMBER s 100")), 100);
    CHECK_EQ_INT(count_words(fixture_run(f, "SRANDMEMBER s 2000")), 2000);
    CHECK_EQ_INT(count_words(fixture_run(f, "SRANDMEMBER s -4000")), 4000);
    CHECK_EQ_INT(count_words(fixture_run(f, "SPOP s 1500")), 1500);
    CHECK(strncmp(fixture_effects(f), "SREM s ", 7) == 0);
    CHECK_EQ_STR(fixture_run(f, "SCARD s"), "1500");
    CHECK_EQ_INT(count_words(fixture_run(f, "SINTER s s s")), 1500);
    CHECK_EQ_INT(count_words(fixture_run(f, "SUNION s s")), 1500);
    CHECK(!f->wrong);
    fixture_free(f);
}

/* What is popped is what the follower, who is told by SREM, loses too: the fixture compares. */
TEST(popping_many_times)
{
    struct fixture *f = fixture_new();
    REQUIRE(f);
    for (int round = 0; round < 200; round++) {
        char line[128];
        snprintf(line, sizeof line, "SADD s %d %d member:%d other:%d", round, round * 7, round, round % 13);
        fixture_run(f, line);
        fixture_run(f, round % 3 ? "SPOP s" : "SPOP s 3");
        if (f->wrong) CHECK_EQ_STR(f->wrong, "");
    }
    fixture_free(f);
}

TEST_MAIN()
