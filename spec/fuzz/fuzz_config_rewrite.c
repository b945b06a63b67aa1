/* fuzz_config_rewrite.c: configuration files: any text is rewritten, and what came out is rewritten to itself. */
#include <stdio.h>
#include <stdlib.h>

#include "node/config_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines that cannot be read become comments, which then can be: the second time nothing changes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory;
    struct bytes first, second;
    struct config initial, config;
    memory_init(&memory);
    bytes_init(&first, &memory);
    bytes_init(&second, &memory);
    config_defaults(&initial, true);
    config_defaults(&config, true);
    config.timeout_s = 33;
    config.maxmemory = 1024;
    struct slice old = slice_of((const char *)data, size);
    if (!config_rewrite(&config, &initial, "a 1", old, &first)) abort();
    if (!config_rewrite(&config, &initial, "a 1", bytes_slice(&first), &second)) abort();
    bool same = slice_equal(bytes_slice(&first), bytes_slice(&second));
    bool blank = second.size == first.size + 1 && memcmp(first.data, second.data, first.size) == 0;
    if (!same && !blank) {
        fprintf(stderr, "%.*s\n----\n%.*s\n", (int)first.size, first.data, (int)second.size, second.data);
        abort();
    }
    bytes_free(&first);
    bytes_free(&second);
    if (memory.used != 0) abort();
    return 0;
}
