/* A live world: nodes served over real sockets of this machine.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "live_fixture.h"
#include "world/relay.h"

/* ---- serving ---- */

TEST(serves_requests)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    CHECK(world_node_port(a) > 0);
    CHECK_EQ_STR(world_node_host(a), "127.0.0.1");
    int fd = dial(a), other = dial(a);
    REQUIRE(fd >= 0 && other >= 0);
    TALK(&f, fd, "PING\r\n", "+PONG\r\n");
    TALK(&f, fd, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\nGET k\r\nGET none\r\n",
         "+OK\r\n$1\r\nv\r\n$-1\r\n");
    TALK(&f, other, "GET k\r\n", "$1\r\nv\r\n");
    TALK(&f, fd, "*1\r\n$4\r\nPI", "");
    TALK(&f, fd, "NG\r\n", "+PONG\r\n");
    CHECK_EQ_STR(call(&f, a, "GET k"), "$1\r\nv\r\n");
    TALK(&f, fd, "QUIT\r\n", "+OK\r\n");
    CHECK_EQ_INT(ending(&f, fd), 0);
    TALK(&f, other, "*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n");
    CHECK_EQ_INT(ending(&f, other), 0);
    close(fd);
    close(other);
    fixture_end(&f);
}

TEST(answers_one_who_has_finished_talking)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    int fd = dial(a);
    CHECK_EQ_INT(send(fd, "PING\r\n", 6, 0), 6);
    shutdown(fd, SHUT_WR);
    TALK(&f, fd, "", "+PONG\r\n");
    CHECK_EQ_INT(ending(&f, fd), 0);
    close(fd);
    fixture_end(&f);
}

TEST(large_values_both_ways)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    enum { SIZE = 24 * 1024 * 1024 };
    char *value = malloc(SIZE), *heard = malloc(SIZE), head[64];
    for (size_t i = 0; i < SIZE; i++) value[i] = (char)(i * 7 + i / 251);
    int fd = dial(a), other = dial(a);
    int size = snprintf(head, sizeof head, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", SIZE);
    CHECK(say(&f, fd, head, (size_t)size));
    CHECK(say(&f, fd, value, SIZE));
    TALK(&f, fd, "\r\n", "+OK\r\n");
    CHECK(say(&f, fd, "GET k\r\n", 7));
    (void)world_step(f.world, now(&f) + 20 * MS); /* the reply is stuck: */
    TALK(&f, other, "PING\r\n", "+PONG\r\n");     /* nobody else has to wait */
    size = snprintf(head, sizeof head, "$%d\r\n", SIZE);
    TALK(&f, fd, "", head);
    size_t got = hear(&f, fd, heard, SIZE);
    CHECK_EQ_INT(got, SIZE);
    CHECK(memcmp(heard, value, SIZE) == 0);
    TALK(&f, fd, "PING\r\n", "\r\n+PONG\r\n");
    close(fd);
    close(other);
    free(value);
    free(heard);
    fixture_end(&f);
}

TEST(many_pipelined_requests)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    enum { COUNT = 50000, EACH = 6 };
    char *text = malloc(COUNT * EACH), *heard = malloc(COUNT * 7);
    for (int i = 0; i < COUNT; i++) memcpy(text + i * EACH, "PING\r\n", EACH);
    int fd = dial(a);
    CHECK(say(&f, fd, text, COUNT * EACH));
    CHECK_EQ_INT(hear(&f, fd, heard, COUNT * 7), COUNT * 7);
    bool same = true;
    for (int i = 0; i < COUNT; i++) same = same && memcmp(heard + i * 7, "+PONG\r\n", 7) == 0;
    CHECK(same);
    close(fd);
    free(text);
    free(heard);
    fixture_end(&f);
}

