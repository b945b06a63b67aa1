/* test_node_backup.c: a node's data handed out for a backup: of one moment whatever happens meanwhile, beside whoever
 * else wants the one view there is, and when memory runs out.
 *
 * SPDX-License-Identifier: MIT */
#include "nodes.h"
#include "rdb_fixture.h"
#include "test.h"

enum { SLICE = 500 };

/* Keys `prefix`0 and on, with values that do not pack. */
static void fill(struct wire *w, const char *prefix, int keys)
{
    char line[300];
    struct random r;
    random_init(&r, 5, prefix);
    for (int i = 0; i < keys; i++) {
        char value[81] = "";
        random_hex(&r, value, 80);
        snprintf(line, sizeof line, i % 5 ? "SET %s%d %s" : "RPUSH %s%d a %s b", prefix, i, value);
        say(w, line);
    }
}

static bool same(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

/* The digest of what was handed out; false: it is no RDB file. */
static bool read_back(struct slice file, struct digest *digest)
{
    struct memory m;
    memory_init(&m);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    struct rdb_reader *r = rdb_fixture_reader(&m, ks);
    size_t at = 0;
    bool whole = rdb_fixture_feed(r, file, &at, 1000) == 0 && at == file.size;
    *digest = keyspace_digest(ks);
    rdb_reader_free(r);
    keyspace_free(ks);
    return whole;
}

/* The rest of it. */
static enum node_backup_result take_all(struct node *n, int64_t id, struct bytes *file, const char **error)
{
    enum node_backup_result result = NODE_BACKUP_MORE;
    while (result == NODE_BACKUP_MORE) result = node_backup_next(n, id, SLICE, file, error);
    return result;
}

TEST(is_of_one_moment)
{
    struct room r;
    struct bytes file;
    struct node_backup info = {0};
    struct node_state state;
    struct digest digest;
    const char *error;
    char line[100];
    size_t done, total;
    room_open(&r, 1);
    bytes_init(&file, &r.memory);
    struct node *n = r.nodes[0];
    struct wire *w = room_dial(&r, 0);
    fill(w, "k", 300);
    node_inspect(n, &state);
    struct digest want = node_digest(n);
    REQUIRE(!node_backup_begin(n, &info));
    CHECK_EQ_INT(info.offset, state.offset);
    CHECK_EQ_STR(info.replid, state.replid);
    for (int i = 0; node_backup_next(n, info.id, SLICE, &file, &error) == NODE_BACKUP_MORE; i++) {
        snprintf(line, sizeof line, i % 3 ? "SET k%d changed" : "DEL k%d", i * 7 % 300);
        say(w, line);
        if (i == 20) say(w, "FLUSHALL");
        node_backup_progress(n, info.id, &done, &total);
        CHECK(done <= total && total == 300);
    }
    REQUIRE(read_back(bytes_slice(&file), &digest));
    CHECK(same(digest, want));
    CHECK(!same(digest, node_digest(n)));
    /* it is over */
    CHECK(node_backup_next(n, info.id, SLICE, &file, &error) == NODE_BACKUP_FAILED);
    node_backup_end(n, info.id);
    bytes_free(&file);
    room_close(&r);
}

TEST(shares_the_view)
{
    struct room r;
    struct bytes file;
    struct node_backup info = {0}, second = {0};
    const char *error;
    room_open(&r, 2);
    bytes_init(&file, &r.memory);
    struct node *n = r.nodes[0];
    struct wire *w = room_dial(&r, 0), *other = room_dial(&r, 1);
    fill(w, "k", 200);
    REQUIRE(!node_backup_begin(n, &info));
    CHECK(strstr(node_backup_begin(n, &second), "BUSY ") != NULL);
    /* a snapshot waits for it, and so does a replica */
    CHECK(strstr(say(w, "BGSAVE"), "+Background saving") != NULL);
    say(other, "REPLICAOF host 1");
    room_pass(&r, 3000);
    CHECK(strstr(say(w, "INFO persistence"), "rdb_saves:0") != NULL);
    CHECK(strstr(say(other, "INFO replication"), "master_link_status:down") != NULL);
    CHECK(take_all(n, info.id, &file, &error) == NODE_BACKUP_DONE);
    room_pass(&r, 3000);
    CHECK(strstr(say(w, "INFO persistence"), "rdb_saves:1") != NULL);
    CHECK(strstr(say(other, "INFO replication"), "master_link_status:up") != NULL);
    /* one that is given up leaves it */
    REQUIRE(!node_backup_begin(n, &info));
    node_backup_end(n, info.id);
    REQUIRE(!node_backup_begin(n, &second));
    CHECK(node_backup_next(n, info.id, SLICE, &file, &error) == NODE_BACKUP_FAILED);
    CHECK(take_all(n, second.id, &file, &error) == NODE_BACKUP_DONE);
    bytes_free(&file);
    room_close(&r);
}

TEST(is_given_up_when_the_data_is_replaced)
{
    struct room r;
    struct bytes file;
    struct node_backup info = {0};
    const char *error;
    room_open(&r, 2);
    bytes_init(&file, &r.memory);
    struct wire *w = room_dial(&r, 0), *other = room_dial(&r, 1);
    fill(w, "k", 50);
    fill(other, "o", 200);
    REQUIRE(!node_backup_begin(r.nodes[1], &info));
    CHECK(node_backup_next(r.nodes[1], info.id, SLICE, &file, &error) == NODE_BACKUP_MORE);
    say(other, "REPLICAOF host 1");
    room_pass(&r, 3000);
    CHECK(strstr(say(other, "INFO replication"), "master_link_status:up") != NULL);
    CHECK(node_backup_next(r.nodes[1], info.id, SLICE, &file, &error) == NODE_BACKUP_FAILED);
    CHECK_EQ_STR(error, "ERR the data has been replaced by another node's");
    CHECK(!node_backup_begin(r.nodes[1], &info));
    bytes_free(&file);
    room_close(&r);
}

/* Whatever allocation fails: the backup fails or is good, the data are what they were, and the view is free again. */
TEST(each_allocation_fails_in_turn)
{
    struct room r;
    bool failed = true;
    int good = 0, bad = 0;
    room_open(&r, 1);
    struct node *n = r.nodes[0];
    fill(room_dial(&r, 0), "k", 60);
    struct digest want = node_digest(n);
    for (int64_t after = 0; failed; after++) {
        struct bytes file;
        struct node_backup info = {0};
        struct digest digest;
        const char *error = NULL;
        bytes_init(&file, &r.memory);
        node_memory(n)->fail_after = after;
        const char *refused = node_backup_begin(n, &info);
        bool done = !refused && take_all(n, info.id, &file, &error) == NODE_BACKUP_DONE;
        failed = node_memory(n)->fail_after < 0;
        node_memory(n)->fail_after = -1;
        good += done;
        bad += !done;
        CHECK(done || strstr(refused ? refused : error, "OOM ") != NULL);
        if (done) CHECK(read_back(bytes_slice(&file), &digest) && same(digest, want));
        CHECK(same(node_digest(n), want));
        bytes_free(&file);
    }
    CHECK(good > 0 && bad > 2);
    room_close(&r);
}

TEST_MAIN()
