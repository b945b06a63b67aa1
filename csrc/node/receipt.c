/* receipt.c: receipts: who has acknowledged a write, at which level, and where in which history it is.
 *
 *   token          "<replication id>:<offset>": names the write anywhere, also after a failover (WAITFOR)
 *   replid, offset the two parts of it
 *   rule, level    what was waited for; null: nothing
 *   acknowledged   of those named in the rule, who has it, and at which level
 *   degraded       the rule was not fulfilled in time, and the reply was given all the same
 */
#include "base/number.h"
#include "node/commands.h"
#include "node/durable.h"
#include "node/internal.h"

static void put_token(struct reply *r, const char *replid, int64_t offset)
{
    char text[REPLID_SIZE + 1 + NUMBER_INT_MAX];
    memcpy(text, replid, REPLID_SIZE);
    text[REPLID_SIZE] = ':';
    size_t size = number_format_int(text + REPLID_SIZE + 1, offset);
    reply_bulk(r, slice_of(text, REPLID_SIZE + 1 + size));
}

static void put_acknowledged(struct node *n, struct reply *r, const struct sync_rule *rule, int64_t offset)
{
    struct sync_member members[SYNC_NAMES_MAX];
    int count = rule ? sync_members(rule, &n->feeds, members) : 0, have = 0;
    for (int i = 0; i < count; i++) have += sync_member_level(&members[i], offset) >= 0;
    reply_map(r, have);
    for (int i = 0; i < count; i++) {
        int level = sync_member_level(&members[i], offset);
        if (level < 0) continue;
        reply_bulk(r, members[i].name);
        reply_bulk_text(r, sync_level_name((enum sync_level)level));
    }
}

void receipt_write(struct node *n, struct reply *r, struct gate_group *group, int64_t offset, bool degraded)
{
    char text[SYNC_PRINT_MAX];
    const struct sync_rule *rule = group && group->want.rule.kind != SYNC_NONE ? &group->want.rule : NULL;
    reply_map(r, 7);
    reply_bulk_text(r, "token");
    put_token(r, n->log.replid, offset);
    reply_bulk_text(r, "replid");
    reply_bulk(r, slice_of(n->log.replid, REPLID_SIZE));
    reply_bulk_text(r, "offset");
    reply_integer(r, offset);
    reply_bulk_text(r, "rule");
    if (rule) {
        sync_print(rule, text, sizeof text);
        reply_bulk_text(r, text);
    } else {
        reply_null(r);
    }
    reply_bulk_text(r, "level");
    if (rule)
        reply_bulk_text(r, sync_level_name(rule->level));
    else
        reply_null(r);
    reply_bulk_text(r, "acknowledged");
    put_acknowledged(n, r, rule, offset);
    reply_bulk_text(r, "degraded");
    reply_boolean(r, degraded);
}

void receipt_at_once(struct session *s, size_t start, size_t end, struct gate_group *group, int64_t offset)
{
    struct bytes *out = s->writer.out, *receipt = &s->node->scratch;
    struct resp_writer w;
    if (out->failed || end <= start || out->data[start] == '-') return;
    bytes_clear(receipt);
    resp_writer_init(&w, receipt, s->writer.reply.protocol);
    if (offset < 0)
        reply_null(&w.reply);
    else
        receipt_write(s->node, &w.reply, group, offset, false);
    enum { HEAD = 4 };
    size_t extra = HEAD + receipt->size, tail = out->size - end;
    if (receipt->failed || !bytes_reserve(out, extra)) {
        out->failed = true; /* closes the connection: half an answer cannot be given */
        return;
    }
    memmove(out->data + end + extra, out->data + end, tail);
    memmove(out->data + start + HEAD, out->data + start, end - start);
    memcpy(out->data + start, "*2\r\n", HEAD);
    memcpy(out->data + end + HEAD, receipt->data, receipt->size);
    bytes_commit(out, extra);
}

/* ---- commands ------------------------------------------------------------------------------------------------- */

/* TOKEN: of this session's last write; null: it has written nothing. */
void run_token(struct exec *x)
{
    const struct write_mark *mark = session_last_write(call_of(x)->session);
    if (mark->offset == 0)
        reply_null(x->reply);
    else
        put_token(x->reply, mark->replid, mark->offset);
}