/* The default disposition of SIGPIPE ends the process: the world must not raise it. */
/* However much one has sent, the others wait for a part of it. */
TEST(a_turn_takes_so_much_of_one_client)
{
    enum { SENT_MAX = 100 * 1024, TURN_MAX = 64 * 1024, REQUEST = 6, REPLY = 7 };
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    int fd = dial(a), other = dial(a);
    TALK(&f, fd, "PING\r\n", "+PONG\r\n");
    TALK(&f, other, "PING\r\n", "+PONG\r\n");
    char *text = malloc(2 * SENT_MAX);
    for (size_t i = 0; i < SENT_MAX; i += REQUEST) memcpy(text + i, "PING\r\n", REQUEST);
    ssize_t sent = send(fd, text, SENT_MAX / REQUEST * REQUEST, MSG_DONTWAIT);
    REQUIRE(sent > TURN_MAX);
    size_t whole = (size_t)sent / REQUEST * REPLY, got = 0, most = 0;
    CHECK_EQ_INT(send(other, "PING\r\n", 6, 0), 6);
    for (int64_t deadline = now(&f) + PATIENCE_US; got < whole && now(&f) < deadline;) {
        world_step(f.world, now(&f));
        ssize_t part = recv(fd, text, 2 * SENT_MAX, MSG_DONTWAIT);
        if (part <= 0) continue;
        if (got == 0) CHECK_EQ_INT(recv(other, text, REPLY, MSG_DONTWAIT), REPLY);
        if ((size_t)part > most) most = (size_t)part;
        got += (size_t)part;
    }
    CHECK_EQ_INT(got, whole);
    CHECK(most <= TURN_MAX / REQUEST * REPLY);
    free(text);
    close(fd);
    close(other);
    fixture_end(&f);
}

TEST(a_peer_that_goes_away_does_no_harm)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    signal(SIGPIPE, SIG_DFL);
    int fds[32], last = dial(a);
    for (int i = 0; i < 32; i++) {
        struct linger at_once = {1, 0};
        fds[i] = dial(a);
        CHECK(say(&f, fds[i], "SET k v\r\nGET k\r\n", 16));
        if (i % 2) setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        CHECK_EQ_INT(send(fds[i], "PING\r\nPING\r\n", 12, 0), 12);
        close(fds[i]);
    }
    TALK(&f, last, "PING\r\n", "+PONG\r\n");
    UNTIL(&f, strstr(call(&f, a, "INFO clients"), "connected_clients:1\r") != NULL);
    close(last);
    fixture_end(&f);
}

TEST(listens_where_it_is_told)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", "127.0.0.1 -::1", 0);
    REQUIRE(a);
    int six = dial_family(AF_INET6, world_node_port(a));
    if (six >= 0) {
        TALK(&f, six, "PING\r\n", "+PONG\r\n");
        close(six);
    }
    struct world_node *b = node_at(&f, "b", "*", 0);
    REQUIRE(b);
    CHECK_EQ_STR(world_node_host(b), "127.0.0.1");
    CHECK(!node_at(&f, "c", NULL, world_node_port(a)));
    CHECK(strstr(world_error(f.world), "Address already in use") != NULL);
    CHECK(!node_at(&f, "a", NULL, 0));
    CHECK(strstr(world_error(f.world), "already something called 'a'") != NULL);
    CHECK(!node_at(&f, "c", "nowhere.invalid", 0));
    CHECK(strstr(world_error(f.world), "'nowhere.invalid' is not an address") != NULL);
    CHECK(node_at(&f, "c", NULL, 0) != NULL);
    fixture_end(&f);
}

/* Without descriptors nobody can be accepted, nor must the loop turn without pause; later it goes on. */
TEST(runs_out_of_descriptors)
{
    const char *preload = getenv("LD_PRELOAD");
    if (preload && strstr(preload, "valgrind")) return; /* it accepts, and closes what is one too many */
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    struct rlimit before, none;
    int first = dial(a), second = dial(a);
    TALK(&f, first, "PING\r\n", "+PONG\r\n");
    TALK(&f, second, "PING\r\n", "+PONG\r\n");
    int third = dial(a);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    int64_t begun = now(&f);
    CHECK(send(third, "PING\r\n", 6, 0) == 6);
    CHECK_EQ_INT(world_step(f.world, begun + 20 * MS), 0);
    TALK(&f, first, "PING\r\n", "+PONG\r\n");
    setrlimit(RLIMIT_NOFILE, &before);
    TALK(&f, third, "", "+PONG\r\n");
    close(first);
    close(second);
    close(third);
    fixture_end(&f);
}

