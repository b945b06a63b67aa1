/* The simulated network by itself: places that write down what reaches them, and when. Without jitter unless it says so,
 * so that the times below can be read as arithmetic: the default latency is 100 us one way. */
#include <stdarg.h>
#include <stdlib.h>

#include "test.h"
#include "world/sim.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

/* What happened, one line each: "time place what". */
struct record {
    char text[8192];
    size_t size;
};

/* A place that reads whatever comes, unless it is told not to. */
struct peer {
    struct sim_place place;
    struct record *record;
    struct sim_end *end; /* the last one heard of */
    bool listens, deaf;
    size_t received;
};

__attribute__((format(printf, 2, 3))) static void note(struct peer *p, const char *format, ...)
{
    struct record *r = p->record;
    va_list arguments;
    va_start(arguments, format);
    r->size += (size_t)snprintf(r->text + r->size, sizeof r->text - r->size, "%lld %s ",
                                (long long)p->place.sim->now, p->place.name);
    r->size += (size_t)vsnprintf(r->text + r->size, sizeof r->text - r->size, format, arguments);
    r->size += (size_t)snprintf(r->text + r->size, sizeof r->text - r->size, "\n");
    va_end(arguments);
}

static bool peer_listens(struct sim_place *p, int port)
{
    return list_item(p, struct peer, place)->listens && port == 6379;
}

static void peer_ready(struct sim_end *e)
{
    struct peer *p = list_item(e->place, struct peer, place);
    if (p->deaf) return;
    p->end = e;
    if (!e->owner) {
        char address[64];
        sim_end_address(e, address, sizeof address);
        note(p, "accepts %s", address);
        e->owner = p;
    }
    if (e->opener && e->open && !e->announced) {
        e->announced = true;
        note(p, "open");
    }
    for (;;) {
        struct slice bytes;
        switch (sim_end_read(e, &bytes)) {
        case SIM_READ_NOTHING: return;
        case SIM_READ_BYTES:
            p->received += bytes.size;
            if (bytes.size < 40)
                note(p, "< %.*s", (int)bytes.size, bytes.data);
            else
                note(p, "< %zu bytes", bytes.size);
            break;
        case SIM_READ_END:
            note(p, "end: %s", e->why);
            p->end = NULL;
            sim_end_close(e, false);
            return;
        }
    }
}

static void peer_room(struct sim_end *e) { note(list_item(e->place, struct peer, place), "has room"); }

static const struct sim_place_ops peer_ops = {peer_listens, peer_ready, peer_room, NULL};

/* A world with two places, "a" who opens and "b" who listens. */
struct net {
    struct world *world;
    struct sim *sim;
    struct record record, shown;
    struct peer a, b;
};

static void peer_init(struct net *n, struct peer *p, const char *name, bool listens)
{
    *p = (struct peer){.record = &n->record, .listens = listens};
    sim_place_init(&p->place, n->sim, &peer_ops, name);
}

static void net_open(struct net *n, uint64_t seed)
{
    struct world_sim_options options = {.seed = seed};
    n->world = world_sim_new(&options, NULL);
    n->sim = sim_of(n->world);
    n->record.size = 0;
    n->record.text[0] = '\0';
    n->sim->links.standard.jitter = 0;
    peer_init(n, &n->a, "a", false);
    peer_init(n, &n->b, "b", true);
}

static void net_connect(struct net *n)
{
    n->a.end = sim_connect(n->sim, &n->a.place, &n->b.place, 6379, &n->a);
}

static void run(struct net *n, int64_t until) { world_step(n->world, until); }

static size_t say(struct peer *p, const char *text)
{
    struct slice slice = slice_text(text);
    return sim_end_write(p->end, &slice, 1);
}

static size_t say_much(struct peer *p, size_t size)
{
    char *data = calloc(1, size);
    struct slice slice = {data, size};
    size_t taken = sim_end_write(p->end, &slice, 1);
    free(data);
    return taken;
}

/* The link's parameters, as its own. */
static struct world_link *link_of(struct net *n, struct peer *from, struct peer *to)
{
    struct sim_link *l = sim_link_between(n->sim, &from->place, &to->place);
    l->own = true;
    l->parameters = *sim_link_parameters(&n->sim->links, l);
    l->parameters.latency = 100;
    return &l->parameters;
}

