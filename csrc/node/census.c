/* census.c: how many keys of which type a database has. A walk over all of them: for files that are looked at, not for
 * servers.
 */
#include "node/internal.h"

struct census {
    struct view_sink sink; /* first: the view hands it back */
    int db;
    struct node_census *counts;
};

static bool count(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    struct census *c = (struct census *)sink;
    (void)whole;
    if (db != c->db) return true;
    c->counts->keys++;
    c->counts->types[entry_type(e)]++;
    c->counts->expires += entry_expire(e) >= 0;
    return true;
}

bool node_census(struct node *n, int db, struct node_census *counts)
{
    enum { SLICE = 1024 };
    struct census c = {.sink.entry = count, .db = db, .counts = counts};
    *counts = (struct node_census){0};
    if (db < 0 || db >= keyspace_databases(n->keyspace) || keyspace_size(n->keyspace, db) == 0) return true;
    struct view *view = view_open(n->keyspace, &c.sink);
    if (!view) return false;
    while (view_step(view, SLICE)) {}
    view_close(view);
    return true;
}
