/* Every allocation of the simulated world fails in turn: each time there is an error or a world that says it cannot go on,
 * never a crash, a leak (the sanitizer looks) or a false alarm of the checker. The nodes' own memory is not touched. */
#include <stdlib.h>

#include "lab.h"
#include "test.h"
#include "world/world_internal.h"

static void write_some(struct lab *l, struct world_client *c)
{
    for (int i = 0; i < 20; i++) {
        lab_request(l, c,
                    "INCR a-rather-long-name-of-a-counter-so-that-segments-of-several-sizes-are-needed");
        if (i % 5 == 0) lab_run(l, 1);
    }
    lab_request(l, c, "SUBSCRIBE one two");
    lab_request(l, c, "PUBLISH one hello");
    world_client_receive(c, 6000, 100);
    world_client_receive(c, 6001, -1);
    lab_request(l, c, "UNSUBSCRIBE");
    lab_request(l, c, "WAIT 1 100");
    lab_request(l, c, "GET counter");
}

/* A little of everything; what fails fails. */
static void live_a_little(struct lab *l)
{
    struct world_node *a = lab_node(l, "a"), *b = lab_node(l, NULL);
    struct world_client *c = world_client_new(l->world, NULL, "a", 6379, 50000, NULL);
    if (!a || !b) return;
    world_node_configure(a, slice_text("repl-timeout"), slice_text("5"));
    lab_begin(l, b, "REPLICAOF a 6379");
    lab_run(l, 20);
    if (c) write_some(l, c);
    lab_begin(l, a, "SAVE");
    world_timer(l->world, 5000, world_now(l->world) + 10);
    world_cancel(l->world, 5000);
    lab_run(l, 20);
    lab_cut(l, a, b, true);
    world_node_pause(b, true);
    lab_begin(l, b, "GET k");
    lab_begin(l, a, "WAIT 1 10");
    lab_begin(l, a, "WAIT 1 10");
    lab_run(l, 20);
    world_node_pause(b, false);
    world_node_crash(a, WORLD_CRASH);
    lab_begin(l, b, "REPLICAOF NO ONE");
    lab_run(l, 20);
    world_node_restart(a);
    lab_cut(l, a, b, false);
    lab_begin(l, a, "REPLICAOF node-1 6379");
    if (c) world_client_connect(c, "node-1", 6379);
    if (c) write_some(l, c);
    lab_begin(l, a, "BGSAVE");
    lab_begin(l, b, "SAVE");
    lab_run(l, 1000);
}

TEST(memory_running_out_anywhere_is_an_error)
{
    struct lab *l = calloc(1, sizeof *l);
    int64_t broken = 0, sound = 0;
    for (int64_t i = 0;; i++) {
        REQUIRE(lab_open_seed(l, 1));
        l->world->memory.fail_after = i;
        live_a_little(l);
        bool done = l->world->memory.fail_after >= 0; /* it never came to that */
        l->world->memory.fail_after = -1;
        const char *failed = world_sim_check_failed(l->world);
        if (failed) test_fail(t_, __FILE__, __LINE__, failed);
        if (lab_run(l, 1) == -2)
            broken++;
        else
            sound++;
        lab_close(l);
        CHECK_EQ_INT(l->memory.used, 0);
        if (done) break;
    }
    printf("# %lld allocations failed: %lld times the world could not go on\n",
           (long long)(broken + sound - 1), (long long)broken);
    CHECK(sound > broken);
    free(l);
}

TEST_MAIN()
