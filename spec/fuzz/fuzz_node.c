/* Fuzzes three nodes and whoever talks to them: the input says who connects and hangs up, what is said (commands that make
 * sense, commands at the edge, plain garbage), who follows whom, whose bytes are held back and how time passes. One of the
 * primaries may be the fuzzer itself.
 *
 * After every step each keyspace agrees with itself, and two nodes at the same offset of the same history hold the same
 * data. In the end everything is healed, and all nodes are what their primary is.
 *
 * SPDX-License-Identifier: MIT */
#include "node/internal.h"
#include "nodes.h"
#include "pieces.h"

enum { NODES = 3, CLIENTS = 6, STEPS_MAX = 400 };

struct fuzz {
    const uint8_t *data;
    size_t size;
    struct room room;
    struct wire *clients[CLIENTS];
    int histories; /* that the fuzzer itself has led */
};

static uint8_t take(struct fuzz *f)
{
    if (f->size == 0) return 0;
    f->size--;
    return *f->data++;
}

/* ---- what is said ---- */

/* %k a key, %v a value, %n a number, %d a database, %h a node */
static const char *const commands[] = {
    "SET %k %v",
    "SET %k %v PX %n",
    "SET %k %v KEEPTTL GET",
    "SET %k %v NX EX %n",
    "SET %k %v PXAT %n",
    "GET %k",
    "GETDEL %k",
    "GETEX %k PX %n",
    "GETSET %k %v",
    "APPEND %k %v",
    "INCR %k",
    "INCRBYFLOAT %k 0.5",
    "SETRANGE %k %n %v",
    "MSET %k %v %k %v",
    "MSETNX %k %v %k %v",
    "MGET %k %k %k",
    "DEL %k %k",
    "UNLINK %k",
    "EXPIRE %k %n",
    "PEXPIRE %k %n",
    "PEXPIREAT %k %n",
    "PERSIST %k",
    "RENAME %k %k",
    "RENAMENX %k %k",
    "COPY %k %k DB %d REPLACE",
    "MOVE %k %d",
    "SWAPDB %d %d",
    "FLUSHDB",
    "FLUSHALL",
    "SELECT %d",
    "DBSIZE",
    "RANDOMKEY",
    "SCAN 0 COUNT %n",
    "TTL %k",
    "OBJECT ENCODING %k",
    "MULTI",
    "MULTI",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH %k %k",
    "UNWATCH",
    "WAIT %h %n",
    "WAIT 1 0",
    "WAIT 2 10",
    "PING",
    "ROLE",
    "INFO",
    "HELLO 3",
    "RESET",
    "QUIT",
    "CLIENT REPLY SKIP",
    "CLIENT REPLY OFF",
    "CLIENT REPLY ON",
    "CLIENT LIST",
    "CLIENT KILL TYPE normal",
    "CLIENT KILL TYPE replica",
    "CLIENT KILL TYPE master",
    "CLIENT PAUSE %n WRITE",
    "CLIENT PAUSE %n",
    "CLIENT UNPAUSE",
    "CLIENT UNBLOCK %n",
    "CLIENT NO-TOUCH on",
    "DEBUG SLEEP 0.02",
    "DEBUG SET-ACTIVE-EXPIRE 0",
    "DEBUG SET-ACTIVE-EXPIRE 1",
    "REPLICAOF host %h",
    "REPLICAOF host %h",
    "REPLICAOF NO ONE",
    "REPLICAOF NO ONE",
    "REPLICAOF us 9",
    "REPLCONF listening-port %n",
    "REPLCONF ACK %n",
    "REPLCONF capa eof",
    "PSYNC ? -1",
    "SYNC",
    "CONFIG SET repl-backlog-size %n",
    "CONFIG SET min-replicas-to-write 1",
    "CONFIG SET min-replicas-to-write 0",
    "CONFIG SET replica-serve-stale-data no",
    "CONFIG SET maxmemory 200000",
    "CONFIG SET maxmemory 0",
    "CONFIG SET client-output-buffer-limit \"replica 100000 0 0 normal 100000 50000 1\"",
    "CONFIG SET repl-timeout 3",
    "CONFIG SET timeout 5",
    "CONFIG RESETSTAT",
    "SUBSCRIBE %v %k",
    "PSUBSCRIBE * %k",
    "SSUBSCRIBE %k",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE *",
    "SUNSUBSCRIBE",
    "PUBLISH %k %v",
    "SPUBLISH %k %v",
    "PUBSUB CHANNELS",
    "CONFIG SET notify-keyspace-events KEAnm",
    "CONFIG SET client-output-buffer-limit \"pubsub 100000 1000 1\"",
    "BITFIELD %k SET u8 %n 1 OVERFLOW FAIL INCRBY i5 %n 9",
    "SETBIT %k %n 1",
    "BITOP XOR %k %k %k",
};

