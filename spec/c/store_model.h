/* store_model.h: a keyspace beside the simplest thing that does the same, for the store's specs.
 *
 * The model is an array of cells, one per database and key of a small universe; model_step draws a random
 * operation, does it to both, and compares what came of it. Memory may run out in the middle of any
 * operation: then neither has changed. A view may be open meanwhile: then what it hands over is compared
 * with the cells as they were at its opening.
 */
#ifndef STORE_MODEL_H
#define STORE_MODEL_H

#include "base/random.h"
#include "store/keyspace.h"
#include "store/view.h"

enum { MODEL_DATABASES = 4, MODEL_KEYS = 48, MODEL_KEY_MAX = 400 };

struct cell {
    bool present;
    char *data;
    size_t size;
    int64_t expire_ms;
};

struct model_view {
    struct view_sink sink;
    struct view *view; /* NULL: none is open */
    struct cell then[MODEL_DATABASES][MODEL_KEYS];
    int seen[MODEL_DATABASES][MODEL_KEYS];
    const struct entry *open; /* it was given in part */
    int asked;
    bool wrong;
};

struct model {
    struct memory memory;
    struct keyspace *keyspace;
    struct random random;
    int64_t now_ms;
    struct cell cells[MODEL_DATABASES][MODEL_KEYS];
    struct model_view view;
    bool failures;    /* let memory run out now and then */
    const char *what; /* what the last step did */
};

void model_init(struct model *m, uint64_t seed, bool digest);
void model_free(struct model *m);
/* One random operation. False: the two disagree. */
bool model_step(struct model *m);
/* Whether the keyspace holds exactly what the cells do, and is sound. */
bool model_agrees(struct model *m);
/* The digest of a new keyspace, with another hash key, filled with the cells in another order. */
struct digest model_digest(struct model *m);

#endif
