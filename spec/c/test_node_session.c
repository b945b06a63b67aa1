/* test_node_session.c: a connection's life at a node: requests in any cut, replies, errors, transactions, limits. */
#include "nodes.h"
#include "test.h"

TEST(set_and_get_over_the_wire)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "SET foo bar"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "GET foo"), "$3\r\nbar\r\n");
    CHECK_EQ_STR(room_send(c, "*2\r\n$3\r\nGET\r\n$3\r\nnil\r\n"), "$-1\r\n");
    room_close(&r);
}

TEST(pipelined_requests_cut_anywhere_give_the_same_replies)
{
    static const char requests[] =
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n10\r\nINCR k\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n";
    for (size_t cut = 0; cut <= sizeof requests - 1; cut++) {
        struct room r;
        room_open(&r, 1);
        struct wire *c = room_dial(&r, 0);
        room_put(c->session, requests, cut);
        room_put(c->session, requests + cut, sizeof requests - 1 - cut);
        room_settle(&r);
        CHECK_EQ_STR(room_hear(c), "+OK\r\n:11\r\n:12\r\n");
        room_close(&r);
    }
}

TEST(errors_are_redis_own)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "NOSUCH a b"),
                 "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \r\n");
    CHECK_EQ_STR(say(c, "GET"), "-ERR wrong number of arguments for 'get' command\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET"), "-ERR wrong number of arguments for 'config|get' command\r\n");
    CHECK_EQ_STR(say(c, "CONFIG NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.\r\n");
    CHECK_EQ_STR(say(c, "SELECT 16"), "-ERR DB index is out of range\r\n");
    room_close(&r);
}

TEST(a_protocol_error_is_told_and_closes_the_connection)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "*1\r\n+x\r\n"), "-ERR Protocol error: expected '$', got '+'\r\n");
    CHECK(c->closed);
    room_close(&r);
}

TEST(quit_answers_then_closes_and_ignores_what_follows)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "SET a 1\r\nQUIT\r\nSET a 2\r\n"), "+OK\r\n+OK\r\n");
    CHECK(c->closed);
    struct wire *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(d, "GET a"), "$1\r\n1\r\n");
    room_close(&r);
}

TEST(transaction_runs_together_or_not_at_all)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "MULTI\r\nSET a 1\r\nINCR a\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:2\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nSET a 5\r\nNOSUCH\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n-ERR unknown command 'NOSUCH', with args beginning with: \r\n"
                 "-EXECABORT Transaction discarded because of previous errors.\r\n");
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n2\r\n");
    CHECK_EQ_STR(say(c, "EXEC"), "-ERR EXEC without MULTI\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nMULTI\r\nDISCARD\r\n"),
                 "+OK\r\n-ERR MULTI calls can not be nested\r\n+OK\r\n");
    room_close(&r);
}

TEST(watch_notices_what_others_change)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "WATCH a\r\nMULTI\r\nSET b 1\r\n"), "+OK\r\n+OK\r\n+QUEUED\r\n");
    CHECK_EQ_STR(say(d, "SET a 1"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "EXEC"), "*-1\r\n");
    CHECK_EQ_STR(room_send(c, "WATCH a\r\nMULTI\r\nSET b 1\r\nEXEC\r\n"),
                 "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nWATCH a\r\nDISCARD\r\n"),
                 "+OK\r\n-ERR WATCH inside MULTI is not allowed\r\n+OK\r\n");
    room_close(&r);
}

TEST(a_password_is_asked_for_when_set)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG SET requirepass secret"), "+OK\r\n");
    struct wire *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(d, "GET a"), "-NOAUTH Authentication required.\r\n");
    CHECK_EQ_STR(say(d, "AUTH wrong"), "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    CHECK_EQ_STR(say(d, "AUTH secret"), "+OK\r\n");
    CHECK_EQ_STR(say(d, "GET a"), "$-1\r\n");
    room_close(&r);
}

TEST(a_password_may_have_any_bytes)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    static const char set[] = "*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$3\r\na\0b\r\n";
    static const char right[] = "*2\r\n$4\r\nAUTH\r\n$3\r\na\0b\r\n";
    static const char wrong[] = "*2\r\n$4\r\nAUTH\r\n$3\r\na\0c\r\n";
    CHECK_EQ_STR(room_send_bytes(c, set, sizeof set - 1), "+OK\r\n");
    struct wire *d = room_dial(&r, 0);
    CHECK(strstr(say(d, "AUTH a"), "-WRONGPASS ") != NULL);
    CHECK(strstr(room_send_bytes(d, wrong, sizeof wrong - 1), "-WRONGPASS ") != NULL);
    CHECK_EQ_STR(room_send_bytes(d, right, sizeof right - 1), "+OK\r\n");
    room_close(&r);
}

TEST(an_exec_with_words_too_many_ends_its_transaction)
{
    static const char aborted[] =
        "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n";
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "EXEC now"), aborted);
    CHECK_EQ_STR(room_send(c, "MULTI\r\nSET a 1\r\n"), "+OK\r\n+QUEUED\r\n");
    CHECK_EQ_STR(say(c, "EXEC now"), aborted);
    CHECK_EQ_STR(say(c, "EXEC"), "-ERR EXEC without MULTI\r\n");
    CHECK_EQ_STR(say(c, "GET a"), "$-1\r\n");
    room_close(&r);
}

TEST(keys_expire_in_time_and_are_deleted_unasked)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1 PX 100");
    say(c, "SET b 1");
    room_pass(&r, 99);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n1\r\n");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":1\r\n");
    CHECK_EQ_STR(say(c, "GET a"), "$-1\r\n");
    room_close(&r);
}

TEST(debug_sleep_holds_everybody_until_it_is_over)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(c, "PING\r\nDEBUG SLEEP 1\r\nPING\r\n"), "");
    CHECK_EQ_STR(say(d, "SET k v"), "");
    room_hang_up(d);
    struct wire *e = room_dial(&r, 0);
    CHECK_EQ_STR(say(e, "GET k"), "");
    room_pass(&r, 999);
    CHECK_EQ_STR(room_hear(c), "");
    room_pass(&r, 2);
    CHECK_EQ_STR(room_hear(c), "+PONG\r\n+OK\r\n+PONG\r\n");
    CHECK_EQ_STR(room_hear(e), "$1\r\nv\r\n");
    room_close(&r);
}

TEST_MAIN()
