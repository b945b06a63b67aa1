/* follow_handshake.c: from the open connection to the answer to PSYNC.
 *
 *   replica                                          primary
 *   PING                                             +PONG
 *   AUTH [user] password                             +OK
 *   REPLCONF listening-port 6380                     +OK
 *   REPLCONF ip-address 10.0.0.2                     +OK
 *   REPLCONF capa eof capa psync2 capa shared        +OK
 *   REPLCONF name b                                  +OK, or an error from a Redis
 *   PSYNC <replid> <offset + 1> [FAILOVER]           \n \n … +CONTINUE [<replid> [<end of the old one>]]
 *                                                    \n \n … +FULLRESYNC <replid> <offset> [<shared>|-1]
 *
 * FAILOVER asks a replica to become the primary of the node that was its own.
 *
 * What stands between PING and PSYNC goes out in one piece; PSYNC waits for the answers, because a primary refuses it
 * while it still has something else to send.
 *
 * SPDX-License-Identifier: MIT */
#include <strings.h>

#include "base/number.h"
#include "replication/follow_internal.h"
#include "resp/writer.h"

/* What the next line answers. */
enum step { STEP_PING, STEP_AUTH, STEP_PORT, STEP_IP, STEP_CAPA, STEP_NAME, STEP_PSYNC };

static bool asked(const struct follow *f, int step)
{
    return step == STEP_PSYNC || (f->asked >> step & 1u) != 0;
}

static bool starts_with(struct slice line, const char *text)
{
    size_t size = strlen(text);
    return line.size >= size && strncasecmp(line.data, text, size) == 0;
}

/* ---- what is said --------------------------------------------------------------------------------------------- */

static void say(struct follow *f, int count, const char *const *words)
{
    struct slice argv[8];
    for (int i = 0; i < count; i++) argv[i] = slice_text(words[i]);
    resp_write_request(&f->out, count, argv);
}

/* Says something that will be answered by one line. */
static void ask(struct follow *f, enum step step, int count, const char *const *words)
{
    f->asked |= 1u << step;
    say(f, count, words);
}

static void log_in(struct follow *f)
{
    const struct follow_options *o = &f->options;
    const struct slice named[] = {slice_text("AUTH"), slice_text(o->user ? o->user : ""), o->password};
    const struct slice unnamed[] = {named[0], o->password};
    f->asked |= 1u << STEP_AUTH;
    resp_write_request(&f->out, o->user ? 3 : 2, o->user ? named : unnamed);
}

static void say_who_we_are(struct follow *f)
{
    const struct follow_options *o = &f->options;
    char port[NUMBER_INT_MAX];
    port[number_format_int(port, o->listening_port)] = '\0';
    if (o->password.size > 0) log_in(f);
    ask(f, STEP_PORT, 3, (const char *const[]){"REPLCONF", "listening-port", port});
    if (o->announce_ip) ask(f, STEP_IP, 3, (const char *const[]){"REPLCONF", "ip-address", o->announce_ip});
    ask(f, STEP_CAPA, 7,
        (const char *const[]){"REPLCONF", "capa", "eof", "capa", "psync2", "capa", "shared"});
    if (o->name) ask(f, STEP_NAME, 3, (const char *const[]){"REPLCONF", "name", o->name});
}

static void say_psync(struct follow *f)
{
    char from[NUMBER_INT_MAX];
    from[number_format_int(from, log_offset(f->log) + 1)] = '\0';
    if (f->distrust)
        say(f, 3, (const char *const[]){"PSYNC", "?", "-1"});
    else
        say(f, f->hands_over ? 4 : 3, (const char *const[]){"PSYNC", f->log->replid, from, "FAILOVER"});
}

void handshake_begin(struct follow *f)
{
    f->step = STEP_PING;
    f->asked = 0;
    ask(f, STEP_PING, 1, (const char *const[]){"PING"});
}

/* ---- what is answered ----------------------------------------------------------------------------------------- */

/* A primary that wants a password answers PING with an error; that it answers is enough. */
static bool is_pong(struct slice line)
{
    return line.data[0] == '+' || starts_with(line, "-NOAUTH") || starts_with(line, "-NOPERM") ||
           starts_with(line, "-ERR operation not permitted");
}

static enum follow_event continued(struct follow *f, struct slice line, int64_t now_us)
{
    struct slice rest = slice_of(line.data + strlen("+CONTINUE"), line.size - strlen("+CONTINUE"));
    struct slice replid = follow_next_word(&rest), end = follow_next_word(&rest);
    int64_t shared;
    if (replid.size == 0)
        replid = slice_text(f->log->replid);
    else if (!follow_is_replid(replid))
        return follow_fail_with(f, "unexpected answer to PSYNC", line, now_us);
    if (!number_parse_int(end, &shared) || shared < log_offset(f->log)) shared = -1;
    if (f->distrust) return follow_fail(f, "the primary continues what was not asked for", now_us);
    log_rename_history(f->log, replid, shared);
    stream_begin(f, f->log->db < 0 ? 0 : f->log->db, now_us);
    return FOLLOW_CONTINUED;
}

static enum follow_event psync_answered(struct follow *f, struct slice line, int64_t now_us)
{
    f->refused = f->hands_over && line.data[0] != '+';
    f->hands_over = false;
    if (starts_with(line, "+CONTINUE")) return continued(f, line, now_us);
    if (starts_with(line, "+FULLRESYNC ")) {
        size_t word = strlen("+FULLRESYNC ");
        return sync_begin(f, slice_of(line.data + word, line.size - word), now_us);
    }
    if (starts_with(line, "-NOMASTERLINK") || starts_with(line, "-LOADING") ||
        starts_with(line, "-MASTERDOWN"))
        return follow_fail_with(f, "the primary is not ready yet", line, now_us);
    return follow_fail_with(f, "unexpected answer to PSYNC", line, now_us);
}

static enum follow_event answered(struct follow *f, struct slice line, int64_t now_us)
{
    if (f->step == STEP_PSYNC) return psync_answered(f, line, now_us);
    if (f->step == STEP_PING && !is_pong(line))
        return follow_fail_with(f, "the primary refuses PING", line, now_us);
    if (f->step == STEP_AUTH && line.data[0] != '+')
        return follow_fail_with(f, "the primary refuses AUTH", line, now_us);
    if (line.data[0] != '+' && line.data[0] != '-')
        return follow_fail_with(f, "unexpected answer in the handshake", line, now_us);
    if (f->step == STEP_PING) say_who_we_are(f);
    do f->step++;
    while (!asked(f, f->step));
    if (f->step == STEP_PSYNC) say_psync(f);
    return FOLLOW_NOTHING;
}

enum follow_event handshake_next(struct follow *f, int64_t now_us)
{
    while (f->state == FOLLOW_HANDSHAKE) {
        struct slice line;
        enum follow_line result = follow_read_line(f, &line);
        if (result == LINE_NONE) break;
        if (result == LINE_TOO_LONG) return follow_fail(f, "a line of the handshake is too long", now_us);
        enum follow_event event = answered(f, line, now_us);
        if (event != FOLLOW_NOTHING) return event;
    }
    return FOLLOW_NOTHING;
}