/* ---- time ---- */

TEST(timers_ring_in_order_and_never_early)
{
    struct fixture f;
    struct world_completion completion;
    fixture_begin(&f);
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), -1);
    int64_t begun = now(&f);
    CHECK_EQ_INT(world_step(f.world, begun + 3 * MS), 0);
    CHECK(now(&f) >= begun + 3 * MS);
    begun = now(&f);
    world_timer(f.world, 1, begun + 12 * MS);
    world_timer(f.world, 2, begun + 1500);
    world_timer(f.world, 3, begun - 5);
    world_timer(f.world, 4, begun + 6 * MS);
    world_cancel(f.world, 4);
    const int64_t order[] = {3, 2, 1}, at[] = {-5, 1500, 12 * MS};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(world_step(f.world, INT64_MAX), 1);
        CHECK(world_next(f.world, &completion));
        CHECK_EQ_INT(completion.ticket, order[i]);
        CHECK_EQ_INT(completion.kind, COMPLETION_TIMER);
        CHECK(now(&f) >= begun + at[i]);
    }
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), -1);
    world_timer(f.world, 5, now(&f) + 3600LL * 1000 * MS); /* freed with the world */
    fixture_end(&f);
}

TEST(fits_into_another_loop)
{
    struct fixture f;
    struct world_completion completion;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    int fd = dial(a);
    struct pollfd polled[2] = {{world_live_fd(f.world), POLLIN, 0}, {fd, POLLIN, 0}};
    CHECK(send(fd, "PING\r\n", 6, 0) == 6);
    int64_t until = now(&f) + PATIENCE_US;
    while (!(polled[1].revents & POLLIN) && now(&f) < until) {
        int64_t timeout = world_live_timeout(f.world);
        if (timeout < 0 || timeout > 1000 * MS) timeout = 1000 * MS;
        poll(polled, 2, (int)((timeout + MS - 1) / MS));
        CHECK_EQ_INT(world_step(f.world, now(&f)), 0);
    }
    CHECK(polled[1].revents & POLLIN);
    int64_t timeout = world_live_timeout(f.world);
    CHECK(timeout == -1 || timeout > 0);
    world_timer(f.world, 1, now(&f) + PATIENCE_US);
    world_timer(f.world, 2, now(&f) + 3 * MS);
    CHECK(world_live_timeout(f.world) <= 3 * MS);
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), 1);
    CHECK_EQ_INT(world_live_timeout(f.world), 0);
    CHECK(world_next(f.world, &completion));
    close(fd);
    fixture_end(&f);
}

/* A task that never waits must not keep the sockets waiting. */
TEST(busy_callers_let_others_live)
{
    struct fixture f;
    struct world_completion completion;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    char heard[7];
    ssize_t got = -1;
    int64_t until = now(&f) + PATIENCE_US;
    int fd = dial(a);
    CHECK(send(fd, "PING\r\n", 6, 0) == 6);
    for (int64_t ticket = 1; got < 0 && now(&f) < until; ticket++) {
        world_timer(f.world, ticket, now(&f));
        CHECK_EQ_INT(world_step(f.world, INT64_MAX), 1);
        CHECK(world_next(f.world, &completion));
        got = recv(fd, heard, sizeof heard, 0);
    }
    CHECK_EQ_INT(got, 7);
    CHECK(send(fd, "PING\r\n", 6, 0) == 6);
    for (got = -1; got < 0 && now(&f) < until; got = recv(fd, heard, sizeof heard, 0)) call(&f, a, "INCR n");
    CHECK_EQ_INT(got, 7);
    close(fd);
    fixture_end(&f);
}

/* ---- signals and SHUTDOWN ---- */

