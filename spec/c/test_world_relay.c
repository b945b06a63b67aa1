/* Relays: links between processes, with delays, cuts and resets.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "live_fixture.h"
#include "world/relay.h"

struct relayed {
    struct fixture f;
    struct world_node *a;
    struct world_relay *relay;
};

static bool relayed_begin(struct relayed *x)
{
    fixture_begin(&x->f);
    x->a = node_at(&x->f, "a", NULL, 0);
    x->relay = x->a ? world_relay_new(x->f.world, 0, "127.0.0.1", world_node_port(x->a)) : NULL;
    return x->relay != NULL;
}

static int dial_relay(struct relayed *x) { return dial_family(AF_INET, world_relay_port(x->relay)); }

static void both_ways(struct relayed *x, struct world_link link)
{
    (void)world_relay_set(x->relay, true, &link);
    (void)world_relay_set(x->relay, false, &link);
}

TEST(passes_bytes_on)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    int fd = dial_relay(&x);
    TALK(&x.f, fd, "PING\r\nSET k v\r\nGET k\r\n", "+PONG\r\n+OK\r\n$1\r\nv\r\n");
    TALK(&x.f, fd, "QUIT\r\n", "+OK\r\n");
    CHECK_EQ_INT(ending(&x.f, fd), 0);
    close(fd);
    fd = dial_relay(&x);
    TALK(&x.f, fd, "PING\r\n", "+PONG\r\n");
    close(fd);
    UNTIL(&x.f, strstr(call(&x.f, x.a, "INFO clients"), "connected_clients:0\r") != NULL);
    fixture_end(&x.f);
}

TEST(delays_each_direction)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct world_link there = {.latency = 20 * MS}, back = {.latency = 30 * MS, .jitter = 5 * MS};
    CHECK_EQ_INT(world_relay_set(x.relay, true, &there), WORLD_OK);
    CHECK_EQ_INT(world_relay_set(x.relay, false, &back), WORLD_OK);
    int fd = dial_relay(&x);
    for (int i = 0; i < 5; i++) {
        int64_t begun = now(&x.f);
        TALK(&x.f, fd, "PING\r\n", "+PONG\r\n");
        CHECK(now(&x.f) >= begun + 50 * MS);
    }
    close(fd);
    fixture_end(&x.f);
}

/* Requests that are under way together cost one round trip. */
TEST(a_link_is_a_pipe)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    both_ways(&x, (struct world_link){.latency = 50 * MS, .jitter = 10 * MS});
    int fd = dial_relay(&x);
    char heard[20 * 7];
    int64_t begun = now(&x.f);
    for (int i = 0; i < 20; i++) {
        CHECK(say(&x.f, fd, "PING\r\n", 6));
        (void)world_step(x.f.world, now(&x.f) + 2 * MS);
    }
    CHECK_EQ_INT(hear(&x.f, fd, heard, sizeof heard), sizeof heard);
    CHECK(now(&x.f) >= begun + 100 * MS);
    CHECK(now(&x.f) < begun + 1000 * MS);
    close(fd);
    fixture_end(&x.f);
}

TEST(bandwidth_takes_time)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    CHECK_EQ_STR(call(&x.f, x.a, "SETRANGE k 199999 x"), ":200000\r\n");
    struct world_link link = {.bandwidth = 2e6};
    CHECK_EQ_INT(world_relay_set(x.relay, false, &link), WORLD_OK);
    int fd = dial_relay(&x);
    char *heard = malloc(200000);
    int64_t begun = now(&x.f);
    TALK(&x.f, fd, "GET k\r\n", "$200000\r\n");
    CHECK_EQ_INT(hear(&x.f, fd, heard, 200000), 200000);
    CHECK(now(&x.f) >= begun + 100 * MS);
    CHECK_EQ_INT(heard[199999], 'x');
    free(heard);
    close(fd);
    fixture_end(&x.f);
}

TEST(a_cut_holds_everything_back)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct fixture *f = &x.f;
    int fd = dial_relay(&x);
    TALK(f, fd, "PING\r\n", "+PONG\r\n");
    struct world_link cut = {.cut = true}, whole = {0};
    CHECK_EQ_INT(world_relay_set(x.relay, false, &cut),
                 WORLD_OK); /* one way: it is done, nobody hears of it */
    CHECK(say(f, fd, "SET k v\r\n", 9));
    UNTIL(f, strcmp(call(f, x.a, "EXISTS k"), ":1\r\n") == 0);
    char byte;
    CHECK_EQ_INT(recv(fd, &byte, 1, 0), -1);
    int late = dial_relay(&x);
    CHECK(late >= 0);
    CHECK_EQ_INT(world_relay_set(x.relay, true, &cut), WORLD_OK);
    CHECK(say(f, fd, "INCR n\r\n", 8) && say(f, late, "PING\r\n", 6));
    (void)world_step(f->world, now(f) + 20 * MS);
    CHECK_EQ_STR(call(f, x.a, "EXISTS n"), ":0\r\n");
    CHECK_EQ_INT(world_relay_set(x.relay, true, &whole), WORLD_OK);
    CHECK_EQ_INT(world_relay_set(x.relay, false, &whole), WORLD_OK);
    TALK(f, fd, "", "+OK\r\n:1\r\n");
    TALK(f, late, "", "+PONG\r\n");
    close(fd);
    close(late);
    fixture_end(f);
}

