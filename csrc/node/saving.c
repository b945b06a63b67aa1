/* saving.c: the commands about files: SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF. */
#include "node/commands.h"
#include "node/internal.h"

/* Like BGSAVE, but the client waits: others do not. */
void run_save(struct exec *x)
{
    const char *error = persistence_save_for(call_of(x)->session, THEN_NOTHING, false);
    if (error) reply_error(x->reply, error);
}

/* A snapshot that has to wait for another's view is one that was scheduled, SCHEDULE or not. */
void run_bgsave(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (x->argc > 2 || (x->argc == 2 && !exec_is(x, 1, "schedule"))) {
        exec_syntax_error(x);
        return;
    }
    bool waits = n->feeds.snapshot || backup_has_view(n);
    const char *error = persistence_save(n);
    if (error)
        reply_error(x->reply, error);
    else
        reply_status(x->reply, waits ? "Background saving scheduled" : "Background saving started");
}

void run_lastsave(struct exec *x) { reply_integer(x->reply, call_of(x)->node->persistence.last_save_s); }

void run_bgrewriteaof(struct exec *x)
{
    struct node *n = call_of(x)->node;
    const char *error = journaling_rewrite(n);
    if (error)
        reply_error(x->reply, error);
    else
        reply_status(x->reply, n->in_exec || journaling_rewrite_waits(n)
                                   ? "Background append only file rewriting scheduled"
                                   : "Background append only file rewriting started");
}
