/* test_node_admin.c: commands about connections and the server: CLIENT, HELLO, CONFIG, INFO. */
#include "info_fixture.h"
#include "test.h"

/* The value of a field of INFO; what follows it is cut off. "": there is none. */
static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

#define CHECK_HAS(text, part) CHECK(has(text, part))
#define CHECK_LACKS(text, part) CHECK(!has(text, part))

/* ---- CLIENT ---- */

TEST(client_names_and_numbers)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CLIENT ID"), ":2\r\n");
    CHECK_EQ_STR(say(d, "CLIENT ID"), ":3\r\n");
    CHECK_EQ_STR(say(c, "CLIENT GETNAME"), "$-1\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETNAME me"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CLIENT GETNAME"), "$2\r\nme\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETNAME 'a b'"),
                 "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETNAME ''"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CLIENT GETNAME"), "$-1\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETINFO lib-ver 1.0\n"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETINFO LIB-NAME 'a b'"),
                 "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n");
    CHECK_EQ_STR(say(c, "CLIENT SETINFO age 7"), "-ERR Unrecognized option 'age'\r\n");
    room_close(&r);
}

TEST(client_list_has_the_fields_of_redis_in_order)
{
    static const char *const fields[] = {"id=2 ",
                                         " addr=10.0.0.1:5000",
                                         " laddr=10.0.0.2:1",
                                         " fd=-1",
                                         " name=me",
                                         " age=5",
                                         " idle=2",
                                         " flags=N",
                                         " db=3",
                                         " sub=0",
                                         " psub=0",
                                         " ssub=0",
                                         " multi=-1",
                                         " qbuf=",
                                         " qbuf-free=",
                                         " argv-mem=",
                                         " multi-mem=",
                                         " rbs=",
                                         " rbp=",
                                         " obl=0",
                                         " oll=0",
                                         " omem=0",
                                         " tot-mem=",
                                         " events=r",
                                         " cmd=select",
                                         " user=default",
                                         " redir=-1",
                                         " resp=2",
                                         " lib-name=",
                                         " lib-ver=7\n"};
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    session_set_local_address(c->session, "10.0.0.2:1");
    say(c, "CLIENT SETNAME me");
    say(c, "CLIENT SETINFO lib-ver 7");
    room_pass(&r, 3000);
    say(c, "SELECT 3");
    room_pass(&r, 2000);
    const char *at = say(d, "CLIENT LIST ID 2");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *found = strstr(at, fields[i]);
        if (!found) test_fail(t_, __FILE__, __LINE__, fields[i]);
        if (found) at = found;
    }
    room_close(&r);
}

TEST(client_list_and_info_show_what_connections_are_about)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(c, "WATCH k\r\nMULTI\r\nSET x 1");
    CHECK_HAS(say(d, "CLIENT INFO"), " cmd=client|info ");
    say(d, "SET k 1\r\nWAIT 5 0");
    const char *text = say(a, "CLIENT LIST");
    CHECK_HAS(text, " flags=S ");
    CHECK_HAS(text, " flags=xd db=0 sub=0 psub=0 ssub=0 multi=1 ");
    CHECK_HAS(text, " flags=b ");
    CHECK_HAS(text, " cmd=wait ");
    text = say(a, "CLIENT LIST TYPE replica");
    CHECK_HAS(text, " flags=S ");
    CHECK_LACKS(text, " flags=b ");
    CHECK_LACKS(say(a, "CLIENT LIST TYPE normal"), " flags=S ");
    CHECK_EQ_STR(say(a, "CLIENT LIST TYPE master"), "$0\r\n\r\n");
    CHECK_HAS(say(b, "CLIENT LIST TYPE master"), " addr=host:1 ");
    CHECK_EQ_STR(say(a, "CLIENT LIST TYPE none"), "-ERR Unknown client type 'none'\r\n");
    CHECK_EQ_STR(say(a, "CLIENT LIST ID x"), "-ERR Invalid client ID\r\n");
    CHECK_EQ_STR(say(a, "CLIENT LIST ID 77"), "$0\r\n\r\n");
    room_close(&r);
}

