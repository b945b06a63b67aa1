/* Real nodes in the simulated world: replication over links, WAIT, failures, and who learns what when. */
#include <stdlib.h>

#include "lab.h"
#include "test.h"

/* Nothing has broken an invariant, and there was something to check. */
#define CHECK_SOUND(l)                                            \
    do {                                                          \
        const char *failed_ = world_sim_check_failed((l)->world); \
        if (failed_) test_fail(t_, __FILE__, __LINE__, failed_);  \
        struct world_sim_checks checks_;                          \
        world_sim_checks((l)->world, &checks_);                   \
        CHECK(checks_.prefixes > 0);                              \
    } while (0)

/* Three nodes, b and c following a, streaming. */
struct trio {
    struct lab lab;
    struct world_node *a, *b, *c;
};

static void trio_open(struct trio *t, uint64_t seed)
{
    lab_open_seed(&t->lab, seed);
    t->a = lab_node(&t->lab, "a");
    t->b = lab_node(&t->lab, "b");
    t->c = lab_node(&t->lab, "c");
    lab_follow(&t->lab, t->b, t->a);
    lab_follow(&t->lab, t->c, t->a);
    for (int i = 0; i < 1000 && lab_state(t->a).replicas < 2; i++) lab_run(&t->lab, 1);
}

static struct world_client *client_of(struct trio *t, struct world_node *n)
{
    return world_client_new(t->lab.world, NULL, world_node_host(n), world_node_port(n), 1000000, NULL);
}

/* ---- replication ---- */