TEST(resets)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct fixture *f = &x.f;
    int fd = dial_relay(&x);
    TALK(f, fd, "PING\r\n", "+PONG\r\n");
    world_relay_reset(x.relay);
    CHECK_EQ_INT(ending(f, fd), ECONNRESET);
    close(fd);
    /* a process that dies resets what goes through, after the latency; one that cannot be reached too */
    both_ways(&x, (struct world_link){.latency = 10 * MS});
    fd = dial_relay(&x);
    TALK(f, fd, "PING\r\n", "+PONG\r\n");
    int64_t begun = now(f);
    CHECK_EQ_INT(world_node_crash(x.a, WORLD_CRASH), WORLD_OK);
    CHECK_EQ_INT(ending(f, fd), ECONNRESET);
    CHECK(now(f) >= begun + 10 * MS);
    close(fd);
    fd = dial_relay(&x);
    CHECK_EQ_INT(ending(f, fd), ECONNRESET);
    close(fd);
    fixture_end(f);
}

/* What was said before a close still arrives, however long it takes. */
TEST(last_words)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    both_ways(&x, (struct world_link){.latency = 20 * MS});
    int fd = dial_relay(&x);
    CHECK(say(&x.f, fd, "SET k v\r\n", 9));
    close(fd);
    UNTIL(&x.f, strcmp(call(&x.f, x.a, "EXISTS k"), ":1\r\n") == 0);
    UNTIL(&x.f, strstr(call(&x.f, x.a, "INFO clients"), "connected_clients:0\r") != NULL);
    fixture_end(&x.f);
}

/* Nobody reads at the far end: the relay holds a bounded amount, and loses nothing. */
TEST(holds_a_bounded_amount)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct fixture *f = &x.f;
    enum { COUNT = 2000000 };
    static const char pings[] = "PING\r\nPING\r\nPING\r\n";
    int fd = dial_relay(&x);
    size_t used = f->world->memory.used, sent = 0;
    world_node_pause(x.a, true);
    int64_t until = now(f) + 300 * MS;
    while (now(f) < until) {
        ssize_t got = send(fd, &pings[sent % 6], 12, MSG_NOSIGNAL);
        if (got > 0)
            sent += (size_t)got;
        else
            (void)world_step(f->world, now(f) + MS);
        if (sent > COUNT * 6) break;
    }
    CHECK(f->world->memory.used - used < 3 * 1024 * 1024);
    world_node_pause(x.a, false);
    size_t wanted = sent / 6 * 7;
    char *heard = malloc(wanted);
    CHECK_EQ_INT(hear(f, fd, heard, wanted), wanted);
    free(heard);
    close(fd);
    fixture_end(f);
}

TEST(a_replica_over_a_link)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct fixture *f = &x.f;
    struct world_node *b = node_at(f, "b", NULL, 0);
    REQUIRE(b);
    both_ways(&x, (struct world_link){.latency = 5 * MS});
    follow(f, b, "127.0.0.1", world_relay_port(x.relay));
    UNTIL(f, link_up(b));
    CHECK_EQ_STR(call(f, x.a, "SET k v"), "+OK\r\n");
    int64_t begun = now(f);
    CHECK_EQ_STR(call(f, x.a, "WAIT 1 10000"), ":1\r\n");
    CHECK(now(f) >= begun + 10 * MS);
    both_ways(&x, (struct world_link){.cut = true});
    CHECK_EQ_STR(call(f, x.a, "SET k w"), "+OK\r\n");
    CHECK_EQ_STR(call(f, x.a, "WAIT 1 30"), ":0\r\n");
    both_ways(&x, (struct world_link){0});
    CHECK_EQ_STR(call(f, x.a, "WAIT 1 10000"), ":1\r\n");
    CHECK_EQ_STR(call(f, b, "GET k"), "$1\r\nw\r\n");
    fixture_end(f);
}

TEST(refuses_what_it_cannot_do)
{
    struct relayed x;
    REQUIRE(relayed_begin(&x));
    struct world_link lossy = {.loss = 0.1}, odd = {.latency = -1};
    CHECK_EQ_INT(world_relay_set(x.relay, true, &lossy), WORLD_UNSUPPORTED);
    CHECK(strstr(world_error(x.f.world), "lose") != NULL);
    CHECK_EQ_INT(world_relay_set(x.relay, true, &odd), WORLD_BAD);
    CHECK(!world_relay_new(x.f.world, world_relay_port(x.relay), "127.0.0.1", 1));
    CHECK(strstr(world_error(x.f.world), "address already in use") != NULL);
    world_relay_free(x.relay);
    fixture_end(&x.f);
}

TEST_MAIN()