TEST(client_kill_by_address_and_by_filters)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "CLIENT KILL 1.2.3.4:5"), "-ERR No such client\r\n");
    CHECK_EQ_STR(say(a, "CLIENT KILL ID 3"), ":1\r\n");
    CHECK(b->closed);
    CHECK_EQ_STR(say(a, "CLIENT KILL ID 3"), ":0\r\n");
    CHECK_EQ_STR(say(a, "CLIENT KILL TYPE replica ID 4"), ":0\r\n");
    CHECK_EQ_STR(say(a, "CLIENT KILL USER nobody"), "-ERR No such user 'nobody'\r\n");
    CHECK_EQ_STR(say(a, "CLIENT KILL ID 0"), "-ERR client-id should be greater than 0\r\n");
    session_set_local_address(c->session, "10.0.0.2:1");
    CHECK_EQ_STR(say(a, "CLIENT KILL LADDR 10.0.0.2:1 USER default"), ":1\r\n");
    CHECK(c->closed);
    CHECK_EQ_STR(say(a, "CLIENT KILL TYPE normal SKIPME no"), ":1\r\n");
    CHECK(a->closed);
    struct wire *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(d, "CLIENT KILL 10.0.0.1:5000"), "+OK\r\n");
    CHECK(d->closed);
    room_close(&r);
}

TEST(a_replica_whose_connection_is_killed_comes_back)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(a, "CLIENT KILL TYPE replica"), ":1\r\n");
    room_pass(&r, 2000);
    CHECK_EQ_STR(say(b, "CLIENT KILL TYPE master"), ":1\r\n");
    room_pass(&r, 2000);
    CHECK_EQ_STR(info(a, "stats", "sync_partial_ok"), "2");
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 0\r\n"), "+OK\r\n:1\r\n");
    room_close(&r);
}

TEST(client_reply_keeps_quiet_as_told)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "CLIENT REPLY OFF\r\nSET a 1\r\nGET a\r\nCLIENT REPLY SKIP\r\n"), "");
    CHECK_EQ_STR(say(c, "CLIENT REPLY ON"), "+OK\r\n");
    CHECK_EQ_STR(room_send(c, "CLIENT REPLY SKIP\r\nINCR a\r\nINCR a\r\n"), ":3\r\n");
    CHECK_EQ_STR(say(c, "CLIENT REPLY maybe"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(room_send(c, "CLIENT REPLY OFF\r\nRESET\r\nPING\r\n"), "+RESET\r\n+PONG\r\n");
    room_close(&r);
}

TEST(client_unblock_ends_a_wait)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *w = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(w, "WAIT 1 0\r\nPING\r\n"), "");
    CHECK_EQ_STR(say(a, "CLIENT UNBLOCK 3"), ":1\r\n");
    CHECK_EQ_STR(room_hear(w), ":0\r\n+PONG\r\n");
    CHECK_EQ_STR(say(a, "CLIENT UNBLOCK 3"), ":0\r\n");
    say(w, "WAIT 1 5000");
    CHECK_EQ_STR(say(a, "CLIENT UNBLOCK 3 ERROR"), ":1\r\n");
    CHECK_EQ_STR(room_hear(w), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    CHECK_EQ_STR(info(a, "errorstats", "errorstat_UNBLOCKED"), "count=1");
    room_pass(&r, 6000);
    CHECK_EQ_STR(room_hear(w), "");
    CHECK_EQ_STR(say(a, "CLIENT UNBLOCK 3 soon"),
                 "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n");
    room_close(&r);
}

