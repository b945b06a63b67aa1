/* fuzz_resp_reply.c: replies from anyone.
 *
 * Measured in one piece and in many, a reply must have the same size or the same fault. What has a size is played to
 * the writer; what that writes must measure as whole, and play the same again. (The first round may differ from the
 * input: numbers are spelt anew, attributes left out.)
 *
 * SPDX-License-Identifier: MIT */
#include "pieces.h"
#include "resp/parser.h"
#include "resp/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t measure(struct resp_parser *p, const uint8_t *data, size_t size, struct pieces *pieces)
{
    int64_t result = 0;
    for (size_t end = pieces ? 0 : size; result == 0;) {
        char *copy = pieces_copy(data, end);
        result = resp_reply_size(p, copy, end);
        free(copy);
        if (end == size) break;
        size_t more = pieces ? pieces_next(pieces) : 0;
        end = size - end < more ? size : end + more;
    }
    return result;
}

static void play(const char *data, size_t size, struct bytes *out)
{
    char *copy = pieces_copy(data, size);
    struct resp_writer w;
    resp_writer_init(&w, out, 3);
    resp_replay(copy, size, &w.reply);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct resp_parser once, cut;
    struct pieces pieces = {data[0]};
    resp_parser_init(&once);
    resp_parser_init(&cut);
    if (data[0] % 2) once.bulk_max = cut.bulk_max = once.elements_max = cut.elements_max = 20;
    int64_t length = measure(&once, data + 1, size - 1, NULL);
    MUST(length == measure(&cut, data + 1, size - 1, &pieces));
    MUST(length <= (int64_t)size - 1);
    if (length < 0) MUST(strcmp(once.error, cut.error) == 0);
    if (length <= 0) return 0;

    struct memory m;
    struct bytes first, second;
    memory_init(&m);
    bytes_init(&first, &m);
    bytes_init(&second, &m);
    play((const char *)data + 1, (size_t)length, &first);
    resp_parser_init(&once);
    MUST(resp_reply_size(&once, first.data, first.size) == (int64_t)first.size);
    play(first.data, first.size, &second);
    MUST(slice_equal(bytes_slice(&first), bytes_slice(&second)));
    bytes_free(&first);
    bytes_free(&second);
    return 0;
}
