/* Manifests: what Redis writes is read, what is written is read again, what is wrong is named with its line. */
#include "persist/manifest.h"
#include "test.h"

/* What is wrong with a text; "" when nothing is. `line` (may be NULL): where. */
static const char *wrong_with(const char *text, int *line)
{
    struct memory memory;
    struct manifest m;
    int ignored;
    memory_init(&memory);
    manifest_init(&m, &memory);
    const char *wrong = manifest_parse(&m, slice_text(text), line ? line : &ignored);
    manifest_free(&m);
    if (memory.used != 0) return "it leaks";
    return wrong ? wrong : "";
}

TEST(what_redis_writes_is_read)
{
    struct memory memory;
    struct manifest m;
    int line;
    memory_init(&memory);
    manifest_init(&m, &memory);
    static const char text[] = "file appendonly.aof.2.base.rdb seq 2 type b\n"
                               "# a comment\n"
                               "file appendonly.aof.1.base.rdb seq 1 type h\r\n"
                               "  seq 4   type i file \"my \\\"own\\\" \\x61of\" later words\n"
                               "file appendonly.aof.5.incr.aof seq 5 type i\n";
    CHECK(manifest_parse(&m, slice_text(text), &line) == NULL);
    REQUIRE(m.count == 4);
    CHECK_EQ_STR(manifest_base(&m)->name, "appendonly.aof.2.base.rdb");
    CHECK_EQ_STR(m.files[1].name, "appendonly.aof.1.base.rdb");
    CHECK_EQ_INT(m.files[1].type, MANIFEST_HISTORY);
    CHECK_EQ_STR(m.files[2].name, "my \"own\" aof");
    CHECK_EQ_INT(m.files[2].seq, 4);
    CHECK_EQ_STR(manifest_last(&m)->name, "appendonly.aof.5.incr.aof");
    CHECK_EQ_INT(manifest_increments(&m), 2);
    CHECK_EQ_INT(manifest_highest(&m), 5);
    manifest_retire(&m);
    CHECK(!manifest_base(&m) && !manifest_last(&m));
    CHECK_EQ_INT(manifest_highest(&m), 5);
    manifest_forget(&m);
    CHECK_EQ_INT(m.count, 0);
    manifest_free(&m);
    CHECK_EQ_INT(memory.used, 0);
}

