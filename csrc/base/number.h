/* number.h: numbers to text and back, exactly as Redis reads and writes them. */
#ifndef TIDELOCK_BASE_NUMBER_H
#define TIDELOCK_BASE_NUMBER_H

#include "base/bytes.h"

enum {
    NUMBER_INT_MAX = 21,    /* longest int64 text plus NUL */
    NUMBER_DOUBLE_MAX = 40, /* longest text of number_format_double plus NUL */
    NUMBER_LONG_DOUBLE_MAX = 5 * 1024
};

/* Strict decimal int64 (Redis string2ll): optional '-', no leading zeros, no spaces, no '+', no overflow. */
bool number_parse_int(struct slice text, int64_t *value);
/* The same for uint64. */
bool number_parse_uint(struct slice text, uint64_t *value);
/* Writes the decimal form (no NUL); returns its length. */
size_t number_format_int(char *out, int64_t value);
size_t number_format_uint(char *out, uint64_t value);
/* Redis string2d: whole text a double, no leading space, not NaN; inf accepted. */
bool number_parse_double(struct slice text, double *value);
/* Shortest text that reads back as the same double; "inf", "-inf", "nan"; integers without a point. */
size_t number_format_double(char *out, double value);
/* The same as C's strtod reads it, for bounds of ranges: leading blanks are skipped, nothing at all is 0, what is beyond the
 * range of a double is infinite; a NUL ends it. */
bool number_parse_bound(struct slice text, double *value);
/* The same, but what is beyond the range of a double is none: for what SORT orders by. */
bool number_parse_weight(struct slice text, double *value);
/* "%.17g": enough digits for any double, more than most need: how Redis 7.0 answers with scores. */
size_t number_format_score(char *out, double value);
/* Redis string2ld (for INCRBYFLOAT). */
bool number_parse_long_double(struct slice text, long double *value);
/* Redis ld2string LD_STR_HUMAN: "%.17Lf" with trailing zeros removed. `out` holds NUMBER_LONG_DOUBLE_MAX. */
size_t number_format_long_double(char *out, long double value);
/* "1gb", "64mb", "100k", "12" as Redis's configuration reads sizes. */
bool number_parse_size(struct slice text, int64_t *bytes);

#endif
