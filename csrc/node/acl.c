/* acl.c: ACL, for one user.
 *
 * There is one user, "default", who may do everything; its password is requirepass, or it needs none. What asks about
 * users is answered as Redis does in that state. SETUSER takes what leaves the user like that (its password, "on",
 * "everything is allowed") and refuses every other rule: a rule that had no effect would be worse than none. No log of
 * refused commands: LOG is empty.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
#include "base/number.h"
#include "base/sha256.h"
#include "command/docs.h"
#include "node/commands.h"
#include "node/internal.h"

enum { GENPASS_BITS = 256, GENPASS_BITS_MAX = 4096 };

static bool is_default(struct slice user) { return slice_equal(user, slice_text("default")); }

static struct slice password(const struct exec *x)
{
    return secret_slice(&call_of((struct exec *)x)->node->config.requirepass);
}

static void reply_hash(struct exec *x, const char *prefix)
{
    char hash[SHA256_HEX + 2];
    size_t size = strlen(prefix);
    memcpy(hash, prefix, size);
    sha256_hex(password(x), hash + size);
    reply_bulk_text(x->reply, hash);
}

/* ---- who ---- */

void run_acl_whoami(struct exec *x) { reply_bulk_text(x->reply, "default"); }

void run_acl_users(struct exec *x)
{
    reply_array(x->reply, 1);
    reply_bulk_text(x->reply, "default");
}

void run_acl_list(struct exec *x)
{
    struct bytes *line = &call_of(x)->node->scratch;
    char hash[SHA256_HEX + 1];
    bool open = password(x).size == 0;
    sha256_hex(password(x), hash);
    bytes_clear(line);
    bytes_append_format(line, "user default on %s%s ~* &* +@all", open ? "nopass" : "#", open ? "" : hash);
    reply_array(x->reply, 1);
    reply_bulk(x->reply, bytes_slice(line));
}

void run_acl_getuser(struct exec *x)
{
    struct reply *r = x->reply;
    bool open = password(x).size == 0;
    if (!is_default(x->argv[2])) {
        reply_null(r);
        return;
    }
    reply_map(r, 6);
    reply_bulk_text(r, "flags");
    reply_set(r, open ? 2 : 1);
    reply_bulk_text(r, "on");
    if (open) reply_bulk_text(r, "nopass");
    reply_bulk_text(r, "passwords");
    reply_array(r, open ? 0 : 1);
    if (!open) reply_hash(x, "");
    reply_bulk_text(r, "commands");
    reply_bulk_text(r, "+@all");
    reply_bulk_text(r, "keys");
    reply_bulk_text(r, "~*");
    reply_bulk_text(r, "channels");
    reply_bulk_text(r, "&*");
    reply_bulk_text(r, "selectors");
    reply_array(r, 0);
}

/* ---- CAT ---- */

static int categories(void)
{
    int count = 0;
    while (command_acl_name(count)) count++;
    return count;
}

/* Says the commands of a category, or (without `reply`) counts them. */
static int64_t in_category(const struct exec *x, unsigned category, struct reply *reply)
{
    int64_t count = 0;
    for (int i = 0; i < command_count(x->index); i++) {
        const struct command *c = command_at(x->index, i);
        bool container = c->subcommands && !c->run;
        if (!container && command_acl_categories(c) & category) {
            count++;
            if (reply) reply_bulk_text(reply, c->name);
        }
        for (const struct command *sub = c->subcommands; sub && sub->name; sub++) {
            char name[COMMAND_NAME_MAX];
            if (!(command_acl_categories(sub) & category)) continue;
            count++;
            stats_command_name(call_of((struct exec *)x)->node, sub, name);
            if (reply) reply_bulk_text(reply, name);
        }
    }
    return count;
}

void run_acl_cat(struct exec *x)
{
    if (x->argc == 2) {
        reply_array(x->reply, categories());
        for (int i = 0; command_acl_name(i); i++) reply_bulk_text(x->reply, command_acl_name(i));
        return;
    }
    unsigned category = x->argc == 3 ? command_acl_category(x->argv[2]) : 0;
    if (x->argc > 3) {
        exec_usage_error(x, "ACL");
    } else if (category == 0) {
        reply_error_format(x->reply, "ERR Unknown category '%.*s'",
                           (int)(x->argv[2].size < 128 ? x->argv[2].size : 128), x->argv[2].data);
    } else {
        reply_array(x->reply, in_category(x, category, NULL));
        in_category(x, category, x->reply);
    }
}

