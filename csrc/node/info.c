/* info.c: INFO: Redis's sections and fields, so that clients, Sentinel and monitoring parse it, and our own beside them. */
#include "node/internal.h"

static void info_replication(struct node *n, struct bytes *out)
{
    const struct log *l = &n->log;
    const struct follow *f = n->follow;
    bytes_append_format(out, "# Replication\r\nrole:%s\r\n", f ? "slave" : "master");
    if (f) {
        bytes_append_format(out, "master_host:%s\r\nmaster_port:%d\r\nmaster_link_status:%s\r\n", f->host,
                            f->port, f->state == FOLLOW_STREAMING ? "up" : "down");
        bytes_append_format(out, "master_sync_in_progress:%d\r\nslave_repl_offset:%lld\r\n",
                            f->state == FOLLOW_SYNC, (long long)log_offset(l));
    }
    bytes_append_format(out, "connected_slaves:%d\r\nmaster_replid:%s\r\nmaster_replid2:%s\r\n",
                        n->feeds.count, l->replid, l->replid2);
    bytes_append_format(out, "master_repl_offset:%lld\r\nsecond_repl_offset:%lld\r\n",
                        (long long)log_offset(l), (long long)l->second_offset);
}

void info_write(struct node *n, int count, const struct slice *sections, struct bytes *out)
{
    (void)count;
    (void)sections;
    info_replication(n, out);
}