TEST(no_touch_leaves_no_trace)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET k v");
    CHECK_EQ_STR(say(c, "CLIENT NO-TOUCH on"), "+OK\r\n");
    room_pass(&r, 10000);
    say(c, "GET k");
    CHECK_EQ_STR(say(c, "OBJECT IDLETIME k"), ":10\r\n");
    CHECK_EQ_STR(room_send(c, "TOUCH k\r\nOBJECT IDLETIME k\r\n"), ":1\r\n:0\r\n");
    room_pass(&r, 10000);
    CHECK_EQ_STR(say(c, "CLIENT NO-TOUCH off"), "+OK\r\n");
    CHECK_EQ_STR(room_send(c, "GET k\r\nOBJECT IDLETIME k\r\n"), "$1\r\nv\r\n:0\r\n");
    CHECK_EQ_STR(say(c, "CLIENT NO-EVICT maybe"), "-ERR syntax error\r\n");
    room_close(&r);
}

/* ---- the conversation ---- */

TEST(hello_chooses_the_protocol_and_says_who_answers)
{
    static const char map3[] =
        "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$"
        "2\r\nid\r\n:2"
        "\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "HELLO 4"), "-NOPROTO unsupported protocol version\r\n");
    CHECK_EQ_STR(say(c, "HELLO x"), "-ERR Protocol version is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(c, "HELLO 3 AUTH a"), "-ERR Syntax error in HELLO option 'AUTH'\r\n");
    CHECK_EQ_STR(say(c, "HELLO 3 SETNAME me"), map3);
    CHECK_EQ_STR(say(c, "GET none"), "_\r\n");
    CHECK_EQ_STR(say(c, "CLIENT TRACKINGINFO"),
                 "%3\r\n$5\r\nflags\r\n~1\r\n$3\r\noff\r\n$8\r\nredirect\r\n:-1\r\n$8\r\nprefixes\r\n*0\r\n");
    CHECK_EQ_STR(say(c, "RESET"), "+RESET\r\n");
    CHECK_EQ_STR(say(c, "CLIENT GETNAME"), "$-1\r\n");
    room_close(&r);
}

TEST(hello_logs_in_and_a_password_taken_back_is_not_asked_for)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "CONFIG SET requirepass secret"), "+OK\r\n");
    struct wire *b = room_dial(&r, 0), *c = room_dial(&r, 0);
    CHECK_HAS(say(b, "HELLO 3"), "-NOAUTH HELLO must be called with the client already authenticated");
    CHECK_HAS(say(b, "HELLO 3 AUTH default no"), "-WRONGPASS ");
    CHECK_HAS(say(b, "HELLO 3 AUTH default secret"), "%7\r\n");
    CHECK_EQ_STR(say(b, "PING"), "+PONG\r\n");
    CHECK_EQ_STR(say(b, "RESET"), "+RESET\r\n");
    CHECK_EQ_STR(say(b, "PING"), "-NOAUTH Authentication required.\r\n");
    CHECK_EQ_STR(say(c, "PING"), "-NOAUTH Authentication required.\r\n");
    CHECK_EQ_STR(say(a, "CONFIG SET requirepass ''"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "PING"), "+PONG\r\n");
    room_close(&r);
}

/* ---- CONFIG ---- */

TEST(config_get_takes_names_and_patterns)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG GET save"), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET appendonly nosuch"), "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET MaxMemory"), "*2\r\n$9\r\nMaxMemory\r\n$1\r\n0\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET LFU-* hz"), "*6\r\n$14\r\nlfu-log-factor\r\n$2\r\n10\r\n$14\r\nlfu-decay-"
                                                "time\r\n$1\r\n1\r\n$2\r\nhz\r\n$2\r\n10\r\n");
    room_close(&r);
}

TEST(config_set_is_all_or_nothing)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG SET timeout 5 maxmemory 10mb"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET maxmemory"), "*2\r\n$9\r\nmaxmemory\r\n$8\r\n10485760\r\n");
    CHECK_EQ_STR(
        say(c, "CONFIG SET timeout 7 maxmemory x"),
        "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory "
        "value\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET timeout 7 nosuch x"),
                 "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET timeout 7 timeout 8"),
                 "-ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET timeout 7 databases 8"),
                 "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable "
                 "config\r\n");
    CHECK_EQ_STR(
        say(c, "CONFIG SET activedefrag yes"),
        "-ERR CONFIG SET failed (possibly related to argument 'activedefrag') - this server supports only "
        "'no'\r\n");
    CHECK_EQ_STR(
        say(c, "CONFIG SET dir /tmp"),
        "-ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET timeout 7 hz"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET timeout"), "*2\r\n$7\r\ntimeout\r\n$1\r\n5\r\n");
    CHECK_EQ_STR(say(c, "CONFIG REWRITE"), "-ERR The server is running without a config file\r\n");
    room_close(&r);
}

