/* glob.h: Redis's glob patterns (`?`, `*`, `[a-z]`, `[^x]`, backslash), without exponential backtracking. */
#ifndef TIDELOCK_BASE_GLOB_H
#define TIDELOCK_BASE_GLOB_H

#include "base/bytes.h"

/* As in Redis, nothing but an empty pattern matches an empty text: `*` does not. */
bool glob_match(struct slice pattern, struct slice text, bool ignore_case);

#endif