/* ---- changing the user ---- */

/* "+get", "+@read", "+config|set": something more to somebody who may do everything already. */
static bool is_known_permission(const struct node *n, struct slice rule)
{
    struct slice name = slice_of(rule.data + 1, rule.size - 1);
    if (rule.size < 2 || rule.data[0] != '+') return false;
    if (name.data[0] == '@')
        return slice_is_word(name, "@all") ||
               command_acl_category(slice_of(name.data + 1, name.size - 1)) != 0;
    const char *bar = memchr(name.data, '|', name.size);
    size_t first = bar ? (size_t)(bar - name.data) : name.size;
    const struct command *c = command_find(n->all_commands, slice_of(name.data, first));
    if (!c || !bar) return c != NULL;
    return command_subcommand(c, slice_of(bar + 1, name.size - first - 1)) != NULL;
}

/* Whether a rule leaves the user as it is. */
static bool changes_nothing(const struct node *n, struct slice rule)
{
    static const char *const words[] = {
        "on",          "allkeys", "~*",    "allchannels",      "&*",
        "allcommands", "+@all",   "%RW~*", "sanitize-payload", "skip-sanitize-payload"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_is_word(rule, words[i])) return true;
    return is_known_permission(n, rule) || (rule.size > 1 && (rule.data[0] == '~' || rule.data[0] == '&'));
}

/* The user's password as rules make it. */
struct password {
    struct secret word;
    bool missing; /* resetpass: one has to come */
};

/* The password that is there already, as its digest. */
static bool is_digest_of(struct slice digest, const struct password *p)
{
    char hex[SHA256_HEX + 1];
    if (p->word.size == 0) return false;
    sha256_hex(secret_slice(&p->word), hex);
    return slice_is_word(digest, hex);
}

/* One rule. False: it is refused. There is one password: another one needs resetpass first. */
static bool apply(const struct node *n, struct slice rule, struct password *p)
{
    if (rule.size > 1 && rule.data[0] == '#') return is_digest_of(slice_of(rule.data + 1, rule.size - 1), p);
    if (rule.size > 1 && rule.data[0] == '>') {
        struct slice given = slice_of(rule.data + 1, rule.size - 1);
        bool other = p->word.size > 0 && !slice_equal(given, secret_slice(&p->word));
        if (other || !secret_set(&p->word, given)) return false;
        p->missing = false;
        return true;
    }
    bool reset = slice_is_word(rule, "resetpass");
    if (!reset && !slice_is_word(rule, "nopass")) return changes_nothing(n, rule);
    p->word = (struct secret){0};
    p->missing = reset;
    return true;
}

static void set_user(struct exec *x, struct password *p)
{
    struct node *n = call_of(x)->node;
    for (int i = 3; i < x->argc; i++) {
        struct slice rule = x->argv[i];
        if (apply(n, rule, p)) continue;
        reply_error_format(
            x->reply,
            "ERR Error in ACL SETUSER modifier '%.*s': this server has one user, with one password, "
            "who may do everything",
            (int)(rule.size < 128 ? rule.size : 128), rule.data);
        return;
    }
    if (p->missing) {
        reply_error(x->reply, "ERR Error in ACL SETUSER modifier 'resetpass': a password has to follow");
        return;
    }
    n->config.requirepass = p->word;
    config_changed(n);
    reply_ok(x->reply);
}

const char *acl_configure_user(struct node *n, struct slice rules)
{
    struct password p = {.word = n->config.requirepass};
    if (!is_default(slice_next_word(&rules))) return "this server has one user, 'default'";
    for (struct slice rule; (rule = slice_next_word(&rules)).size > 0;)
        if (!apply(n, rule, &p)) return "this server has one user, with one password, who may do everything";
    if (p.missing) return "a password has to follow";
    n->config.requirepass = p.word;
    config_changed(n);
    return NULL;
}