/* Each as redis-server 7.0.15 answers. */
TEST(words_at_the_border_are_taken_as_redis_takes_them)
{
    static const char *const asked[][2] = {
        {"CONFIG SET maxmemory ''", "+OK\r\n"},
        {"CONFIG SET appendfsync x",
         "-ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) "
         "must be one of the following: everysec, always, no\r\n"},
        {"CONFIG SET client-query-buffer-limit 1", "-ERR CONFIG SET failed (possibly related to argument "
                                                   "'client-query-buffer-limit') - argument must be "
                                                   "between 1048576 and 9223372036854775807 inclusive\r\n"},
        {"CONFIG SET proto-max-bulk-len 9223372036854775807", "+OK\r\n"},
        {"SETRANGE k 9223372036854775806 xx",
         "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"},
        {"CONFIG SET repl-backlog-size 1", "+OK\r\n"},
        {"CONFIG GET repl-backlog-size", "*2\r\n$17\r\nrepl-backlog-size\r\n$5\r\n16384\r\n"},
        {"CONFIG SET repl-backlog-size 9223372036854775807", "+OK\r\n"},
        {"REPLCONF rdb-only 2", "-ERR value is out of range, value must between 0 and 1\r\n"},
        {"REPLCONF rdb-filter-only data", "-ERR Unsupported rdb-filter-only option: data\r\n"},
        {"REPLCONF rdb-filter-only ''", "+OK\r\n"},
        {"REPLCONF rdb-only 1 rdb-filter-only 'functions functions'", "+OK\r\n"},
        {"LOLWUT VERSION 5 x", "-ERR value is not an integer or out of range\r\n"},
        {"LOLWUT VERSION 6 1 x", "-ERR value is not an integer or out of range\r\n"},
        {"LOLWUT VERSION 7 x", "$18\r\nRedis ver. 7.0.15\n\r\n"},
    };
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct wire *w = strncmp(asked[i][0], "REPLCONF", 8) == 0 ? room_dial(&r, 0) : c;
        CHECK_EQ_STR(say(w, asked[i][0]), asked[i][1]);
    }
    room_close(&r);
}

TEST(a_smaller_backlog_gives_up_the_oldest_bytes)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    for (int i = 0; i < 400; i++)
        say(a,
            "SET key 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
            "8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
            "2");
    CHECK(atoi(info(a, "replication", "repl_backlog_histlen")) > 80000);
    CHECK_EQ_STR(say(a, "CONFIG SET repl-backlog-size 20kb"), "+OK\r\n");
    room_pass(&r, 2000);
    CHECK_EQ_STR(info(a, "replication", "repl_backlog_size"), "20480");
    CHECK(atoi(info(a, "replication", "repl_backlog_histlen")) < 60000);
    room_close(&r);
}

TEST(an_lfu_policy_changes_what_accesses_mean)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET old 1");
    CHECK_HAS(say(c, "OBJECT FREQ old"), "-ERR An LFU maxmemory policy is not selected");
    CHECK_EQ_STR(say(c, "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 1"),
                 "+OK\r\n");
    CHECK_EQ_STR(room_send(c, "SET k 1\r\nOBJECT FREQ k\r\n"), "+OK\r\n:5\r\n");
    CHECK_EQ_STR(room_send(c, "GET k\r\nGET k\r\nOBJECT FREQ k\r\n"), "$1\r\n1\r\n$1\r\n1\r\n:7\r\n");
    room_pass(&r, 120000);
    CHECK_EQ_STR(say(c, "OBJECT FREQ k"), ":5\r\n");
    room_close(&r);
}