TEST(what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *text;
        int line;
        const char *wrong;
    } cases[] = {
        {"", 0, "Found an empty AOF manifest"},
        {"# nothing\n", 1, "Found an empty AOF manifest"},
        {"file a seq 1 type b\nfile b seq 1 type i", 2, "the last line has no end"},
        {"file a seq 1 type b\nfile b seq 2 type b\n", 2, "Found duplicate base file information"},
        {"file a seq 2 type i\n\n", 2, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a seq 2 type i\nfile b seq 2 type i\n", 2, "Found a non-monotonic sequence number"},
        {"file a seq 2 type x\n", 1, "Unknown AOF file type"},
        {"file a seq 2 type bi\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a seq 0 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a seq two type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a seq 2\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"seq 2 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file a seq 2 type\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file \"a seq 2 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file \"a\"b seq 2 type b\n", 1,
         "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file ../a seq 2 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file d/a seq 2 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file \"\" seq 2 type b\n", 1, "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
        {"file \"a\\x0ab\" seq 2 type b\n", 1,
         "Invalid AOF manifest file format: this is no 'file … seq … type …'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int line = -1;
        CHECK_EQ_STR(wrong_with(cases[i].text, &line), cases[i].wrong);
        CHECK_EQ_INT(line, cases[i].line);
        if (t_->failed) printf("#        %s\n", cases[i].text);
    }
}

TEST(names_and_lines_have_a_longest)
{
    char text[2048], name[MANIFEST_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[MANIFEST_NAME_MAX] = '\0';
    snprintf(text, sizeof text, "file %s seq 1 type b\n", name);
    CHECK_EQ_STR(wrong_with(text, NULL), "");
    name[MANIFEST_NAME_MAX] = 'n';
    name[MANIFEST_NAME_MAX + 1] = '\0';
    snprintf(text, sizeof text, "file %s seq 1 type b\n", name);
    CHECK_EQ_STR(wrong_with(text, NULL),
                 "Invalid AOF manifest file format: this is no 'file … seq … type …'");
    snprintf(text, sizeof text, "file a seq 1 type b%*s\n", MANIFEST_LINE_MAX - 20, "");
    CHECK_EQ_STR(wrong_with(text, NULL), "");
    snprintf(text, sizeof text, "file a seq 1 type b%*s\n", MANIFEST_LINE_MAX - 19, "");
    CHECK_EQ_STR(wrong_with(text, NULL), "The AOF manifest file contains too long line");
}

static bool same(const struct manifest *a, const struct manifest *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct manifest_file *x = &a->files[i], *y = &b->files[i];
        if (x->type != y->type || x->seq != y->seq || strcmp(x->name, y->name) != 0) return false;
    }
    return true;
}

TEST(what_is_written_is_read_again)
{
    struct memory memory;
    struct manifest m, again;
    struct bytes text;
    int line;
    memory_init(&memory);
    manifest_init(&m, &memory);
    manifest_init(&again, &memory);
    bytes_init(&text, &memory);
    manifest_add(&m, MANIFEST_BASE, 7, "with blanks and \"quotes\".rdb");
    manifest_add(&m, MANIFEST_HISTORY, 6, "back\\slash 'quote'");
    for (int64_t seq = 7; seq < 40; seq++) {
        char name[] = "\xc3\xa4 .incr.aof";
        name[2] = (char)('A' + seq);
        manifest_add(&m, MANIFEST_INCR, seq, name);
    }
    REQUIRE(manifest_write(&m, &text));
    CHECK(manifest_parse(&again, bytes_slice(&text), &line) == NULL);
    CHECK(same(&m, &again));
    manifest_free(&again);
    CHECK(manifest_copy(&again, &m) && same(&m, &again));
    manifest_free(&m);
    manifest_free(&again);
    bytes_free(&text);
    CHECK_EQ_INT(memory.used, 0);
}

/* Every beginning of a manifest is a shorter one or wrong, and never more than it says. */
TEST(a_manifest_that_is_cut_anywhere_is_a_shorter_one_or_wrong)
{
    static const char text[] =
        "file a.2.base.rdb seq 2 type b\nfile a.3.incr.aof seq 3 type i\nfile a.4 seq 4 type i\n";
    int shorter = 0;
    for (size_t size = 0; size < sizeof text - 1; size++) {
        char part[sizeof text] = "";
        memcpy(part, text, size);
        bool line_ends = size > 0 && text[size - 1] == '\n';
        CHECK((wrong_with(part, NULL)[0] == '\0') == line_ends);
        shorter += line_ends;
    }
    CHECK_EQ_INT(shorter, 2);
}

/* What has a seal is whole or wrong, whichever byte is missing or other than it was. */
TEST(a_seal_tells_what_was_cut_or_changed)
{
    struct memory memory;
    struct manifest m;
    struct bytes text;
    memory_init(&memory);
    manifest_init(&m, &memory);
    bytes_init(&text, &memory);
    manifest_add(&m, MANIFEST_BASE, 2, "a.2.base.rdb");
    manifest_add(&m, MANIFEST_INCR, 2, "a.2.incr.aof");
    manifest_add(&m, MANIFEST_INCR, 3, "a.3.incr.aof");
    REQUIRE(manifest_write(&m, &text) && bytes_append_char(&text, '\0'));
    CHECK_EQ_STR(wrong_with(text.data, NULL), "");
    CHECK_EQ_STR(wrong_with(strchr(text.data, '\n') + 1, NULL), ""); /* as Redis writes it */
    size_t size = text.size - 1, mark = strlen("#TL:M ");
    for (size_t at = 0; at < size; at++) {
        char kept = text.data[at];
        for (int bit = 0; bit < 8; bit++) {
            text.data[at] = (char)(kept ^ 1 << bit);
            if (at >= mark && text.data[at] != '\0') CHECK(wrong_with(text.data, NULL)[0] != '\0');
        }
        text.data[at] = '\0';
        CHECK(wrong_with(text.data, NULL)[0] != '\0');
        text.data[at] = kept;
    }
    text.size--;
    bytes_append(&text, "file a.4.incr.aof seq 4 type i\n", 32);
    int line;
    CHECK_EQ_STR(wrong_with(text.data, &line),
                 "what follows is not what was written with this line (changed by hand? take it out)");
    CHECK_EQ_INT(line, 1);
    manifest_free(&m);
    bytes_free(&text);
}

TEST(every_allocation_may_fail)
{
    static const char text[] =
        "file a seq 2 type b\nfile b seq 3 type i\nfile c seq 4 type i\nfile d seq 5 type i\n"
        "file e seq 6 type i\n";
    int64_t failures = 0;
    for (int64_t at = 0;; at++) {
        struct memory memory;
        struct manifest m, copy;
        struct bytes out;
        int line;
        memory_init(&memory);
        memory.fail_after = at;
        manifest_init(&m, &memory);
        manifest_init(&copy, &memory);
        bytes_init(&out, &memory);
        const char *wrong = manifest_parse(&m, slice_text(text), &line);
        bool done = !wrong && manifest_copy(&copy, &m) && manifest_write(&copy, &out);
        bool failed = memory.fail_after < 0;
        CHECK(done == !failed);
        if (wrong) CHECK_EQ_STR(wrong, "out of memory");
        if (!wrong && failed) CHECK(copy.count == 0 || same(&copy, &m));
        bytes_free(&out);
        manifest_free(&copy);
        manifest_free(&m);
        CHECK_EQ_INT(memory.used, 0);
        if (!failed || t_->failed) break;
        failures++;
    }
    CHECK(failures >= 4);
}

TEST_MAIN()
