/* command.c: finding commands by name.
 *
 * The index is a table with open addressing over a hash of the lowered name, at most half full, so that a
 * look-up costs one or two probes. A slot keeps the name's first letters beside the row: for most names that is all of
 * them.
 */
#include "command/command.h"

#include "base/little.h"
#include "command/bits.h"
#include "command/hashes.h"
#include "command/introspect.h"
#include "command/keys.h"
#include "command/lists.h"
#include "command/sets.h"
#include "command/sort.h"
#include "command/streams.h"
#include "command/strings.h"
#include "command/zsets.h"

const struct command *const command_data_families[] = {command_strings,       command_bits,
                                                       command_hashes,        command_sets,
                                                       command_lists,         command_zsets,
                                                       command_zset_keys,     command_streams,
                                                       command_stream_groups, command_generic,
                                                       command_sort,          command_databases,
                                                       command_introspection, NULL};

enum { NAME_MAX_SIZE = COMMAND_NAME_SIZE };

struct command_slot {
    uint64_t first;                /* the first eight letters of its name, small */
    uint32_t size;                 /* of its name */
    uint32_t other;                /* where that is in `names`; 0: it is the command's own */
    const struct command *command; /* NULL: free */
};

struct command_index {
    struct memory *memory;
    struct command_slot *slots;
    const struct command **order;
    uint32_t slot_mask;
    int count;          /* commands */
    int capacity;       /* of `order` */
    struct bytes names; /* other ones that some have, each NUL-terminated, behind a first byte */
};

/* The first eight letters, small. */
static inline uint64_t name_first(struct slice name)
{
    const uint8_t *p = (const uint8_t *)name.data;
    return little_lower(name.size >= 8 ? little_load64(p) : little_load_rest(p, name.size));
}

/* Of the first and the last eight letters and the size, which tell all names apart or nearly so. Clients cannot add
 * names, so the hash needs no key. */
static inline uint32_t name_hash(struct slice name, uint64_t first)
{
    uint64_t last = name.size > 8 ? little_load64((const uint8_t *)name.data + name.size - 8) : 0;
    uint64_t mixed = (first + name.size) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = ((mixed ^ mixed >> 32) + little_lower(last)) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(mixed >> 32);
}

static const char *slot_name(const struct command_index *index, const struct command_slot *slot)
{
    return slot->other ? index->names.data + slot->other : slot->command->name;
}

/* The slot of a name, or the free slot where it belongs. */
static struct command_slot *find_slot(const struct command_index *index, struct slice name)
{
    uint64_t first = name_first(name);
    for (uint32_t i = name_hash(name, first);; i++) {
        struct command_slot *slot = &index->slots[i & index->slot_mask];
        if (!slot->command) return slot;
        if (slot->first != first || slot->size != name.size) continue;
        if (name.size <= 8 || slice_same_letters(name, slot_name(index, slot))) return slot;
    }
}

static void add(struct command_index *index, const struct command *c)
{
    struct slice name = slice_text(c->name);
    struct command_slot *slot = find_slot(index, name);
    if (!slot->command) {
        slot->first = name_first(name);
        slot->size = (uint32_t)name.size;
        slot->command = c;
        index->order[index->count++] = c;
        return;
    }
    for (int i = 0; i < index->count; i++)
        if (index->order[i] == slot->command) index->order[i] = c;
    slot->command = c;
}

/* With room for so many commands, and none yet; NULL: memory is out. */
static struct command_index *index_alloc(struct memory *m, int rows)
{
    uint32_t slots = 16;
    while (slots < (uint32_t)rows * 2) slots *= 2;
    struct command_index *index = memory_alloc_zero(m, sizeof *index);
    if (!index) return NULL;
    index->memory = m;
    bytes_init(&index->names, m);
    index->slot_mask = slots - 1;
    index->capacity = rows ? rows : 1;
    index->slots = memory_alloc_zero(m, slots * sizeof *index->slots);
    index->order = memory_alloc(m, (size_t)index->capacity * sizeof *index->order);
    if (index->slots && index->order) return index;
    command_index_free(index);
    return NULL;
}

struct command_index *command_index_new(struct memory *m, const struct command *const *families, int count)
{
    int rows = 0;
    for (int f = 0; f < count; f++)
        for (const struct command *c = families[f]; c->name; c++) rows++;
    struct command_index *index = index_alloc(m, rows);
    for (int f = 0; index && f < count; f++)
        for (const struct command *c = families[f]; c->name; c++) add(index, c);
    return index;
}

void command_index_free(struct command_index *index)
{
    if (!index) return;
    struct memory *m = index->memory;
    bytes_free(&index->names);
    memory_free(m, index->slots, (index->slot_mask + (size_t)1) * sizeof *index->slots);
    memory_free(m, index->order, (size_t)index->capacity * sizeof *index->order);
    memory_free(m, index, sizeof *index);
}

/* ---- other names ---- */

/* The commands of an index while they get other names. */
struct renaming {
    const struct command **order;
    uint32_t *others; /* as command_slot.other, one for each */
    int count;
    struct bytes *names;
};

static int find_named(const struct renaming *r, struct slice name)
{
    for (int i = 0; i < r->count; i++)
        if (slice_is_word(name, r->others[i] ? r->names->data + r->others[i] : r->order[i]->name)) return i;
    return -1;
}

