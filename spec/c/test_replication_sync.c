/* test_replication_sync.c: the grammar of rules, and how far replicas have fulfilled one. */
#include "replication/sync.h"

#include "peers.h"
#include "test.h"

/* What a text reads as, printed in full; or what is wrong with it. */
static const char *read_as(const char *text)
{
    static char printed[SYNC_PRINT_MAX];
    struct sync_rule rule = {.level = SYNC_APPLIED};
    if (!sync_parse(&rule, slice_text(text), printed)) return printed;
    sync_print(&rule, printed, sizeof printed);
    struct sync_rule again = {.level = SYNC_APPLIED};
    char error[SYNC_ERROR_MAX];
    return sync_parse(&again, slice_text(printed), error) && sync_equal(&rule, &again) ? printed
                                                                                       : "not the same again";
}

TEST(rules)
{
    CHECK_EQ_STR(read_as(""), "");
    CHECK_EQ_STR(read_as("  "), "");
    CHECK_EQ_STR(read_as("ANY 1 (b)"), "ANY 1 (b)");
    CHECK_EQ_STR(read_as("any 2(b,c ,d)"), "ANY 2 (b, c, d)");
    CHECK_EQ_STR(read_as("FIRST 1 (b, c)"), "FIRST 1 (b, c)");
    CHECK_EQ_STR(read_as("2 (b, c)"), "FIRST 2 (b, c)");
    CHECK_EQ_STR(read_as("b"), "FIRST 1 (b)");
    CHECK_EQ_STR(read_as("b, c"), "FIRST 1 (b, c)");
    CHECK_EQ_STR(read_as("ANY 1 (10.0.0.1:6379, node-2.example)"), "ANY 1 (10.0.0.1:6379, node-2.example)");
    CHECK_EQ_STR(read_as("ANY 1 (\"a b\", \"say \"\"x\"\"\", \"*\")"),
                 "ANY 1 (\"a b\", \"say \"\"x\"\"\", \"*\")");
    CHECK_EQ_STR(read_as("ANY 1 (any, first, 3)"), "ANY 1 (any, first, 3)");
}

TEST(what_is_no_rule)
{
    CHECK_EQ_STR(read_as("ANY"), "a number of replicas expected, as in ANY 1 (b, c)");
    CHECK_EQ_STR(read_as("ANY b"), "a number of replicas expected, as in ANY 1 (b, c)");
    CHECK_EQ_STR(read_as("ANY 1"), "'(' and names expected after the number of replicas");
    CHECK_EQ_STR(read_as("ANY 1 ()"), "a replica's name expected");
    CHECK_EQ_STR(read_as("ANY 1 (b"), "',' or ')' expected after a name");
    CHECK_EQ_STR(read_as("ANY 1 (b c)"), "',' or ')' expected after a name");
    CHECK_EQ_STR(read_as("ANY 1 (b,)"), "a replica's name expected");
    CHECK_EQ_STR(read_as("ANY 1 (b) c"), "there is something behind the end of the rule");
    CHECK_EQ_STR(read_as("ANY 0 (b)"), "the number of replicas must be at least 1");
    CHECK_EQ_STR(read_as("ANY -1 (b)"), "the number of replicas must be at least 1");
    CHECK_EQ_STR(read_as("ANY 3 (b, c)"), "3 replicas are needed, but only 2 named");
    CHECK_EQ_STR(read_as("ANY 1 (b, c, b)"), "'b' is named twice");
    CHECK_EQ_STR(read_as("ANY 1 (*)"), "'*' is no name: replicas are declared, not whoever is connected");
    CHECK_EQ_STR(read_as("*"), "'*' is no name: replicas are declared, not whoever is connected");
    CHECK_EQ_STR(read_as("ANY 1 (\"b)"), "a quoted name has no end");
    CHECK_EQ_STR(read_as("ANY 1 (\"\")"), "a replica's name expected");
    char many[512] = "ANY 1 (";
    for (int i = 0; i < 33; i++) sprintf(many + strlen(many), "n%d%s", i, i < 32 ? "," : ")");
    CHECK_EQ_STR(read_as(many), "too many names");
    char longer[600];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_EQ_STR(read_as(longer), "the names are too long");
}

enum { REPLICAS = 4 };

struct fixture {
    struct peer peer;
    struct feed *feeds[REPLICAS];
};

/* Replicas b, c, d and another b stream from offset 0 of a log that has 100 bytes. */
static void open_replicas(struct fixture *x)
{
    static const char *const names[REPLICAS] = {"b", "c", "d", "b"};
    memset(x, 0, sizeof *x);
    peer_open(&x->peer, 7);
    x->peer.log.backlog_size = 1 << 20;
    for (int i = 0; i < REPLICAS; i++) {
        struct feed *f = x->feeds[i] = feed_new(&x->peer.feeds, NULL, 1);
        bytes_append_text(&f->name, names[i]);
        feed_capability(f, slice_text("psync2"));
        feed_psync(f, slice_text(x->peer.log.replid), 1, 1);
    }
    char bytes[100];
    memset(bytes, '.', sizeof bytes);
    log_append(&x->peer.log, bytes, sizeof bytes);
}

