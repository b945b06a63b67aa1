/* How long commands take: what SLOWLOG, LATENCY and INFO tell of it, with a stopwatch that the spec moves, and without.
 *
 * SPDX-License-Identifier: MIT */
#include "node/internal.h"
#include "nodes.h"
#include "test.h"

/* ns per look: each of them takes so long */
static uint64_t watch_now, watch_step;

static uint64_t stopwatch(void) { return watch_now += watch_step; }

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

#define CHECK_HAS(text, part) CHECK(has(text, part))
#define CHECK_LACKS(text, part) CHECK(!has(text, part))

/* A node with a stopwatch; `us` pass between two looks at it. */
static struct wire *watched(struct room *r, uint64_t us)
{
    room_open(r, 1);
    watch_now = 1;
    watch_step = us * 1000;
    r->nodes[0]->timing.stopwatch = stopwatch;
    timing_configured(r->nodes[0]);
    return room_dial(r, 0);
}

TEST(slow_commands_are_logged)
{
    struct room r;
    struct wire *c = watched(&r, 10);
    say(c, "SET k v");
    CHECK_EQ_STR(say(c, "SLOWLOG LEN"), ":0\r\n");
    watch_step = 20000 * 1000;
    say(c, "CLIENT SETNAME me");
    say(c, "GET k");
    watch_step = 0;
    CHECK_EQ_STR(say(c, "SLOWLOG GET"),
                 "*2\r\n"
                 "*6\r\n:1\r\n:1700000000\r\n:20000\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n$13\r\n10.0.0.1:"
                 "5000\r\n$2\r\nme\r\n"
                 "*6\r\n:0\r\n:1700000000\r\n:20000\r\n*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$2\r\nme\r\n"
                 "$13\r\n10.0.0.1:5000\r\n$2\r\nme\r\n");
    CHECK_EQ_STR(say(c, "SLOWLOG RESET"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "SLOWLOG GET -1"), "*0\r\n");
    room_close(&r);
}

TEST(the_log_has_a_length)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c,
        "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3"); /* every command: also without a stopwatch */
    for (int i = 0; i < 5; i++) say(c, "PING");
    CHECK_EQ_STR(say(c, "SLOWLOG LEN"), ":3\r\n");
    CHECK_HAS(say(c, "SLOWLOG GET 1"),
              "*1\r\n*6\r\n:5\r\n:1700000000\r\n:0\r\n*2\r\n$7\r\nSLOWLOG\r\n$3\r\nLEN\r\n");
    say(c, "CONFIG SET slowlog-max-len 1");
    CHECK_EQ_STR(say(c, "SLOWLOG LEN"), ":1\r\n");
    say(c, "CONFIG SET slowlog-max-len 0");
    CHECK_EQ_STR(say(c, "SLOWLOG LEN"), ":0\r\n");
    CHECK_EQ_STR(say(c, "SLOWLOG GET -2"), "-ERR count should be greater than or equal to -1\r\n");
    room_close(&r);
}

TEST(long_arguments_are_cut_and_secrets_are_not_kept)
{
    struct room r;
    char line[1024] = "MSET";
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "CONFIG SET slowlog-log-slower-than 0 masterauth secret");
    for (int i = 0; i < 40; i++) strcat(line, " a b");
    say(c, line);
    CHECK_HAS(say(c, "SLOWLOG GET 1"), "*32\r\n$4\r\nMSET\r\n");
    say(c, "SLOWLOG RESET");
    say(c, line);
    CHECK_HAS(say(c, "SLOWLOG GET 1"), "$1\r\na\r\n$1\r\nb\r\n$23\r\n... (50 more arguments)\r\n");
    snprintf(line, sizeof line, "SET k %0200d", 1);
    say(c, line);
    CHECK_HAS(say(c, "SLOWLOG GET 1"), "000... (72 more bytes)\r\n");
    say(c, "AUTH secret");
    say(c, "HELLO 2 AUTH default secret");
    say(c, "CONFIG SET requirepass secret");
    const char *all = say(c, "SLOWLOG GET -1");
    CHECK_LACKS(all, "secret");
    CHECK_HAS(all, "(redacted)");
    room_close(&r);
}

TEST(commands_of_a_pipeline_share_their_time)
{
    struct room r;
    struct wire *c = watched(&r, 9000);
    room_send(c, "SET a 1\r\nSET b 1\r\nGET a\r\n");
    watch_step = 0;
    const char *stats = say(c, "INFO commandstats");
    CHECK_HAS(stats, "cmdstat_set:calls=2,usec=6000,usec_per_call=3000.00,");
    CHECK_HAS(stats, "cmdstat_get:calls=1,usec=3000,usec_per_call=3000.00,");
    CHECK_EQ_STR(say(c, "SLOWLOG LEN"), ":0\r\n");
    watch_step = 20000 * 1000;
    room_send(c, "GET a\r\nKEYS *\r\nGET a\r\n"); /* KEYS may take long: by itself */
    watch_step = 0;
    CHECK_HAS(say(c, "SLOWLOG GET"), "*1\r\n*6\r\n:0\r\n:1700000000\r\n:20000\r\n*2\r\n$4\r\nKEYS\r\n");
    CHECK_HAS(say(c, "INFO latencystats"),
              "latency_percentiles_usec_keys:p50=20971.519,p99=20971.519,p99.9=20971.519\r\n");
    room_close(&r);
}