TEST(a_new_limit_holds_for_connections_that_are_open)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG SET proto-max-bulk-len 1mb"), "+OK\r\n");
    CHECK_EQ_STR(room_send(d, "*2\r\n$4\r\nECHO\r\n$2000000\r\n"),
                 "-ERR Protocol error: invalid bulk length\r\n");
    CHECK(d->closed);
    room_close(&r);
}

/* ---- INFO ---- */

TEST(info_sections_by_name_and_by_group)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "INFO cluster"), "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
    CHECK_EQ_STR(say(c, "INFO nosuch"), "$0\r\n\r\n");
    const char *text = say(c, "INFO keyspace CLUSTER");
    CHECK_HAS(text, "# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n");
    CHECK_LACKS(text, "# Server");
    text = say(c, "INFO");
    CHECK_HAS(text, "# Server\r\n");
    CHECK_HAS(text, "# Errorstats\r\n");
    CHECK_LACKS(text, "# Commandstats\r\n");
    CHECK_HAS(say(c, "INFO everything"), "# Commandstats\r\n");
    CHECK_HAS(say(c, "INFO default commandstats"), "# Commandstats\r\n");
    room_close(&r);
}

TEST(info_counts_commands_and_errors_by_code)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG RESETSTAT"), "+OK\r\n");
    room_send(c, "SET s x\r\nSET\r\nINCR s\r\nNOSUCH\r\nCLIENT ID\r\nCLIENT ID x\r\n");
    room_send(c, "MULTI\r\nINCR s\r\nGET s\r\nEXEC\r\nEXEC\r\n");
    say(c, "REPLICAOF host 4");
    say(c, "SET s y");
    CHECK_EQ_STR(info(c, "commandstats", "cmdstat_set"),
                 "calls=1,usec=0,usec_per_call=0.00,rejected_calls=2,failed_calls=0");
    CHECK_EQ_STR(info(c, "commandstats", "cmdstat_incr"),
                 "calls=2,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=2");
    CHECK_EQ_STR(info(c, "commandstats", "cmdstat_exec"),
                 "calls=2,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1");
    CHECK_EQ_STR(info(c, "commandstats", "cmdstat_client|id"),
                 "calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0");
    CHECK_EQ_STR(info(c, "errorstats", "errorstat_ERR"), "count=6");
    CHECK_EQ_STR(info(c, "errorstats", "errorstat_READONLY"), "count=1");
    CHECK_EQ_STR(info(c, "stats", "total_error_replies"), "7");
    CHECK_EQ_STR(say(c, "CONFIG RESETSTAT"), "+OK\r\n");
    CHECK_EQ_STR(info(c, "errorstats", "errorstat_ERR"), "(none)");
    CHECK_EQ_STR(info(c, "stats", "total_error_replies"), "0");
    room_close(&r);
}

TEST(info_measures_rates_without_asking_for_time)
{
    struct room r;
    room_open(&r, 1);
    CHECK(node_deadline(r.nodes[0]) == INT64_MAX);
    struct wire *c = room_dial(&r, 0);
    for (int i = 0; i < 300; i++) {
        say(c, "PING");
        room_pass(&r, 10);
    }
    int rate = atoi(info(c, "stats", "instantaneous_ops_per_sec"));
    CHECK(rate >= 90 && rate <= 110);
    room_pass(&r, 600000);
    CHECK_EQ_STR(info(c, "stats", "instantaneous_ops_per_sec"), "0");
    CHECK(node_deadline(r.nodes[0]) == INT64_MAX);
    room_close(&r);
}

TEST(an_idle_node_is_small)
{
    struct room r;
    room_open(&r, 1);
    CHECK(node_memory(r.nodes[0])->used < 13312); /* of 16 KiB that it may take in all */
    room_close(&r);
}