TEST(signals_ask_to_stop)
{
    struct fixture f;
    fixture_begin(&f);
    CHECK_EQ_INT(world_live_watch_signals(f.world), WORLD_OK);
    CHECK(!world_live_stopping(f.world));
    raise(SIGTERM);
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), 0);
    CHECK(world_live_stopping(f.world));
    CHECK_EQ_INT(world_step(f.world, now(&f) + MS), 0);
    fixture_end(&f);
}

TEST(shutdown_of_the_last_node_stops_the_world)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&f, "b", NULL, 0);
    REQUIRE(a && b);
    int fd = dial(a), other = dial(b);
    CHECK(say(&f, fd, "PING\r\nSHUTDOWN NOSAVE\r\n", 23));
    TALK(&f, fd, "", "+PONG\r\n");
    CHECK_EQ_INT(ending(&f, fd), 0);
    CHECK(!world_node_get(a));
    CHECK(!world_live_stopping(f.world));
    CHECK_EQ_STR(call(&f, a, "PING"), "refused");
    CHECK(say(&f, other, "SHUTDOWN NOSAVE\r\n", 17));
    CHECK_EQ_INT(ending(&f, other), 0);
    CHECK(world_live_stopping(f.world));
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), 0); /* said once */
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), -1);
    close(fd);
    close(other);
    fixture_end(&f);
}

/* ---- replication ---- */

TEST(a_replica_follows)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&f, "b", NULL, 0);
    REQUIRE(a && b);
    call(&f, a, "SET before 1");
    follow(&f, b, "127.0.0.1", world_node_port(a));
    UNTIL(&f, link_up(b));
    CHECK_EQ_STR(call(&f, a, "SET k v"), "+OK\r\n");
    CHECK_EQ_STR(call(&f, a, "WAIT 1 10000"), ":1\r\n");
    CHECK_EQ_STR(call(&f, b, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(call(&f, b, "GET before"), "$1\r\n1\r\n");
    world_node_pause(b, true);
    call(&f, a, "SET k w");
    CHECK_EQ_STR(call(&f, a, "WAIT 1 30"), ":0\r\n");
    world_node_pause(b, false);
    CHECK_EQ_STR(call(&f, a, "WAIT 1 10000"), ":1\r\n");
    CHECK_EQ_STR(call(&f, b, "GET k"), "$1\r\nw\r\n");
    fixture_end(&f);
}

TEST(a_primary_that_crashes_is_found_again)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&f, "b", NULL, 0);
    REQUIRE(a && b);
    int port = world_node_port(a);
    follow(&f, b, "127.0.0.1", port);
    UNTIL(&f, link_up(b));
    CHECK_EQ_INT(world_node_crash(a, WORLD_CRASH_POWER), WORLD_UNSUPPORTED);
    CHECK(strstr(world_error(f.world), "power") != NULL);
    CHECK_EQ_INT(world_node_crash(a, WORLD_CRASH), WORLD_OK);
    CHECK_EQ_INT(world_node_crash(a, WORLD_CRASH), WORLD_CLOSED);
    CHECK(!world_node_get(a));
    CHECK_EQ_INT(dial_family(AF_INET, port), -1);
    UNTIL(&f, !link_up(b));
    CHECK_EQ_INT(world_node_restart(a), WORLD_OK);
    CHECK_EQ_INT(world_node_port(a), port);
    CHECK_EQ_INT(world_node_restart(a), WORLD_BAD);
    UNTIL(&f, link_up(b));
    CHECK_EQ_STR(call(&f, a, "SET after 1"), "+OK\r\n");
    CHECK_EQ_STR(call(&f, a, "WAIT 1 10000"), ":1\r\n");
    CHECK_EQ_STR(call(&f, b, "GET after"), "$1\r\n1\r\n");
    fixture_end(&f);
}

