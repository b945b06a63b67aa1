/* manifest.h: which files a journal is made of: Redis 7's appendonly.aof.manifest.
 *
 *   #TL:M <size> <crc>                                  the seal, a comment to Redis: of all that follows
 *   file appendonly.aof.2.base.rdb seq 2 type b         the dataset at some moment, one at most
 *   file appendonly.aof.4.incr.aof seq 4 type i         what was written since, in order
 *   file appendonly.aof.5.incr.aof seq 5 type i
 *   file appendonly.aof.1.base.rdb seq 1 type h         no longer needed: to be removed
 *
 * Without its seal a manifest that lost its last line would be a shorter one, and a bit would make an increment history:
 * what was written would be missing, and nobody would know. Redis's manifests have none.
 *
 * A name with blanks or other unusual characters stands in double quotes, with escapes.
 */
#ifndef TIDELOCK_PERSIST_MANIFEST_H
#define TIDELOCK_PERSIST_MANIFEST_H

#include "base/bytes.h"

enum { MANIFEST_NAME_MAX = 240, MANIFEST_LINE_MAX = 1024, MANIFEST_SIZE_MAX = 1024 * 1024 };

enum manifest_type { MANIFEST_BASE = 'b', MANIFEST_INCR = 'i', MANIFEST_HISTORY = 'h' };

struct manifest_file {
    char name[MANIFEST_NAME_MAX + 1];
    int64_t seq;
    enum manifest_type type;
};

struct manifest {
    struct memory *memory;
    struct manifest_file *files; /* as they stand in the file; increments by number */
    size_t count, capacity;
};

void manifest_init(struct manifest *m, struct memory *memory);
void manifest_free(struct manifest *m);
/* False when memory is out: nothing has changed then. */
bool manifest_copy(struct manifest *to, const struct manifest *from);
bool manifest_add(struct manifest *m, enum manifest_type type, int64_t seq, const char *name);
/* Everything there is becomes history. */
void manifest_retire(struct manifest *m);
/* Takes out what is history. */
void manifest_forget(struct manifest *m);

/* The base, NULL: none. */
const struct manifest_file *manifest_base(const struct manifest *m);
/* The last increment, NULL: none. */
const struct manifest_file *manifest_last(const struct manifest *m);
size_t manifest_increments(const struct manifest *m);
/* The highest number of a file of this type or, once, of it as history; 0: none. */
int64_t manifest_highest(const struct manifest *m);

/* Reads a whole file into an empty manifest. NULL: done; else what is wrong, and `line` says where (from 1). */
const char *manifest_parse(struct manifest *m, struct slice text, int *line);
bool manifest_write(const struct manifest *m, struct bytes *out);

#endif
