/* How fast and how small: trials of a failover per second, events per second, bytes per idle node, a tree of 10,000
 * replicas. What is measured is printed as comments; what is promised is checked, with room for slow machines and
 * sanitizers: those run fewer trials (or as many as TRIALS says). */
#include <stdlib.h>
#include <time.h>

#include "lab.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int64_t from_environment(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text ? atoll(text) : otherwise;
}

/* ---- trials ---- */

struct trial_result {
    int64_t acknowledged, lost, events;
    bool sound;
};

/* What scripts do, without Lua: the same for each trial. */
struct bench {
    struct memory memory;
    struct command_index *commands;
    bool check;
    struct bytes out;
    struct resp_writer writer;
};

static int64_t call(struct bench *b, struct world_node *n, int argc, const struct slice *argv)
{
    bytes_clear(&b->out);
    resp_writer_init(&b->writer, &b->out, 3);
    return world_node_call(n, 1000000, argc, argv, &b->writer.reply);
}

static void follow(struct bench *b, struct world_node *n, const char *primary)
{
    struct slice argv[] = {slice_text("REPLICAOF"), slice_text(primary ? primary : "NO"),
                           slice_text(primary ? "6379" : "ONE")};
    call(b, n, 3, argv);
}

static int64_t run_for(struct world *w, int64_t us)
{
    struct world_completion c;
    int64_t acknowledged = 0, until = world_now(w) + us;
    while (world_step(w, until) == 1)
        while (world_next(w, &c)) acknowledged += c.kind == COMPLETION_REPLY;
    return acknowledged;
}

/* A client that writes 100 keys, each when the one before is answered; the primary crashes somewhere in between. */
static int64_t write_keys(struct world *w, struct world_node *primary, int64_t crash_at)
{
    struct world_client *client = world_client_new(w, NULL, "a", 6379, 1000000, NULL);
    struct world_completion c;
    int64_t acknowledged = 0;
    for (int i = 0; i < 100; i++) {
        char key[16], value[16];
        snprintf(key, sizeof key, "key:%d", i);
        snprintf(value, sizeof value, "%d", i);
        struct slice argv[] = {slice_text("SET"), slice_text(key), slice_text(value)};
        if (i == crash_at) world_node_crash(primary, WORLD_CRASH);
        world_client_request(client, i + 1, 3, argv);
        if (world_step(w, INT64_MAX) != 1 || !world_next(w, &c) || c.kind == COMPLETION_FAILED) break;
        acknowledged++;
    }
    return acknowledged;
}

static struct trial_result trial(struct bench *b, uint64_t seed)
{
    struct trial_result r = {0};
    struct world *w =
        world_sim_new(&(struct world_sim_options){.seed = seed, .check = b->check}, b->commands);
    struct world_node *nodes[3];
    const char *const names[3] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        nodes[i] = world_node_new(w, &(struct world_node_options){.name = names[i]});
        if (i > 0) follow(b, nodes[i], "a");
    }
    run_for(w, 50000);
    r.acknowledged = write_keys(w, nodes[0], 90 + (int64_t)(world_random(w) % 10));
    follow(b, nodes[1], NULL);
    follow(b, nodes[2], "b");
    world_node_restart(nodes[0]);
    follow(b, nodes[0], "b");
    for (int i = 0; i < 100 && !world_converged(w, NULL); i++) run_for(w, 10000);
    struct slice size = slice_text("DBSIZE");
    call(b, nodes[1], 1, &size);
    r.lost = r.acknowledged - atoll(b->out.data + 1);
    r.events = world_sim_events(w);
    r.sound = world_converged(w, NULL) && !world_sim_check_failed(w);
    world_free(w);
    return r;
}

