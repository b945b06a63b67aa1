/* SORT and SORT_RO: replies and effects, case by case.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#define NO_NUMBERS "-ERR One or more scores can't be converted into double"

TEST(numbers)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l 3 10 -1 2.5 1e1 08", "6", "RPUSH l 3 10 -1 2.5 1e1 08"},
        {"SORT l", "[\"-1\" \"2.5\" \"3\" \"08\" \"10\" \"1e1\"]", NULL},
        {"SORT l DESC", "[\"1e1\" \"10\" \"08\" \"3\" \"2.5\" \"-1\"]", NULL},
        {"SORT l LIMIT 1 2", "[\"2.5\" \"3\"]", NULL},
        {"SORT l LIMIT -3 2", "[\"-1\" \"2.5\"]", NULL},
        {"SORT l LIMIT 2 -1", "[\"3\" \"08\" \"10\" \"1e1\"]", NULL},
        {"SORT l LIMIT 100 1", "[]", NULL},
        {"SORT l LIMIT 0 0", "[]", NULL},
        {"SORT l desc limit 0 1 ASC", "[\"-1\"]", NULL},
        {"SORT_RO l", "[\"-1\" \"2.5\" \"3\" \"08\" \"10\" \"1e1\"]", NULL},
        {"RPUSH l a", "7", "RPUSH l a"},
        {"SORT l", NO_NUMBERS, NULL},
        {"SORT l BY nosort", "[\"3\" \"10\" \"-1\" \"2.5\" \"1e1\" \"08\" \"a\"]", NULL},
        {"SORT l BY nosort DESC LIMIT 1 2", "[\"08\" \"1e1\"]", NULL},
        {"SORT nokey", "[]", NULL},
        {"RPUSH range 1 1e400", "2", "RPUSH range 1 1e400"},
        {"SORT range", NO_NUMBERS, NULL},
        {"RPUSH small 1 1e-400", "2", "RPUSH small 1 1e-400"},
        {"SORT small", NO_NUMBERS, NULL},
        {"RPUSH blank \\x20\\x2012 \"\" 1\\x00abc 0x10", "4", "RPUSH blank   12  1"},
        {"SORT blank", "[\"\" \"1\\x00abc\" \"  12\" \"0x10\"]", NULL},
        {"RPUSH void \"\" \"\"", "2", "RPUSH void  "},
        {"SORT void", "[\"\" \"\"]", NULL},
        {"SORT void GET # ALPHA", "[\"\" \"\"]", NULL},
        {"RPUSH tail 12\\x20", "1", "RPUSH tail 12 "},
        {"SORT tail", NO_NUMBERS, NULL},
        {"RPUSH none nan", "1", "RPUSH none nan"},
        {"SORT none", NO_NUMBERS, NULL},
        {"RPUSH infinite inf -inf 0", "3", "RPUSH infinite inf -inf 0"},
        {"SORT infinite", "[\"-inf\" \"0\" \"inf\"]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(texts)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l b a\\x00z C a\\x00b ab \"\"", "6", "RPUSH l b a"},
        {"SORT l ALPHA", "[\"\" \"C\" \"a\\x00z\" \"a\\x00b\" \"ab\" \"b\"]", NULL},
        {"SORT l ALPHA DESC", "[\"b\" \"ab\" \"a\\x00z\" \"a\\x00b\" \"C\" \"\"]", NULL},
        {"SORT l ALPHA STORE to", "6", "RPUSH to  C a"},
        {"LRANGE to 0 -1", "[\"\" \"C\" \"a\\x00b\" \"a\\x00z\" \"ab\" \"b\"]", NULL},
        {"SADD s b a c", "3", "SADD s b a c"},
        {"SORT s ALPHA", "[\"a\" \"b\" \"c\"]", NULL},
        {"SORT s BY nosort STORE to", "3", "DEL to; RPUSH to a b c"},
        {"LRANGE to 0 -1", "[\"a\" \"b\" \"c\"]", NULL},
        {"ZADD z 3 a 1 b 2 c", "3", "ZADD z 3 a 1 b 2 c"},
        {"SORT z ALPHA DESC", "[\"c\" \"b\" \"a\"]", NULL},
        {"SORT z BY nosort", "[\"b\" \"c\" \"a\"]", NULL},
        {"SORT z BY nosort DESC LIMIT 0 2", "[\"a\" \"c\"]", NULL},
        {"SADD n 5 3 1", "3", "SADD n 5 3 1"},
        {"SORT n", "[\"1\" \"3\" \"5\"]", NULL},
        {"SORT n DESC LIMIT 1 1", "[\"3\"]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(by_keys)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l 1 2 3 4", "4", "RPUSH l 1 2 3 4"},
        {"MSET w1 30 w2 -5 w3 x w4 7 t1 b t2 a t4 c", "+OK", "MSET w1 30 w2 -5 w3 x w4 7 t1 b t2 a t4 c"},
        {"SORT l BY w*", NO_NUMBERS, NULL},
        {"SORT l BY w* ALPHA", "[\"2\" \"1\" \"4\" \"3\"]", NULL},
        {"SET w3 8", "+OK", "SET w3 8"},
        {"SORT l BY w*", "[\"2\" \"4\" \"3\" \"1\"]", NULL},
        {"SORT l BY t* ALPHA", "[\"3\" \"2\" \"1\" \"4\"]", NULL},
        {"SORT l BY t* ALPHA DESC GET #", "[\"4\" \"1\" \"2\" \"3\"]", NULL},
        {"DEL w3", "1", "DEL w3"},
        {"SORT l BY w* GET # GET w* GET nostar",
         "[\"2\" \"-5\" nil \"3\" nil nil \"4\" \"7\" nil \"1\" \"30\" nil]", NULL},
        {"HSET h1 f 9 g one", "2", "HSET h1 f 9 g one"},
        {"HSET h2 f 8", "1", "HSET h2 f 8"},
        {"SORT l BY h*->f", "[\"3\" \"4\" \"2\" \"1\"]", NULL},
        {"SORT l BY h*->f DESC GET h*->g GET h*-> GET #",
         "[\"one\" nil \"1\" nil nil \"2\" nil nil \"4\" nil nil \"3\"]", NULL},
        {"SORT l BY h*->", "[\"1\" \"2\" \"3\" \"4\"]", NULL},
        {"SORT l GET ##", "[nil nil nil nil]", NULL},
        {"SORT l GET w*\\x00", "[nil nil nil nil]", NULL},
        {"SORT l BY t*->f GET t*->f LIMIT 0 2", "[nil nil]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(storing)
{
    static const struct fixture_case cases[] = {
        {"RPUSH l 3 1 2", "3", "RPUSH l 3 1 2"},
        {"SORT l STORE to", "3", "RPUSH to 1 2 3"},
        {"LRANGE to 0 -1", "[\"1\" \"2\" \"3\"]", NULL},
        {"OBJECT ENCODING to", "\"quicklist\"", NULL},
        {"SET w1 x PX 100", "+OK", "SET w1 x PXAT 1700000000100"},
        {"SORT l STORE to GET w* GET #", "6", "DEL to; RPUSH to x 1  2  3"},
        {"LRANGE to 0 -1", "[\"x\" \"1\" \"\" \"2\" \"\" \"3\"]", NULL},
        {"EXPIRE to 100", "1", "PEXPIREAT to 1700000100000"},
        {"SORT l STORE to DESC", "3", "DEL to; RPUSH to 3 2 1"},
        {"TTL to", "-1", NULL},
        {"SET string v", "+OK", "SET string v"},
        {"SORT l STORE string", "3", "DEL string; RPUSH string 1 2 3"},
        {"TYPE string", "+list", NULL},
        {"SORT l STORE l", "3", "DEL l; RPUSH l 1 2 3"},
        {"SORT l LIMIT 5 1 STORE to", "0", "DEL to"},
        {"EXISTS to", "0", NULL},
        {"SORT nokey STORE to", "0", NULL},
        {"SORT nokey STORE string", "0", "DEL string"},
        {"EXISTS string", "0", NULL},
        {"@200", "", NULL},
        {"SORT l STORE to GET w*", "3", "DEL w1; RPUSH to   "},
        {"RPUSH bad x", "1", "RPUSH bad x"},
        {"SORT bad STORE to", NO_NUMBERS, NULL},
        {"LRANGE to 0 -1", "[\"\" \"\" \"\"]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(bad_arguments)
{
    static const struct fixture_case cases[] = {
        {"SORT", "-ERR wrong number of arguments for 'sort' command", NULL},
        {"SORT l LIMIT 1", SYNTAX, NULL},
        {"SORT l LIMIT a 1", NOT_AN_INTEGER, NULL},
        {"SORT l LIMIT 1 b", NOT_AN_INTEGER, NULL},
        {"SORT l BY", SYNTAX, NULL},
        {"SORT l GET", SYNTAX, NULL},
        {"SORT l STORE", SYNTAX, NULL},
        {"SORT l NOSUCH", SYNTAX, NULL},
        {"SORT_RO l STORE to", SYNTAX, NULL},
        {"SET string v", "+OK", "SET string v"},
        {"SORT string", WRONGTYPE, NULL},
        {"SORT string STORE string", WRONGTYPE, NULL},
        {"HSET hash a 1", "1", "HSET hash a 1"},
        {"SORT hash", WRONGTYPE, NULL},
        {"SORT_RO string LIMIT x 1", NOT_AN_INTEGER, NULL},
        {"COMMAND GETKEYS sort a LIMIT STORE b BY x STORE c GET STORE", "[\"a\" \"c\"]", NULL},
        {"COMMAND GETKEYS sort a STORE b store c", "[\"a\" \"c\"]", NULL},
        {"COMMAND GETKEYS sort_ro a BY b", "[\"a\"]", NULL},
        {"COMMAND GETKEYSANDFLAGS sort a STORE b", "[[\"a\" (+RO +access)] [\"b\" (+OW +update)]]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST_MAIN()