TEST(info_replication_says_what_sentinel_reads)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    CHECK_EQ_STR(info(a, "replication", "role"), "master");
    CHECK_EQ_INT(strlen(info(a, "server", "run_id")), 40);
    say(b, "CONFIG SET replica-priority 42");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 1500);
    const char *row = info(a, "replication", "slave0");
    CHECK_HAS(row, "ip=10.0.0.9,port=2,state=online,offset=");
    CHECK_HAS(row, ",lag=");
    CHECK_EQ_STR(info(b, "replication", "role"), "slave");
    CHECK_EQ_STR(info(b, "replication", "master_host"), "host");
    CHECK_EQ_STR(info(b, "replication", "master_port"), "1");
    CHECK_EQ_STR(info(b, "replication", "master_link_status"), "up");
    CHECK_EQ_STR(info(b, "replication", "slave_priority"), "42");
    CHECK_EQ_STR(info(b, "replication", "replica_announced"), "1");
    CHECK_EQ_STR(info(b, "replication", "master_link_down_since_seconds"), "(none)");
    say(b, "REPLICAOF host 9");
    room_pass(&r, 3000);
    CHECK_EQ_STR(info(b, "replication", "master_link_status"), "down");
    CHECK_EQ_STR(info(b, "replication", "master_link_down_since_seconds"), "3");
    room_close(&r);
}

/* ---- MEMORY, and words that do little ---- */

TEST(memory_stats_add_up)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "HELLO 3");
    say(c, "SET k v");
    say(c, "SELECT 2");
    say(c, "SET k v EX 100");
    const char *text = say(c, "MEMORY STATS");
    CHECK_HAS(text, "%18\r\n$14\r\npeak.allocated\r\n:");
    CHECK_HAS(text, "$4\r\ndb.0\r\n%3\r\n$23\r\noverhead.hashtable.main\r\n:");
    CHECK_HAS(text, "$4\r\ndb.2\r\n%3\r\n");
    CHECK_HAS(text, "$10\r\nkeys.count\r\n:2\r\n");
    CHECK_LACKS(text, "db.1");
    CHECK_HAS(say(c, "MEMORY DOCTOR"), "=77\r\ntxt:There is next to nothing in memory");
    CHECK_EQ_STR(say(c, "MEMORY PURGE"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "MEMORY MALLOC-STATS"), "$45\r\nStats not supported for the current allocator\r\n");
    CHECK_HAS(say(c, "MEMORY HELP"), "+    Return information about the memory usage of the server.\r\n");
    CHECK_HAS(say(c, "MEMORY USAGE k"), ":");
    room_close(&r);
}

TEST(the_doctor_says_what_is_wrong)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SETRANGE a 8000000 x");
    CHECK_HAS(say(c, "MEMORY DOCTOR"), "Nothing looks wrong");
    say(c, "SETRANGE b 8000000 x");
    say(c, "DEL b");
    CHECK_HAS(say(c, "MEMORY DOCTOR"), "- The peak was");
    say(c, "CONFIG SET maxmemory 1mb");
    CHECK_HAS(say(c, "MEMORY DOCTOR"), "- More is used than maxmemory allows.");
    room_close(&r);
}

TEST(words_for_a_cluster_and_for_fun)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    static const char none[] = "-ERR This instance has cluster support disabled\r\n";
    CHECK_EQ_STR(say(c, "READONLY"), none);
    CHECK_EQ_STR(say(c, "READWRITE"), none);
    CHECK_EQ_STR(say(c, "ASKING"), none);
    CHECK_HAS(say(c, "LOLWUT"), "Redis ver. 7.0.");
    CHECK_EQ_STR(say(c, "LOLWUT VERSION x"), "-ERR value is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET lazyfree-lazy-user-del yes loglevel debug"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET loglevel"), "*2\r\n$8\r\nloglevel\r\n$5\r\ndebug\r\n");
    CHECK_HAS(say(c, "CONFIG SET loglevel loud"), "argument(s) must be one of the following: debug, verbose");
    room_close(&r);
}

TEST_MAIN()
