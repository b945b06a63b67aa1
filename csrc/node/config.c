/* config.c: reading and writing a parameter as text.
 *
 * A row of the table (config_table.c) says where in `struct config` a parameter lives and how its text is read.
 * Aliases (slave-…) are rows of their own over the same field, as CONFIG GET shows them in Redis. What must happen in
 * the node after a change is config_changed's (admin.c).
 */
#include "node/config.h"

#include <stdio.h>

#include "base/number.h"
#include "command/notify.h"
#include "node/config_kept.h"
#include "node/config_table.h"
#include "replication/sync.h"

static const struct config_row *find_row(struct slice name)
{
    for (size_t i = 0; i < config_row_count; i++) {
        if (slice_is_word(name, config_rows[i].name)) return &config_rows[i];
    }
    return NULL;
}

const struct config_row *config_row_find(struct slice name)
{
    const struct config_row *row = find_row(name), *first = row;
    while (first && first->flags & CONFIG_ALIAS) {
        for (first--; first->field != row->field;) first--;
    }
    return first;
}

const char *config_name(int index)
{
    return index >= 0 && (size_t)index < config_row_count ? config_rows[index].name : NULL;
}

bool config_hidden(int index) { return (config_rows[index].flags & CONFIG_HIDDEN) != 0; }

/* ---- reading ---- */

bool config_complain(struct bytes *error, struct slice name, const char *why)
{
    bytes_append_format(error, "CONFIG SET failed (possibly related to argument '%.*s') - %s", (int)name.size,
                        name.data, why);
    return false;
}

static bool complain(struct bytes *error, const struct config_row *row, const char *why)
{
    return config_complain(error, slice_text(row->name), why);
}

/* Redis takes no digits at all for none. */
static bool read_size(struct slice value, int64_t *bytes)
{
    *bytes = 0;
    return value.size == 0 || number_parse_size(value, bytes);
}

static bool set_part(int64_t *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    int64_t number;
    bool part = value.size > 0 && value.data[value.size - 1] == '%';
    if (part) value.size--;
    if (part ? !number_parse_int(value, &number) || number < 0 : !read_size(value, &number))
        return complain(error, row, "argument must be a memory or percent value");
    if (part && number > 100) return complain(error, row, "percentage argument must be less or equal to 100");
    *field = part ? -number : number;
    return true;
}

