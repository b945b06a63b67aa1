/* The list family: replies and effects, case by case. What waits: test_node_blocking.c.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

TEST(pushing_and_popping)
{
    static const struct fixture_case cases[] = {
        {"LPUSH l a b c", "3", "LPUSH l a b c"},
        {"RPUSH l d 5", "5", "RPUSH l d 5"},
        {"LRANGE l 0 -1", "[\"c\" \"b\" \"a\" \"d\" \"5\"]", NULL},
        {"LLEN l", "5", NULL},
        {"LPUSHX l z", "6", "LPUSHX l z"},
        {"RPUSHX nokey z", "0", NULL},
        {"LPUSHX nokey z", "0", NULL},
        {"EXISTS nokey", "0", NULL},
        {"LPOP l", "\"z\"", "LPOP l"},
        {"RPOP l", "\"5\"", "RPOP l"},
        {"LPOP l 2", "[\"c\" \"b\"]", "LPOP l 2"},
        {"RPOP l 0", "[]", NULL},
        {"LPOP nokey 0", "nil*", NULL},
        {"LPOP nokey", "nil", NULL},
        {"LPOP l -1", "-ERR value is out of range, must be positive", NULL},
        {"LPOP l x", "-ERR value is out of range, must be positive", NULL},
        {"LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command", NULL},
        {"RPOP l 100", "[\"d\" \"a\"]", "RPOP l 100"},
        {"EXISTS l", "0", NULL},
        {"RPOP l 1", "nil*", NULL},
        {"LLEN nokey", "0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(reading)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l a b c a b c", "6", "RPUSH l a b c a b c"},
        {"LINDEX l 0", "\"a\"", NULL},
        {"LINDEX l -1", "\"c\"", NULL},
        {"LINDEX l 6", "nil", NULL},
        {"LINDEX l -7", "nil", NULL},
        {"LINDEX l x", NOT_AN_INTEGER, NULL},
        {"LINDEX nokey 0", "nil", NULL},
        {"LRANGE l 1 2", "[\"b\" \"c\"]", NULL},
        {"LRANGE l -2 100", "[\"b\" \"c\"]", NULL},
        {"LRANGE l 4 2", "[]", NULL},
        {"LRANGE l -100 0", "[\"a\"]", NULL},
        {"LRANGE nokey 0 -1", "[]", NULL},
        {"LRANGE l a 1", NOT_AN_INTEGER, NULL},
        {"LPOS l b", "1", NULL},
        {"LPOS l b RANK 2", "4", NULL},
        {"LPOS l b RANK -1", "4", NULL},
        {"LPOS l b RANK 3", "nil", NULL},
        {"LPOS l b COUNT 0", "[1 4]", NULL},
        {"LPOS l b COUNT 1", "[1]", NULL},
        {"LPOS l b RANK -1 COUNT 0", "[4 1]", NULL},
        {"LPOS l c MAXLEN 2", "nil", NULL},
        {"LPOS l c MAXLEN 3", "2", NULL},
        {"LPOS l c RANK -1 MAXLEN 1", "5", NULL},
        {"LPOS l x", "nil", NULL},
        {"LPOS l x COUNT 0", "[]", NULL},
        {"LPOS nokey a", "nil", NULL},
        {"LPOS nokey a COUNT 2", "[]", NULL},
        {"LPOS l b RANK 0",
         "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
         "negative to start from the end of the list",
         NULL},
        {"LPOS l b RANK -9223372036854775808", "4", NULL},
        {"LPOS l b COUNT -1", "-ERR COUNT can't be negative", NULL},
        {"LPOS l b MAXLEN -1", "-ERR MAXLEN can't be negative", NULL},
        {"LPOS l b COUNT", SYNTAX, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(changing)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l a b c b a", "5", "RPUSH l a b c b a"},
        {"LSET l 1 B", "+OK", "LSET l 1 B"},
        {"LSET l -1 A", "+OK", "LSET l -1 A"},
        {"LSET l 5 x", "-ERR index out of range", NULL},
        {"LSET nokey 0 x", "-ERR no such key", NULL},
        {"LSET l x y", NOT_AN_INTEGER, NULL},
        {"LINSERT l BEFORE c x", "6", "LINSERT l BEFORE c x"},
        {"LINSERT l AFTER A z", "7", "LINSERT l AFTER A z"},
        {"LINSERT l BEFORE nosuch x", "-1", NULL},
        {"LINSERT nokey BEFORE a x", "0", NULL},
        {"LINSERT l AT a x", SYNTAX, NULL},
        {"LRANGE l 0 -1", "[\"a\" \"B\" \"x\" \"c\" \"b\" \"A\" \"z\"]", NULL},
        {"LREM l 1 b", "1", "LREM l 1 b"},
        {"LREM l 0 nosuch", "0", NULL},
        {"LREM nokey 0 a", "0", NULL},
        {"RPUSH l a a", "8", "RPUSH l a a"},
        {"LREM l -2 a", "2", "LREM l -2 a"},
        {"LRANGE l 0 -1", "[\"a\" \"B\" \"x\" \"c\" \"A\" \"z\"]", NULL},
        {"LREM l x a", NOT_AN_INTEGER, NULL},
        {"LTRIM l 1 3", "+OK", "LTRIM l 1 3"},
        {"LRANGE l 0 -1", "[\"B\" \"x\" \"c\"]", NULL},
        {"LTRIM l 0 -1", "+OK", NULL},
        {"LTRIM l 5 1", "+OK", "LTRIM l 5 1"},
        {"EXISTS l", "0", NULL},
        {"LTRIM nokey 0 0", "+OK", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(moving)
{
    static const struct fixture_case cases[] = {
        {"RPUSH a 1 2 3", "3", "RPUSH a 1 2 3"},
        {"LMOVE a b LEFT RIGHT", "\"1\"", "LMOVE a b LEFT RIGHT"},
        {"LMOVE a b right left", "\"3\"", "LMOVE a b right left"},
        {"LRANGE b 0 -1", "[\"3\" \"1\"]", NULL},
        {"LMOVE a a LEFT RIGHT", "\"2\"", "LMOVE a a LEFT RIGHT"},
        {"LMOVE a b LEFT LEFT", "\"2\"", "LMOVE a b LEFT LEFT"},
        {"EXISTS a", "0", NULL},
        {"LMOVE a b LEFT LEFT", "nil", NULL},
        {"RPOPLPUSH b b", "\"1\"", "RPOPLPUSH b b"},
        {"RPOPLPUSH b a", "\"3\"", "RPOPLPUSH b a"},
        {"RPOPLPUSH nokey a", "nil", NULL},
        {"LMOVE b a UP LEFT", SYNTAX, NULL},
        {"LMOVE b a LEFT DOWN", SYNTAX, NULL},
        {"SET s v", "+OK", "SET s v"},
        {"LMOVE b s LEFT LEFT", WRONGTYPE, NULL},
        {"LMOVE s b LEFT LEFT", WRONGTYPE, NULL},
        {"LMOVE nokey s LEFT LEFT", "nil", NULL},
        {"LRANGE b 0 -1", "[\"1\" \"2\"]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(from_the_first_of_several)
{
    static const struct fixture_case cases[] = {
        {"RPUSH b 1 2 3 4", "4", "RPUSH b 1 2 3 4"},
        {"LMPOP 2 a b LEFT", "[\"b\" [\"1\"]]", "LPOP b 1"},
        {"LMPOP 2 a b RIGHT COUNT 2", "[\"b\" [\"4\" \"3\"]]", "RPOP b 2"},
        {"LMPOP 1 a LEFT", "nil*", NULL},
        {"LMPOP 0 a LEFT", "-ERR numkeys should be greater than 0", NULL},
        {"LMPOP x a LEFT", "-ERR numkeys should be greater than 0", NULL},
        {"LMPOP 2 a LEFT", SYNTAX, NULL},
        {"LMPOP 1 b UP", SYNTAX, NULL},
        {"LMPOP 1 b LEFT COUNT 0", "-ERR count should be greater than 0", NULL},
        {"LMPOP 1 b LEFT COUNT 1 COUNT 1", SYNTAX, NULL},
        {"LMPOP 1 b LEFT COUNT", SYNTAX, NULL},
        {"LMPOP 1 b LEFT COUNT 10", "[\"b\" [\"2\"]]", "LPOP b 1"},
        {"EXISTS b", "0", NULL},
        {"SET s v", "+OK", "SET s v"},
        {"LMPOP 2 a s LEFT", WRONGTYPE, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(what_waits_does_not_wait_here)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l 1 2 3 4 5 6", "6", "RPUSH l 1 2 3 4 5 6"},
        {"BLPOP a l 0", "[\"l\" \"1\"]", "LPOP l"},
        {"BRPOP l 0", "[\"l\" \"6\"]", "RPOP l"},
        {"BLMOVE l m LEFT LEFT 0", "\"2\"", "LMOVE l m LEFT LEFT"},
        {"BRPOPLPUSH l m 0", "\"5\"", "RPOPLPUSH l m"},
        {"BLMPOP 0 2 a l LEFT COUNT 5", "[\"l\" [\"3\" \"4\"]]", "LPOP l 2"},
        {"BLPOP l 0", "nil*", NULL},
        {"BLMPOP 0 1 l LEFT", "nil*", NULL},
        {"BLMOVE l m LEFT LEFT 0", "nil", NULL},
        {"BRPOPLPUSH l m 0", "nil", NULL},
        {"BLPOP l -1", "-ERR timeout is negative", NULL},
        {"BLPOP l x", "-ERR timeout is not a float or out of range", NULL},
        {"BLMPOP x 1 l LEFT", "-ERR timeout is not a float or out of range", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(encodings_and_other_types)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l 1", "1", "RPUSH l 1"},
        {"OBJECT ENCODING l", "\"quicklist\"", NULL},
        {"SET s v", "+OK", "SET s v"},
        {"LPUSH s a", WRONGTYPE, NULL},
        {"RPUSH s a", WRONGTYPE, NULL},
        {"LPUSHX s a", WRONGTYPE, NULL},
        {"LPOP s", WRONGTYPE, NULL},
        {"RPOP s 1", WRONGTYPE, NULL},
        {"LLEN s", WRONGTYPE, NULL},
        {"LINDEX s 0", WRONGTYPE, NULL},
        {"LRANGE s 0 -1", WRONGTYPE, NULL},
        {"LSET s 0 a", WRONGTYPE, NULL},
        {"LINSERT s BEFORE a b", WRONGTYPE, NULL},
        {"LREM s 0 a", WRONGTYPE, NULL},
        {"LTRIM s 0 0", WRONGTYPE, NULL},
        {"LPOS s a", WRONGTYPE, NULL},
        {"RPOPLPUSH s l", WRONGTYPE, NULL},
        {"BLPOP s 0", WRONGTYPE, NULL},
        {"EXPIRE l 100", "1", "PEXPIREAT l 1700000100000"},
        {"RENAME l m", "+OK", "RENAME l m"},
        {"COPY m n", "1", "COPY m n"},
        {"TTL n", "100", NULL},
        {"RPUSH n 2", "2", "RPUSH n 2"},
        {"LRANGE m 0 -1", "[\"1\"]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST_MAIN()
