/* The sorted set family: replies and effects, case by case.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#define NOT_A_FLOAT "-ERR value is not a valid float"

TEST(adding)
{
    static const struct fixture_case cases[] = {
        {"ZADD z 1 a 2 b 3 c", "3", "ZADD z 1 a 2 b 3 c"},
        {"ZADD z 1 a", "0", NULL},
        {"ZADD z CH 5 a 2 b 7 d", "2", "ZADD z CH 5 a 2 b 7 d"},
        {"ZADD z NX 9 a 9 e", "1", "ZADD z NX 9 a 9 e"},
        {"ZADD z XX 1 a 1 new", "0", "ZADD z XX 1 a 1 new"},
        {"ZADD z GT 0 a 3 b", "0", "ZADD z GT 0 a 3 b"},
        {"ZADD z LT CH 0 a 9 b", "1", "ZADD z LT CH 0 a 9 b"},
        {"ZADD z GT CH 4 b 1 fresh", "2", "ZADD z GT CH 4 b 1 fresh"},
        {"ZADD z INCR 1.5 a", ",1.5", "ZADD z INCR 1.5 a"},
        {"ZADD z NX INCR 1 a", "nil", NULL},
        {"ZADD z XX INCR 1 nosuch", "nil", NULL},
        {"ZADD z GT INCR -1 a", "nil", NULL},
        {"ZADD z inf top -inf bottom", "2", "ZADD z inf top -inf bottom"},
        {"ZADD z INCR -inf top", "-ERR resulting score is not a number (NaN)", NULL},
        {"ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible", NULL},
        {"ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible", NULL},
        {"ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible", NULL},
        {"ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair", NULL},
        {"ZADD z 1", "-ERR wrong number of arguments for 'zadd' command", NULL},
        {"ZADD z 1 a 2", SYNTAX, NULL},
        {"ZADD z x a", NOT_A_FLOAT, NULL},
        {"ZADD z nan a", NOT_A_FLOAT, NULL},
        {"ZADD z 1 a x b", NOT_A_FLOAT, NULL},
        {"ZRANGE z 0 -1 WITHSCORES",
         "[[\"bottom\" ,-inf] [\"fresh\" ,1] [\"a\" ,1.5] [\"c\" ,3] [\"b\" ,4] [\"d\" ,7] [\"e\" ,9] "
         "[\"top\" ,inf]]",
         NULL},
        {"ZADD nokey XX 1 a", "0", NULL},
        {"EXISTS nokey", "0", NULL},
        {"ZINCRBY z 0.1 b", ",4.1", "ZINCRBY z 0.1 b"},
        {"ZINCRBY z -inf top", "-ERR resulting score is not a number (NaN)", NULL},
        {"ZINCRBY z x b", NOT_A_FLOAT, NULL},
        {"ZINCRBY new 2 m", ",2", "ZINCRBY new 2 m"},
        {"ZADD z -0 zero", "1", "ZADD z -0 zero"},
        {"ZSCORE z zero", ",0", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(reading)
{
    static const struct fixture_case cases[] = {
        {"ZADD z 1 a 2 b 2 c 3 d", "4", "ZADD z 1 a 2 b 2 c 3 d"},
        {"ZCARD z", "4", NULL},
        {"ZCARD nokey", "0", NULL},
        {"ZSCORE z a", ",1", NULL},
        {"ZSCORE z nosuch", "nil", NULL},
        {"ZMSCORE z a nosuch d", "[,1 nil ,3]", NULL},
        {"ZMSCORE nokey a", "[nil]", NULL},
        {"ZRANK z c", "2", NULL},
        {"ZREVRANK z c", "1", NULL},
        {"ZRANK z nosuch", "nil", NULL},
        {"ZCOUNT z 2 3", "3", NULL},
        {"ZCOUNT z (1 (3", "2", NULL},
        {"ZCOUNT z -inf +inf", "4", NULL},
        {"ZCOUNT z a b", "-ERR min or max is not a float", NULL},
        {"ZLEXCOUNT z - +", "4", NULL},
        {"ZLEXCOUNT z [b (d", "2", NULL},
        {"ZLEXCOUNT z b d", "-ERR min or max not valid string range item", NULL},
        {"ZRANDMEMBER nokey", "nil", NULL},
        {"ZRANDMEMBER nokey 2", "[]", NULL},
        {"ZRANDMEMBER z 0", "[]", NULL},
        {"ZSCAN z 0 MATCH a", "[\"0\" [\"a\" \"1\"]]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(ranges)
{
    static const struct fixture_case cases[] = {
        {"ZADD z 1 a 2 b 2 c 3 d", "4", "ZADD z 1 a 2 b 2 c 3 d"},
        {"ZRANGE z 0 -1", "[\"a\" \"b\" \"c\" \"d\"]", NULL},
        {"ZRANGE z 1 1 WITHSCORES", "[[\"b\" ,2]]", NULL},
        {"ZRANGE z -2 -1 REV", "[\"b\" \"a\"]", NULL},
        {"ZRANGE z 2 1", "[]", NULL},
        {"ZRANGE z (1 3 BYSCORE", "[\"b\" \"c\" \"d\"]", NULL},
        {"ZRANGE z 3 (1 BYSCORE REV", "[\"d\" \"c\" \"b\"]", NULL},
        {"ZRANGE z -inf inf BYSCORE LIMIT 1 2 WITHSCORES", "[[\"b\" ,2] [\"c\" ,2]]", NULL},
        {"ZRANGE z -inf inf BYSCORE LIMIT 1 -1", "[\"b\" \"c\" \"d\"]", NULL},
        {"ZRANGE z -inf inf BYSCORE LIMIT -1 1", "[]", NULL},
        {"ZRANGE z [b [c BYLEX", "[\"b\" \"c\"]", NULL},
        {"ZRANGE z + - BYLEX REV", "[\"d\" \"c\" \"b\" \"a\"]", NULL},
        {"ZRANGE z - (c BYLEX LIMIT 0 1", "[\"a\"]", NULL},
        {"ZRANGE z - + BYLEX WITHSCORES",
         "-ERR syntax error, WITHSCORES not supported in combination with BYLEX", NULL},
        {"ZRANGE z 0 -1 LIMIT 0 1",
         "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX", NULL},
        {"ZRANGE z x 1", NOT_AN_INTEGER, NULL},
        {"ZRANGE z a b BYSCORE", "-ERR min or max is not a float", NULL},
        {"ZRANGE z a b BYLEX", "-ERR min or max not valid string range item", NULL},
        {"ZRANGE z 0 1 BYSCORE BYLEX", SYNTAX, NULL},
        {"ZREVRANGE z 0 1", "[\"d\" \"c\"]", NULL},
        {"ZREVRANGE z 0 1 WITHSCORES", "[[\"d\" ,3] [\"c\" ,2]]", NULL},
        {"ZRANGEBYSCORE z 1 2 LIMIT 1 5", "[\"b\" \"c\"]", NULL},
        {"ZREVRANGEBYSCORE z 2 1 WITHSCORES", "[[\"c\" ,2] [\"b\" ,2] [\"a\" ,1]]", NULL},
        {"ZRANGEBYLEX z [a [b", "[\"a\" \"b\"]", NULL},
        {"ZREVRANGEBYLEX z [b [a", "[\"b\" \"a\"]", NULL},
        {"ZRANGESTORE to z 1 2", "2", "ZRANGESTORE to z 1 2"},
        {"ZRANGE to 0 -1 WITHSCORES", "[[\"b\" ,2] [\"c\" ,2]]", NULL},
        {"ZRANGESTORE to z 3 1 BYSCORE REV LIMIT 0 1", "1", "ZRANGESTORE to z 3 1 BYSCORE REV LIMIT 0 1"},
        {"ZRANGESTORE to z 9 9", "0", "ZRANGESTORE to z 9 9"},
        {"EXISTS to", "0", NULL},
        {"ZRANGESTORE to z 0 1 WITHSCORES", SYNTAX, NULL},
        {"ZRANGE nokey 0 -1", "[]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(removing)
{
    static const struct fixture_case cases[] = {
        {"ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", "6", "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f"},
        {"ZREM z a nosuch", "1", "ZREM z a nosuch"},
        {"ZREM z nosuch", "0", NULL},
        {"ZREMRANGEBYRANK z 0 0", "1", "ZREMRANGEBYRANK z 0 0"},
        {"ZREMRANGEBYSCORE z (3 4", "1", "ZREMRANGEBYSCORE z (3 4"},
        {"ZREMRANGEBYLEX z [e [e", "1", "ZREMRANGEBYLEX z [e [e"},
        {"ZREMRANGEBYRANK z 5 9", "0", NULL},
        {"ZREMRANGEBYSCORE z x y", "-ERR min or max is not a float", NULL},
        {"ZPOPMIN z", "[\"c\" ,3]", "ZPOPMIN z"},
        {"ZPOPMAX z 5", "[[\"f\" ,6]]", "ZPOPMAX z 5"},
        {"EXISTS z", "0", NULL},
        {"ZPOPMIN z", "[]", NULL},
        {"ZADD z 1 a 2 b 3 c", "3", "ZADD z 1 a 2 b 3 c"},
        {"ZPOPMIN z 0", "[]", NULL},
        {"ZPOPMIN z -1", "-ERR value is out of range, must be positive", NULL},
        {"ZPOPMAX z 2", "[[\"c\" ,3] [\"b\" ,2]]", "ZPOPMAX z 2"},
        {"ZMPOP 2 nokey z MIN", "[\"z\" [[\"a\" ,1]]]", "ZPOPMIN z 1"},
        {"ZMPOP 1 nokey MAX", "nil*", NULL},
        {"ZADD z 1 a 2 b 3 c", "3", "ZADD z 1 a 2 b 3 c"},
        {"ZMPOP 1 z MAX COUNT 2", "[\"z\" [[\"c\" ,3] [\"b\" ,2]]]", "ZPOPMAX z 2"},
        {"ZMPOP 0 z MAX", "-ERR numkeys should be greater than 0", NULL},
        {"ZMPOP 1 z UP", SYNTAX, NULL},
        {"ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0", NULL},
        {"BZPOPMIN nokey z 0", "[\"z\" \"a\" ,1]", "ZPOPMIN z"},
        {"BZPOPMAX z 0", "nil*", NULL},
        {"BZMPOP 0 1 z MIN", "nil*", NULL},
        {"ZADD z 1 a 2 b", "2", "ZADD z 1 a 2 b"},
        {"BZMPOP 0 2 nokey z MAX COUNT 5", "[\"z\" [[\"b\" ,2] [\"a\" ,1]]]", "ZPOPMAX z 2"},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(together)
{
    static const struct fixture_case cases[] = {
        {"ZADD a 1 x 2 y", "2", "ZADD a 1 x 2 y"},
        {"ZADD b 10 y 20 z", "2", "ZADD b 10 y 20 z"},
        {"SADD s y", "1", "SADD s y"},
        {"ZUNION 2 a b WITHSCORES", "[[\"x\" ,1] [\"y\" ,12] [\"z\" ,20]]", NULL},
        {"ZUNION 2 a b WEIGHTS 2 1 AGGREGATE MAX WITHSCORES", "[[\"x\" ,2] [\"y\" ,10] [\"z\" ,20]]", NULL},
        {"ZINTER 2 a b WITHSCORES", "[[\"y\" ,12]]", NULL},
        {"ZINTER 2 a s WITHSCORES", "[[\"y\" ,3]]", NULL},
        {"ZINTER 2 a b AGGREGATE MIN WITHSCORES", "[[\"y\" ,2]]", NULL},
        {"ZDIFF 2 a b WITHSCORES", "[[\"x\" ,1]]", NULL},
        {"ZDIFF 2 a nokey", "[\"x\" \"y\"]", NULL},
        {"ZINTERCARD 2 a b", "1", NULL},
        {"ZINTERCARD 2 a b LIMIT 1", "1", NULL},
        {"ZINTERCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative", NULL},
        {"ZUNIONSTORE to 2 a b", "3", "ZUNIONSTORE to 2 a b"},
        {"ZRANGE to 0 -1 WITHSCORES", "[[\"x\" ,1] [\"y\" ,12] [\"z\" ,20]]", NULL},
        {"ZINTERSTORE to 2 a b WEIGHTS 1 0.5", "1", "ZINTERSTORE to 2 a b WEIGHTS 1 0.5"},
        {"ZRANGE to 0 -1 WITHSCORES", "[[\"y\" ,7]]", NULL},
        {"ZDIFFSTORE to 2 a a", "0", "ZDIFFSTORE to 2 a a"},
        {"EXISTS to", "0", NULL},
        {"ZUNIONSTORE a 2 a b", "3", "ZUNIONSTORE a 2 a b"},
        {"ZUNION 0 a", "-ERR at least 1 input key is needed for 'zunion' command", NULL},
        {"ZUNION x a", NOT_AN_INTEGER, NULL},
        {"ZUNION 3 a b", SYNTAX, NULL},
        {"ZUNION 2 a b WEIGHTS 1", SYNTAX, NULL},
        {"ZUNION 2 a b WEIGHTS 1 x", "-ERR weight value is not a float", NULL},
        {"ZUNION 2 a b AGGREGATE AVG", SYNTAX, NULL},
        {"ZDIFF 2 a b WEIGHTS 1 1", SYNTAX, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(encodings_and_other_types)
{
    static const struct fixture_case cases[] = {
        {"ZADD z 1 a", "1", "ZADD z 1 a"},
        {"OBJECT ENCODING z", "\"listpack\"", NULL},
        {"ZADD z 2 0123456789012345678901234567890123456789012345678901234567890123456789", "1",
         "ZADD z 2 0123456789012345678901234567890123456789012345678901234567890123456789"},
        {"OBJECT ENCODING z", "\"skiplist\"", NULL},
        {"ZREM z 0123456789012345678901234567890123456789012345678901234567890123456789", "1",
         "ZREM z 0123456789012345678901234567890123456789012345678901234567890123456789"},
        {"OBJECT ENCODING z", "\"skiplist\"", NULL},
        {"COPY z y", "1", "COPY z y"},
        {"OBJECT ENCODING y", "\"skiplist\"", NULL},
        {"EXPIRE z 100", "1", "PEXPIREAT z 1700000100000"},
        {"RENAME z x", "+OK", "RENAME z x"},
        {"ZADD x 3 b", "1", "ZADD x 3 b"},
        {"TTL x", "100", NULL},
        {"SET s v", "+OK", "SET s v"},
        {"ZADD s 1 a", WRONGTYPE, NULL},
        {"ZINCRBY s 1 a", WRONGTYPE, NULL},
        {"ZREM s a", WRONGTYPE, NULL},
        {"ZCARD s", WRONGTYPE, NULL},
        {"ZSCORE s a", WRONGTYPE, NULL},
        {"ZMSCORE s a", WRONGTYPE, NULL},
        {"ZRANK s a", WRONGTYPE, NULL},
        {"ZCOUNT s 0 1", WRONGTYPE, NULL},
        {"ZRANGE s 0 1", WRONGTYPE, NULL},
        {"ZRANGESTORE s s 0 1", WRONGTYPE, NULL},
        {"ZPOPMIN s", WRONGTYPE, NULL},
        {"ZMPOP 1 s MIN", WRONGTYPE, NULL},
        {"ZUNION 1 s", WRONGTYPE, NULL},
        {"ZREMRANGEBYRANK s 0 1", WRONGTYPE, NULL},
        {"ZRANDMEMBER s", WRONGTYPE, NULL},
        {"ZSCAN s 0", WRONGTYPE, NULL},
        {"BZPOPMIN s 0", WRONGTYPE, NULL},
        {"ZUNIONSTORE s 1 x", "2", "ZUNIONSTORE s 1 x"},
        {"TYPE s", "+zset", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST_MAIN()
