/* config.c: the table of parameters, and reading and writing one of them as text.
 *
 * A row says where in `struct config` a parameter lives and how its text is read. Aliases (slave-…) are rows of their
 * own over the same field, as CONFIG GET shows them in Redis. What must happen in the node after a change is
 * config_changed's (admin.c).
 *
 * Fixed ones are there for tools that ask (redis-benchmark: save, appendonly) and for files that say them; a value
 * that would promise something this server does not do is refused.
 *
 * Source: Redis 7.0's redis.conf.
 */
#include "node/config.h"

#include <stddef.h>
#include <stdio.h>

#include "base/number.h"
#include "command/notify.h"
#include "replication/sync.h"

enum config_type {
    CONFIG_BOOL,     /* yes, no */
    CONFIG_INT,      /* int64 */
    CONFIG_SIZE,     /* int64, bytes, with Redis's units */
    CONFIG_TEXT,     /* char[CONFIG_TEXT_MAX] */
    CONFIG_ENUM,     /* int, one of choices[min] */
    CONFIG_RULE,     /* char[CONFIG_TEXT_MAX]: which replicas (replication/sync.h) */
    CONFIG_LIMITS,   /* client-output-buffer-limit */
    CONFIG_SAVE,     /* save */
    CONFIG_FILE,     /* CONFIG_TEXT that is a name in `dir` */
    CONFIG_NOTIFY,   /* notify-keyspace-events */
    CONFIG_PERCENTS, /* latency-tracking-info-percentiles */
    CONFIG_FIXED     /* `initial` and nothing else: what this server does or has only one way */
};

enum config_flag {
    CONFIG_START = 1 << 0,    /* only while starting up */
    CONFIG_PROTECTED = 1 << 1 /* …and Redis gives another reason */
};

struct config_row {
    const char *name;
    enum config_type type;
    uint32_t field; /* its place in struct config */
    int64_t min, max;
    const char *initial; /* as it would be set */
    unsigned flags;
};

/* What a CONFIG_ENUM may be; which of these is in the row's `min`. */
enum { WORDS_POLICY, WORDS_SYNC_LEVEL, WORDS_ON_TIMEOUT, WORDS_FSYNC, WORDS_MAX = 9 };

static const char *const choices[][WORDS_MAX] = {
    [WORDS_POLICY] = {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru",
                      "allkeys-lfu", "allkeys-random", "noeviction", NULL},
    [WORDS_SYNC_LEVEL] = {"received", "applied", "fsynced", NULL},
    [WORDS_ON_TIMEOUT] = {"error", "degrade", NULL},
    [WORDS_FSYNC] = {"always", "everysec", "no", NULL}, /* enum journal_sync */
};

#define FIELD(name) offsetof(struct config, name)
#define GIB ((int64_t)1024 * 1024 * 1024)