/* NULL: done. */
static const char *rename_one(struct renaming *r, struct slice old, struct slice new)
{
    int at = find_named(r, old);
    if (at < 0) return "No such command in rename-command";
    const struct command *command = r->order[at];
    r->count--;
    size_t behind = (size_t)(r->count - at);
    memmove(&r->order[at], &r->order[at + 1], behind * sizeof *r->order);
    memmove(&r->others[at], &r->others[at + 1], behind * sizeof *r->others);
    if (new.size == 0) return NULL;
    if (find_named(r, new) >= 0) return "Target command name already exists";
    if (new.size > NAME_MAX_SIZE) return "Target command name is too long";
    memmove(&r->order[at + 1], &r->order[at], behind * sizeof *r->order);
    memmove(&r->others[at + 1], &r->others[at], behind * sizeof *r->others);
    r->order[at] = command;
    r->others[at] = (uint32_t)r->names->size;
    r->count++;
    if (!bytes_append_slice(r->names, new) || !bytes_append_char(r->names, '\0')) return "out of memory";
    return NULL;
}

static const char *rename_all(struct renaming *r, int count, const struct slice *pairs)
{
    const char *why = bytes_append_char(r->names, '\0') ? NULL : "out of memory";
    for (int i = 0; i < count && !why; i++) why = rename_one(r, pairs[2 * i], pairs[2 * i + 1]);
    return why;
}

struct command_index *command_index_renamed(struct memory *m, const struct command_index *base, int count,
                                            const struct slice *pairs, const char **why)
{
    struct command_index *index = index_alloc(m, base->count);
    size_t size = (size_t)base->count * sizeof(uint32_t);
    uint32_t *others = memory_alloc_zero(m, size);
    *why = "out of memory";
    if (index && others) {
        struct renaming r = {index->order, others, base->count, &index->names};
        memcpy(index->order, base->order, (size_t)base->count * sizeof *index->order);
        *why = rename_all(&r, count, pairs);
        index->count = r.count;
    }
    for (int i = 0; !*why && i < index->count; i++) {
        struct slice name = slice_text(others[i] ? index->names.data + others[i] : index->order[i]->name);
        *find_slot(index, name) =
            (struct command_slot){name_first(name), (uint32_t)name.size, others[i], index->order[i]};
    }
    memory_free(m, others, size);
    if (!*why) return index;
    command_index_free(index);
    return NULL;
}

/* ---- looking up ---- */

const struct command *command_find(const struct command_index *index, struct slice name)
{
    if (name.size > NAME_MAX_SIZE) return NULL;
    return find_slot(index, name)->command;
}

const struct command *command_subcommand(const struct command *container, struct slice name)
{
    for (const struct command *c = container->subcommands; c && c->name; c++)
        if (slice_is_word(name, c->name)) return c;
    return NULL;
}

const struct command *command_meant(const struct command_index *index, const struct slice *argv, int argc,
                                    int *skipped)
{
    int skip = 0;
    const struct command *c = command_find(index, argv[0]);
    for (int part; c && c->prefix && (part = c->prefix(argv + skip, argc - skip)) > 0;) {
        skip += part;
        c = skip < argc ? command_find(index, argv[skip]) : NULL;
    }
    if (c && c->subcommands && skip + 1 < argc) c = command_subcommand(c, argv[skip + 1]);
    if (skipped) *skipped = skip;
    return c;
}

int command_count(const struct command_index *index) { return index->count; }

const struct command *command_at(const struct command_index *index, int position)
{
    return position >= 0 && position < index->count ? index->order[position] : NULL;
}

/* At most 128 bytes of an argument go into an error text. */
static int shown(struct slice s) { return s.size > 128 ? 128 : (int)s.size; }

static void reply_unknown(const struct slice *argv, int argc, struct reply *reply)
{
    char text[128 + 64];
    size_t size = 0;
    text[0] = 0;
    for (int i = 1; i < argc && size < 128; i++) {
        size_t room = 128 - size;
        size_t part = argv[i].size < room ? argv[i].size : room;
        text[size++] = '\'';
        for (size_t k = 0; k < part && argv[i].data[k]; k++) text[size++] = argv[i].data[k];
        text[size++] = '\'';
        text[size++] = ' ';
        text[size] = 0;
    }
    reply_error_format(reply, "ERR unknown command '%.*s', with args beginning with: %s", shown(argv[0]),
                       argv[0].data, text);
}

static void reply_unknown_subcommand(struct slice container, struct slice name, struct reply *reply)
{
    char upper[NAME_MAX_SIZE + 1];
    size_t size = 0;
    for (; size < container.size && size < NAME_MAX_SIZE; size++) {
        char c = container.data[size];
        upper[size] = (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
    }
    upper[size] = 0;
    reply_error_format(reply, "ERR unknown subcommand '%.*s'. Try %s HELP.", shown(name), name.data, upper);
}

const struct command *command_resolve(const struct command_index *index, const struct slice *argv, int argc,
                                      struct reply *reply)
{
    const struct command *container = command_find(index, argv[0]);
    if (!container) {
        reply_unknown(argv, argc, reply);
        return NULL;
    }
    const struct command *c = container;
    if (container->subcommands && argc > 1) {
        c = command_subcommand(container, argv[1]);
        if (!c) {
            reply_unknown_subcommand(argv[0], argv[1], reply);
            return NULL;
        }
    }
    if (command_arity_fits(c, argc)) return c;
    if (c == container)
        reply_error_format(reply, "ERR wrong number of arguments for '%s' command", c->name);
    else
        reply_error_format(reply, "ERR wrong number of arguments for '%s|%s' command", container->name,
                           c->name);
    return NULL;
}