static void close_replicas(struct fixture *x)
{
    for (int i = 0; i < REPLICAS; i++)
        if (x->feeds[i]) feed_free(x->feeds[i]);
    peer_close(&x->peer);
}

static void acknowledge(struct fixture *x, int i, int64_t received, int64_t applied, int64_t fsynced)
{
    feed_acknowledge(x->feeds[i], applied, fsynced, received, 1);
}

static int64_t reached(struct fixture *x, const char *text, enum sync_level level)
{
    struct sync_rule rule = {.level = level};
    char error[SYNC_ERROR_MAX];
    return sync_parse(&rule, slice_text(text), error) ? sync_reached(&rule, &x->peer.feeds) : -2;
}

TEST(any_of_those_that_are_named)
{
    struct fixture x;
    open_replicas(&x);
    CHECK(reached(&x, "", SYNC_APPLIED) == INT64_MAX);
    acknowledge(&x, 0, 90, 50, 10);
    acknowledge(&x, 1, 30, 30, 30);
    acknowledge(&x, 2, 100, 100, 100);
    CHECK_EQ_INT(reached(&x, "ANY 1 (b, c)", SYNC_RECEIVED), 90);
    CHECK_EQ_INT(reached(&x, "ANY 1 (b, c)", SYNC_APPLIED), 50);
    CHECK_EQ_INT(reached(&x, "ANY 1 (b, c)", SYNC_FSYNCED), 30);
    CHECK_EQ_INT(reached(&x, "ANY 2 (b, c)", SYNC_APPLIED), 30);
    CHECK_EQ_INT(reached(&x, "ANY 2 (b, c, d)", SYNC_APPLIED), 50);
    CHECK_EQ_INT(reached(&x, "ANY 1 (elsewhere)", SYNC_APPLIED), -1);
    acknowledge(&x, 3, 70, 70, -1); /* another that calls itself b */
    CHECK_EQ_INT(reached(&x, "ANY 1 (b)", SYNC_APPLIED), 70);
    CHECK_EQ_INT(reached(&x, "ANY 2 (b, c)", SYNC_APPLIED), 30);
    feed_free(x.feeds[1]);
    x.feeds[1] = NULL;
    CHECK_EQ_INT(reached(&x, "ANY 2 (b, c)", SYNC_APPLIED), -1);
    close_replicas(&x);
}

TEST(the_first_that_are_there)
{
    struct fixture x;
    open_replicas(&x);
    acknowledge(&x, 0, 10, 10, 10);
    acknowledge(&x, 1, 60, 60, 60);
    acknowledge(&x, 2, 100, 100, 100);
    CHECK_EQ_INT(reached(&x, "FIRST 1 (b, c, d)", SYNC_APPLIED), 10);
    CHECK_EQ_INT(reached(&x, "FIRST 1 (c, b)", SYNC_APPLIED), 60);
    CHECK_EQ_INT(reached(&x, "FIRST 2 (c, d, b)", SYNC_APPLIED), 60);
    CHECK_EQ_INT(reached(&x, "FIRST 3 (b, c, d)", SYNC_APPLIED), 10);
    struct sync_rule rule = {.level = SYNC_APPLIED};
    char error[SYNC_ERROR_MAX];
    CHECK(sync_parse(&rule, slice_text("FIRST 1 (b, c)"), error));
    CHECK_EQ_STR(sync_state(&rule, &x.peer.feeds, x.feeds[0]), "sync");
    CHECK_EQ_STR(sync_state(&rule, &x.peer.feeds, x.feeds[1]), "potential");
    CHECK_EQ_STR(sync_state(&rule, &x.peer.feeds, x.feeds[2]), "async");
    feed_free(x.feeds[0]);
    feed_free(x.feeds[3]);
    x.feeds[0] = x.feeds[3] = NULL;
    CHECK_EQ_INT(reached(&x, "FIRST 1 (b, c, d)", SYNC_APPLIED), 60);
    CHECK_EQ_INT(reached(&x, "FIRST 2 (b, c)", SYNC_APPLIED), -1);
    /* back, but far behind: passed over until it has caught up */
    x.feeds[0] = feed_new(&x.peer.feeds, NULL, 1);
    bytes_append_text(&x.feeds[0]->name, "b");
    feed_psync(x.feeds[0], slice_text(x.peer.log.replid), 11, 1);
    CHECK_EQ_INT(reached(&x, "FIRST 1 (b, c, d)", SYNC_APPLIED), 60);
    acknowledge(&x, 0, 100, 100, -1);
    CHECK_EQ_INT(reached(&x, "FIRST 1 (b, c, d)", SYNC_APPLIED), 100);
    CHECK_EQ_STR(sync_state(&rule, &x.peer.feeds, x.feeds[0]), "sync");
    close_replicas(&x);
}

TEST(who_has_no_name_is_called_by_its_address)
{
    struct fixture x;
    open_replicas(&x);
    bytes_clear(&x.feeds[2]->name);
    bytes_append_text(&x.feeds[2]->address, "10.0.0.7:6379");
    acknowledge(&x, 2, 40, 40, 40);
    CHECK_EQ_INT(reached(&x, "ANY 1 (10.0.0.7:6379)", SYNC_APPLIED), 40);
    close_replicas(&x);
}

TEST_MAIN()