TEST(a_write_reaches_the_replicas_half_a_round_trip_later)
{
    struct trio t;
    trio_open(&t, 1);
    struct lab *l = &t.lab;
    REQUIRE(lab_state(t.a).replicas == 2);
    CHECK_EQ_STR(lab_call(l, t.a, "SET foo bar"), "OK");
    CHECK_EQ_STR(lab_call(l, t.b, "GET foo"), "(nil)");
    lab_run(l, 1);
    CHECK_EQ_STR(lab_call(l, t.b, "GET foo"), "bar");
    CHECK_EQ_STR(lab_call(l, t.c, "GET foo"), "bar");
    CHECK_EQ_STR(lab_call(l, t.b, "SET foo no"), "READONLY You can't write against a read only replica.");
    CHECK(world_converged(l->world, NULL));
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(wait_answers_who_has_it)
{
    struct trio t;
    trio_open(&t, 2);
    struct lab *l = &t.lab;
    lab_call(l, t.a, "SET foo bar");
    int64_t before = world_now(l->world);
    CHECK_EQ_STR(lab_call(l, t.a, "WAIT 2 1000"), "2");
    int64_t took = world_now(l->world) - before;
    CHECK(took >= 200 && took < 1000);
    lab_cut(l, t.a, t.b, true);
    lab_call(l, t.a, "SET foo baz");
    before = world_now(l->world);
    CHECK_EQ_STR(lab_call(l, t.a, "WAIT 2 500"), "1");
    CHECK_EQ_INT(world_now(l->world) - before, 500000);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_client_talks_over_its_link)
{
    struct trio t;
    trio_open(&t, 3);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    CHECK_EQ_STR(lab_ask(l, c, "SET k 1"), "OK");
    int64_t before = world_now(l->world);
    CHECK_EQ_STR(lab_ask(l, c, "INCR k"), "2");
    int64_t took = world_now(l->world) - before;
    CHECK(took >= 200 && took <= 240);
    int64_t first = lab_request(l, c, "INCR k"), second = lab_request(l, c, "WAIT 2 0"),
            third = lab_request(l, c, "INCR k");
    CHECK_EQ_STR(lab_await(l, third), "4");
    CHECK_EQ_STR(lab_await(l, first), "3");
    CHECK_EQ_STR(lab_await(l, second), "2");
    world_client_free(c);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_client_that_hears_nothing_does_not_know)
{
    struct trio t;
    trio_open(&t, 4);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    CHECK_EQ_STR(lab_ask(l, c, "SET k 1"), "OK");
    CHECK(world_node_pause(t.a, true) == WORLD_OK);
    int64_t ticket = lab_request(l, c, "INCR k");
    CHECK_EQ_STR(lab_await(l, ticket), "TIMEOUT no reply in time");
    CHECK(lab_reply(l, ticket)->sent);
    world_node_pause(t.a, false);
    CHECK_EQ_STR(lab_ask(l, c, "GET k"), "2"); /* it was executed after all */
    world_node_crash(t.a, WORLD_CRASH_POWER);
    world_client_connect(c, "a", 6379);
    ticket = lab_request(l, c, "INCR k");
    CHECK_EQ_STR(lab_await(l, ticket), "TIMEOUT no reply in time");
    CHECK(!lab_reply(l, ticket)->sent);
    CHECK_SOUND(l);
    lab_close(l);
}

/* A value of `size` bytes that does not compress, set over a client. */
static void set_noise(struct lab *l, struct world_client *c, const char *key, size_t size)
{
    struct random r;
    char *value = malloc(size);
    random_init(&r, 1, key);
    for (size_t i = 0; i < size; i++) value[i] = (char)random_next(&r);
    struct slice argv[] = {slice_text("SET"), slice_text(key), {value, size}};
    int64_t ticket = lab_ticket(l);
    world_client_request(c, ticket, 3, argv);
    lab_await(l, ticket);
    free(value);
}

TEST(a_full_synchronisation_takes_the_time_its_link_needs_and_holds_up_nobody)
{
    struct trio t;
    trio_open(&t, 16);
    struct lab *l = &t.lab;
    struct world_client *c = world_client_new(l->world, NULL, "a", 6379, 0, NULL);
    set_noise(l, c, "one", 1000000);
    set_noise(l, c, "two", 1000000);
    struct world_link slow = {.latency = 1000, .bandwidth = 1e6};
    struct world_node *d = lab_node(l, "d");
    world_link_set(l->world, "a", "d", &slow);
    lab_follow(l, d, t.a);
    lab_run(l, 1000);
    for (int i = 0; i < 100; i++) {
        int64_t before = world_now(l->world);
        lab_ask(l, c, "INCR n");
        CHECK(world_now(l->world) - before <= 240);
    }
    int64_t took = lab_converge(l, 60000);
    CHECK(took >= 900 && took < 1500);
    CHECK_EQ_STR(lab_call(l, d, "STRLEN one"), "1000000");
    CHECK_EQ_STR(lab_call(l, d, "GET n"), "100");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_replica_that_does_not_read_costs_its_primary_no_time)
{
    struct trio t;
    trio_open(&t, 17);
    struct lab *l = &t.lab;
    struct world_client *c = world_client_new(l->world, NULL, "a", 6379, 0, NULL);
    world_node_pause(t.b, true);
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        int64_t before = world_now(l->world);
        set_noise(l, c, key, 100000); /* together far more than a window */
        CHECK(world_now(l->world) - before < 1000);
    }
    CHECK_EQ_STR(lab_ask(l, c, "WAIT 2 100"), "1");
    world_node_pause(t.b, false);
    CHECK_EQ_STR(lab_ask(l, c, "WAIT 2 1000"), "2");
    CHECK_EQ_INT(lab_state(t.a).full_syncs, 2);
    CHECK_SOUND(l);
    lab_close(l);
}

/* ---- failures ---- */