static const struct config_row rows[] = {
    {"maxclients", CONFIG_INT, FIELD(maxclients), 1, UINT32_MAX, "10000", 0},
    {"maxmemory", CONFIG_SIZE, FIELD(maxmemory), 0, INT64_MAX, "0", 0},
    {"maxmemory-policy", CONFIG_ENUM, FIELD(maxmemory_policy), WORDS_POLICY, 0, "noeviction", 0},
    {"lfu-log-factor", CONFIG_INT, FIELD(lfu_log_factor), 0, INT32_MAX, "10", 0},
    {"lfu-decay-time", CONFIG_INT, FIELD(lfu_decay_minutes), 0, INT32_MAX, "1", 0},
    {"proto-max-bulk-len", CONFIG_SIZE, FIELD(proto_max_bulk_len), 1024 * 1024, INT64_MAX / 4, "512mb", 0},
    {"client-query-buffer-limit", CONFIG_SIZE, FIELD(client_query_buffer_limit), 1024 * 1024, INT64_MAX / 4,
     "1gb", 0},
    {"client-output-buffer-limit", CONFIG_LIMITS, 0, 0, 0,
     "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", 0},
    {"timeout", CONFIG_INT, FIELD(timeout_s), 0, INT32_MAX, "0", 0},
    {"tcp-keepalive", CONFIG_INT, FIELD(tcp_keepalive_s), 0, INT32_MAX, "300", 0},
    {"tcp-backlog", CONFIG_INT, FIELD(tcp_backlog), 0, INT32_MAX, "511", CONFIG_START},
    {"repl-backlog-size", CONFIG_SIZE, FIELD(repl_backlog_size), 1, INT64_MAX / 4, "1mb", 0},
    {"repl-timeout", CONFIG_INT, FIELD(repl_timeout_s), 1, INT32_MAX, "60", 0},
    {"repl-ping-replica-period", CONFIG_INT, FIELD(repl_ping_period_s), 1, INT32_MAX, "10", 0},
    {"repl-ping-slave-period", CONFIG_INT, FIELD(repl_ping_period_s), 1, INT32_MAX, "10", 0},
    {"repl-ack-period-ms", CONFIG_INT, FIELD(repl_ack_period_ms), 1, INT32_MAX, "1000", 0},
    {"repl-retry-min-ms", CONFIG_INT, FIELD(repl_retry_min_ms), 1, INT32_MAX, "50", 0},
    {"repl-retry-max-ms", CONFIG_INT, FIELD(repl_retry_max_ms), 1, INT32_MAX, "1000", 0},
    {"repl-diskless-sync-delay", CONFIG_INT, FIELD(repl_diskless_sync_delay_s), 0, INT32_MAX, "0", 0},
    {"replica-read-only", CONFIG_BOOL, FIELD(replica_read_only), 0, 0, "yes", 0},
    {"slave-read-only", CONFIG_BOOL, FIELD(replica_read_only), 0, 0, "yes", 0},
    {"replica-serve-stale-data", CONFIG_BOOL, FIELD(replica_serve_stale_data), 0, 0, "yes", 0},
    {"slave-serve-stale-data", CONFIG_BOOL, FIELD(replica_serve_stale_data), 0, 0, "yes", 0},
    {"replica-announced", CONFIG_BOOL, FIELD(replica_announced), 0, 0, "yes", 0},
    {"replica-priority", CONFIG_INT, FIELD(replica_priority), 0, INT32_MAX, "100", 0},
    {"slave-priority", CONFIG_INT, FIELD(replica_priority), 0, INT32_MAX, "100", 0},
    {"min-replicas-to-write", CONFIG_INT, FIELD(min_replicas_to_write), 0, INT32_MAX, "0", 0},
    {"min-slaves-to-write", CONFIG_INT, FIELD(min_replicas_to_write), 0, INT32_MAX, "0", 0},
    {"min-replicas-max-lag", CONFIG_INT, FIELD(min_replicas_max_lag_s), 0, INT32_MAX, "10", 0},
    {"min-slaves-max-lag", CONFIG_INT, FIELD(min_replicas_max_lag_s), 0, INT32_MAX, "10", 0},
    {"min-replicas-max-lag-bytes", CONFIG_SIZE, FIELD(min_replicas_max_lag_bytes), 0, INT64_MAX / 4, "0", 0},
    {"sync-replicas", CONFIG_RULE, FIELD(sync_replicas), 0, 0, "", 0},
    {"sync-level", CONFIG_ENUM, FIELD(sync_level), WORDS_SYNC_LEVEL, 0, "applied", 0},
    {"sync-timeout", CONFIG_INT, FIELD(sync_timeout_ms), 0, INT32_MAX, "0", 0},
    {"sync-on-timeout", CONFIG_ENUM, FIELD(sync_on_timeout), WORDS_ON_TIMEOUT, 0, "error", 0},
    {"replica-announce-ip", CONFIG_TEXT, FIELD(replica_announce_ip), 0, 0, "", 0},
    {"slave-announce-ip", CONFIG_TEXT, FIELD(replica_announce_ip), 0, 0, "", 0},
    {"replica-announce-port", CONFIG_INT, FIELD(replica_announce_port), 0, 65535, "0", 0},
    {"slave-announce-port", CONFIG_INT, FIELD(replica_announce_port), 0, 65535, "0", 0},
    {"node-name", CONFIG_TEXT, FIELD(node_name), 0, 0, "", 0},
    {"masteruser", CONFIG_TEXT, FIELD(masteruser), 0, 0, "", 0},
    {"masterauth", CONFIG_TEXT, FIELD(masterauth), 0, 0, "", 0},
    {"requirepass", CONFIG_TEXT, FIELD(requirepass), 0, 0, "", 0},
    {"bind", CONFIG_TEXT, FIELD(bind), 0, 0, "127.0.0.1", CONFIG_START},
    {"port", CONFIG_INT, FIELD(port), 0, 65535, "6379", CONFIG_START},
    {"databases", CONFIG_INT, FIELD(databases), 1, 65536, "16", CONFIG_START},
    {"notify-keyspace-events", CONFIG_NOTIFY, FIELD(notify), 0, 0, "", 0},
    {"slowlog-log-slower-than", CONFIG_INT, FIELD(slowlog_slower_than_us), -1, INT64_MAX, "10000", 0},
    {"slowlog-max-len", CONFIG_INT, FIELD(slowlog_max_len), 0, INT64_MAX, "128", 0},
    {"latency-monitor-threshold", CONFIG_INT, FIELD(latency_threshold_ms), 0, INT64_MAX, "0", 0},
    {"latency-tracking", CONFIG_BOOL, FIELD(latency_tracking), 0, 0, "yes", 0},
    {"latency-tracking-info-percentiles", CONFIG_PERCENTS, FIELD(percentiles), 0, 0, "50 99 99.9", 0},
    {"active-expire", CONFIG_BOOL, FIELD(activeexpire), 0, 0, "yes", 0},
    {"hash-max-listpack-entries", CONFIG_INT, FIELD(limits.hash_listpack_entries), 0, INT64_MAX, "512", 0},
    {"hash-max-ziplist-entries", CONFIG_INT, FIELD(limits.hash_listpack_entries), 0, INT64_MAX, "512", 0},
    {"hash-max-listpack-value", CONFIG_SIZE, FIELD(limits.hash_listpack_value), 0, INT64_MAX, "64", 0},
    {"hash-max-ziplist-value", CONFIG_SIZE, FIELD(limits.hash_listpack_value), 0, INT64_MAX, "64", 0},
    {"set-max-intset-entries", CONFIG_INT, FIELD(limits.set_intset_entries), 0, INT64_MAX, "512", 0},
    {"zset-max-listpack-entries", CONFIG_INT, FIELD(limits.zset_listpack_entries), 0, INT64_MAX, "128", 0},
    {"zset-max-ziplist-entries", CONFIG_INT, FIELD(limits.zset_listpack_entries), 0, INT64_MAX, "128", 0},
    {"zset-max-listpack-value", CONFIG_SIZE, FIELD(limits.zset_listpack_value), 0, INT64_MAX, "64", 0},
    {"zset-max-ziplist-value", CONFIG_SIZE, FIELD(limits.zset_listpack_value), 0, INT64_MAX, "64", 0},
    {"list-max-listpack-size", CONFIG_INT, FIELD(limits.list_listpack_size), INT32_MIN, INT32_MAX, "-2", 0},
    {"list-max-ziplist-size", CONFIG_INT, FIELD(limits.list_listpack_size), INT32_MIN, INT32_MAX, "-2", 0},
    {"list-compress-depth", CONFIG_INT, FIELD(limits.list_compress_depth), 0, INT32_MAX, "0", 0},
    {"stream-node-max-bytes", CONFIG_SIZE, FIELD(limits.stream_node_bytes), 0, INT64_MAX, "4096", 0},
    {"stream-node-max-entries", CONFIG_INT, FIELD(limits.stream_node_entries), 0, INT64_MAX, "100", 0},
    {"hz", CONFIG_INT, FIELD(hz), 0, INT32_MAX, "10", 0},
    {"rdbchecksum", CONFIG_BOOL, FIELD(rdbchecksum), 0, 0, "yes", CONFIG_START},
    {"rdbcompression", CONFIG_BOOL, FIELD(rdbcompression), 0, 0, "yes", 0},
    {"dir", CONFIG_TEXT, FIELD(dir), 0, 0, "", CONFIG_START | CONFIG_PROTECTED},
    {"dbfilename", CONFIG_FILE, FIELD(dbfilename), 0, 0, "dump.rdb", CONFIG_START | CONFIG_PROTECTED},
    {"save", CONFIG_SAVE, FIELD(save), 0, 0, "", 0},
    {"stop-writes-on-bgsave-error", CONFIG_BOOL, FIELD(stop_writes_on_bgsave_error), 0, 0, "yes", 0},
    {"appendonly", CONFIG_BOOL, FIELD(appendonly), 0, 0, "no", 0},
    {"appendfilename", CONFIG_FILE, FIELD(appendfilename), 0, 0, "appendonly.aof", CONFIG_START},
    {"appenddirname", CONFIG_FILE, FIELD(appenddirname), 0, 0, "appendonlydir", CONFIG_START},
    {"appendfsync", CONFIG_ENUM, FIELD(appendfsync), WORDS_FSYNC, 0, "everysec", 0},
    {"no-appendfsync-on-rewrite", CONFIG_BOOL, FIELD(no_appendfsync_on_rewrite), 0, 0, "no", 0},
    {"auto-aof-rewrite-percentage", CONFIG_INT, FIELD(aof_rewrite_percentage), 0, INT32_MAX, "100", 0},
    {"auto-aof-rewrite-min-size", CONFIG_SIZE, FIELD(aof_rewrite_min_size), 0, INT64_MAX, "64mb", 0},
    {"aof-load-truncated", CONFIG_BOOL, FIELD(aof_load_truncated), 0, 0, "yes", 0},
    {"aof-timestamp-enabled", CONFIG_BOOL, FIELD(aof_timestamps), 0, 0, "no", 0},
    {"aof-use-rdb-preamble", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"aof-rewrite-incremental-fsync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"rdb-save-incremental-fsync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"enable-protected-configs", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"cluster-enabled", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"protected-mode", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"daemonize", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"activedefrag", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"io-threads", CONFIG_FIXED, 0, 0, 0, "1", 0},
    {"repl-diskless-sync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"repl-disable-tcp-nodelay", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"tls-port", CONFIG_FIXED, 0, 0, 0, "0", 0},
    {"unixsocket", CONFIG_FIXED, 0, 0, 0, "", 0},
    {"logfile", CONFIG_FIXED, 0, 0, 0, "", 0},
};

bool config_evicts_lfu(const struct config *c)
{
    return strstr(choices[WORDS_POLICY][c->maxmemory_policy], "-lfu") != NULL;
}

static const struct config_row *find_row(struct slice name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (slice_is_word(name, rows[i].name)) return &rows[i];
    }
    return NULL;
}

