/* The hash family: replies and effects, case by case.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

TEST(setting_and_getting)
{
    static const struct fixture_case cases[] = {
        {"HSET h a 1 b two", "2", "HSET h a 1 b two"},
        {"HSET h a 3 c 4", "1", "HSET h a 3 c 4"},
        {"HSET h a", "-ERR wrong number of arguments for 'hset' command", NULL},
        {"HMSET h a 3 d", "-ERR wrong number of arguments for 'hmset' command", NULL},
        {"HMSET h a 1 d 5", "+OK", "HMSET h a 1 d 5"},
        {"HGET h a", "\"1\"", NULL},
        {"HGET h nofield", "nil", NULL},
        {"HGET nokey a", "nil", NULL},
        {"HMGET h a nofield b", "[\"1\" nil \"two\"]", NULL},
        {"HMGET nokey a b", "[nil nil]", NULL},
        {"HLEN h", "4", NULL},
        {"HLEN nokey", "0", NULL},
        {"HSTRLEN h b", "3", NULL},
        {"HSTRLEN h nofield", "0", NULL},
        {"HEXISTS h b", "1", NULL},
        {"HEXISTS h nofield", "0", NULL},
        {"HSETNX h a 9", "0", NULL},
        {"HSETNX h e 9", "1", "HSETNX h e 9"},
        {"HSETNX new e 9", "1", "HSETNX new e 9"},
        {"HGETALL h", "{\"a\" \"1\" \"b\" \"two\" \"c\" \"4\" \"d\" \"5\" \"e\" \"9\"}", NULL},
        {"HKEYS h", "[\"a\" \"b\" \"c\" \"d\" \"e\"]", NULL},
        {"HVALS h", "[\"1\" \"two\" \"4\" \"5\" \"9\"]", NULL},
        {"HGETALL nokey", "{}", NULL},
        {"HKEYS nokey", "[]", NULL},
        {"TYPE h", "+hash", NULL},
        {"OBJECT ENCODING h", "\"listpack\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(deleting)
{
    static const struct fixture_case cases[] = {
        {"HSET h a 1 b 2 c 3", "3", "HSET h a 1 b 2 c 3"},
        {"HDEL h nofield", "0", NULL},
        {"HDEL nokey a", "0", NULL},
        {"HDEL h a nofield b a", "2", "HDEL h a nofield b a"},
        {"EXPIRE h 10", "1", "PEXPIREAT h 1700000010000"},
        {"HSET h d 4", "1", "HSET h d 4"},
        {"TTL h", "10", NULL},
        {"HDEL h c d", "2", "HDEL h c d"},
        {"EXISTS h", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(counting)
{
    static const struct fixture_case cases[] = {
        {"HINCRBY h n 5", "5", "HINCRBY h n 5"},
        {"HINCRBY h n -7", "-2", "HINCRBY h n -7"},
        {"HINCRBY h n x", NOT_AN_INTEGER, NULL},
        {"HSET h text abc max 9223372036854775807", "2", "HSET h text abc max 9223372036854775807"},
        {"HINCRBY h text 1", "-ERR hash value is not an integer", NULL},
        {"HINCRBY h max 1", "-ERR increment or decrement would overflow", NULL},
        {"HINCRBYFLOAT h n 0.5", "\"-1.5\"", "HSET h n -1.5"},
        {"HINCRBYFLOAT h new 3.0e3", "\"3000\"", "HSET h new 3000"},
        {"HINCRBYFLOAT h text 1", "-ERR hash value is not a float", NULL},
        {"HINCRBYFLOAT h n x", "-ERR value is not a valid float", NULL},
        {"HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity", NULL},
        {"HINCRBY h n 1", "-ERR hash value is not an integer", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(other_types)
{
    static const struct fixture_case cases[] = {
        {"SET s x", "+OK", "SET s x"},
        {"HSET s a 1", WRONGTYPE, NULL},
        {"HGET s a", WRONGTYPE, NULL},
        {"HDEL s a", WRONGTYPE, NULL},
        {"HGETALL s", WRONGTYPE, NULL},
        {"HINCRBY s a 1", WRONGTYPE, NULL},
        {"HSCAN s 0", WRONGTYPE, NULL},
        {"HRANDFIELD s", WRONGTYPE, NULL},
        {"HSETNX s a 1", WRONGTYPE, NULL},
        {"HLEN s", WRONGTYPE, NULL},
        {"HINCRBYFLOAT s a 1", WRONGTYPE, NULL},
        {"HMGET s a", WRONGTYPE, NULL},
        {"HSET h a 1", "1", "HSET h a 1"},
        {"GET h", WRONGTYPE, NULL},
        {"APPEND h x", WRONGTYPE, NULL},
        {"SET h x", "+OK", "SET h x"},
        {"GET h", "\"x\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(as_a_whole)
{
    static const struct fixture_case cases[] = {
        {"HSET h a 1 b 2", "2", "HSET h a 1 b 2"},
        {"COPY h copy", "1", "COPY h copy"},
        {"HSET h a 3", "0", "HSET h a 3"},
        {"HGETALL copy", "{\"a\" \"1\" \"b\" \"2\"}", NULL},
        {"RENAME h g", "+OK", "RENAME h g"},
        {"HGET g a", "\"3\"", NULL},
        {"SCAN 0 TYPE hash COUNT 100", "[\"0\" [\"copy\" \"g\"]]", NULL},
        {"PEXPIRE g 10", "1", "PEXPIREAT g 1700000000010"},
        {"@20", NULL, NULL},
        {"HSET g c 1", "1", "DEL g; HSET g c 1"},
        {"HGETALL g", "{\"c\" \"1\"}", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(scanning)
{
    static const struct fixture_case cases[] = {
        {"HSET h one 1 two 2 three 3", "3", "HSET h one 1 two 2 three 3"},
        {"HSCAN h 0", "[\"0\" [\"one\" \"1\" \"two\" \"2\" \"three\" \"3\"]]", NULL},
        {"HSCAN h 0 MATCH t* COUNT 1", "[\"0\" [\"two\" \"2\" \"three\" \"3\"]]", NULL},
        {"HSCAN h 0 MATCH 1", "[\"0\" []]", NULL},
        {"HSCAN h 0 COUNT 0", SYNTAX, NULL},
        {"HSCAN h 0 TYPE hash", SYNTAX, NULL},
        {"HSCAN h x", "-ERR invalid cursor", NULL},
        {"HSCAN nokey 0 BAD option", "[\"0\" []]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 2);
}

TEST(random_fields)
{
    static const struct fixture_case cases[] = {
        {"HRANDFIELD nokey", "nil", NULL},
        {"HRANDFIELD nokey 3", "[]", NULL},
        {"HSET h a 1 b 2", "2", "HSET h a 1 b 2"},
        {"HRANDFIELD h 10", "[\"a\" \"b\"]", NULL},
        {"HRANDFIELD h 2 WITHVALUES", "[[\"a\" \"1\"] [\"b\" \"2\"]]", NULL},
        {"HRANDFIELD h 0", "[]", NULL},
        {"HRANDFIELD h x", NOT_AN_INTEGER, NULL},
        {"HRANDFIELD h 1 VALUES", SYNTAX, NULL},
        {"HRANDFIELD h 1 WITHVALUES x", SYNTAX, NULL},
        {"HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range", NULL},
        {"HRANDFIELD h -16777217", "-ERR value is out of range", NULL},
        {"HRANDFIELD absent -16777217", "[]", NULL},
        {"HRANDFIELD h -9223372036854775808",
         "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

/* Fields of a hash that is large, as often as each comes in an answer. */
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
    for (int i = 0; i < 2000; i++) {
        snprintf(line, sizeof line, "HSET h field:%d value:%d", i, i);
        fixture_run(f, line);
    }
    CHECK_EQ_STR(fixture_run(f, "OBJECT ENCODING h"), "\"hashtable\"");
    CHECK_EQ_STR(fixture_run(f, "HLEN h"), "2000");
    CHECK_EQ_INT(count_words(fixture_run(f, "HRANDFIELD h 100")), 100);
    CHECK_EQ_INT(count_words(fixture_run(f, "HRANDFIELD h 100 WITHVALUES")), 200);
    CHECK_EQ_INT(count_words(fixture_run(f, "HRANDFIELD h 1500")), 1500);
    CHECK_EQ_INT(count_words(fixture_run(f, "HRANDFIELD h 5000")), 2000);
    CHECK_EQ_INT(count_words(fixture_run(f, "HRANDFIELD h -5000")), 5000);
    CHECK_EQ_INT(count_words(fixture_run(f, "HGETALL h")), 4000);
    CHECK(strlen(fixture_run(f, "HSCAN h 0 COUNT 10")) < 2000);
    CHECK(!f->wrong);
    fixture_free(f);
}

TEST_MAIN()
