/* number.c: numbers to text and back, as Redis reads and writes them, whatever the host's locale.
 *
 * The C library's conversions do the hard cases; the common ones (integers, and decimals of up to 15 digits)
 * are done here in exact arithmetic, several times faster.
 *
 * Leaves out: hexadecimal and other notations of integers; Redis reads none.
 */
#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_MAX = NUMBER_LONG_DOUBLE_MAX, /* longest text of a float that is looked at */
    EXACT_DIGITS = 15,                 /* any decimal of so many digits survives double and back */
    EXACT_POWER = 22                   /* 10^22 is the largest power of ten that is exact as a double */
};

static const double powers_of_ten[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- integers ---- */

bool number_parse_uint(struct slice text, uint64_t *value)
{
    if (text.size == 0 || text.size > 20) return false;
    if (text.data[0] == '0' && text.size > 1) return false;
    uint64_t v = 0, digit;
    size_t safe = text.size < 20 ? text.size : 19; /* only the twentieth digit can be too much */
    for (size_t i = 0; i < safe; i++) {
        digit = (uint64_t)(unsigned char)text.data[i] - '0';
        if (digit > 9) return false;
        v = v * 10 + digit;
    }
    if (text.size == 20) {
        digit = (uint64_t)(unsigned char)text.data[19] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

bool number_parse_int(struct slice text, int64_t *value)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    uint64_t v;
    if (!number_parse_uint(negative ? slice_of(text.data + 1, text.size - 1) : text, &v)) return false;
    if (negative ? v == 0 || v > (uint64_t)INT64_MAX + 1 : v > INT64_MAX) return false;
    *value = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static size_t count_digits(uint64_t value)
{
    size_t digits = 1;
    for (; value >= 10000; value /= 10000) digits += 4;
    return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

size_t number_format_uint(char *out, uint64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    size_t size = count_digits(value);
    char *p = out + size;
    for (; value >= 100; value /= 100) memcpy(p -= 2, pairs + value % 100 * 2, 2);
    if (value >= 10)
        memcpy(p - 2, pairs + value * 2, 2);
    else
        p[-1] = (char)('0' + value);
    return size;
}

size_t number_format_int(char *out, int64_t value)
{
    if (value >= 0) return number_format_uint(out, (uint64_t)value);
    out[0] = '-';
    return 1 + number_format_uint(out + 1, 0 - (uint64_t)value);
}

/* ---- text to floats ---- */

/* Reads "-123.45": digits and at most one point, at least one digit, up to 15 digits in all. Both the digits,
 * as an integer, and the power of ten are then exact doubles, and one division rounds correctly (Clinger
 * 1990). */
static bool parse_simple(struct slice text, double *value)
{
    size_t i = 0, digits = 0, decimals = 0;
    bool negative = text.size > 0 && text.data[0] == '-', point = false;
    int64_t v = 0;
    for (i = negative; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > EXACT_DIGITS) return false;
        v = v * 10 + (c - '0');
        decimals += point;
    }
    if (digits == 0) return false;
    double magnitude = (double)v / powers_of_ten[decimals];
    *value = negative ? -magnitude : magnitude;
    return true;
}

/* Makes a NUL-terminated copy for strtod, with the locale's decimal point. False when it is too long or has a
 * character that no number has (white space and the locale's own signs among them). */
static bool copy_for_library(struct slice text, char out[TEXT_MAX])
{
    const char *point = localeconv()->decimal_point;
    size_t point_size = strlen(point), size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (size + point_size >= TEXT_MAX) return false;
        if (c == '.') {
            memcpy(out + size, point, point_size);
            size += point_size;
        } else if (letter || (c >= '0' && c <= '9') || c == '-' || c == '+') {
            out[size++] = c;
        } else {
            return false;
        }
    }
    out[size] = '\0';
    return size > 0;
}

bool number_parse_double(struct slice text, double *value)
{
    char copy[TEXT_MAX], *end;
    if (parse_simple(text, value)) return true;
    if (!copy_for_library(text, copy)) return false;
    int saved = errno;
    errno = 0;
    double v = strtod(copy, &end);
    bool out_of_range = errno == ERANGE && (isinf(v) || v == 0);
    errno = saved;
    if (*end != '\0' || isnan(v) || out_of_range) return false;
    *value = v;
    return true;
}

/* As strtod does it; *in_range: it is no greater or smaller than a double can be. */
static bool parse_as_strtod(struct slice text, double *value, bool *in_range)
{
    char copy[TEXT_MAX], *end;
    const char *nul = text.size > 0 ? memchr(text.data, '\0', text.size) : NULL;
    if (nul) text.size = (size_t)(nul - text.data);
    *value = 0;
    *in_range = true;
    if (text.size == 0) return true;
    while (text.size > 0 && (text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r'))) {
        text.data++;
        text.size--;
    }
    if (parse_simple(text, value)) return true;
    if (!copy_for_library(text, copy)) return false;
    int saved = errno;
    errno = 0;
    *value = strtod(copy, &end);
    *in_range = errno != ERANGE;
    errno = saved;
    return *end == '\0' && !isnan(*value);
}

bool number_parse_bound(struct slice text, double *value)
{
    bool in_range;
    return parse_as_strtod(text, value, &in_range);
}

bool number_parse_weight(struct slice text, double *value)
{
    bool in_range;
    return parse_as_strtod(text, value, &in_range) && in_range;
}

bool number_parse_long_double(struct slice text, long double *value)
{
    char copy[TEXT_MAX], *end;
    if (!copy_for_library(text, copy)) return false;
    int saved = errno;
    errno = 0;
    long double v = strtold(copy, &end);
    bool out_of_range = errno == ERANGE && (isinf(v) || v == 0);
    errno = saved;
    if (*end != '\0' || isnan(v) || out_of_range) return false;
    *value = v;
    return true;
}

/* ---- floats to text ---- */

/* Puts a plain point where the locale's is; returns the new size. */
static size_t restore_point(char *text, size_t size)
{
    const char *point = localeconv()->decimal_point;
    size_t point_size = strlen(point);
    char *at = strcmp(point, ".") == 0 ? NULL : strstr(text, point);
    if (!at) return size;
    *at = '.';
    memmove(at + 1, at + point_size, strlen(at + point_size) + 1);
    return size - point_size + 1;
}

/* Writes 0.0001 <= |value| < 10^15 if it is a decimal of at most 15 digits: the least number of decimals for
 * which digits / 10^decimals is the value again. No shorter text reads back equal, so this is what "%.15g"
 * would print. Returns 0 when the value is no such decimal. */
static size_t format_simple(char *out, double value)
{
    double magnitude = fabs(value);
    if (!(magnitude >= 1e-4 && magnitude < 1e15)) return 0;
    for (int decimals = 1; decimals <= EXACT_DIGITS + 3; decimals++) {
        double scaled = magnitude * powers_of_ten[decimals];
        if (scaled >= 1e15) return 0;
        int64_t digits = (int64_t)(scaled + 0.5), scale = (int64_t)powers_of_ten[decimals];
        if ((double)digits / powers_of_ten[decimals] != magnitude) continue;
        char text[NUMBER_INT_MAX];
        char *p = out;
        if (value < 0) *p++ = '-';
        p += number_format_int(p, digits / scale);
        *p++ = '.';
        size_t size = number_format_int(text, digits % scale);
        for (size_t zeros = (size_t)decimals - size; zeros > 0; zeros--) *p++ = '0';
        memcpy(p, text, size);
        return (size_t)(p - out) + size;
    }
    return 0;
}

static size_t put_text(char *out, const char *text)
{
    size_t size = strlen(text);
    memcpy(out, text, size);
    return size;
}

size_t number_format_double(char *out, double value)
{
    if (isnan(value)) return put_text(out, "nan");
    if (isinf(value)) return put_text(out, value > 0 ? "inf" : "-inf");
    if (value == 0) return put_text(out, signbit(value) ? "-0" : "0");
    if (fabs(value) <= 0x1p53 && value == (double)(int64_t)value)
        return number_format_int(out, (int64_t)value);
    size_t size = format_simple(out, value);
    for (int digits = EXACT_DIGITS; size == 0; digits++) {
        char text[NUMBER_DOUBLE_MAX];
        size_t printed = (size_t)snprintf(text, sizeof text, "%.*g", digits, value);
        if (digits < 17 && strtod(text, NULL) != value) continue;
        size = restore_point(text, printed);
        memcpy(out, text, size);
    }
    return size;
}

size_t number_format_score(char *out, double value)
{
    const double plain = 1e15; /* integers up to here have as many digits as they have */
    if (fabs(value) < plain && value == (double)(int64_t)value && !(value == 0 && signbit(value)))
        return number_format_int(out, (int64_t)value);
    if (isinf(value)) return put_text(out, value > 0 ? "inf" : "-inf");
    return restore_point(out, (size_t)snprintf(out, NUMBER_DOUBLE_MAX, "%.17g", value));
}

size_t number_format_long_double(char *out, long double value)
{
    if (isnan(value)) return put_text(out, "nan");
    if (isinf(value)) return put_text(out, value > 0 ? "inf" : "-inf");
    size_t size = restore_point(out, (size_t)snprintf(out, NUMBER_LONG_DOUBLE_MAX, "%.17Lf", value));
    while (out[size - 1] == '0') size--;
    if (out[size - 1] == '.') size--;
    return size == 2 && memcmp(out, "-0", 2) == 0 ? put_text(out, "0") : size;
}

/* ---- sizes ---- */

bool number_parse_size(struct slice text, int64_t *bytes)
{
    static const struct {
        const char *name;
        int64_t factor;
    } units[] = {
        {"", 1},        {"b", 1},        {"k", 1000},       {"kb", 1024},
        {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30},
    };
    size_t digits = 0;
    int64_t value = 0;
    for (; digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9'; digits++) {
        int64_t digit = text.data[digits] - '0';
        if (value > (INT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (digits == 0) return false;
    struct slice unit = slice_of(text.data + digits, text.size - digits);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!slice_is_word(unit, units[i].name)) continue;
        if (value > INT64_MAX / units[i].factor) return false;
        *bytes = value * units[i].factor;
        return true;
    }
    return false;
}