static void bench_trials(struct test *t_, bool check)
{
    struct bench b = {.check = check};
    memory_init(&b.memory);
    bytes_init(&b.out, &b.memory);
    b.commands = node_commands_new(&b.memory);
    REQUIRE(b.commands);
    int64_t count = from_environment("TRIALS", SANITIZED ? 50 : 2000), events = 0, lost = 0, acknowledged = 0;
    double begin = seconds();
    for (int64_t i = 0; i < count; i++) {
        struct trial_result r = trial(&b, (uint64_t)i + 1);
        if (!r.sound) test_fail(t_, __FILE__, __LINE__, "a trial did not end well");
        events += r.events;
        lost += r.lost;
        acknowledged += r.acknowledged;
    }
    double took = seconds() - begin;
    printf(
        "# 3 nodes, 100 writes, crash, promote, converge%s: %.0f trials/s, %.0f us each, %.0f events each, "
        "%.0f ns per event; %lld of %lld acknowledged writes lost\n",
        check ? ", checked" : "", (double)count / took, took / (double)count * 1e6,
        (double)events / (double)count, took / (double)events * 1e9, (long long)lost,
        (long long)acknowledged);
    if (!SANITIZED) CHECK((double)count / took > 500);
    bytes_free(&b.out);
    command_index_free(b.commands);
}

TEST(failover_trials) { bench_trials(t_, false); }

TEST(failover_trials_with_every_invariant_checked) { bench_trials(t_, true); }

TEST(an_empty_world_is_cheap)
{
    int64_t count = SANITIZED ? 1000 : 20000;
    double begin = seconds();
    for (int64_t i = 0; i < count; i++)
        world_free(world_sim_new(&(struct world_sim_options){.seed = 1}, NULL));
    printf("# a world made and freed in %.2f us\n", (seconds() - begin) / (double)count * 1e6);
}

/* ---- many nodes ---- */

TEST(ten_thousand_idle_nodes)
{
    enum { NODES = SANITIZED ? 500 : 10000 };
    struct lab *l = calloc(1, sizeof *l);
    REQUIRE(lab_open(l, &(struct world_sim_options){.seed = 1}));
    size_t used = 0;
    double begin = seconds();
    for (int i = 0; i < NODES; i++) {
        struct world_node *n = lab_node(l, NULL);
        REQUIRE(n);
        used += node_memory(world_node_get(n))->used;
    }
    lab_run(l, 10000);
    double per_node = (double)used / NODES;
    printf("# %d idle nodes: %.0f bytes each in the node, made and run for 10 s in %.0f ms\n", NODES,
           per_node, (seconds() - begin) * 1e3);
    CHECK(per_node < 16 * 1024);
    lab_close(l);
    free(l);
}

TEST(ten_thousand_replicas_in_a_tree)
{
    enum { NODES = SANITIZED ? 300 : 10000, BRANCHES = 10 };
    struct lab *l = calloc(1, sizeof *l);
    REQUIRE(lab_open(l, &(struct world_sim_options){.seed = 1}));
    struct world_node **nodes = calloc(NODES, sizeof *nodes);
    double begin = seconds();
    for (int i = 0; i < NODES; i++) {
        nodes[i] = lab_node(l, NULL);
        REQUIRE(nodes[i]);
        if (i > 0) lab_follow(l, nodes[i], nodes[(i - 1) / BRANCHES]);
    }
    lab_call(l, nodes[0], "SET foo bar");
    int64_t took = lab_converge(l, 60000);
    size_t used = 0;
    for (int i = 0; i < NODES; i++) used += node_memory(world_node_get(nodes[i]))->used;
    printf("# %d replicas in a tree converge after %lld ms (%.1f s of CPU, %lld events), %.0f bytes each in "
           "the node\n",
           NODES, (long long)took, seconds() - begin, (long long)world_sim_events(l->world),
           (double)used / NODES);
    CHECK(took >= 0);
    CHECK_EQ_STR(lab_call(l, nodes[NODES - 1], "GET foo"), "bar");
    free(nodes);
    lab_close(l);
    free(l);
}

TEST_MAIN()