TEST(exec_is_timed_whole_and_in_parts)
{
    struct room r;
    struct wire *c = watched(&r, 0);
    say(c, "MULTI");
    say(c, "SET a 1");
    say(c, "KEYS *");
    say(c, "SET b 1");
    watch_step = 20000 * 1000;
    say(c, "EXEC");
    watch_step = 0;
    const char *stats = say(c, "INFO commandstats");
    CHECK_HAS(stats, "cmdstat_keys:calls=1,usec=20000,");
    CHECK_HAS(stats, "cmdstat_exec:calls=1,usec=80000,");
    CHECK_HAS(say(c, "SLOWLOG GET"), "*3\r\n"); /* EXEC is not: what it ran is */
    room_close(&r);
}

TEST(sleeping_takes_time_in_every_world)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "CONFIG SET latency-monitor-threshold 50");
    say(c, "DEBUG SLEEP 0.1");
    room_pass(&r, 200);
    room_hear(c);
    CHECK_HAS(say(c, "SLOWLOG GET"), "*1\r\n*6\r\n:0\r\n:1700000000\r\n:100000\r\n*3\r\n$5\r\nDEBUG\r\n");
    CHECK_EQ_STR(say(c, "LATENCY LATEST"), "*1\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:100\r\n:100\r\n");
    room_close(&r);
}

TEST(spikes_are_kept_by_the_second)
{
    struct room r;
    struct wire *c = watched(&r, 0);
    say(c, "CONFIG SET latency-monitor-threshold 10");
    CHECK_EQ_STR(say(c, "LATENCY LATEST"), "*0\r\n");
    watch_step = 30 * 1000000;
    say(c, "PING");
    watch_step = 20 * 1000000;
    say(c, "PING");
    say(c, "KEYS *");
    room_pass(&r, 2000);
    watch_step = 15 * 1000000;
    say(c, "PING");
    watch_step = 0;
    CHECK_EQ_STR(say(c, "LATENCY HISTORY fast-command"),
                 "*2\r\n*2\r\n:1700000000\r\n:30\r\n*2\r\n:1700000002\r\n:15\r\n");
    CHECK_EQ_STR(say(c, "LATENCY HISTORY nosuch"), "*0\r\n");
    CHECK_EQ_STR(say(c, "LATENCY LATEST"), "*2\r\n*4\r\n$12\r\nfast-command\r\n:1700000002\r\n:15\r\n:30\r\n"
                                           "*4\r\n$7\r\ncommand\r\n:1700000000\r\n:20\r\n:20\r\n");
    const char *graph = say(c, "LATENCY GRAPH fast-command");
    CHECK_HAS(graph, "fast-command - high 30 ms, low 15 ms (all time high 30 ms)\n");
    CHECK_HAS(graph, "\n# \n| \n| \n|_\n20\nss\n");
    CHECK_HAS(say(c, "LATENCY GRAPH nosuch"), "-ERR No samples available for event 'nosuch'\r\n");
    CHECK_HAS(say(c, "LATENCY DOCTOR"), "fast-command: 2 spikes, 22 ms on average");
    CHECK_EQ_STR(say(c, "LATENCY RESET command nosuch"), ":1\r\n");
    CHECK_EQ_STR(say(c, "LATENCY RESET"), ":1\r\n");
    CHECK_EQ_STR(say(c, "LATENCY LATEST"), "*0\r\n");
    for (int i = 0; i < 200; i++) { /* more than are kept */
        watch_step = 20 * 1000000;
        say(c, "PING");
        watch_step = 0;
        room_pass(&r, 1000);
    }
    CHECK_HAS(say(c, "LATENCY HISTORY fast-command"), "*160\r\n");
    room_close(&r);
}

TEST(histograms)
{
    struct room r;
    struct wire *c = watched(&r, 3);
    say(c, "SET k v");
    say(c, "SET k v");
    watch_step = 40 * 1000;
    say(c, "SET k v");
    watch_step = 0;
    say(c, "HELLO 3");
    CHECK_EQ_STR(say(c, "LATENCY HISTOGRAM set nosuch"),
                 "%1\r\n$3\r\nset\r\n%2\r\n$5\r\ncalls\r\n:3\r\n$14\r\nhistogram_usec\r\n%2\r\n:4\r\n:2\r\n:"
                 "65\r\n:3\r\n");
    say(c, "CONFIG SET latency-tracking no");
    say(c, "GET k");
    CHECK_EQ_STR(say(c, "LATENCY HISTOGRAM get"), "%0\r\n");
    say(c, "CONFIG RESETSTAT");
    CHECK_EQ_STR(say(c, "LATENCY HISTOGRAM"), "%0\r\n");
    CHECK_HAS(say(c, "CONFIG SET latency-tracking-info-percentiles '50 x'"),
              "Invalid latency-tracking-info-percentiles");
    CHECK_HAS(say(c, "CONFIG SET latency-tracking-info-percentiles 101"), "should sit between [0.0,100.0]");
    CHECK_EQ_STR(say(c, "CONFIG SET latency-tracking-info-percentiles ''"), "+OK\r\n");
    room_close(&r);
}

TEST_MAIN()