void run_acl_setuser(struct exec *x)
{
    struct password p = {.word = call_of(x)->node->config.requirepass};
    struct slice user = x->argv[2];
    if (memchr(user.data, ' ', user.size) || memchr(user.data, '\0', user.size))
        reply_error(x->reply, "ERR Usernames can't contain spaces or null characters");
    else if (!is_default(user))
        reply_error(x->reply, "ERR this server has one user, 'default'");
    else
        set_user(x, &p);
}

void run_acl_deluser(struct exec *x)
{
    for (int i = 2; i < x->argc; i++) {
        if (!is_default(x->argv[i])) continue;
        reply_error(x->reply, "ERR The 'default' user cannot be removed");
        return;
    }
    reply_integer(x->reply, 0);
}

/* ---- the rest ---- */

void run_acl_dryrun(struct exec *x)
{
    struct slice name = x->argv[3];
    const struct command *c = command_meant(x->index, x->argv + 3, x->argc - 3, NULL);
    if (!is_default(x->argv[2])) {
        reply_error_format(x->reply, "ERR User '%.*s' not found",
                           (int)(x->argv[2].size < 128 ? x->argv[2].size : 128), x->argv[2].data);
    } else if (!c || !c->run) {
        reply_error_format(x->reply, "ERR Command '%.*s' not found", (int)(name.size < 128 ? name.size : 128),
                           name.data);
    } else if (!command_arity_fits(c, x->argc - 3)) {
        char text[COMMAND_NAME_MAX];
        stats_command_name(call_of(x)->node, c, text);
        reply_error_format(x->reply, "ERR wrong number of arguments for '%s' command", text);
    } else {
        reply_ok(x->reply);
    }
}

/* From the node's own random numbers: the same seed gives the same. */
void run_acl_genpass(struct exec *x)
{
    static const char error[] =
        "ERR ACL GENPASS argument must be the number of bits for the output password, a "
        "positive number up to 4096";
    char hex[GENPASS_BITS_MAX / 4];
    int64_t bits = GENPASS_BITS;
    if (x->argc > 3) {
        exec_usage_error(x, "ACL");
        return;
    }
    if (x->argc == 3 && !exec_int(x, 2, &bits)) return;
    if (bits < 1 || bits > GENPASS_BITS_MAX) {
        reply_error(x->reply, error);
        return;
    }
    size_t digits = (size_t)(bits + 3) / 4;
    for (size_t i = 0; i < digits; i++) hex[i] = "0123456789abcdef"[random_below(x->random, 16)];
    reply_bulk(x->reply, slice_of(hex, digits));
}

void run_acl_log(struct exec *x)
{
    int64_t count;
    if (x->argc > 3)
        exec_usage_error(x, "ACL");
    else if (x->argc == 3 && exec_is(x, 2, "reset"))
        reply_ok(x->reply);
    else if (x->argc == 2 || exec_int(x, 2, &count))
        reply_array(x->reply, 0);
}

/* LOAD and SAVE. */
void run_acl_file(struct exec *x)
{
    reply_error(
        x->reply,
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via "
        "the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration "
        "file set) in order to store users in the Redis configuration.");
}

void run_acl_help(struct exec *x)
{
    static const char *const lines[] = {
        "CAT [<category>]",
        "    List all commands that belong to <category>, or all command categories",
        "    when no category is specified.",
        "DELUSER <username> [<username> ...]",
        "    Delete a list of users.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Returns whether the user can execute the given command without executing the command.",
        "GETUSER <username>",
        "    Get the user's details.",
        "GENPASS [<bits>]",
        "    Generate a secure 256-bit user password. The optional `bits` argument can",
        "    be used to specify a different size.",
        "LIST",
        "    Show users details in config file format.",
        "LOAD",
        "    Reload users from the ACL file.",
        "LOG [<count> | RESET]",
        "    Show the ACL log entries.",
        "SAVE",
        "    Save the current config to the ACL file.",
        "SETUSER <username> <attribute> [<attribute> ...]",
        "    Create or modify a user with the specified attributes.",
        "USERS",
        "    List all the registered usernames.",
        "WHOAMI",
        "    Return the current connection username.",
        NULL,
    };
    exec_help(x, "ACL", lines);
}
