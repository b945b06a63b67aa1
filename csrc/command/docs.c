/* docs.c: the names of flags, categories and argument types. */
#include "command/docs.h"

static const char *const flag_names[] = {
    "write",      "readonly",         "denyoom",           "admin",
    "pubsub",     "noscript",         "blocking",          "loading",
    "stale",      "skip_monitor",     "skip_slowlog",      "fast",
    "no_auth",    "may_replicate",    "no_multi",          "movablekeys",
    "allow_busy", "no_async_loading", "no_mandatory_keys", NULL,
};

static const char *const acl_names[] = {
    "keyspace", "read",        "write",      "set",         "sortedset", "list",  "hash", "string",
    "bitmap",   "hyperloglog", "geo",        "stream",      "pubsub",    "admin", "fast", "slow",
    "blocking", "dangerous",   "connection", "transaction", "scripting", NULL,
};

static const char *const type_names[] = {
    "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
};

static const char *const argument_flag_names[] = {"optional", "multiple", "multiple_token", NULL};

unsigned command_acl_categories(const struct command *c)
{
    unsigned acl = c->acl;
    if (c->flags & COMMAND_WRITE) acl |= ACL_WRITE;
    if (c->flags & COMMAND_READONLY && !(acl & ACL_SCRIPTING)) acl |= ACL_READ;
    if (c->flags & COMMAND_ADMIN) acl |= ACL_ADMIN | ACL_DANGEROUS;
    if (c->flags & COMMAND_PUBSUB) acl |= ACL_PUBSUB;
    if (c->flags & COMMAND_BLOCKING) acl |= ACL_BLOCKING;
    return acl | (c->flags & COMMAND_FAST ? ACL_FAST : ACL_SLOW);
}

unsigned command_acl_category(struct slice name)
{
    for (int i = 0; acl_names[i]; i++)
        if (slice_is_word(name, acl_names[i])) return 1u << i;
    return 0;
}

const char *command_acl_name(int position) { return acl_names[position]; }

const char *command_flag_name(int position) { return flag_names[position]; }

const char *argument_type_name(enum argument_type type) { return type_names[type]; }

const char *argument_flag_name(int position) { return argument_flag_names[position]; }
