/* Random failures by seed: crashes, power cuts, pauses, one-way and two-way cuts, slow and lossy links, promotions, chains
 * and split brains under load; then everything is healed. Each seed runs twice: the event hashes are equal, no invariant
 * was broken at any event, and at the end all nodes are the same.
 *
 *   test_world_faults                  200 seeds
 *   FAULT_SEEDS=first-last test_...    those
 */
#include <stdlib.h>

#include "lab.h"
#include "test.h"

enum { NODES_MAX = 5, CLIENTS = 3, STEPS = 150 };

struct storm {
    struct lab lab;
    struct random random; /* the faults' stream */
    struct world_node *nodes[NODES_MAX];
    struct world_client *clients[CLIENTS];
    int node_count;
};

static int below(struct storm *s, int bound) { return (int)random_below(&s->random, (uint64_t)bound); }

static struct world_node *any_node(struct storm *s) { return s->nodes[below(s, s->node_count)]; }

static bool is_up(struct world_node *n) { return world_node_get(n) != NULL; }

/* ---- load ---- */

static void write_something(struct storm *s)
{
    static const char *const forms[] = {
        "INCR counter%d",      "SET key%d %d",
        "APPEND log%d x%d",    "DEL key%d",
        "SET short%d v PX %d", "GET key%d",
        "WAIT 1 %d",           "WAIT 2 %d",
        "SELECT %d",           "RENAME key%d k%d",
        "EXPIRE key%d 1",      "SETRANGE log%d %d yz",
        "GETEX key%d PX %d",   "MSETNX key%d 1 other%d 2",
    };
    char line[128];
    const char *form = forms[below(s, sizeof forms / sizeof *forms)];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, form, below(s, 8), 1 + below(s, 100));
#pragma GCC diagnostic pop
    if (below(s, 10) == 0) {
        struct world_client *c = s->clients[below(s, CLIENTS)];
        lab_request(&s->lab, c, "MULTI");
        lab_request(&s->lab, c, "INCR in-a-transaction");
        lab_request(&s->lab, c, line);
        lab_request(&s->lab, c, "EXEC");
    } else if (below(s, 4) == 0) {
        lab_begin(&s->lab, any_node(s), line);
    } else {
        lab_request(&s->lab, s->clients[below(s, CLIENTS)], line);
    }
}

static struct world_client *new_client(struct storm *s)
{
    return world_client_new(s->lab.world, NULL, world_node_host(any_node(s)), 6379, below(s, 2) * 500000,
                            NULL);
}

static void replace_client(struct storm *s)
{
    int i = below(s, CLIENTS);
    world_client_free(s->clients[i]);
    s->clients[i] = new_client(s);
}

static void move_client(struct storm *s)
{
    world_client_connect(s->clients[below(s, CLIENTS)], world_node_host(any_node(s)), 6379);
}

/* What is done to a node rarely. */
static void order_something(struct storm *s)
{
    static const char *const orders[] = {"FLUSHALL",
                                         "DEBUG SLEEP 0.05",
                                         "CLIENT KILL TYPE replica",
                                         "CLIENT KILL TYPE normal",
                                         "CONFIG SET repl-backlog-size 16384",
                                         "CONFIG SET min-replicas-to-write 1",
                                         "CONFIG SET min-replicas-to-write 0",
                                         "CONFIG SET repl-timeout 3",
                                         "SHUTDOWN NOSAVE",
                                         "SWAPDB 0 1"};
    lab_begin(&s->lab, any_node(s), orders[below(s, sizeof orders / sizeof *orders)]);
}

/* More than a window at once, so that connections fill up. */
static void write_much(struct storm *s)
{
    size_t size = (size_t)below(s, 400000) + 1;
    char *value = malloc(size);
    for (size_t i = 0; i < size; i++) value[i] = (char)random_next(&s->random);
    struct slice argv[] = {slice_text("SET"), slice_text("large"), {value, size}};
    world_client_request(s->clients[below(s, CLIENTS)], lab_ticket(&s->lab), 3, argv);
    free(value);
}

/* ---- faults ---- */

static void change_life(struct storm *s)
{
    struct world_node *n = any_node(s);
    if (!is_up(n))
        world_node_restart(n);
    else if (below(s, 2) == 0)
        world_node_crash(n, (enum world_crash)below(s, 3));
}

static void change_pause(struct storm *s)
{
    struct world_node *n = any_node(s);
    if (is_up(n)) world_node_pause(n, below(s, 3) == 0);
}

static void change_link(struct storm *s)
{
    struct world_link link;
    const char *from = world_node_name(any_node(s)), *to = world_node_name(any_node(s));
    if (below(s, 3) == 0) from = world_client_name(s->clients[below(s, CLIENTS)]);
    world_link_get(s->lab.world, from, to, &link);
    switch (below(s, 4)) {
    case 0: link = (struct world_link){.latency = below(s, 20000), .jitter = below(s, 5000)}; break;
    case 1: link.loss = below(s, 3) * 0.1; break;
    case 2: link.bandwidth = below(s, 2) * 1e6; break;
    default: link.cut = !link.cut && below(s, 2) == 0; break;
    }
    world_link_set(s->lab.world, from, to, &link);
}

static void cut_both_ways(struct storm *s, bool cut)
{
    struct world_node *one = any_node(s), *other = any_node(s);
    lab_cut(&s->lab, one, other, cut);
    lab_cut(&s->lab, other, one, cut);
}

