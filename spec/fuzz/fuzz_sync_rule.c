/* fuzz_sync_rule.c: rules of sync replicas: whatever is read can be printed, and reads as the same again. */
#include <stdio.h>
#include <stdlib.h>

#include "replication/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sync_rule rule = {.level = SYNC_APPLIED}, again = {.level = SYNC_APPLIED};
    char error[SYNC_ERROR_MAX], text[SYNC_PRINT_MAX];
    if (!sync_parse(&rule, slice_of((const char *)data, size), error)) {
        if (strnlen(error, sizeof error) == 0 || strnlen(error, sizeof error) == sizeof error) abort();
        return 0;
    }
    if (rule.count > SYNC_NAMES_MAX || rule.needed > rule.count) abort();
    if ((rule.kind == SYNC_NONE) != (rule.count == 0)) abort();
    sync_print(&rule, text, sizeof text);
    if (!sync_parse(&again, slice_text(text), error) || !sync_equal(&rule, &again)) {
        fprintf(stderr, "%s: %s\n", text, error);
        abort();
    }
    return 0;
}