TEST(after_a_crash_the_replica_that_is_promoted_serves_the_others_from_its_backlog)
{
    struct trio t;
    trio_open(&t, 5);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    for (int i = 0; i < 100; i++) lab_ask(l, c, "INCR n");
    CHECK_EQ_STR(lab_ask(l, c, "WAIT 2 1000"), "2");
    CHECK(world_node_crash(t.a, WORLD_CRASH) == WORLD_OK);
    lab_run(l, 1);
    CHECK_EQ_STR(lab_follow(l, t.b, NULL), "OK");
    CHECK_EQ_STR(lab_follow(l, t.c, t.b), "OK");
    CHECK_EQ_STR(lab_call(l, t.b, "INCR n"), "101");
    CHECK_EQ_STR(lab_call(l, t.b, "WAIT 1 5000"), "1");
    CHECK_EQ_INT(lab_state(t.b).partial_syncs, 1);
    CHECK_EQ_INT(lab_state(t.b).full_syncs, 0);
    CHECK_EQ_STR(lab_call(l, t.c, "GET n"), "101");
    CHECK(world_node_restart(t.a) == WORLD_OK);
    CHECK_EQ_STR(lab_call(l, t.a, "GET n"), "(nil)");
    lab_follow(l, t.a, t.b);
    CHECK(lab_converge(l, 60000) >= 0);
    CHECK_EQ_STR(lab_call(l, t.a, "GET n"), "101");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_client_of_a_crashed_node_is_told_at_once)
{
    struct trio t;
    trio_open(&t, 6);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    CHECK_EQ_STR(lab_ask(l, c, "SET k 1"), "OK");
    int64_t ticket = lab_request(l, c, "WAIT 2 0");
    int64_t blocked = lab_begin(l, t.a, "WAIT 5 0");
    world_node_pause(t.b, true);
    lab_request(l, c, "SET k 2");
    int64_t before = world_now(l->world);
    world_node_crash(t.a, WORLD_CRASH);
    CHECK_EQ_STR(lab_await(l, blocked), "CLOSED the node crashed");
    CHECK_EQ_STR(lab_await(l, ticket), "CLOSED Connection reset by peer");
    CHECK(world_now(l->world) - before <= 240);
    CHECK_EQ_STR(lab_ask(l, c, "GET k"), "CLOSED Connection refused");
    CHECK_EQ_STR(lab_call(l, t.a, "GET k"), "(-2)");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_partition_heals_and_the_replica_continues_where_it_was)
{
    struct trio t;
    trio_open(&t, 7);
    struct lab *l = &t.lab;
    lab_cut(l, t.a, t.b, true);
    lab_cut(l, t.b, t.a, true);
    for (int i = 0; i < 50; i++) lab_call(l, t.a, "INCR n");
    lab_run(l, 5000);
    CHECK_EQ_STR(lab_call(l, t.b, "GET n"), "(nil)");
    CHECK_EQ_STR(lab_call(l, t.c, "GET n"), "50");
    lab_cut(l, t.a, t.b, false);
    lab_cut(l, t.b, t.a, false);
    CHECK(lab_converge(l, 10000) >= 0);
    CHECK_EQ_STR(lab_call(l, t.b, "GET n"), "50");
    CHECK_EQ_INT(lab_state(t.a).full_syncs, 2);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_long_partition_ends_in_a_partial_resynchronisation)
{
    struct trio t;
    trio_open(&t, 8);
    struct lab *l = &t.lab;
    lab_cut(l, t.a, t.b, true);
    lab_cut(l, t.b, t.a, true);
    lab_run(l, 100000); /* repl-timeout is a minute */
    for (int i = 0; i < 50; i++) lab_call(l, t.a, "INCR n");
    CHECK_EQ_INT(lab_state(t.a).replicas, 1);
    lab_cut(l, t.a, t.b, false);
    lab_cut(l, t.b, t.a, false);
    CHECK(lab_converge(l, 120000) >= 0);
    CHECK_EQ_INT(lab_state(t.a).full_syncs, 2);
    CHECK_EQ_INT(lab_state(t.a).partial_syncs, 1);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_paused_node_gets_everything_at_once_when_it_resumes)
{
    struct trio t;
    trio_open(&t, 9);
    struct lab *l = &t.lab;
    CHECK(world_node_pause(t.b, true) == WORLD_OK);
    for (int i = 0; i < 50; i++) lab_call(l, t.a, "INCR n");
    lab_run(l, 1000);
    CHECK_EQ_STR(lab_call(l, t.c, "GET n"), "50");
    int64_t call = lab_begin(l, t.b, "GET n");
    lab_run(l, 1000);
    CHECK(!lab_reply(l, call)->there);
    CHECK(world_node_pause(t.b, false) == WORLD_OK);
    CHECK_EQ_STR(lab_await(l, call), "50");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_paused_primary_does_not_stop_the_promotion_and_gives_up_its_own_writes)
{
    struct trio t;
    trio_open(&t, 10);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    lab_ask(l, c, "SET k old");
    lab_run(l, 10);
    world_node_pause(t.a, true);
    lab_request(l, c, "SET k lost");
    lab_run(l, 10);
    lab_follow(l, t.b, NULL);
    lab_follow(l, t.c, t.b);
    CHECK_EQ_STR(lab_call(l, t.b, "SET k new"), "OK");
    world_node_pause(t.a, false);
    lab_run(l, 10);
    CHECK_EQ_STR(lab_call(l, t.a, "GET k"), "lost");
    lab_follow(l, t.a, t.b);
    CHECK(lab_converge(l, 60000) >= 0);
    CHECK_EQ_STR(lab_call(l, t.a, "GET k"), "new");
    CHECK(lab_state(t.a).discarded_bytes > 0);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(a_machine_without_power_is_silent)
{
    struct trio t;
    trio_open(&t, 11);
    struct lab *l = &t.lab;
    world_node_crash(t.a, WORLD_CRASH_POWER);
    lab_run(l, 5000);
    CHECK(lab_state(t.b).link_up); /* it cannot know */
    CHECK(world_node_restart(t.a) == WORLD_OK);
    CHECK(lab_converge(l, 300000) >= 0);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(start_up_configuration_survives_a_restart)
{
    struct trio t;
    trio_open(&t, 12);
    struct lab *l = &t.lab;
    CHECK(world_node_configure(t.a, slice_text("repl-timeout"), slice_text("7")) == WORLD_OK);
    CHECK(world_node_configure(t.a, slice_text("no-such-thing"), slice_text("7")) == WORLD_BAD);
    CHECK(world_node_configure(t.a, slice_text("repl-timeout"), slice_text("9")) == WORLD_OK);
    lab_call(l, t.a, "CONFIG SET repl-timeout 99");
    world_node_crash(t.a, WORLD_CRASH);
    world_node_restart(t.a);
    struct bytes value;
    bytes_init(&value, &l->memory);
    CHECK(node_configuration(world_node_get(t.a), slice_text("repl-timeout"), &value));
    CHECK_EQ_MEM(value.data, value.size, "9", 1);
    bytes_free(&value);
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(shutdown_closes_in_an_orderly_way)
{
    struct trio t;
    trio_open(&t, 13);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    lab_call(l, t.b, "CONFIG SET replica-refuse-older-history no"); /* a comes back without its data */
    lab_call(l, t.c, "CONFIG SET replica-refuse-older-history no");
    CHECK_EQ_STR(lab_ask(l, c, "SET k 1"), "OK");
    CHECK_EQ_STR(lab_ask(l, c, "SHUTDOWN NOSAVE"), "CLOSED Connection closed");
    CHECK(world_node_get(t.a) == NULL);
    CHECK(world_node_restart(t.a) == WORLD_OK);
    CHECK(lab_converge(l, 60000) >= 0);
    CHECK_EQ_STR(lab_call(l, t.b, "SHUTDOWN NOSAVE"), "CLOSED the node has shut down");
    CHECK(world_node_restart(t.b) == WORLD_OK);
    world_node_pause(t.b, true);
    int64_t later = lab_begin(l, t.b, "SHUTDOWN NOSAVE");
    world_node_pause(t.b, false);
    CHECK_EQ_STR(lab_await(l, later), "CLOSED the node has shut down");
    CHECK_SOUND(l);
    lab_close(l);
}

/* ---- timers, tickets, names ---- */

TEST(timers_come_in_order_and_may_be_cancelled)
{
    struct lab l;
    lab_open_seed(&l, 1);
    struct world_completion c;
    for (int64_t ticket = 1; ticket <= 100; ticket++) world_timer(l.world, ticket, 1000 - ticket / 2);
    for (int64_t ticket = 1; ticket <= 100; ticket += 3) world_cancel(l.world, ticket);
    int64_t count = 0, last = 0;
    while (world_step(l.world, INT64_MAX) == 1) {
        REQUIRE(world_next(l.world, &c));
        CHECK(c.kind == COMPLETION_TIMER && c.ticket % 3 != 1);
        CHECK(world_now(l.world) >= last);
        last = world_now(l.world);
        count++;
    }
    CHECK_EQ_INT(count, 66);
    world_timer(l.world, 200, 5000);
    world_cancel(l.world, 200);
    CHECK_EQ_INT(world_step(l.world, INT64_MAX), -1);
    CHECK_EQ_INT(world_now(l.world), last); /* a cancelled timer does not move the clock */
    CHECK_EQ_INT(world_step(l.world, 9000), 0);
    CHECK_EQ_INT(world_now(l.world), 9000);
    CHECK_EQ_INT(world_wall(l.world) - world_now(l.world), INT64_C(1704067200000000));
    lab_close(&l);
}

TEST(names_and_links_are_looked_after)
{
    struct lab l;
    lab_open_seed(&l, 1);
    CHECK(lab_node(&l, "a") != NULL);
    CHECK(lab_node(&l, "a") == NULL);
    CHECK_EQ_STR(world_error(l.world), "there is already something called 'a' in this world");
    CHECK_EQ_STR(world_node_name(lab_node(&l, NULL)), "node-1");
    struct world_client *c = world_client_new(l.world, NULL, "a", 6379, 0, NULL);
    CHECK_EQ_STR(world_client_name(c), "client-2");
    struct world_link link;
    CHECK(world_link_get(l.world, "a", "nobody", &link) == WORLD_BAD);
    CHECK_EQ_STR(world_error(l.world), "there is no 'nobody' in this world");
    CHECK(world_link_get(l.world, "a", "client-2", &link) == WORLD_OK);
    CHECK_EQ_INT(link.latency, 100);
    link.latency = 5000;
    link.jitter = 0;
    CHECK(world_link_set(l.world, NULL, NULL, &link) == WORLD_OK);
    int64_t before = world_now(l.world);
    world_client_connect(c, "a", 6379);
    CHECK_EQ_STR(lab_ask(&l, c, "PING"), "PONG");
    CHECK_EQ_INT(world_now(l.world) - before, 20000);
    link.loss = 1;
    CHECK(world_link_set(l.world, "a", "client-2", &link) == WORLD_BAD);
    lab_close(&l);
}

TEST(calls_that_block_do_not_hold_up_others)
{
    struct lab l;
    lab_open_seed(&l, 1);
    struct world_node *a = lab_node(&l, "a");
    lab_call(&l, a, "SET k 1");
    int64_t waits = lab_begin(&l, a, "WAIT 1 100"), again = lab_begin(&l, a, "WAIT 1 50");
    CHECK_EQ_STR(lab_call(&l, a, "GET k"), "1");
    CHECK_EQ_INT(world_now(l.world), 0);
    CHECK_EQ_STR(lab_await(&l, again), "0");
    CHECK_EQ_INT(world_now(l.world), 50000);
    CHECK_EQ_STR(lab_await(&l, waits), "0");
    CHECK_EQ_INT(world_now(l.world), 100000);
    lab_close(&l);
}

TEST(wait_at_the_node_is_for_all_that_was_written_there)
{
    struct trio t;
    trio_open(&t, 14);
    struct lab *l = &t.lab;
    lab_cut(l, t.a, t.b, true);
    lab_cut(l, t.a, t.c, true);
    CHECK_EQ_STR(lab_call(l, t.a, "SET k 1"), "OK");
    int64_t first = lab_begin(l, t.a, "WAIT 2 100"), second = lab_begin(l, t.a, "WAIT 1 50");
    CHECK_EQ_STR(lab_await(l, second), "0"); /* though the session it got has written nothing */
    CHECK_EQ_STR(lab_await(l, first), "0");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST(wait_for_a_write_that_was_given_up_finds_nobody)
{
    struct trio t;
    trio_open(&t, 15);
    struct lab *l = &t.lab;
    struct world_client *c = client_of(&t, t.a);
    CHECK_EQ_STR(lab_ask(l, c, "SET k 1"), "OK");
    lab_follow(l, t.b, NULL);
    lab_follow(l, t.c, t.b);
    lab_follow(l, t.a, t.b); /* a has written nothing b does not have… */
    CHECK_EQ_STR(lab_ask(l, c, "SET k 2"), "READONLY You can't write against a read only replica.");
    lab_run(l, 2000);
    lab_follow(l, t.a, NULL);
    CHECK_EQ_STR(lab_ask(l, c, "SET k lost"), "OK"); /* …and now it has */
    lab_follow(l, t.a, t.b);
    CHECK(lab_converge(l, 60000) >= 0);
    for (int i = 0; i < 20; i++) lab_call(l, t.b, "INCR n");
    lab_run(l, 10);
    lab_follow(l, t.a, NULL);
    lab_follow(l, t.b, t.a);
    lab_follow(l, t.c, t.a);
    lab_run(l, 3000);
    CHECK_EQ_INT(lab_state(t.a).replicas, 2);
    CHECK_EQ_STR(lab_ask(l, c, "WAIT 1 100"), "0");
    CHECK_EQ_STR(lab_ask(l, c, "SET k 3"), "OK");
    CHECK_EQ_STR(lab_ask(l, c, "WAIT 2 100"), "2");
    CHECK_SOUND(l);
    lab_close(l);
}

TEST_MAIN()
