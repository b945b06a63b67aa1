/* glob.c: Redis's pattern matching (its stringmatchlen), in O(pattern × text) at worst.
 *
 * Every element of a pattern other than `*` takes exactly one character. So when a match fails after a star,
 * only the last star is worth another try: an earlier one that took more characters could only bring the same
 * last star to a later place, which the last star reaches by itself.
 *
 * Kept from Redis: a class that is not closed ends with the pattern; a range may be given in either order;
 * the bounds of a range are signed characters; within a class an escaped character is never folded; a
 * backslash at the end stands for itself. Not kept: there, stars do not match the empty text.
 */
#include "base/glob.h"

static inline signed char fold(char c, bool ignore_case)
{
    return (signed char)(ignore_case && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool in_range(char from, char to, char c, bool ignore_case)
{
    signed char low = (signed char)from, high = (signed char)to;
    if (low > high) low = (signed char)to, high = (signed char)from;
    signed char folded = fold(c, ignore_case);
    return folded >= fold((char)low, ignore_case) && folded <= fold((char)high, ignore_case);
}

/* Matches `c` against the class whose bracket is at *position; moves *position behind the class. */
static bool match_class(struct slice pattern, size_t *position, char c, bool ignore_case)
{
    const char *p = pattern.data;
    size_t i = *position + 1;
    bool negated = i < pattern.size && p[i] == '^', found = false;
    if (negated) i++;
    while (i < pattern.size && p[i] != ']') {
        size_t left = pattern.size - i;
        if (p[i] == '\\' && left >= 2) {
            found = found || p[i + 1] == c;
            i += 2;
        } else if (left >= 3 && p[i + 1] == '-') {
            found = found || in_range(p[i], p[i + 2], c, ignore_case);
            i += 3;
        } else {
            found = found || fold(p[i], ignore_case) == fold(c, ignore_case);
            i++;
        }
    }
    *position = i < pattern.size ? i + 1 : i;
    return found != negated;
}

/* Matches `c` against the one-character element at *position, which is before the end and no star; moves
 * *position behind the element. */
static bool match_one(struct slice pattern, size_t *position, char c, bool ignore_case)
{
    char p = pattern.data[*position];
    if (p == '[') return match_class(pattern, position, c, ignore_case);
    if (p == '\\' && pattern.size - *position >= 2)
        p = pattern.data[++*position];
    else if (p == '?')
        p = c;
    ++*position;
    return fold(p, ignore_case) == fold(c, ignore_case);
}

/* Where, from `from` on, the text could match the element at `position`: the next such character when the
 * element is a plain one; `from` itself when that takes more than a look. */
static size_t next_candidate(struct slice pattern, size_t position, struct slice text, size_t from,
                             bool ignore_case)
{
    char p = pattern.data[position];
    if (ignore_case || p == '?' || p == '[' || p == '\\' || from == text.size) return from;
    const char *found = memchr(text.data + from, p, text.size - from);
    return found ? (size_t)(found - text.data) : text.size;
}

bool glob_match(struct slice pattern, struct slice text, bool ignore_case)
{
    size_t p = 0, t = 0;
    size_t after_star = 0, retry = 0; /* where to go on when a match fails; after_star 0: nowhere */
    if (text.size == 0) return pattern.size == 0;
    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            while (p < pattern.size && pattern.data[p] == '*') p++;
            if (p == pattern.size) return true;
            after_star = p;
            t = retry = next_candidate(pattern, p, text, t, ignore_case);
        } else if (p < pattern.size && match_one(pattern, &p, text.data[t], ignore_case)) {
            t++;
        } else {
            if (after_star == 0) return false;
            p = after_star;
            t = retry = next_candidate(pattern, p, text, retry + 1, ignore_case);
        }
    }
    while (p < pattern.size && pattern.data[p] == '*') p++;
    return p == pattern.size;
}