/* As world_link_set does it; these places have no names in the world. */
static void heal(struct net *n, struct peer *from, struct peer *to)
{
    struct sim_link *l = sim_link_between(n->sim, &from->place, &to->place);
    l->parameters.cut = false;
    list_each_safe(member, &l->pipes)
    {
        struct sim_pipe *p = list_item(member, struct sim_pipe, member);
        sim_pipe_retransmit(p);
        sim_pipe_acknowledge(&p->conn->pipe[1 - (p - p->conn->pipe)]);
    }
}

/* What has been written down since the last time. */
static const char *so_far(struct net *n)
{
    n->shown = n->record;
    n->record.size = 0;
    n->record.text[0] = '\0';
    return n->shown.text;
}

/* ---- connecting ---- */

TEST(a_connection_takes_a_round_trip_and_bytes_half_of_one)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    CHECK_EQ_STR(so_far(&n), "200 a open\n300 b accepts a:49152\n");
    say(&n.a, "hello");
    say(&n.b, "hi");
    say(&n.a, ", b");
    run(&n, 2000);
    CHECK_EQ_STR(so_far(&n), "1100 b < hello, b\n1100 a < hi\n");
    sim_end_close(n.a.end, false);
    run(&n, 3000);
    CHECK_EQ_STR(so_far(&n), "2100 b end: Connection closed\n");
    world_free(n.world);
}

TEST(nobody_listens)
{
    struct net n;
    net_open(&n, 1);
    n.b.listens = false;
    net_connect(&n);
    run(&n, 1000);
    CHECK_EQ_STR(so_far(&n), "200 a end: Connection refused\n");
    sim_connect(n.sim, &n.a.place, NULL, 6379, &n.a);
    run(&n, 2000);
    CHECK_EQ_STR(so_far(&n), "1000 a end: Name or service not known\n");
    world_free(n.world);
}

TEST(a_syn_into_a_cut_is_sent_again_after_1_3_7_seconds)
{
    struct net n;
    net_open(&n, 1);
    link_of(&n, &n.a, &n.b)->cut = true;
    net_connect(&n);
    run(&n, 5 * SECOND);
    heal(&n, &n.a, &n.b);
    run(&n, 10 * SECOND);
    CHECK_EQ_STR(so_far(&n), "7000200 a open\n7000300 b accepts a:49152\n");
    world_free(n.world);
}

TEST(a_connection_attempt_fails_after_127_seconds)
{
    struct net n;
    net_open(&n, 1);
    link_of(&n, &n.b, &n.a)->cut = true; /* the answers do not get back */
    net_connect(&n);
    run(&n, 10 * MINUTE);
    CHECK_EQ_STR(so_far(&n), "127000000 a end: Connection timed out\n");
    world_free(n.world);
}

/* ---- links ---- */

TEST(nothing_overtakes_whatever_the_jitter)
{
    struct net n;
    net_open(&n, 7);
    link_of(&n, &n.a, &n.b)->jitter = 500;
    net_connect(&n);
    run(&n, 10000);
    so_far(&n);
    char expected[64] = "";
    for (int i = 0; i < 10; i++) {
        char digit[2] = {(char)('0' + i), 0};
        say(&n.a, digit);
        strcat(expected, digit);
        run(&n, 10000 + 20 * (i + 1));
    }
    run(&n, 20000);
    char got[64] = "";
    for (const char *p = n.record.text; (p = strstr(p, "< ")) != NULL;) {
        for (p += 2; *p != '\n'; p++) strncat(got, p, 1);
    }
    CHECK_EQ_STR(got, expected);
    world_free(n.world);
}

TEST(connections_share_a_bandwidth)
{
    struct net n;
    net_open(&n, 1);
    link_of(&n, &n.a, &n.b)->bandwidth = 1e6; /* a byte per microsecond */
    net_connect(&n);
    run(&n, 1000);
    struct sim_end *first = n.a.end;
    net_connect(&n);
    run(&n, 2000);
    so_far(&n);
    struct peer second = n.a;
    n.a.end = first;
    CHECK_EQ_INT(say_much(&n.a, 5000), 5000);
    CHECK_EQ_INT(say_much(&second, 3000), 3000);
    run(&n, 20000);
    CHECK_EQ_STR(so_far(&n), "7100 b < 5000 bytes\n10100 b < 3000 bytes\n");
    world_free(n.world);
}

