/* memory_report.c: MEMORY STATS, DOCTOR, MALLOC-STATS, PURGE: what a node's memory is taken by. USAGE: command/object.c.
 *
 * Left out of STATS: what Redis knows of its allocator and of the process's resident set; a node has neither.
 *
 * Source: https://redis.io/docs/latest/commands/memory-stats/
 */
#include <stdio.h>

#include "command/keys.h"
#include "node/commands.h"
#include "node/internal.h"

struct memory_facts memory_facts(const struct node *n)
{
    struct session_totals t = session_totals(n);
    size_t log = (size_t)(n->log.tape.end - n->log.tape.start), beyond = eviction_beyond_backlog(n);
    struct memory_facts f = {.used = n->memory.used,
                             .peak = n->memory.peak,
                             .startup = sizeof *n,
                             .backlog = beyond > 0 ? (size_t)log_backlog(&n->log) : log,
                             .normal = t.normal,
                             .replicas = n->feeds.count > 0 ? t.replicas + beyond : t.replicas};
    f.overhead = f.startup + f.backlog + t.normal + t.replicas;
    for (int db = 0; db < keyspace_used(n->keyspace); db++) {
        struct keyspace_overhead o = keyspace_overhead(n->keyspace, db);
        f.overhead += o.table + o.expiry;
    }
    f.dataset = f.used > f.overhead ? f.used - f.overhead : 0;
    return f;
}

double memory_percent(size_t part, size_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* ---- STATS ---- */

static void put(struct reply *r, const char *name, size_t value)
{
    reply_bulk_text(r, name);
    reply_integer(r, (int64_t)value);
}

static void put_real(struct reply *r, const char *name, double value)
{
    reply_bulk_text(r, name);
    reply_real(r, value);
}

static void put_databases(struct node *n, struct reply *r)
{
    for (int db = 0; db < keyspace_used(n->keyspace); db++) {
        if (keyspace_size(n->keyspace, db) == 0) continue;
        struct keyspace_overhead o = keyspace_overhead(n->keyspace, db);
        char name[16];
        snprintf(name, sizeof name, "db.%d", db);
        reply_bulk_text(r, name);
        reply_map(r, 3);
        put(r, "overhead.hashtable.main", o.table);
        put(r, "overhead.hashtable.expires", o.expiry);
        put(r, "overhead.hashtable.slot-to-keys", 0);
    }
}

void run_memory_stats(struct exec *x)
{
    enum { PLAIN = 16 };
    struct node *n = call_of(x)->node;
    struct reply *r = x->reply;
    struct memory_facts f = memory_facts(n);
    size_t keys = 0, net = f.used > f.startup ? f.used - f.startup : 0;
    int64_t databases = 0;
    for (int db = 0; db < keyspace_used(n->keyspace); db++) {
        keys += keyspace_size(n->keyspace, db);
        databases += keyspace_size(n->keyspace, db) > 0;
    }
    reply_map(r, PLAIN + databases);
    put(r, "peak.allocated", f.peak);
    put(r, "total.allocated", f.used);
    put(r, "startup.allocated", f.startup);
    put(r, "replication.backlog", f.backlog);
    put(r, "clients.slaves", f.replicas);
    put(r, "clients.normal", f.normal);
    put(r, "cluster.links", 0);
    put(r, "aof.buffer", n->disk.queued_bytes[DISK_LANE_JOURNAL]);
    put(r, "lua.caches", 0);
    put(r, "functions.caches", 0);
    put_databases(n, r);
    put(r, "overhead.total", f.overhead);
    put(r, "keys.count", keys);
    put(r, "keys.bytes-per-key", keys > 0 ? net / keys : 0);
    put(r, "dataset.bytes", f.dataset);
    put_real(r, "dataset.percentage", memory_percent(f.dataset, net));
    put_real(r, "peak.percentage", memory_percent(f.used, f.peak));
}

/* ---- DOCTOR ---- */

void run_memory_doctor(struct exec *x)
{
    enum { LITTLE = 5 * 1024 * 1024, MUCH_PER_CLIENT = 200 * 1024, MUCH_OF_REPLICAS = 10 * 1024 * 1024 };
    struct node *n = call_of(x)->node;
    struct memory_facts f = memory_facts(n);
    struct bytes *out = &n->scratch;
    int clients = n->clients > 0 ? n->clients : 1;
    bytes_clear(out);
    if (f.used < LITTLE) {
        bytes_append_text(out, "There is next to nothing in memory, so there is nothing to say about it.\n");
        reply_verbatim(x->reply, "txt", bytes_slice(out));
        return;
    }
    if (f.peak > f.used + f.used / 2)
        bytes_append_text(
            out, "- The peak was more than half as much again as is used now: a load that has passed, or "
                 "something that was large for a moment.\n");
    if (f.normal / (size_t)clients > MUCH_PER_CLIENT)
        bytes_append_text(
            out, "- Clients take more than 200 KiB each: they do not read their replies fast enough, or "
                 "their requests are large (CLIENT LIST: omem, qbuf).\n");
    if (f.replicas > MUCH_OF_REPLICAS)
        bytes_append_text(out,
                          "- Replicas take more than 10 MiB: one of them is slow, or gets a snapshot.\n");
    if (n->config.maxmemory > 0 && (int64_t)f.used > n->config.maxmemory)
        bytes_append_text(out, "- More is used than maxmemory allows.\n");
    if (out->size == 0) bytes_append_text(out, "Nothing looks wrong with the memory of this node.\n");
    reply_verbatim(x->reply, "txt", bytes_slice(out));
}

/* ---- the rest ---- */

void run_memory_malloc_stats(struct exec *x)
{
    reply_bulk_text(x->reply, "Stats not supported for the current allocator");
}

/* What can be given back to the system is, by itself. */
void run_memory_purge(struct exec *x) { reply_ok(x->reply); }

void run_node_memory_help(struct exec *x)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Return memory problems reports.",
        "MALLOC-STATS",
        "    Return internal statistics report from the memory allocator.",
        "PURGE",
        "    Attempt to purge dirty pages for reclamation by the allocator.",
        "STATS",
        "    Return information about the memory usage of the server.",
        "USAGE <key> [SAMPLES <count>]",
        "    Return memory in bytes used by <key> and its value. Nested values are",
        "    sampled up to <count> times (default: 5, 0 means sample all).",
        NULL,
    };
    exec_help(x, "MEMORY", lines);
}