/* Somebody becomes a primary, or follows somebody else: also in chains, circles, and two primaries at a time. */
static void change_role(struct storm *s)
{
    char line[64];
    struct world_node *n = any_node(s), *to = any_node(s);
    snprintf(line, sizeof line, "REPLICAOF %s 6379", world_node_host(to));
    lab_begin(&s->lab, n, n == to ? "REPLICAOF NO ONE" : line);
}

static void step(struct storm *s)
{
    lab_take(&s->lab);
    int what = below(s, 100);
    if (what < 3)
        order_something(s);
    else if (what < 6)
        write_much(s);
    else if (what < 75)
        for (int i = below(s, 20); i >= 0; i--) write_something(s);
    else if (what < 76)
        replace_client(s);
    else if (what < 78)
        move_client(s);
    else if (what < 82)
        change_life(s);
    else if (what < 86)
        change_pause(s);
    else if (what < 91)
        change_link(s);
    else if (what < 95)
        cut_both_ways(s, below(s, 3) == 0);
    else
        change_role(s);
    lab_run(&s->lab, below(s, 10) == 0 ? below(s, 20000) : below(s, 20));
}

/* ---- healing ---- */

static void heal_links(struct storm *s)
{
    for (int i = 0; i < s->node_count; i++)
        for (int j = 0; j < s->node_count + CLIENTS; j++) {
            const char *to = j < s->node_count ? world_node_name(s->nodes[j])
                                               : world_client_name(s->clients[j - s->node_count]);
            struct world_link link = {.latency = 100, .jitter = 20};
            world_link_set(s->lab.world, world_node_name(s->nodes[i]), to, &link);
            world_link_set(s->lab.world, to, world_node_name(s->nodes[i]), &link);
        }
}

static void heal(struct storm *s)
{
    heal_links(s);
    for (int i = 0; i < s->node_count; i++)
        if (is_up(s->nodes[i]))
            world_node_pause(s->nodes[i], false); /* there may be a SHUTDOWN waiting for it */
    lab_run(&s->lab, 1000);
    for (int i = 0; i < s->node_count; i++)
        if (!is_up(s->nodes[i])) world_node_restart(s->nodes[i]);
    lab_run(&s->lab, 1000);
    for (int i = 0; i < s->node_count; i++) lab_follow(&s->lab, s->nodes[i], i == 0 ? NULL : s->nodes[0]);
}

/* ---- one seed ---- */

struct outcome {
    uint64_t hash;
    int64_t events, converged_ms;
    struct world_sim_checks checks;
    char failed[512];
};

static void storm_open(struct storm *s, uint64_t seed)
{
    lab_open_seed(&s->lab, seed);
    random_init(&s->random, seed, "faults");
    s->node_count = 2 + below(s, NODES_MAX - 1);
    for (int i = 0; i < s->node_count; i++) s->nodes[i] = lab_node(&s->lab, NULL);
    for (int i = 1; i < s->node_count; i++) lab_follow(&s->lab, s->nodes[i], s->nodes[below(s, i)]);
    for (int i = 0; i < CLIENTS; i++) s->clients[i] = new_client(s);
}

static struct outcome run_storm(uint64_t seed)
{
    struct storm *s = calloc(1, sizeof *s);
    struct outcome o = {0};
    const char *why = NULL;
    storm_open(s, seed);
    for (int i = 0; i < STEPS; i++) step(s);
    heal(s);
    o.converged_ms = lab_converge(&s->lab, 600000);
    o.hash = world_sim_hash(s->lab.world);
    o.events = world_sim_events(s->lab.world);
    world_sim_checks(s->lab.world, &o.checks);
    if (o.converged_ms < 0) {
        world_converged(s->lab.world, &why);
        snprintf(o.failed, sizeof o.failed, "seed %llu: not converged: %s", (unsigned long long)seed, why);
    }
    const char *failed = world_sim_check_failed(s->lab.world);
    if (failed) snprintf(o.failed, sizeof o.failed, "%s", failed);
    lab_close(&s->lab);
    free(s);
    return o;
}

TEST(storms_of_faults_are_reproducible_break_nothing_and_end)
{
    unsigned long long first = 1, last = 200;
    const char *range = getenv("FAULT_SEEDS");
    if (range) sscanf(range, "%llu-%llu", &first, &last);
    struct outcome sum = {0};
    for (uint64_t seed = first; seed <= last; seed++) {
        struct outcome o = run_storm(seed), again = run_storm(seed);
        if (o.failed[0]) test_fail(t_, __FILE__, __LINE__, o.failed);
        if (o.hash != again.hash || o.events != again.events) {
            char text[80];
            snprintf(text, sizeof text, "seed %llu: two runs differ", (unsigned long long)seed);
            test_fail(t_, __FILE__, __LINE__, text);
        }
        sum.hash = (sum.hash ^ o.hash) * UINT64_C(0x9e3779b97f4a7c15);
        sum.events += o.events;
        sum.checks.prefixes += o.checks.prefixes;
        sum.checks.waits += o.checks.waits;
        sum.checks.writes += o.checks.writes;
        sum.checks.histories += o.checks.histories;
    }
    printf("# %llu seeds: %lld events, %lld points compared, %lld waits and %lld writes judged, %lld "
           "histories\n",
           last - first + 1, (long long)sum.events, (long long)sum.checks.prefixes,
           (long long)sum.checks.waits, (long long)sum.checks.writes, (long long)sum.checks.histories);
    printf("# one hash over all of them, the same in every process and build: %016llx\n",
           (unsigned long long)sum.hash);
    CHECK(sum.checks.waits > 0 && sum.checks.writes > 0);
}

TEST_MAIN()
