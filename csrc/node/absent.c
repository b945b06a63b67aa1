/* absent.c: answers for what this server does without: cluster, modules, functions and scripts.
 *
 * Clients and their tests ask for these while they set up (SCRIPT FLUSH, FUNCTION FLUSH, MODULE LIST, CLUSTER INFO): what
 * only empties, lists or counts is answered as a Redis answers that has none of them.
 */
#include "node/commands.h"
#include "node/internal.h"

void run_without_cluster(struct exec *x)
{
    reply_error(x->reply, "ERR This instance has cluster support disabled");
}

void run_nothing(struct exec *x) { reply_array(x->reply, 0); }

void run_not_busy(struct exec *x) { reply_error(x->reply, "NOTBUSY No scripts in execution right now."); }

static bool is_flush_mode(const struct exec *x)
{
    return x->argc == 2 || (x->argc == 3 && (exec_is(x, 2, "sync") || exec_is(x, 2, "async")));
}

void run_function_flush(struct exec *x)
{
    if (x->argc > 3)
        exec_usage_error(x, "FUNCTION");
    else if (!is_flush_mode(x))
        reply_error(x->reply, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    else
        reply_ok(x->reply);
}

void run_script_flush(struct exec *x)
{
    if (is_flush_mode(x))
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
}

/* [LIBRARYNAME pattern] [WITHCODE] */
void run_function_list(struct exec *x)
{
    for (int i = 2; i < x->argc; i++) {
        if (exec_is(x, i, "withcode")) continue;
        if (exec_is(x, i, "libraryname") && ++i < x->argc) continue;
        if (i == x->argc)
            reply_error(x->reply, "ERR library name argument was not given");
        else
            reply_error_format(x->reply, "ERR Unknown argument %.*s",
                               (int)(x->argv[i].size < 128 ? x->argv[i].size : 128), x->argv[i].data);
        return;
    }
    reply_array(x->reply, 0);
}

void run_function_stats(struct exec *x)
{
    reply_map(x->reply, 2);
    reply_bulk_text(x->reply, "running_script");
    reply_null(x->reply);
    reply_bulk_text(x->reply, "engines");
    reply_map(x->reply, 0);
}

void run_script_exists(struct exec *x)
{
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++) reply_integer(x->reply, 0);
}

void run_function_help(struct exec *x)
{
    static const char *const lines[] = {
        "FLUSH [ASYNC|SYNC]",
        "    There are no libraries to delete.",
        "KILL",
        "    There is no function to kill.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    There are no libraries to list.",
        "STATS",
        "    Return information about the current function running: there is none.",
        NULL,
    };
    exec_help(x, "FUNCTION", lines);
}

void run_script_help(struct exec *x)
{
    static const char *const lines[] = {
        "EXISTS <sha1> [<sha1> ...]",
        "    Return information about the existence of the scripts in the script cache.",
        "FLUSH [ASYNC|SYNC]",
        "    There are no scripts to flush.",
        "KILL",
        "    There is no script to kill.",
        NULL,
    };
    exec_help(x, "SCRIPT", lines);
}

void run_module_help(struct exec *x)
{
    static const char *const lines[] = {
        "LIST",
        "    Return a list of loaded modules.",
        NULL,
    };
    exec_help(x, "MODULE", lines);
}