static bool set_number(void *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    int64_t number;
    bool read = row->type == CONFIG_SIZE ? read_size(value, &number) : number_parse_int(value, &number);
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

/* Which of the row's words it is; -1: none of them. */
static int find_word(const struct config_row *row, struct slice value)
{
    const char *const *words = config_words[row->min];
    for (int i = 0; words[i]; i++)
        if (slice_is_word(value, words[i])) return i;
    return -1;
}

static bool complain_of_word(struct bytes *error, const struct config_row *row)
{
    const char *const *words = config_words[row->min];
    char why[256] = "argument(s) must be one of the following: ";
    size_t size = strlen(why);
    for (int i = 0; words[i]; i++)
        size += (size_t)snprintf(why + size, sizeof why - size, "%s%s", i > 0 ? ", " : "", words[i]);
    return complain(error, row, why);
}

static bool set_word(int *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    int word = find_word(row, value);
    if (word < 0) return complain_of_word(error, row);
    *field = word;
    return true;
}

/* "nosave now": any of the words, but not that something be done and not done. */
static bool set_words(int *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    enum { SAVE = 1 << 1, NOSAVE = 1 << 2 };
    int bits = 0, count = 0;
    for (struct slice word; (word = slice_next_word(&value)).size > 0; count++) {
        int found = find_word(row, word);
        if (found < 0) return complain_of_word(error, row);
        bits |= 1 << found;
    }
    if (count == 0) return complain_of_word(error, row);
    if (bits & SAVE && bits & NOSAVE)
        return complain(error, row, "Options 'save' and 'nosave' can't be used simultaneously.");
    *field = bits & ~1;
    return true;
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
    if (row->type == CONFIG_BIND && count_words(value) > BIND_MAX)
        return complain(error, row, "Too many bind addresses specified.");
    if (row->type == CONFIG_RULE && !sync_parse(&rule, value, why)) return complain(error, row, why);
    memset(field, 0, room);
    if (value.size > 0) memcpy(field, value.data, value.size);
    return true;
}

bool secret_set(struct secret *s, struct slice value)
{
    if (value.size > sizeof s->data) return false;
    memset(s, 0, sizeof *s);
    s->size = (uint16_t)value.size;
    if (value.size > 0) memcpy(s->data, value.data, value.size);
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

/* unixsocketperm: "700". */
static bool set_mode(int64_t *field, const struct config_row *row, struct slice value, struct bytes *error)
{
    int64_t mode = 0;
    bool octal = value.size > 0 && value.size < 6;
    for (size_t i = 0; octal && i < value.size; i++) {
        octal = value.data[i] >= '0' && value.data[i] <= '7';
        mode = mode * 8 + (value.data[i] - '0');
    }
    if (!octal || mode > row->max) return complain(error, row, "argument couldn't be parsed into an integer");
    *field = mode;
    return true;
}

static bool set_fixed(const struct config_row *row, struct slice value, struct bytes *error)
{
    char why[128];
    if (slice_is_word(value, row->initial)) return true;
    if (strcmp(row->initial, "no") == 0 && !slice_is_word(value, "yes"))
        return complain(error, row, "argument must be 'yes' or 'no'");
    snprintf(why, sizeof why, "this server supports only '%s'", row->initial);
    return complain(error, row, why);
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
    case CONFIG_BIND:
    case CONFIG_RULE: return set_text(field, row, value, error);
    case CONFIG_SECRET: return secret_set(field, value) || complain(error, row, "argument is too long");
    case CONFIG_PART: return set_part(field, row, value, error);
    case CONFIG_SAVE: return set_save(field, row, value, error);
    case CONFIG_ENUM: return set_word(field, row, value, error);
    case CONFIG_WORDS: return set_words(field, row, value, error);
    case CONFIG_LIMITS: return set_limits(c, row, value, error);
    case CONFIG_PERCENTS: return set_percents(field, row, value, error);
    case CONFIG_NOTIFY:
        if (notify_parse(value, field)) return true;
        return complain(error, row, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    case CONFIG_OCTAL: return set_mode(field, row, value, error);
    case CONFIG_KEPT:
        if (config_kept_set(c, row, value)) return true;
        return complain(error, row, "argument is too long or has a zero byte");
    case CONFIG_FIXED: return set_fixed(row, value, error);
    default: return set_number(field, row, value, error);
    }
}

/* The row, if it can be set now. `all`: protected ones too. */
static const struct config_row *settable_row(struct slice name, bool all, bool start, struct bytes *error)
{
    const struct config_row *row = find_row(name);
    if (!row) {
        bytes_append_format(error, "Unknown option or number of arguments for CONFIG SET - '%.*s'",
                            (int)(name.size < 128 ? name.size : 128), name.data);
        return NULL;
    }
    if (start || !(row->flags & CONFIG_START || (row->flags & CONFIG_PROTECTED && !all))) return row;
    config_complain(error, name,
                    row->flags & CONFIG_START ? "can't set immutable config" : "can't set protected config");
    return NULL;
}

bool config_set(struct config *c, struct slice name, struct slice value, bool start, struct bytes *error)
{
    const struct config_row *row = settable_row(name, true, start, error);
    return row && set_row(c, row, value, error);
}

bool config_set_all(struct config *c, int count, const struct slice *pairs, bool all, struct bytes *error)
{
    struct config changed = *c;
    for (int i = 0; i < count; i += 2) {
        const struct config_row *row = settable_row(pairs[i], all, false, error);
        if (!row) return false;
        for (int k = 0; k < i; k += 2)
            if (find_row(pairs[k]) == row) return config_complain(error, pairs[i], "duplicate parameter");
    }
    for (int i = 0; i < count; i += 2)
        if (!set_row(&changed, find_row(pairs[i]), pairs[i + 1], error)) return false;
    *c = changed;
    return true;
}

bool config_waits_for_load(struct slice name)
{
    const struct config_row *row = find_row(name);
    return row && row->flags & CONFIG_NOT_LOADING;
}

void config_defaults(struct config *c, bool served)
{
    struct bytes error = {0};
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < config_row_count; i++)
        set_row(c, &config_rows[i], slice_text(config_rows[i].initial), &error);
    for (const struct config_served *s = config_served; served && s->name; s++)
        set_row(c, find_row(slice_text(s->name)), slice_text(s->value), &error);
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

static void get_words(const struct config_row *row, int bits, struct bytes *value)
{
    const char *const *words = config_words[row->min];
    if (bits == 0) bytes_append_text(value, words[0]);
    for (int i = 1; words[i]; i++) {
        if (!(bits & 1 << i)) continue;
        bytes_append_text(value, bits & ((1 << i) - 1) ? " " : "");
        bytes_append_text(value, words[i]);
    }
}

static void get_part(int64_t number, struct bytes *value)
{
    bytes_append_int(value, number < 0 ? -number : number);
    if (number < 0) bytes_append_char(value, '%');
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
    case CONFIG_BIND:
    case CONFIG_RULE: return bytes_append_text(value, field);
    case CONFIG_SECRET: return bytes_append_slice(value, secret_slice(field));
    case CONFIG_SAVE: get_save(field, value); return true;
    case CONFIG_PART: get_part(*(const int64_t *)field, value); return true;
    case CONFIG_PERCENTS: get_percents(field, value); return true;
    case CONFIG_ENUM: return bytes_append_text(value, config_words[row->min][*(const int *)field]);
    case CONFIG_WORDS: get_words(row, *(const int *)field, value); return true;
    case CONFIG_LIMITS: get_limits(c, value); return true;
    case CONFIG_NOTIFY: notify_format(*(const unsigned *)field, value); return true;
    case CONFIG_OCTAL: return bytes_append_format(value, "%llo", (unsigned long long)*(const int64_t *)field);
    case CONFIG_KEPT: return bytes_append_text(value, config_kept_get(c, row));
    case CONFIG_FIXED: return bytes_append_text(value, row->initial);
    default: return bytes_append_int(value, *(const int64_t *)field);
    }
}
