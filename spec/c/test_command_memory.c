/* Out of memory, at every allocation of every command: an error, nothing changed, nothing logged, all in
 * order.
 *
 * MSET, HSET, SADD and ZADD may have set the first of what they were given: then they have logged exactly those. The
 * follower in the fixture checks both.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "test.h"

static const char *const setup[] = {
    "SET int 41",
    "SET small hello",
    "SET long 0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789",
    "SET short-lived value PX 100000",
    "SET expired value PX 1",
    "HSET hash a 1 b two c 3333333333333333333333",
    "HSET big-hash a 0123456789012345678901234567890123456789012345678901234567890123456789 b 2",
    "SADD integers 1 2 3 70000",
    "SADD members a b c 4",
    "RPUSH list 1 two 3 two 5",
    "RPUSH long-list 0123456789012345678901234567890123456789012345678901234567890123456789",
    "ZADD zset 1 a 2 b 3 c",
    "ZADD big-zset 1 0123456789012345678901234567890123456789012345678901234567890123456789 2 b",
    "XADD stream 1 f v",
    "XADD stream 2 f v",
    "XADD stream 3 f v",
    "XGROUP CREATE stream g 0",
    "XREADGROUP GROUP g alice COUNT 2 STREAMS stream >",
    "@5",
    NULL,
};

static const char *const lines[] = {
    "SET new value",
    "SET small a-longer-value-than-before-so-that-it-has-to-move",
    "SET small v EX 10",
    "SET long v GET PX 10",
    "SET long v GET",
    "SET short-lived v KEEPTTL",
    "SET expired v NX",
    "SETNX new value",
    "SETEX new 10 value",
    "GET small",
    "GET expired",
    "GETSET long other",
    "GETDEL long",
    "GETEX small EX 10",
    "GETEX short-lived PERSIST",
    "MGET int small long",
    "MSET a 1 b two c 3333333333333333333333333333333333333333333333333333333333",
    "MSETNX a 1 b two c 33333333333333333333333333333333333333333333333333333333",
    "APPEND new value",
    "APPEND small -and-a-long-tail-that-does-not-fit-into-the-block-of-before",
    "APPEND int 0",
    "SETRANGE new 10 x",
    "SETRANGE small 100 x",
    "INCR new",
    "INCR int",
    "INCRBYFLOAT int 0.5",
    "INCRBYFLOAT new 0.5",
    "LCS small long",
    "LCS small long IDX",
    "SETBIT new 1000 1",
    "SETBIT int 0 1",
    "SETBIT small 1000 1",
    "BITOP OR long small int",
    "BITOP NOT new long",
    "BITFIELD new SET u8 100 5 GET u8 0",
    "BITFIELD int INCRBY u8 0 1",
    "BITFIELD small GET u8 0",
    "DEL small long int",
    "RENAME small a-new-name-that-is-longer-than-the-old-one",
    "RENAME small long",
    "COPY small new",
    "COPY long small REPLACE",
    "MOVE long 5",
    "EXPIRE small 10",
    "EXPIRE short-lived 10",
    "EXPIRE small -1",
    "PERSIST short-lived",
    "KEYS *",
    "SCAN 0",
    "SWAPDB 0 7",
    "FLUSHALL",
    "XADD new * f v",
    "XADD stream MAXLEN ~ 2 * f a-value-that-is-long-enough-for-the-node-to-need-more-room-than-it-has",
    "XADD stream * a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j 10 k 11 l 12 m 13 n 14 o 15 p 16",
    "XTRIM stream MAXLEN 1",
    "XDEL stream 1 2",
    "XGROUP CREATE stream h 0",
    "XGROUP CREATE new h 0 MKSTREAM",
    "XGROUP CREATECONSUMER stream g bob",
    "XREADGROUP GROUP g bob STREAMS stream >",
    "XREADGROUP GROUP g alice STREAMS stream 0",
    "XREADGROUP GROUP g alice STREAMS stream stream stream stream stream stream stream stream stream "
    "0 0 0 0 0 0 0 0 >",
    "XACK stream g 1",
    "XCLAIM stream g bob 0 1 2 3 FORCE",
    "XAUTOCLAIM stream g bob 0 0",
    "XSETID stream 9",
    "XINFO STREAM stream FULL",
    "COPY stream new",
    "COMMAND GETKEYS mset a 1 b 2",
    "MEMORY USAGE small",
    "HSET new a 1 b 2",
    "HSET hash a a-longer-value b 2222222222222222222222222222222222222222222222222222222 d 4",
    "HSET hash x 0123456789012345678901234567890123456789012345678901234567890123456789",
    "HSET big-hash b 5 c 6",
    "HMSET new a 0123456789012345678901234567890123456789012345678901234567890123456789 b 2",
    "HSETNX hash d 4",
    "HINCRBY hash a 100000",
    "HINCRBYFLOAT hash a 0.25",
    "HDEL hash a b c",
    "HDEL big-hash a",
    "HGETALL hash",
    "HSCAN hash 0",
    "HRANDFIELD hash 2",
    "SADD new 1 2 3",
    "SADD new a b",
    "SADD integers 4 5000000000",
    "SADD integers a 5",
    "SADD members d e",
    "SREM integers 1 2",
    "SREM members a",
    "SPOP integers",
    "SPOP members 2",
    "SMOVE integers members 1",
    "SMOVE members new a",
    "SINTER integers members",
    "SUNION integers members",
    "SDIFF integers members",
    "SINTERSTORE new integers integers",
    "SUNIONSTORE small integers members",
    "SDIFFSTORE integers integers members",
    "SINTERCARD 2 integers members",
    "SRANDMEMBER members 2",
    "SSCAN members 0",
    "COPY hash new",
    "COPY big-hash new",
    "COPY members new",
    "RENAME members a-new-name-that-is-longer-than-the-old-one",
    "EXPIRE hash 10",
    "EXPIRE big-hash 10",
    "LPUSH new 1 two 3",
    "RPUSH list 0123456789012345678901234567890123456789012345678901234567890123456789 b",
    "LPUSHX list a-value-that-does-not-fit-into-the-block-of-before-and-has-it-moved",
    "LPOP list",
    "RPOP list 3",
    "LRANGE list 0 -1",
    "LSET list 1 a-longer-value-than-there-was-before-so-that-the-list-has-to-move",
    "LINSERT list BEFORE two a-value-that-is-long-enough-for-the-list-to-move-as-well",
    "LREM list 0 two",
    "LTRIM list 1 2",
    "LPOS list two COUNT 0",
    "LMOVE list new LEFT RIGHT",
    "LMOVE list list LEFT RIGHT",
    "LMOVE list long-list RIGHT LEFT",
    "RPOPLPUSH list list",
    "LMPOP 2 new list LEFT COUNT 2",
    "BLPOP new list 0",
    "BLMOVE list new LEFT LEFT 0",
    "COPY list new",
    "COPY long-list new",
    "EXPIRE list 10",
    "ZADD new 1 a 2 b",
    "ZADD zset 4 d 5 0123456789012345678901234567890123456789012345678901234567890123456789",
    "ZADD zset XX CH 9 a",
    "ZADD big-zset 7 c 8 d",
    "ZADD big-zset GT INCR 5 b",
    "ZINCRBY zset 0.5 a",
    "ZREM zset a b c",
    "ZREM big-zset b",
    "ZRANGE zset 0 -1 WITHSCORES",
    "ZRANGE big-zset - + BYLEX",
    "ZRANGESTORE new zset 0 1",
    "ZRANGESTORE small big-zset 0 -1",
    "ZREMRANGEBYRANK zset 0 1",
    "ZREMRANGEBYSCORE big-zset 1 1",
    "ZPOPMIN zset 2",
    "ZPOPMAX big-zset 2",
    "ZMPOP 2 new zset MAX COUNT 2",
    "BZPOPMIN new zset 0",
    "ZUNION 3 zset big-zset integers WITHSCORES",
    "ZINTER 2 zset big-zset",
    "ZDIFF 2 zset big-zset",
    "ZUNIONSTORE new 2 zset big-zset",
    "ZINTERSTORE small 2 zset zset",
    "ZDIFFSTORE zset 2 zset big-zset",
    "ZRANDMEMBER zset 2",
    "ZRANDMEMBER big-zset -3 WITHSCORES",
    "ZSCAN zset 0",
    "COPY zset new",
    "COPY big-zset new",
    "EXPIRE big-zset 10",
    "XREAD BLOCK 0 STREAMS stream $",
    "SORT integers",
    "SORT list ALPHA",
    "SORT integers BY w* GET # GET small",
    "SORT members ALPHA STORE new",
    "SORT integers STORE small",
    "SORT members BY nosort STORE members",
    "SORT zset ALPHA DESC LIMIT 1 1 GET # STORE list",
    "SORT_RO big-zset BY nosort",
    NULL,
};

static struct fixture *set_up(void)
{
    struct fixture *f = fixture_new();
    for (int i = 0; f && setup[i]; i++) fixture_run(f, setup[i]);
    return f;
}

static bool same_digest(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

/* Runs a line with the given number of allocations before one fails. True when it ran to its end. */
static bool run_short(struct test *t_, const char *line, int allocations)
{
    char text[256];
    struct fixture *f = set_up();
    if (!f) return true;
    struct digest before = keyspace_digest(f->keyspace);
    f->memory.fail_after = allocations;
    bool refused = strstr(fixture_run(f, line), "-OOM command not allowed") != NULL ||
                   strstr(f->reply_text.data, "-ERR Insufficient memory") != NULL;
    bool partly = f->changes > 0 && (strncmp(line, "MSET", 4) == 0 || strncmp(line, "HSET", 4) == 0 ||
                                     strncmp(line, "HMSET", 5) == 0 || strncmp(line, "SADD", 4) == 0 ||
                                     strncmp(line, "ZADD", 4) == 0);
    bool expired = strstr(fixture_effects(f), "DEL expired") != NULL;
    bool unchanged = same_digest(before, keyspace_digest(f->keyspace)) && f->effects.size == 0;
    if (refused && !partly && !expired && !unchanged) {
        snprintf(text, sizeof text, "%s refused, but changed something (%d allocations)", line, allocations);
        test_fail(t_, __FILE__, __LINE__, text);
    }
    if (f->wrong) {
        snprintf(text, sizeof text, "%s: %s (%d allocations)", line, f->wrong, allocations);
        test_fail(t_, __FILE__, __LINE__, text);
    }
    fixture_free(f);
    return !refused;
}

TEST(every_allocation_fails_in_turn)
{
    enum { PATIENCE = 64 };
    int refusals = 0;
    for (int i = 0; lines[i]; i++) {
        /* some allocations may fail without harm, so a command that ran is no sign that none is left */
        for (int allocations = 0; allocations < PATIENCE; allocations++)
            refusals += !run_short(t_, lines[i], allocations);
    }
    CHECK(refusals > 30);
}

TEST_MAIN()
