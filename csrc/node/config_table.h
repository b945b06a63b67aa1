/* config_table.h: what one parameter is: its name, type, bounds, value at first, and where it lives. */
#ifndef TIDELOCK_NODE_CONFIG_TABLE_H
#define TIDELOCK_NODE_CONFIG_TABLE_H

#include "node/config.h"

enum config_type {
    CONFIG_BOOL,     /* yes, no */
    CONFIG_INT,      /* int64 */
    CONFIG_SIZE,     /* int64, bytes, with Redis's units */
    CONFIG_PART,     /* the same, or a part of maxmemory: negative, in per cent */
    CONFIG_TEXT,     /* char[CONFIG_TEXT_MAX] */
    CONFIG_SECRET,   /* struct secret */
    CONFIG_ENUM,     /* int, one of choices[min] */
    CONFIG_WORDS,    /* int, a bit for each of choices[min] but the first, which is none of them */
    CONFIG_RULE,     /* char[CONFIG_TEXT_MAX]: which replicas (replication/sync.h) */
    CONFIG_LIMITS,   /* client-output-buffer-limit */
    CONFIG_SAVE,     /* save */
    CONFIG_FILE,     /* CONFIG_TEXT that is a name in `dir` */
    CONFIG_BIND,     /* CONFIG_TEXT of addresses, separated by blanks */
    CONFIG_NOTIFY,   /* notify-keyspace-events */
    CONFIG_PERCENTS, /* latency-tracking-info-percentiles */
    CONFIG_OCTAL,    /* int64, a file's mode */
    CONFIG_KEPT,     /* a text that is kept as it came (config_kept.h), for the process or for nobody */
    CONFIG_FIXED     /* `initial` and nothing else: what this server does or has only one way */
};

enum config_flag {
    CONFIG_START = 1 << 0,       /* only while starting up */
    CONFIG_PROTECTED = 1 << 1,   /* only for who enable-protected-configs allows it */
    CONFIG_NOT_LOADING = 1 << 2, /* not while the dataset is being loaded */
    CONFIG_HIDDEN = 1 << 3,      /* shown only to who knows its name */
    CONFIG_ALIAS = 1 << 4,       /* another name of the row with the same field */
    CONFIG_WRITTEN =
        1 << 5, /* CONFIG REWRITE writes it, whatever it is; empty: in place of a line that is there */
    CONFIG_UNSAID = 1 << 6 /* …and leaves it out where it is what it would be anyway */
};

/* In the `min` of a CONFIG_KEPT: it is several words. */
enum { KEPT_WORDS = 1 };

struct config_row {
    const char *name;
    enum config_type type;
    uint32_t field; /* its place in struct config */
    int64_t min, max;
    const char *initial; /* as it would be set */
    unsigned flags;
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;
/* What a server begins with other than a node in a script. Ended by NULL. */
struct config_served {
    const char *name, *value;
};
extern const struct config_served config_served[];
/* The row of a parameter, under its first name if `name` is another; NULL: there is none. */
const struct config_row *config_row_find(struct slice name);
/* What a CONFIG_ENUM may be; which of these is in the row's `min`. */
extern const char *const *const config_words[];

#endif
