/* fuzz_resp_request.c: requests from anyone.
 *
 * The first byte of the input chooses limits and how the rest is cut. Read in one piece and in many, it must come to the
 * same requests, the same error, the same place; limits hold; memory stays within a multiple of what was sent.
 *
 * SPDX-License-Identifier: MIT */
#include "pieces.h"
#include "resp/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct resp_limits limits[] = {
    {512 * 1024 * 1024, INT32_MAX, 64 * 1024, false},
    {512 * 1024 * 1024, INT32_MAX, 64 * 1024, true},
    {10, 4, 20, false},
};

static void note(struct bytes *log, const struct resp_reader *r)
{
    const struct resp_limits *l = &r->limits;
    bytes_append_format(log, "%d %d %zu:", r->is_inline, r->argc, r->consumed);
    for (int i = 0; i < r->argc; i++) {
        bytes_append_format(log, " %zu ", r->argv[i].size);
        bytes_append_slice(log, r->argv[i]); /* ASan checks that it may be read */
        MUST((int64_t)r->argv[i].size <= (r->is_inline ? l->inline_max : l->bulk_max));
    }
    MUST(r->is_inline || r->argc <= l->arguments_max);
    bytes_append_char(log, '\n');
}

/* Reads everything, in one piece if `p` is NULL; what it came to goes to `log`. */
static void read_all(const struct resp_limits *l, const uint8_t *data, size_t size, struct pieces *p,
                     struct bytes *log)
{
    struct memory m;
    struct resp_reader r;
    memory_init(&m);
    resp_reader_init(&r, &m, l);
    size_t start = 0, end = p ? 0 : size;
    enum resp_result result = RESP_INCOMPLETE;
    for (;;) {
        char *copy = pieces_copy(data + start, end - start);
        result = resp_read_request(&r, copy, end - start);
        if (result == RESP_REQUEST) {
            note(log, &r);
            MUST(r.consumed > 0 && r.consumed <= end - start);
            start += r.consumed;
        }
        free(copy);
        MUST(m.used <= 1024 + 16 * size);
        if (result == RESP_BAD || (result == RESP_INCOMPLETE && end == size)) break;
        if (result == RESP_INCOMPLETE) {
            size_t wants = resp_reader_wants(&r, end - start), more = pieces_next(p);
            MUST(wants == 0 || (int64_t)wants <= l->bulk_max + 2);
            end = size - end < more ? size : end + more;
        }
    }
    bytes_append_format(log, "%d %zu %s", result, start, result == RESP_BAD ? r.error : "");
    resp_reader_free(&r);
    MUST(m.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct memory m;
    struct bytes once, cut;
    memory_init(&m);
    bytes_init(&once, &m);
    bytes_init(&cut, &m);
    const struct resp_limits *l = &limits[data[0] % 3];
    struct pieces p = {data[0]};
    read_all(l, data + 1, size - 1, NULL, &once);
    read_all(l, data + 1, size - 1, &p, &cut);
    MUST(slice_equal(bytes_slice(&once), bytes_slice(&cut)));
    bytes_free(&once);
    bytes_free(&cut);
    return 0;
}