TEST(a_large_dataset_is_synchronised)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&f, "b", NULL, 0);
    REQUIRE(a && b);
    char text[128];
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "SET key:%d value-%0100d", i, i);
        call(&f, a, text);
    }
    follow(&f, b, "127.0.0.1", world_node_port(a));
    UNTIL(&f, link_up(b));
    CHECK_EQ_STR(call(&f, a, "WAIT 1 10000"), ":1\r\n");
    CHECK_EQ_STR(call(&f, b, "DBSIZE"), ":20000\r\n");
    struct digest da = node_digest(world_node_get(a)), db = node_digest(world_node_get(b));
    CHECK_EQ_MEM((char *)&da, sizeof da, (char *)&db, sizeof db);
    fixture_end(&f);
}

/* ---- faults, as a connection sees them ---- */

TEST(a_crash_resets_connections)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    world_node_configure(a, slice_text("maxclients"), slice_text("77"));
    int fd = dial(a);
    TALK(&f, fd, "SET k v\r\n", "+OK\r\n");
    int port = world_node_port(a);
    CHECK_EQ_INT(world_node_crash(a, WORLD_CRASH), WORLD_OK);
    CHECK_EQ_INT(ending(&f, fd), ECONNRESET);
    close(fd);
    struct world_node *squatter = node_at(&f, "squatter", NULL, port);
    REQUIRE(squatter);
    CHECK_EQ_INT(world_node_restart(a), WORLD_REFUSED);
    CHECK_EQ_INT(world_node_crash(squatter, WORLD_CRASH), WORLD_OK);
    CHECK_EQ_INT(world_node_restart(a), WORLD_OK);
    fd = dial(a);
    TALK(&f, fd, "GET k\r\n", "$-1\r\n");
    TALK(&f, fd, "CONFIG GET maxclients\r\n", "*2\r\n$10\r\nmaxclients\r\n$2\r\n77\r\n");
    close(fd);
    fixture_end(&f);
}

TEST(a_paused_node_answers_when_it_resumes)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    int fd = dial(a);
    TALK(&f, fd, "PING\r\n", "+PONG\r\n");
    CHECK_EQ_INT(world_node_pause(a, true), WORLD_OK);
    int late = dial(a); /* its kernel goes on accepting */
    CHECK(late >= 0);
    CHECK(send(fd, "PING\r\n", 6, 0) == 6 && send(late, "PING\r\n", 6, 0) == 6);
    CHECK_EQ_INT(world_step(f.world, now(&f) + 20 * MS), 0);
    char byte;
    CHECK_EQ_INT(recv(fd, &byte, 1, 0), -1);
    CHECK_EQ_INT(world_step(f.world, INT64_MAX), -1); /* nobody but the caller can change that */
    CHECK_EQ_INT(world_node_pause(a, false), WORLD_OK);
    TALK(&f, fd, "", "+PONG\r\n");
    TALK(&f, late, "", "+PONG\r\n");
    close(fd);
    close(late);
    struct world_link link = {0};
    CHECK_EQ_INT(world_link_set(f.world, "a", "b", &link), WORLD_UNSUPPORTED);
    fixture_end(&f);
}

/* ---- clients ---- */

TEST(a_client_pipelines)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    struct world_client *c = world_client_new(f.world, NULL, "127.0.0.1", world_node_port(a), 0, NULL);
    REQUIRE(c);
    CHECK_EQ_STR(ask(&f, c, "SET k v"), "+OK\r\n");
    int64_t first = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t ticket = request(&f, c, "INCR n");
        if (i == 0) first = ticket;
    }
    for (int i = 0; i < 1000; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, ":%d\r\n", i + 1);
        CHECK_EQ_STR(answer(&f, first + i), expected);
    }
    world_client_free(c);
    fixture_end(&f);
}