const char *config_name(int index)
{
    return index >= 0 && (size_t)index < sizeof rows / sizeof rows[0] ? rows[index].name : NULL;
}

/* ---- reading ---- */

static bool complain(struct bytes *error, const struct config_row *row, const char *why)
{
    bytes_append_format(error, "CONFIG SET failed (possibly related to argument '%s') - %s", row->name, why);
    return false;
}

static bool set_number(void *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    int64_t number;
    bool read =
        row->type == CONFIG_SIZE ? number_parse_size(value, &number) : number_parse_int(value, &number);
    if (!read)
        return complain(error, row,
                        row->type == CONFIG_SIZE ? "argument must be a memory value"
                                                 : "argument couldn't be parsed into an integer");
    if (number < row->min || number > row->max) {
        char why[128];
        snprintf(why, sizeof why, "argument must be between %lld and %lld inclusive", (long long)row->min,
                 (long long)row->max);
        return complain(error, row, why);
    }
    memcpy(field, &number, sizeof number);
    return true;
}

static bool set_word(int *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    const char *const *words = choices[row->min];
    for (int i = 0; words[i]; i++) {
        if (!slice_is_word(value, words[i])) continue;
        *field = i;
        return true;
    }
    char why[256] = "argument(s) must be one of the following: ";
    size_t size = strlen(why);
    for (int i = 0; words[i]; i++)
        size += (size_t)snprintf(why + size, sizeof why - size, "%s%s", i > 0 ? ", " : "", words[i]);
    return complain(error, row, why);
}

