/* Streams: what is answered and what is logged, as redis-server 7.0.15 does; and random commands, after each of which a
 * follower that knows nothing but the effects must have the same dataset.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

#define BAD_ID "-ERR Invalid stream ID specified as stream command argument"
#define TOO_SMALL "-ERR The ID specified in XADD is equal or smaller than the target stream top item"

TEST(xadd)
{
    static const struct fixture_case cases[] = {
        {"XADD s * f v", "\"1700000000000-0\"", "XADD s 1700000000000-0 f v"},
        {"XADD s * f v", "\"1700000000000-1\"", "XADD s 1700000000000-1 f v"},
        {"@5", "", NULL},
        {"XADD s * f v g 7", "\"1700000000005-0\"", "XADD s 1700000000005-0 f v g 7"},
        {"XADD s 1700000000005-* f v", "\"1700000000005-1\"", "XADD s 1700000000005-1 f v"},
        {"XADD s 1800000000000-* f v", "\"1800000000000-0\"", "XADD s 1800000000000-0 f v"},
        {"XADD s * f v", "\"1800000000000-1\"", "XADD s 1800000000000-1 f v"},
        {"XADD s 1800000000001-7 f v", "\"1800000000001-7\"", "XADD s 1800000000001-7 f v"},
        {"XADD s 1800000000001-7 f v", TOO_SMALL, NULL},
        {"XADD s 1800000000000-* f v", TOO_SMALL, NULL},
        {"XADD s 0-0 f v", "-ERR The ID specified in XADD must be greater than 0-0", NULL},
        {"XADD t 0-* f v", "\"0-1\"", "XADD t 0-1 f v"},
        {"XADD t 5 f v", "\"5-0\"", "XADD t 5 f v"},
        {"XADD t * f", "-ERR wrong number of arguments for 'xadd' command", NULL},
        {"XADD t * f v g", "-ERR wrong number of arguments for 'xadd' command", NULL},
        {"XADD t x f v", BAD_ID, NULL},
        {"XADD t - f v", BAD_ID, NULL},
        {"XADD no NOMKSTREAM * f v", "nil", NULL},
        {"EXISTS no", "0", NULL},
        {"SET string v", "+OK", "SET string v"},
        {"XADD string * f v", WRONGTYPE, NULL},
        {"XADD m 18446744073709551615-18446744073709551615 f v",
         "\"18446744073709551615-18446744073709551615\"",
         "XADD m 18446744073709551615-18446744073709551615 f v"},
        {"XADD m * f v", "-ERR The stream has exhausted the last possible ID, unable to add more items",
         NULL},
        {"XLEN s", "7", NULL},
        {"XLEN no", "0", NULL},
        {"XLEN string", WRONGTYPE, NULL},
        {"TYPE s", "+stream", NULL},
        {"OBJECT ENCODING s", "\"stream\"", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(xadd_that_trims)
{
    static const struct fixture_case cases[] = {
        {"XADD s 1-1 f v", "\"1-1\"", "XADD s 1-1 f v"},
        {"XADD s 1-2 f v", "\"1-2\"", "XADD s 1-2 f v"},
        {"XADD s MAXLEN 2 1-3 f v", "\"1-3\"", "XADD s MAXLEN 2 1-3 f v"},
        {"XADD s MAXLEN = 2 * f v", "\"1700000000000-0\"", "XADD s MAXLEN = 2 1700000000000-0 f v"},
        {"XADD s MAXLEN ~ 1 LIMIT 100 * f v", "\"1700000000000-1\"", "XADD s MAXLEN = 3 1700000000000-1 f v"},
        {"XADD s MINID ~ 1-3 * f v", "\"1700000000000-2\"", "XADD s MINID = 1-3 1700000000000-2 f v"},
        {"XADD s MINID 1700000000000 * f v", "\"1700000000000-3\"",
         "XADD s MINID 1700000000000 1700000000000-3 f v"},
        {"XLEN s", "4", NULL},
        {"XADD s MAXLEN -1 * f v", "-ERR The MAXLEN argument must be >= 0.", NULL},
        {"XADD s MAXLEN x * f v", "-ERR value is not an integer or out of range", NULL},
        {"XADD s MAXLEN 5 LIMIT 3 * f v",
         "-ERR syntax error, LIMIT cannot be used without the special ~ option", NULL},
        {"XADD s LIMIT 3 * f v",
         "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy", NULL},
        {"XADD s MAXLEN ~ 5 LIMIT -3 * f v", "-ERR The LIMIT argument must be >= 0.", NULL},
        {"XADD s MAXLEN 5 MINID 3 * f v",
         "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible", NULL},
        {"XADD s MAXLEN 0 * f v", "\"1700000000000-4\"", "XADD s MAXLEN 0 1700000000000-4 f v"},
        {"XLEN s", "0", NULL},
        {"EXISTS s", "1", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(xtrim_xdel_xsetid)
{
    static const struct fixture_case cases[] = {
        {"XTRIM s MAXLEN 5", "0", NULL},
        {"XDEL s 1-1", "0", NULL},
        {"XADD s 1 f v", "\"1-0\"", "XADD s 1 f v"},
        {"XADD s 2 f v", "\"2-0\"", "XADD s 2 f v"},
        {"XADD s 3 f v", "\"3-0\"", "XADD s 3 f v"},
        {"XADD s 4 f v", "\"4-0\"", "XADD s 4 f v"},
        {"XADD s 5 f v", "\"5-0\"", "XADD s 5 f v"},
        {"XTRIM s MAXLEN ~ 3", "0", NULL},
        {"XTRIM s MAXLEN = 4", "1", "XTRIM s MAXLEN = 4"},
        {"XTRIM s MINID 2", "0", NULL},
        {"XTRIM s MINID 3", "1", "XTRIM s MINID 3"},
        {"XTRIM s MINID ~ 6", "3", "XTRIM s MINID = 18446744073709551615-18446744073709551615"},
        {"XTRIM s", "-ERR wrong number of arguments for 'xtrim' command", NULL},
        {"XTRIM s LIMIT 0", "-ERR syntax error, XTRIM must be called with a trimming strategy", NULL},
        {"XTRIM s MAXLEN 3 x", SYNTAX, NULL},
        {"XADD s 6 f v", "\"6-0\"", "XADD s 6 f v"},
        {"XADD s 7 f v", "\"7-0\"", "XADD s 7 f v"},
        {"XDEL s 6 6 9", "1", "XDEL s 6 6 9"},
        {"XDEL s 6", "0", NULL},
        {"XDEL s 7 x", BAD_ID, NULL},
        {"XSETID s 6", "-ERR The ID specified in XSETID is smaller than the target stream top item", NULL},
        {"XSETID s 9 ENTRIESADDED 20 MAXDELETEDID 8", "+OK", "XSETID s 9 ENTRIESADDED 20 MAXDELETEDID 8"},
        {"XSETID s 9 ENTRIESADDED 0",
         "-ERR The entries_added specified in XSETID is smaller than the target stream length", NULL},
        {"XSETID s 9 ENTRIESADDED -1", "-ERR entries_added must be positive", NULL},
        {"XSETID s 9 MAXDELETEDID 10",
         "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id", NULL},
        {"XSETID s 9 x", SYNTAX, NULL},
        {"XSETID no 9", "-ERR no such key", NULL},
        {"XADD s 8 f v", TOO_SMALL, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

/* XSETID may go back over entries that were deleted, and their IDs come again. */
TEST(ids_that_come_again)
{
    static const struct fixture_case cases[] = {
        {"XADD s 1 f v", "\"1-0\"", "XADD s 1 f v"},
        {"XADD s 5 f v", "\"5-0\"", "XADD s 5 f v"},
        {"XADD s 9 f v", "\"9-0\"", "XADD s 9 f v"},
        {"XDEL s 5 9", "2", "XDEL s 5 9"},
        {"XSETID s 3", "+OK", "XSETID s 3"},
        {"XADD s 4 f w", "\"4-0\"", "XADD s 4 f w"},
        {"XADD s 9 f x", "\"9-0\"", "XADD s 9 f x"},
        {"XRANGE s - +", "[[\"1-0\" [\"f\" \"v\"]] [\"4-0\" [\"f\" \"w\"]] [\"9-0\" [\"f\" \"x\"]]]", NULL},
        {"XDEL s 4", "1", "XDEL s 4"},
        {"XREVRANGE s + -", "[[\"9-0\" [\"f\" \"x\"]] [\"1-0\" [\"f\" \"v\"]]]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(ranges)
{
    static const struct fixture_case cases[] = {
        {"XADD s 1-1 a 1 b 2", "\"1-1\"", "XADD s 1-1 a 1 b 2"},
        {"XADD s 1-2 a 3 b 4", "\"1-2\"", "XADD s 1-2 a 3 b 4"},
        {"XADD s 2-0 other x", "\"2-0\"", "XADD s 2-0 other x"},
        {"XRANGE s - +",
         "[[\"1-1\" [\"a\" \"1\" \"b\" \"2\"]] [\"1-2\" [\"a\" \"3\" \"b\" \"4\"]] [\"2-0\" [\"other\" "
         "\"x\"]]]",
         NULL},
        {"XRANGE s 1 1", "[[\"1-1\" [\"a\" \"1\" \"b\" \"2\"]] [\"1-2\" [\"a\" \"3\" \"b\" \"4\"]]]", NULL},
        {"XRANGE s (1-1 (2-0", "[[\"1-2\" [\"a\" \"3\" \"b\" \"4\"]]]", NULL},
        {"XRANGE s - + COUNT 1", "[[\"1-1\" [\"a\" \"1\" \"b\" \"2\"]]]", NULL},
        {"XREVRANGE s + - COUNT 1", "[[\"2-0\" [\"other\" \"x\"]]]", NULL},
        {"XRANGE s + -", "[]", NULL},
        {"XRANGE s - + COUNT 0", "nil*", NULL},
        {"XRANGE s - + COUNT -5", "nil*", NULL},
        {"XRANGE no - + COUNT 0", "[]", NULL},
        {"XRANGE s - + COUNT", SYNTAX, NULL},
        {"XRANGE s - + COUNT x", "-ERR value is not an integer or out of range", NULL},
        {"XRANGE s x +", BAD_ID, NULL},
        {"XRANGE s (- +", BAD_ID, NULL},
        {"XRANGE s (18446744073709551615-18446744073709551615 +", "-ERR invalid start ID for the interval",
         NULL},
        {"XRANGE s - (0-0", "-ERR invalid end ID for the interval", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(xread)
{
    static const struct fixture_case cases[] = {
        {"XREAD STREAMS s 0", "nil*", NULL},
        {"XADD s 1 f v", "\"1-0\"", "XADD s 1 f v"},
        {"XADD s 2 f v", "\"2-0\"", "XADD s 2 f v"},
        {"XADD t 5 g w", "\"5-0\"", "XADD t 5 g w"},
        {"XREAD STREAMS s t no 1 0 0", "{\"s\" [[\"2-0\" [\"f\" \"v\"]]] \"t\" [[\"5-0\" [\"g\" \"w\"]]]}",
         NULL},
        {"XREAD COUNT 1 STREAMS s 0", "{\"s\" [[\"1-0\" [\"f\" \"v\"]]]}", NULL},
        {"XREAD COUNT 0 STREAMS s 0", "{\"s\" [[\"1-0\" [\"f\" \"v\"]] [\"2-0\" [\"f\" \"v\"]]]}", NULL},
        {"XREAD STREAMS s $", "nil*", NULL},
        {"XREAD STREAMS s 2", "nil*", NULL},
        {"XREAD STREAMS s >",
         "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
         "option.",
         NULL},
        {"XREAD STREAMS s t 0",
         "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.", NULL},
        {"XREAD COUNT x STREAMS s 0", "-ERR value is not an integer or out of range", NULL},
        {"XREAD GROUP g c STREAMS s 0",
         "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.", NULL},
        {"XREAD NOACK STREAMS s 0",
         "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.", NULL},
        {"XREAD COUNT 1 s 0", SYNTAX, NULL},
        {"XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range", NULL},
        {"XREAD BLOCK -1 STREAMS s 0", "-ERR timeout is negative", NULL},
        {"XREAD BLOCK 10 STREAMS s $", "nil*", NULL},
        {"SET string v", "+OK", "SET string v"},
        {"XREAD STREAMS string 0", WRONGTYPE, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

#define NO_GROUP "-NOGROUP No such key 's' or consumer group 'no'"

TEST(xgroup)
{
    static const struct fixture_case cases[] = {
        {"XGROUP CREATE s g $",
         "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the "
         "MKSTREAM "
         "option to create an empty stream automatically.",
         NULL},
        {"XGROUP CREATE s g $ MKSTREAM", "+OK", "XGROUP CREATE s g $ MKSTREAM"},
        {"XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists", NULL},
        {"XGROUP CREATE s h 5-5 ENTRIESREAD 3", "+OK", "XGROUP CREATE s h 5-5 ENTRIESREAD 3"},
        {"XGROUP CREATE s i x", BAD_ID, NULL},
        {"XGROUP CREATE s i 0 ENTRIESREAD -2", "-ERR value for ENTRIESREAD must be positive or -1", NULL},
        {"XGROUP CREATE s i 0 x",
         "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.", NULL},
        {"XGROUP CREATECONSUMER s g c", "1", "XGROUP CREATECONSUMER s g c"},
        {"XGROUP CREATECONSUMER s g c", "0", NULL},
        {"XGROUP CREATECONSUMER s no c", "-NOGROUP No such consumer group 'no' for key name 's'", NULL},
        {"XGROUP SETID s g 7 ENTRIESREAD 2", "+OK", "XGROUP SETID s g 7 ENTRIESREAD 2"},
        {"XGROUP SETID s no 7", "-NOGROUP No such consumer group 'no' for key name 's'", NULL},
        {"XGROUP DELCONSUMER s g c", "0", "XGROUP DELCONSUMER s g c"},
        {"XGROUP DELCONSUMER s g c", "0", NULL},
        {"XINFO GROUPS s",
         "[{\"name\" \"g\" \"consumers\" 0 \"pending\" 0 \"last-delivered-id\" \"7-0\" \"entries-read\" 2 "
         "\"lag\" 0} "
         "{\"name\" \"h\" \"consumers\" 0 \"pending\" 0 \"last-delivered-id\" \"5-5\" \"entries-read\" 3 "
         "\"lag\" 0}]",
         NULL},
        {"XGROUP DESTROY s g", "1", "XGROUP DESTROY s g"},
        {"XGROUP DESTROY s g", "0", NULL},
        {"SET string v", "+OK", "SET string v"},
        {"XGROUP CREATE string g 0", WRONGTYPE, NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(xreadgroup)
{
    static const struct fixture_case cases[] = {
        {"XADD s 1 f v", "\"1-0\"", "XADD s 1 f v"},
        {"XADD s 2 f w", "\"2-0\"", "XADD s 2 f w"},
        {"XGROUP CREATE s g 0", "+OK", "XGROUP CREATE s g 0"},
        {"XREADGROUP GROUP no c STREAMS s >", NO_GROUP " in XREADGROUP with GROUP option", NULL},
        {"XREADGROUP GROUP g c STREAMS s $",
         "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this "
         "consumer by "
         "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty "
         "result set.",
         NULL},
        {"XREADGROUP COUNT 1 NOACK STREAMS s >", "-ERR Missing GROUP option for XREADGROUP", NULL},
        {"XREADGROUP GROUP g alice COUNT 1 STREAMS s >", "{\"s\" [[\"1-0\" [\"f\" \"v\"]]]}",
         "XCLAIM s g alice 0 1-0 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-0; "
         "XGROUP SETID s g 1-0 ENTRIESREAD 1"},
        {"@50", "", NULL},
        {"XREADGROUP GROUP g alice STREAMS s 0", "{\"s\" [[\"1-0\" [\"f\" \"v\"]]]}",
         "XCLAIM s g alice 0 1-0 TIME 1700000000050 RETRYCOUNT 2 FORCE JUSTID LASTID 1-0"},
        {"XREADGROUP GROUP g bob STREAMS s 0", "{\"s\" []}", "XGROUP CREATECONSUMER s g bob"},
        {"XREADGROUP GROUP g bob STREAMS s 0", "{\"s\" []}", NULL},
        {"XREADGROUP GROUP g carol NOACK STREAMS s >", "{\"s\" [[\"2-0\" [\"f\" \"w\"]]]}",
         "XGROUP SETID s g 2-0 ENTRIESREAD 2; XGROUP CREATECONSUMER s g carol"},
        {"XREADGROUP GROUP g dave STREAMS s >", "nil*", NULL},
        {"XDEL s 1", "1", "XDEL s 1"},
        {"XREADGROUP GROUP g alice STREAMS s 0", "{\"s\" [[\"1-0\" nil*]]}", NULL},
        {"XPENDING s g - + 10", "[[\"1-0\" \"alice\" 0 2]]", NULL},
        {"XACK s g 1-0 2-0", "1", "XACK s g 1-0 2-0"},
        {"XACK s g 1-0", "0", NULL},
        {"XACK s no 1-0", "0", NULL},
        {"XACK no g 1-0", "0", NULL},
        {"XACK s g x", BAD_ID, NULL},
        {"XINFO CONSUMERS s g",
         "[{\"name\" \"alice\" \"pending\" 0 \"idle\" 0} {\"name\" \"bob\" \"pending\" 0 \"idle\" 0} "
         "{\"name\" \"carol\" \"pending\" 0 \"idle\" 0}]",
         NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(claims)
{
    static const struct fixture_case cases[] = {
        {"XADD s 1 f a", "\"1-0\"", "XADD s 1 f a"},
        {"XADD s 2 f b", "\"2-0\"", "XADD s 2 f b"},
        {"XADD s 3 f c", "\"3-0\"", "XADD s 3 f c"},
        {"XGROUP CREATE s g 0", "+OK", "XGROUP CREATE s g 0"},
        {"XREADGROUP GROUP g alice COUNT 2 STREAMS s >",
         "{\"s\" [[\"1-0\" [\"f\" \"a\"]] [\"2-0\" [\"f\" \"b\"]]]}",
         "XCLAIM s g alice 0 1-0 2-0 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-0; "
         "XGROUP SETID s g 2-0 ENTRIESREAD 2"},
        {"@1000", "", NULL},
        {"XPENDING s g", "[2 \"1-0\" \"2-0\" [[\"alice\" \"2\"]]]", NULL},
        {"XPENDING s g - + 10", "[[\"1-0\" \"alice\" 1000 1] [\"2-0\" \"alice\" 1000 1]]", NULL},
        {"XPENDING s g IDLE 1001 - + 10", "[]", NULL},
        {"XPENDING s g IDLE 1000 (1 + 10 alice", "[[\"2-0\" \"alice\" 1000 1]]", NULL},
        {"XPENDING s g - + 10 nobody", "[]", NULL},
        {"XPENDING s g - +", SYNTAX, NULL},
        {"XPENDING s no", NO_GROUP, NULL},
        {"XCLAIM s g bob 2000 1", "[]", NULL},
        {"XCLAIM s g bob 1000 1 3", "[[\"1-0\" [\"f\" \"a\"]]]",
         "XCLAIM s g bob 0 1-0 TIME 1700000001000 RETRYCOUNT 2 FORCE JUSTID LASTID 2-0"},
        {"XCLAIM s g bob 0 3 FORCE JUSTID IDLE 300 RETRYCOUNT 7", "[\"3-0\"]",
         "XCLAIM s g bob 0 3-0 TIME 1700000000700 RETRYCOUNT 7 FORCE JUSTID LASTID 2-0"},
        {"XCLAIM s g bob 0 9 FORCE", "[]", NULL},
        {"XCLAIM s g bob 0 2 WHAT", "-ERR Unrecognized XCLAIM option 'WHAT'", NULL},
        {"XCLAIM s g bob x 2", "-ERR Invalid min-idle-time argument for XCLAIM", NULL},
        {"XCLAIM s no bob 0 2", NO_GROUP, NULL},
        {"XCLAIM s g bob 0 9 LASTID 8", "[]", "XGROUP SETID s g 8-0 ENTRIESREAD 2"},
        {"XDEL s 1", "1", "XDEL s 1"},
        {"XCLAIM s g carol 0 1", "[]", "XACK s g 1-0"},
        {"XPENDING s g", "[2 \"2-0\" \"3-0\" [[\"alice\" \"1\"] [\"bob\" \"1\"]]]", NULL},
        {"XDEL s 3", "1", "XDEL s 3"},
        {"XAUTOCLAIM s g dave 0 - COUNT 1", "[\"3-0\" [[\"2-0\" [\"f\" \"b\"]]] []]",
         "XCLAIM s g dave 0 2-0 TIME 1700000001000 RETRYCOUNT 2 FORCE JUSTID LASTID 8-0"},
        {"XAUTOCLAIM s g dave 0 3", "[\"0-0\" [] [\"3-0\"]]", "XACK s g 3-0"},
        {"XAUTOCLAIM s g erin 5000 0 JUSTID", "[\"0-0\" [] []]", NULL},
        {"XAUTOCLAIM s g dave 0 3 COUNT 0", "-ERR COUNT must be > 0", NULL},
        {"XAUTOCLAIM s g dave x 3", "-ERR Invalid min-idle-time argument for XAUTOCLAIM", NULL},
        {"XAUTOCLAIM s g dave 0 3 x", SYNTAX, NULL},
        {"XGROUP DELCONSUMER s g dave", "1", "XGROUP DELCONSUMER s g dave"},
        {"XPENDING s g", "[0 nil nil nil*]", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(xinfo_stream)
{
    static const struct fixture_case cases[] = {
        {"XINFO STREAM s", "-ERR no such key", NULL},
        {"XADD s 1 f a", "\"1-0\"", "XADD s 1 f a"},
        {"XADD s 2 f b", "\"2-0\"", "XADD s 2 f b"},
        {"XGROUP CREATE s g 0", "+OK", "XGROUP CREATE s g 0"},
        {"XREADGROUP GROUP g alice COUNT 1 STREAMS s >", "{\"s\" [[\"1-0\" [\"f\" \"a\"]]]}",
         "XCLAIM s g alice 0 1-0 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-0; "
         "XGROUP SETID s g 1-0 ENTRIESREAD 1"},
        {"XINFO STREAM s",
         "{\"length\" 2 \"radix-tree-keys\" 1 \"radix-tree-nodes\" 2 \"last-generated-id\" \"2-0\" "
         "\"max-deleted-entry-id\" \"0-0\" \"entries-added\" 2 \"recorded-first-entry-id\" \"1-0\" "
         "\"groups\" 1 "
         "\"first-entry\" [\"1-0\" [\"f\" \"a\"]] \"last-entry\" [\"2-0\" [\"f\" \"b\"]]}",
         NULL},
        {"XINFO STREAM s FULL COUNT 1",
         "{\"length\" 2 \"radix-tree-keys\" 1 \"radix-tree-nodes\" 2 \"last-generated-id\" \"2-0\" "
         "\"max-deleted-entry-id\" \"0-0\" \"entries-added\" 2 \"recorded-first-entry-id\" \"1-0\" "
         "\"entries\" [[\"1-0\" [\"f\" \"a\"]]] \"groups\" [{\"name\" \"g\" \"last-delivered-id\" \"1-0\" "
         "\"entries-read\" 1 \"lag\" 1 \"pel-count\" 1 \"pending\" [[\"1-0\" \"alice\" 1700000000000 1]] "
         "\"consumers\" [{\"name\" \"alice\" \"seen-time\" 1700000000000 \"pel-count\" 1 "
         "\"pending\" [[\"1-0\" 1700000000000 1]]}]}]}",
         NULL},
        {"XINFO STREAM s FULL x",
         "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.", NULL},
        {"XINFO CONSUMERS s no", "-NOGROUP No such consumer group 'no' for key name 's'", NULL},
        {"COPY s t", "1", "COPY s t"},
        {"XLEN t", "2", NULL},
        {NULL, NULL, NULL},
    };
    CHECK_CASES(cases, 3);
}

TEST(events)
{
    static const char *const lines[][2] = {
        {"XADD s 1 f v", "new s; xadd s"},
        {"XADD s MAXLEN 1 2 f v", "xadd s; xtrim s"},
        {"XGROUP CREATE s g 0", "xgroup-create s"},
        {"XREADGROUP GROUP g c STREAMS s >", "xgroup-createconsumer s"},
        {"XGROUP CREATECONSUMER s g d", "xgroup-createconsumer s"},
        {"XGROUP DELCONSUMER s g d", "xgroup-delconsumer s"},
        {"XGROUP SETID s g 1", "xgroup-setid s"},
        {"XGROUP DESTROY s g", "xgroup-destroy s"},
        {"XSETID s 9", "xsetid s"},
        {"XDEL s 2", "xdel s"},
        {"XGROUP CREATE t g 0 MKSTREAM", "new t; xgroup-create t"},
    };
    struct fixture *f = fixture_new();
    REQUIRE(f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        fixture_run(f, lines[i][0]);
        CHECK_EQ_STR(fixture_notices(f), lines[i][1]);
    }
    fixture_free(f);
}

/* ---- at random ---- */

static const char *any(struct random *r, const char *const *words, size_t count)
{
    return words[random_below(r, count)];
}

#define ANY(...) \
    any(r, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void random_line(struct random *r, char *line, size_t room)
{
    unsigned a = (unsigned)random_below(r, 60), b = (unsigned)random_below(r, 4),
             c = (unsigned)random_below(r, 60);
    const char *key = ANY("s", "t"), *group = ANY("g", "h"), *consumer = ANY("alice", "bob", "carol");
    switch (random_below(r, 16)) {
    case 0:
        snprintf(line, room, "XADD %s %s * f %u g %u", key, ANY("", "MAXLEN 20", "MAXLEN ~ 20"), a, c);
        break;
    case 1: snprintf(line, room, "XADD %s 17000%08u-* other %u", key, a, c); break;
    case 2: snprintf(line, room, "XADD %s MINID ~ %u-%u * f v", key, a, b); break;
    case 3: snprintf(line, room, "XDEL %s 1700000000%03u-%u %u-%u", key, a, b, c, b); break;
    case 4: snprintf(line, room, "XTRIM %s %s %u", key, ANY("MAXLEN", "MAXLEN ~", "MINID ~"), a); break;
    case 5:
        snprintf(line, room, "XGROUP CREATE %s %s %s MKSTREAM", key, group, ANY("$", "0", "1700000000020"));
        break;
    case 6:
        snprintf(line, room, "XREADGROUP GROUP %s %s COUNT %u %s STREAMS %s >", group, consumer, b + 1,
                 ANY("", "", "NOACK"), key);
        break;
    case 7:
        snprintf(line, room, "XREADGROUP GROUP %s %s STREAMS s t %s %s", group, consumer, ANY(">", "0"),
                 ANY(">", "5"));
        break;
    case 8: snprintf(line, room, "XACK %s %s 1700000000%03u-%u 1700000000%03u-0", key, group, a, b, c); break;
    case 9:
        snprintf(line, room, "XCLAIM %s %s %s %u 1700000000%03u-%u 1700000000%03u-0 %s", key, group, consumer,
                 b * 20, a, b, c,
                 ANY("", "FORCE", "JUSTID", "RETRYCOUNT 5 FORCE", "IDLE 70 LASTID 1700000000030"));
        break;
    case 10:
        snprintf(line, room, "XAUTOCLAIM %s %s %s %u - COUNT %u", key, group, consumer, b * 20, a / 10 + 1);
        break;
    case 11:
        snprintf(line, room, "XGROUP %s %s %s %s", ANY("CREATECONSUMER", "DELCONSUMER"), key, group,
                 consumer);
        break;
    case 12: snprintf(line, room, "XGROUP SETID %s %s 1700000000%03u-%u", key, group, a, b); break;
    case 13: snprintf(line, room, "XSETID %s 1700000000%03u-%u MAXDELETEDID %u", key, a, b, c); break;
    case 14: snprintf(line, room, random_below(r, 8) ? "@%u" : "XGROUP DESTROY s g", b * 7); break;
    default: snprintf(line, room, random_below(r, 8) ? "XREVRANGE t + -" : "DEL %s", key); break;
    }
}

TEST(at_random)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        char line[300], text[400];
        struct random r;
        random_init(&r, seed, "lines");
        struct fixture *f = fixture_new();
        REQUIRE(f);
        for (int i = 0; i < 400 && !f->wrong; i++) {
            random_line(&r, line, sizeof line);
            if (random_below(&r, 4) == 0) f->memory.fail_after = (int64_t)random_below(&r, 6);
            fixture_run(f, line);
        }
        if (f->wrong) {
            snprintf(text, sizeof text, "seed %d: %s: %s", (int)seed, line, f->wrong);
            test_fail(t_, __FILE__, __LINE__, text);
        }
        fixture_free(f);
    }
}

TEST_MAIN()