TEST(a_client_says_what_it_does_not_know)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    int port = world_node_port(a);
    struct world_client *c = world_client_new(f.world, "c", "127.0.0.1", port, 100 * MS, NULL);
    CHECK_EQ_STR(ask(&f, c, "SET k v"), "+OK\r\n");
    world_node_pause(a, true);
    int64_t begun = now(&f);
    CHECK_EQ_STR(ask(&f, c, "GET k"), "sent: TIMEOUT no reply in time");
    CHECK(now(&f) >= begun + 100 * MS);
    world_node_pause(a, false);
    CHECK_EQ_STR(ask(&f, c, "GET k"), "$1\r\nv\r\n"); /* over a new connection */
    int64_t ticket = request(&f, c, "GET k");
    world_node_pause(a, true);
    (void)world_step(f.world, now(&f) + 5 * MS);
    world_node_crash(a, WORLD_CRASH);
    CHECK(strncmp(answer(&f, ticket), "sent: CLOSED ", 13) == 0);
    CHECK_EQ_STR(ask(&f, c, "GET k"), "not sent: CLOSED connection refused");
    CHECK_EQ_INT(world_client_connect(c, "nowhere.invalid", 1), WORLD_OK);
    CHECK(strncmp(ask(&f, c, "GET k"), "not sent: ", 10) == 0);
    world_client_free(c);
    fixture_end(&f);
}

TEST(a_world_may_end_in_the_middle_of_things)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&f, "b", NULL, 0);
    REQUIRE(a && b);
    follow(&f, b, "127.0.0.1", world_node_port(a));
    struct world_client *c =
        world_client_new(f.world, NULL, "127.0.0.1", world_node_port(a), 1000 * MS, NULL);
    struct world_client *d = world_client_new(f.world, NULL, "127.0.0.1", world_node_port(b), 0, NULL);
    request(&f, c, "PING");
    request(&f, d, "WAIT 3 0");
    world_timer(f.world, ++f.tickets, now(&f) + 1000 * MS);
    struct world_relay *r = world_relay_new(f.world, 0, "127.0.0.1", world_node_port(a));
    REQUIRE(r);
    int fd = dial_family(AF_INET, world_relay_port(r));
    CHECK(say(&f, fd, "PING\r\n", 6));
    fixture_end(&f);
    close(fd);
}

/* Two worlds in one process know nothing of each other. */
TEST(two_worlds)
{
    struct fixture f, g;
    fixture_begin(&f);
    fixture_begin(&g);
    struct world_node *a = node_at(&f, "a", NULL, 0), *b = node_at(&g, "a", NULL, 0);
    REQUIRE(a && b);
    struct world_client *c = world_client_new(g.world, NULL, "127.0.0.1", world_node_port(a), 0, NULL);
    int64_t ticket = request(&g, c, "SET k v");
    struct world_completion completion;
    int64_t until = now(&f) + PATIENCE_US;
    while (!world_next(g.world, &completion) && now(&f) < until) {
        (void)world_step(f.world, now(&f));
        (void)world_step(g.world, now(&g));
    }
    CHECK_EQ_INT(completion.ticket, ticket);
    CHECK_EQ_STR(call(&f, a, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(call(&g, b, "GET k"), "_\r\n");
    fixture_end(&f);
    fixture_end(&g);
}

/* Lets each allocation of the world fail in turn: what was asked for fails or works, the world goes on. */
TEST(memory_runs_out)
{
    struct fixture f;
    fixture_begin(&f);
    struct world_node *a = node_at(&f, "a", NULL, 0);
    REQUIRE(a);
    for (int fail = 0; fail < 60; fail++) {
        struct memory *m = &f.world->memory;
        char name[16], heard[7];
        snprintf(name, sizeof name, "n%d", fail);
        int fd = dial(a);
        m->fail_after = fail;
        struct world_node *b = node_at(&f, name, NULL, 0);
        struct world_client *c =
            world_client_new(f.world, NULL, "127.0.0.1", world_node_port(a), 500 * MS, NULL);
        int64_t ticket = c ? request(&f, c, "PING") : 0;
        if (ticket) CHECK(strcmp(answer(&f, ticket), "never") != 0);
        if (say(&f, fd, "PING\r\n", 6)) (void)hear(&f, fd, heard, sizeof heard);
        m->fail_after = -1;
        if (c) world_client_free(c);
        if (b) world_node_crash(b, WORLD_CRASH);
        close(fd);
    }
    int fd = dial(a);
    TALK(&f, fd, "PING\r\n", "+PONG\r\n");
    close(fd);
    fixture_end(&f);
}

TEST_MAIN()