TEST(a_lost_segment_costs_retransmissions_and_holds_up_what_is_behind_it)
{
    struct net n;
    net_open(&n, 3);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    link_of(&n, &n.a, &n.b)->loss = 0.999999;
    say(&n.a, "lost");
    link_of(&n, &n.a, &n.b)->loss = 0;
    run(&n, 2000);
    say(&n.a, "behind");
    run(&n, INT64_MAX / 2);
    /* 15 time-outs of 200 ms, doubling: 0.2 s * (2^15 - 1) */
    CHECK_EQ_STR(so_far(&n), "6553401100 b < lost\n6553401100 b < behind\n");
    world_free(n.world);
}

TEST(a_full_window_stops_the_writer_until_the_reader_reads)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    n.b.deaf = true;
    CHECK_EQ_INT(say_much(&n.a, 300 * 1024), SIM_WINDOW);
    CHECK_EQ_INT(sim_end_room(n.a.end), 0);
    run(&n, 2000);
    CHECK_EQ_STR(so_far(&n), "");
    n.b.deaf = false;
    peer_ready(n.b.end);
    CHECK_EQ_INT(n.b.received, SIM_WINDOW);
    so_far(&n);
    run(&n, 3000);
    CHECK_EQ_STR(so_far(&n), "2100 a has room\n");
    CHECK_EQ_INT(sim_end_room(n.a.end), SIM_WINDOW);
    world_free(n.world);
}

/* ---- cuts ---- */

TEST(bytes_sent_into_a_cut_come_at_the_next_attempt_after_the_heal)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    link_of(&n, &n.a, &n.b)->cut = true;
    say(&n.a, "x");
    run(&n, SECOND);
    say(&n.a, "y");
    run(&n, 2 * SECOND);
    heal(&n, &n.a, &n.b); /* attempts after 0.2, 0.6, 1.4, 3.0 s */
    run(&n, 5 * SECOND);
    CHECK_EQ_STR(so_far(&n), "3001100 b < x\n3001100 b < y\n");
    world_free(n.world);
}

TEST(what_is_on_the_wire_when_the_link_is_cut_is_lost)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    say(&n.a, "x");
    run(&n, 1050);
    link_of(&n, &n.a, &n.b)->cut = true;
    run(&n, 150 * 1000);
    heal(&n, &n.a, &n.b);
    run(&n, SECOND);
    CHECK_EQ_STR(so_far(&n), "201100 b < x\n");
    world_free(n.world);
}

TEST(a_connection_that_stalls_for_15_minutes_breaks_where_something_was_sent)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    link_of(&n, &n.a, &n.b)->cut = true;
    link_of(&n, &n.b, &n.a)->cut = true;
    say(&n.a, "x");
    run(&n, 20 * MINUTE);
    CHECK_EQ_STR(so_far(&n), "900001000 a end: Connection timed out\n");
    heal(&n, &n.a, &n.b);
    heal(&n, &n.b, &n.a);
    say(&n.b, "are you there"); /* it knows of no such connection */
    run(&n, 21 * MINUTE);
    CHECK_EQ_STR(so_far(&n), "1200000200 b end: Connection reset by peer\n");
    world_free(n.world);
}

TEST(in_a_one_way_cut_bytes_pass_until_the_unacknowledged_window_is_full)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    link_of(&n, &n.b, &n.a)->cut = true;
    CHECK_EQ_INT(say_much(&n.a, 100 * 1024), 100 * 1024);
    run(&n, 2000);
    CHECK_EQ_INT(n.b.received, 100 * 1024);
    CHECK_EQ_INT(say_much(&n.a, 200 * 1024), 156 * 1024);
    so_far(&n);
    run(&n, 3000);
    CHECK_EQ_INT(n.b.received, SIM_WINDOW);
    so_far(&n);
    run(&n, SECOND);
    CHECK_EQ_STR(so_far(&n), "");
    heal(&n, &n.b, &n.a);
    run(&n, 2 * SECOND);
    CHECK_EQ_STR(so_far(&n), "1000100 a has room\n");
    world_free(n.world);
}