static void put_word(struct fuzz *f, char kind, struct bytes *out)
{
    static const int64_t numbers[] = {0,  1,         2,        3, 10, 100, 1500, 70000, 1700000000100,
                                      -1, INT64_MAX, INT64_MIN};
    uint8_t draw = take(f);
    if (kind == 'k') bytes_append_format(out, "k%d", draw % 8);
    if (kind == 'd') bytes_append_int(out, draw % 4);
    if (kind == 'h') bytes_append_int(out, 1 + draw % NODES);
    if (kind == 'n') bytes_append_int(out, numbers[draw % (sizeof numbers / sizeof numbers[0])]);
    if (kind == 'v' && draw < 200) bytes_append_int(out, draw);
    if (kind == 'v' && draw >= 200) bytes_append_format(out, "%0*d", (draw - 199) * 100, 7);
}

static void put_command(struct fuzz *f, struct bytes *out)
{
    const char *p = commands[take(f) % (sizeof commands / sizeof commands[0])];
    for (; *p; p++) {
        if (*p == '%')
            put_word(f, *++p, out);
        else
            bytes_append_char(out, *p);
    }
    bytes_append_text(out, "\r\n");
}

static void send_bytes(struct wire *w, struct slice bytes)
{
    if (!w->closed && bytes.size > 0 && !room_put(w->session, bytes.data, bytes.size)) room_hang_up(w);
}

/* ---- steps ---- */

static struct wire *client_of(struct fuzz *f)
{
    uint8_t draw = take(f);
    struct wire **w = &f->clients[draw % CLIENTS];
    if (*w) return *w;
    struct node *n = f->room.nodes[draw / CLIENTS % NODES];
    struct session *s = node_accept(n, "10.0.0.1:5000");
    if (s) *w = room_wire(&f->room, n, s);
    return *w;
}

static void step_commands(struct fuzz *f, int count)
{
    struct bytes text;
    struct wire *w = client_of(f);
    bytes_init(&text, &f->room.memory);
    for (; count > 0; count--) put_command(f, &text);
    send_bytes(w, bytes_slice(&text));
    bytes_free(&text);
}

static void step_garbage(struct fuzz *f, struct wire *w)
{
    size_t size = take(f) % 64;
    if (size > f->size) size = f->size;
    const char *bytes = (const char *)f->data;
    f->data += size;
    f->size -= size;
    if (w) send_bytes(w, slice_of(bytes, size));
}

/* Somebody follows the fuzzer: tells it that it may continue, under a name that nobody has had. */
static void step_lead(struct fuzz *f)
{
    char text[160];
    struct wire *w = f->room.dialled;
    if (!w || !w->used || w->closed) return;
    snprintf(text, sizeof text, "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE %040d\r\n", ++f->histories);
    send_bytes(w, slice_text(text));
    f->room.dialled = NULL;
    for (int count = take(f) % 8; count > 0; count--) {
        char key[] = {(char)('a' + take(f) % 8), '\0'};
        snprintf(text, sizeof text, "*3\r\n$3\r\nSET\r\n$1\r\n%s\r\n$1\r\n%d\r\n", key, count);
        send_bytes(w, slice_text(text));
    }
    if (take(f) % 2) step_garbage(f, w);
}

static void step_wire(struct fuzz *f)
{
    uint8_t draw = take(f);
    struct wire *w = &f->room.wires[draw % ROOM_WIRES];
    if (!w->used || w->closed) return;
    if (draw & 0x40)
        room_hang_up(w);
    else
        w->held = !w->held;
}

static void step_pause_channel(struct fuzz *f)
{
    struct channel_state channels[8];
    uint8_t draw = take(f);
    struct node *n = f->room.nodes[draw % NODES];
    int count = node_channels(n, channels, 8);
    if (count > 8) count = 8;
    if (count > 0) node_channel_pause(n, channels[draw / NODES % count].id, draw & 1);
}

static void step_pass(struct fuzz *f)
{
    static const int64_t times_ms[] = {1, 1, 5, 20, 100, 100, 1000, 5000, 70000};
    room_pass(&f->room, times_ms[take(f) % (sizeof times_ms / sizeof times_ms[0])]);
}