static int count_words(struct slice text)
{
    int count = 0;
    while (slice_next_word(&text).size > 0) count++;
    return count;
}

/* "normal 0 0 0 slave 256mb 64mb 60 …": any number of classes. All or nothing. */
static bool set_limits(struct config *c, const struct config_row *row, struct slice value,
                       struct bytes *error)
{
    struct output_limit normal = c->output_normal, replica = c->output_replica, pubsub = c->output_pubsub;
    int words = count_words(value);
    if (words % 4 != 0)
        return complain(error, row, "Wrong number of arguments in buffer limit configuration.");
    for (int i = 0; i < words / 4; i++) {
        struct slice class = slice_next_word(&value);
        struct output_limit *limit = slice_is_word(class, "normal") ? &normal
                                     : slice_is_word(class, "slave") || slice_is_word(class, "replica")
                                         ? &replica
                                     : slice_is_word(class, "pubsub") ? &pubsub
                                                                      : NULL;
        if (!limit)
            return complain(error, row, "Invalid client class specified in buffer limit configuration.");
        if (!number_parse_size(slice_next_word(&value), &limit->hard) ||
            !number_parse_size(slice_next_word(&value), &limit->soft) ||
            !number_parse_int(slice_next_word(&value), &limit->soft_seconds) || limit->soft_seconds < 0)
            return complain(error, row,
                            "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    c->output_normal = normal;
    c->output_replica = replica;
    c->output_pubsub = pubsub;
    return true;
}

/* "3600 1 300 100": seconds and changes in turn; "": never. */
static bool set_save(struct save_points *field, const struct config_row *row, struct slice value,
                     struct bytes *error)
{
    struct save_points points = {0};
    for (struct slice word; (word = slice_next_word(&value)).size > 0; points.count++) {
        struct save_point *p = &points.points[points.count];
        if (points.count == SAVE_POINTS_MAX || !number_parse_int(word, &p->seconds) ||
            !number_parse_int(slice_next_word(&value), &p->changes) || p->seconds < 1 || p->changes < 0)
            return complain(error, row, "Invalid save parameters");
    }
    *field = points;
    return true;
}

static bool set_text(char *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    struct sync_rule rule = {.level = SYNC_APPLIED};
    char why[SYNC_ERROR_MAX];
    bool file = row->type == CONFIG_FILE;
    size_t room = file ? CONFIG_FILE_MAX : CONFIG_TEXT_MAX;
    if (value.size >= room || memchr(value.data, '\0', value.size))
        return complain(error, row, "argument is too long or has a zero byte");
    if (file && (value.size == 0 || value.data[0] == '.' || memchr(value.data, '/', value.size))) {
        snprintf(why, sizeof why, "%s can't be a path, just a filename", row->name);
        return complain(error, row, why);
    }
    if (row->type == CONFIG_RULE && !sync_parse(&rule, value, why)) return complain(error, row, why);
    memset(field, 0, room);
    if (value.size > 0) memcpy(field, value.data, value.size);
    return true;
}

static bool set_percents(struct percentiles *field, const struct config_row *row, struct slice value,
                         struct bytes *error)
{
    enum { PERCENTS_MAX = sizeof field->of / sizeof field->of[0] };
    struct percentiles p = {.count = 0};
    for (struct slice word; (word = slice_next_word(&value)).size > 0; p.count++) {
        if (p.count == PERCENTS_MAX || !number_parse_double(word, &p.of[p.count]))
            return complain(error, row, "Invalid latency-tracking-info-percentiles parameters");
        if (p.of[p.count] < 0 || p.of[p.count] > 100)
            return complain(error, row,
                            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    *field = p;
    return true;
}

static bool set_row(struct config *c, const struct config_row *row, struct slice value, struct bytes *error)
{
    void *field = (char *)c + row->field;
    switch (row->type) {
    case CONFIG_BOOL:
        if (!slice_is_word(value, "yes") && !slice_is_word(value, "no"))
            return complain(error, row, "argument must be 'yes' or 'no'");
        *(bool *)field = slice_is_word(value, "yes");
        return true;
    case CONFIG_TEXT:
    case CONFIG_FILE:
    case CONFIG_RULE: return set_text(field, row, value, error);
    case CONFIG_SAVE: return set_save(field, row, value, error);
    case CONFIG_ENUM: return set_word(field, row, value, error);
    case CONFIG_LIMITS: return set_limits(c, row, value, error);
    case CONFIG_PERCENTS: return set_percents(field, row, value, error);
    case CONFIG_NOTIFY:
        if (notify_parse(value, field)) return true;
        return complain(error, row, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    case CONFIG_FIXED:
        if (slice_is_word(value, row->initial)) return true;
        return complain(error, row, "this server supports only one value, which CONFIG GET shows");
    default: return set_number(field, row, value, error);
    }
}

/* The row, if it can be set now. */
static const struct config_row *settable_row(struct slice name, bool start, struct bytes *error)
{
    const struct config_row *row = find_row(name);
    if (!row) {
        bytes_append_format(error, "Unknown option or number of arguments for CONFIG SET - '%.*s'",
                            (int)(name.size < 128 ? name.size : 128), name.data);
        return NULL;
    }
    if (!(row->flags & CONFIG_START) || start) return row;
    complain(error, row,
             row->flags & CONFIG_PROTECTED ? "can't set protected config" : "can't set immutable config");
    return NULL;
}

bool config_set(struct config *c, struct slice name, struct slice value, bool start, struct bytes *error)
{
    const struct config_row *row = settable_row(name, start, error);
    return row && set_row(c, row, value, error);
}

bool config_set_all(struct config *c, int count, const struct slice *pairs, struct bytes *error)
{
    struct config changed = *c;
    for (int i = 0; i < count; i += 2) {
        const struct config_row *row = settable_row(pairs[i], false, error);
        if (!row) return false;
        for (int k = 0; k < i; k += 2)
            if (find_row(pairs[k]) == row) return complain(error, row, "duplicate parameter");
    }
    for (int i = 0; i < count; i += 2)
        if (!set_row(&changed, find_row(pairs[i]), pairs[i + 1], error)) return false;
    *c = changed;
    return true;
}

void config_defaults(struct config *c)
{
    struct bytes error = {0};
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        set_row(c, &rows[i], slice_text(rows[i].initial), &error);
}

/* ---- writing ---- */

static void get_limits(const struct config *c, struct bytes *value)
{
    const struct output_limit *limits[] = {&c->output_normal, &c->output_replica, &c->output_pubsub};
    static const char *const classes[] = {"normal", "slave", "pubsub"};
    for (int i = 0; i < 3; i++)
        bytes_append_format(value, "%s%s %lld %lld %lld", i ? " " : "", classes[i],
                            (long long)limits[i]->hard, (long long)limits[i]->soft,
                            (long long)limits[i]->soft_seconds);
}

static void get_save(const struct save_points *save, struct bytes *value)
{
    for (int i = 0; i < save->count; i++)
        bytes_append_format(value, "%s%lld %lld", i ? " " : "", (long long)save->points[i].seconds,
                            (long long)save->points[i].changes);
}

static void get_percents(const struct percentiles *p, struct bytes *value)
{
    char digits[NUMBER_DOUBLE_MAX];
    for (int64_t i = 0; i < p->count; i++) {
        if (i > 0) bytes_append_char(value, ' ');
        bytes_append(value, digits, number_format_double(digits, p->of[i]));
    }
}

bool config_get(const struct config *c, struct slice name, struct bytes *value)
{
    const struct config_row *row = find_row(name);
    if (!row) return false;
    const void *field = (const char *)c + row->field;
    switch (row->type) {
    case CONFIG_BOOL: return bytes_append_text(value, *(const bool *)field ? "yes" : "no");
    case CONFIG_TEXT:
    case CONFIG_FILE:
    case CONFIG_RULE: return bytes_append_text(value, field);
    case CONFIG_SAVE: get_save(field, value); return true;
    case CONFIG_PERCENTS: get_percents(field, value); return true;
    case CONFIG_ENUM: return bytes_append_text(value, choices[row->min][*(const int *)field]);
    case CONFIG_LIMITS: get_limits(c, value); return true;
    case CONFIG_NOTIFY: notify_format(*(const unsigned *)field, value); return true;
    case CONFIG_FIXED: return bytes_append_text(value, row->initial);
    default: return bytes_append_int(value, *(const int64_t *)field);
    }
}
