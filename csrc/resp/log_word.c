/* log_word.c: see log_word.h. */
#include "resp/log_word.h"

#include "base/number.h"

/* Sorted out by length first: most commands are told apart by that alone. */
enum log_word log_word_of(int argc, const struct slice *argv)
{
    if (argc == 0) return LOG_WORD_NOTHING;
    struct slice name = argv[0];
    switch (name.size) {
    case 4:
        if (slice_is_word(name, "ping")) return LOG_WORD_NOTHING;
        return slice_is_word(name, "exec") ? LOG_WORD_EXEC : LOG_WORD_COMMAND;
    case 5: return slice_is_word(name, "multi") ? LOG_WORD_MULTI : LOG_WORD_COMMAND;
    case 6: return slice_is_word(name, "select") ? LOG_WORD_SELECT : LOG_WORD_COMMAND;
    case 8:
        if (!slice_is_word(name, "replconf")) return LOG_WORD_COMMAND;
        return argc > 1 && slice_is_word(argv[1], "getack") ? LOG_WORD_GETACK : LOG_WORD_NOTHING;
    default: return LOG_WORD_COMMAND;
    }
}

int log_word_db(int argc, const struct slice *argv, int64_t databases)
{
    int64_t db;
    if (argc != 2 || !number_parse_int(argv[1], &db) || db < 0 || db >= databases) return -1;
    return (int)db;
}