static void step(struct fuzz *f)
{
    uint8_t draw = take(f);
    switch (draw % 16) {
    case 0:
    case 1: step_pass(f); break;
    case 2: step_garbage(f, client_of(f)); break;
    case 3: step_wire(f); break;
    case 4: step_pause_channel(f); break;
    case 5: step_lead(f); break;
    case 6: f->room.now.wall_us += (int64_t)(int8_t)take(f) * 100000; break;
    default: step_commands(f, 1 + draw / 16 % 6);
    }
    room_settle(&f->room);
}

/* ---- what must hold ---- */

static bool same_digest(struct node *a, struct node *b)
{
    struct digest x = node_digest(a), y = node_digest(b);
    return x.low == y.low && x.high == y.high;
}

static void check(struct fuzz *f)
{
    for (int i = 0; i < NODES; i++) {
        struct node *n = f->room.nodes[i];
        const char *what;
        if (!keyspace_check(n->keyspace, &what)) fprintf(stderr, "node %d: %s\n", i, what);
        MUST(what == NULL);
        MUST(!n->in_exec && !n->exec_logged);
        MUST(list_empty(&n->resumed) || n->sleep_until_us != 0);
        MUST(!n->follow || n->follow->applied == log_offset(&n->log));
        for (int j = 0; j < i; j++) {
            struct node *other = f->room.nodes[j];
            if (strcmp(n->log.replid, other->log.replid) != 0 ||
                log_offset(&n->log) != log_offset(&other->log))
                continue;
            MUST(same_digest(n, other));
        }
    }
}

/* Wires that are closed are free again. */
static void sweep(struct fuzz *f)
{
    for (int i = 0; i < CLIENTS; i++)
        if (f->clients[i] && f->clients[i]->closed) f->clients[i] = NULL;
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &f->room.wires[i];
        if (!w->used) continue;
        bytes_clear(&w->heard);
        if (w->closed && !w->peer) w->used = false;
    }
}

/* ---- the end ---- */

static void heal_node(struct fuzz *f, int node)
{
    struct node *n = f->room.nodes[node];
    struct channel_state channels[32];
    int count = node_channels(n, channels, 32);
    for (int i = 0; i < count && i < 32; i++) node_channel_pause(n, channels[i].id, false);
    struct wire *w = room_dial(&f->room, node);
    say(w, "CLIENT UNPAUSE");
    say(w, "CONFIG SET repl-timeout 60 maxmemory 0 client-output-buffer-limit \"replica 0 0 0\"");
    say(w, node == 0 ? "REPLICAOF NO ONE" : "REPLICAOF host 1");
    room_hang_up(w);
    w->used = false;
}

static bool answers(struct fuzz *f, int node)
{
    struct wire *w = room_dial(&f->room, node);
    bool alive = strcmp(say(w, "PING"), "+PONG\r\n") == 0;
    if (!w->closed) room_hang_up(w);
    w->used = false;
    return alive;
}

/* A node that has been shut down or sleeps for a hundred years has nothing to be compared with. */
static void heal(struct fuzz *f)
{
    for (int i = 0; i < ROOM_WIRES; i++) f->room.wires[i].held = false;
    for (int i = 0; i < CLIENTS; i++)
        if (f->clients[i] && !f->clients[i]->closed) room_hang_up(f->clients[i]);
    sweep(f);
    room_pass(&f->room, 1000);
    for (int i = 0; i < NODES; i++)
        if (!answers(f, i)) return;
    for (int i = 0; i < NODES; i++) heal_node(f, i);
    room_pass(&f->room, 10000);
    check(f);
    for (int i = 1; i < NODES; i++) {
        struct node_state state;
        node_inspect(f->room.nodes[i], &state);
        MUST(state.link_up);
        MUST(strcmp(state.replid, f->room.nodes[0]->log.replid) == 0);
        MUST(state.offset == log_offset(&f->room.nodes[0]->log));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz f;
    memset(&f, 0, sizeof f);
    f.data = data;
    f.size = size;
    room_open(&f.room, NODES);
    for (int i = 0; i < NODES; i++) node_memory(f.room.nodes[i])->limit = 256 << 20;
    for (int i = 0; f.size > 0 && i < STEPS_MAX; i++) {
        step(&f);
        sweep(&f);
        check(&f);
    }
    heal(&f);
    room_close(&f.room);
    return 0;
}
