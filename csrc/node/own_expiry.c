/* own_expiry.c: which keys a writable replica has to expire by itself.
 *
 *   keys (dict) ──→ own_key: database and name ←── times (heap): when it has to be looked at
 *
 * A note is never taken back when its key changes. When its time comes the key itself is asked: it may be gone, may expire
 * later, or not at all any more. Made with the first such key, so that it costs other nodes nothing.
 */
#include "node/own_expiry.h"

#include "base/heap.h"
#include "base/number.h"
#include "command/keys.h"
#include "command/notify.h"
#include "command/strings.h"
#include "node/commands.h"
#include "node/internal.h"
#include "persist/dump.h"

struct own_expiry {
    struct dict keys;
    struct heap times;
};

/* `word` is the dict's key: the database's number and the key's name. */
struct own_key {
    size_t index; /* in `times` */
    size_t size;  /* of `word` */
    int db;
    char word[];
};

static struct slice word_of(const void *item)
{
    const struct own_key *k = item;
    return slice_of(k->word, k->size);
}

static struct slice name_of(const struct own_key *k)
{
    return slice_of(k->word + sizeof k->db, k->size - sizeof k->db);
}

static const struct dict_type own_dict = {word_of};

static void key_moved(void *item, size_t index) { ((struct own_key *)item)->index = index; }

static struct own_expiry *own_make(struct node *n)
{
    if (n->own_expiry) return n->own_expiry;
    struct own_expiry *own = memory_alloc(&n->memory, sizeof *own);
    if (!own) return NULL;
    uint64_t hash_key[2] = {random_next(&n->random), random_next(&n->random)};
    dict_init(&own->keys, &n->memory, &own_dict, hash_key);
    heap_init(&own->times, &n->memory, key_moved);
    n->own_expiry = own;
    return own;
}

static void key_free(struct node *n, struct own_key *k) { memory_free(&n->memory, k, sizeof *k + k->size); }

static void forget(struct node *n, struct own_key *k)
{
    dict_remove(&n->own_expiry->keys, word_of(k));
    heap_remove(&n->own_expiry->times, k->index);
    key_free(n, k);
}

/* ---- what is noted ---- */

static struct own_key *key_new(struct node *n, int db, struct slice name)
{
    struct own_key *k = memory_alloc(&n->memory, sizeof *k + sizeof k->db + name.size);
    if (!k) return NULL;
    k->db = db;
    k->size = sizeof k->db + name.size;
    memcpy(k->word, &db, sizeof db);
    if (name.size > 0) memcpy(k->word + sizeof db, name.data, name.size);
    return k;
}

static void note(struct node *n, int db, struct slice name, int64_t when)
{
    struct own_expiry *own = own_make(n);
    struct own_key *k = own ? key_new(n, db, name) : NULL;
    if (!k) return;
    struct own_key *there = dict_find(&own->keys, word_of(k));
    if (there) {
        heap_rekey(&own->times, there->index, when);
        key_free(n, k);
    } else if (!heap_insert(&own->times, when, k)) {
        key_free(n, k);
    } else if (!dict_insert(&own->keys, k)) {
        heap_remove(&own->times, k->index);
        key_free(n, k);
    }
}

/* The database that COPY's DB names. */
static int copy_database(const struct exec *x)
{
    int64_t db = x->db;
    for (int i = 3; i + 1 < x->argc; i++)
        if (exec_is(x, i, "db") && number_parse_int(x->argv[i + 1], &db)) break;
    return (int)db;
}

/* The key that the command may have given a time to live. False: it gives none. */
static bool given_a_time(const struct exec *x, int *db, struct slice *name)
{
    static void (*const givers[])(struct exec *) = {
        run_set,       run_setex,   run_psetex, run_getex,    run_expire, run_pexpire, run_expireat,
        run_pexpireat, run_restore, run_rename, run_renamenx, run_copy,   run_move,
    };
    void (*run)(struct exec *) = x->command->run;
    size_t count = sizeof givers / sizeof *givers, i = 0;
    int64_t number;
    while (i < count && givers[i] != run) i++;
    *db = x->db;
    if (run == run_move && number_parse_int(x->argv[2], &number)) *db = (int)number;
    if (run == run_copy) *db = copy_database(x);
    bool second = run == run_rename || run == run_renamenx || run == run_copy;
    if (i < count) *name = x->argv[second ? 2 : 1];
    return i < count;
}

void own_expiry_note(struct call *c)
{
    const struct exec *x = &c->exec;
    struct slice name;
    int db;
    if (x->command->run == run_flushall) own_expiry_forget(c->node);
    if (x->from_primary || !given_a_time(x, &db, &name)) return;
    const struct entry *e = keyspace_find(x->keyspace, db, name);
    if (e && entry_expire(e) >= 0) note(c->node, db, name, entry_expire(e));
}

/* ---- what becomes of it ---- */

/* The time of this one has come. */
static void look_at(struct node *n, struct own_key *k)
{
    struct entry *e = keyspace_find(n->keyspace, k->db, name_of(k));
    int64_t when = e ? entry_expire(e) : -1;
    if (when >= keyspace_time(n->keyspace)) {
        heap_rekey(&n->own_expiry->times, k->index, when);
        return;
    }
    if (when >= 0) {
        keyspace_stats(n->keyspace)->expired++;
        node_delete(n, k->db, e, n->config.lazyfree_lazy_expire, NOTIFY_EXPIRED, "expired");
    }
    forget(n, k);
}

bool own_expiry_step(struct node *n, int budget)
{
    for (; own_expiry_deadline(n) <= keyspace_time(n->keyspace); budget--) {
        if (budget == 0) return true;
        look_at(n, heap_top(&n->own_expiry->times)->item);
    }
    return false;
}

int64_t own_expiry_deadline(const struct node *n)
{
    const struct heap_slot *first = n->own_expiry ? heap_top(&n->own_expiry->times) : NULL;
    return first && first->key != INT64_MAX ? first->key + 1 : INT64_MAX;
}

size_t own_expiry_count(const struct node *n) { return n->own_expiry ? n->own_expiry->times.size : 0; }

void own_expiry_forget(struct node *n)
{
    struct own_expiry *own = n->own_expiry;
    if (!own) return;
    for (size_t i = 0; i < own->times.size; i++) key_free(n, heap_at(&own->times, i)->item);
    dict_free(&own->keys);
    heap_free(&own->times);
    memory_free(&n->memory, own, sizeof *own);
    n->own_expiry = NULL;
}