TEST(unacknowledged_for_15_minutes_is_broken_too)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    link_of(&n, &n.b, &n.a)->cut = true;
    say(&n.a, "x");
    run(&n, 20 * MINUTE);
    CHECK_EQ_STR(so_far(&n), "1100 b < x\n900001100 a end: Connection timed out\n");
    world_free(n.world);
}

/* ---- ends ---- */

TEST(a_reset_comes_behind_what_was_written_before)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    say(&n.a, "last words");
    sim_end_close(n.a.end, true);
    run(&n, 2000);
    CHECK_EQ_STR(so_far(&n), "1100 b < last words\n1100 b end: Connection reset by peer\n");
    world_free(n.world);
}

TEST(a_machine_that_is_off_is_silent_and_resets_when_it_is_back)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    sim_place_die(&n.b.place);
    run(&n, SECOND);
    say(&n.a, "x");
    run(&n, 2 * SECOND);
    CHECK_EQ_STR(so_far(&n), "");
    sim_place_revive(&n.b.place); /* attempts at 1.2, 1.6, 2.4 s */
    run(&n, 3 * SECOND);
    CHECK_EQ_STR(so_far(&n), "2400200 a end: Connection reset by peer\n");
    world_free(n.world);
}

TEST(who_says_nothing_to_a_machine_that_was_off_hears_nothing)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    so_far(&n);
    sim_place_die(&n.b.place);
    run(&n, SECOND);
    sim_place_revive(&n.b.place);
    CHECK_EQ_INT(world_step(n.world, INT64_MAX), -1);
    CHECK_EQ_STR(so_far(&n), "");
    world_free(n.world);
}

TEST(a_syn_to_a_machine_that_is_off_waits_for_it)
{
    struct net n;
    net_open(&n, 1);
    sim_place_die(&n.b.place);
    net_connect(&n);
    run(&n, 2 * SECOND);
    sim_place_revive(&n.b.place);
    run(&n, 5 * SECOND);
    CHECK_EQ_STR(so_far(&n), "3000200 a open\n3000300 b accepts a:49152\n");
    world_free(n.world);
}

/* ---- the whole ---- */

/* Two runs with everything random in them. */
static uint64_t random_run(uint64_t seed, char *text, size_t size)
{
    struct net n;
    net_open(&n, seed);
    *link_of(&n, &n.a, &n.b) =
        (struct world_link){.latency = 200, .jitter = 300, .loss = 0.1, .bandwidth = 1e7};
    *link_of(&n, &n.b, &n.a) = (struct world_link){.latency = 100, .jitter = 1000, .loss = 0.2};
    net_connect(&n);
    for (int i = 0; i < 50 && n.a.end; i++) {
        run(&n, n.sim->now + 500);
        if (n.a.end->open) say(&n.a, "abc");
        if (n.b.end) say(&n.b, "defg");
    }
    world_step(n.world, INT64_MAX);
    snprintf(text, size, "%s", n.record.text);
    uint64_t hash = world_sim_hash(n.world);
    world_free(n.world);
    return hash;
}

TEST(the_same_seed_is_the_same_run)
{
    char first[8192], second[8192];
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t hash = random_run(seed, first, sizeof first);
        CHECK(hash == random_run(seed, second, sizeof second));
        CHECK_EQ_STR(first, second);
        CHECK(hash != random_run(seed + 1000, second, sizeof second));
    }
}

TEST(in_the_steady_state_nothing_is_allocated)
{
    struct net n;
    net_open(&n, 1);
    net_connect(&n);
    run(&n, 1000);
    size_t used = 0;
    for (int i = 0; i < 1000; i++) {
        say_much(&n.a, 1000);
        say_much(&n.b, 30);
        n.record.size = 0;
        run(&n, n.sim->now + 150);
        if (i == 10) used = n.world->memory.peak;
    }
    CHECK_EQ_INT(n.world->memory.peak, used);
    world_free(n.world);
}

TEST_MAIN()
