/* The keyspace against a simple model: random operations on both, compared after every step. */
#include "store_model.h"
#include "test.h"

static bool same(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

static void run(struct test *t_, uint64_t seed, int steps, bool digest, bool failures)
{
    struct model m;
    model_init(&m, seed, digest);
    m.failures = failures;
    for (int i = 0; i < steps && !t_->failed; i++) {
        bool right = model_step(&m) && (i % 16 > 0 || model_agrees(&m));
        if (right && i % 64 == 0) {
            m.what = "digest";
            right = same(keyspace_digest(m.keyspace), model_digest(&m));
        }
        if (!right) printf("#        seed %llu, step %d: %s\n", (unsigned long long)seed, i, m.what);
        CHECK(right);
    }
    model_free(&m);
    CHECK_EQ_INT(m.memory.used, 0);
}

TEST(random_operations)
{
    for (uint64_t seed = 1; seed <= 40 && !t_->failed; seed++) run(t_, seed, 1500, seed % 2 == 0, false);
}

TEST(random_operations_while_memory_runs_out)
{
    for (uint64_t seed = 1; seed <= 40 && !t_->failed; seed++) run(t_, seed, 1500, seed % 2 == 0, true);
}

TEST_MAIN()
