/* Patterns: Redis's own cases, and every short pattern against a transcription of Redis's rules. */
#include "base/glob.h"
#include "base/random.h"
#include "test.h"

static bool match(const char *pattern, const char *text)
{
    return glob_match(slice_text(pattern), slice_text(text), false);
}

TEST(plain_and_stars)
{
    CHECK(match("", ""));
    CHECK(!match("", "a"));
    CHECK(match("abc", "abc"));
    CHECK(!match("abc", "abcd"));
    CHECK(!match("abcd", "abc"));
    CHECK(match("*", "anything"));
    CHECK(!match("*", "")); /* so does Redis */
    CHECK(match("h*llo", "heeeello"));
    CHECK(match("h*llo", "hllo"));
    CHECK(!match("h*llo", "hll"));
    CHECK(match("h?llo", "hello"));
    CHECK(!match("h?llo", "hllo"));
    CHECK(match("a*b*c", "a-b-b-c"));
    CHECK(match("*ab", "aab"));
    CHECK(match("a**", "a"));
    CHECK(match("**a**", "a"));
    CHECK(match("user:*:name", "user:1000:name"));
    CHECK(!match("user:*:name", "user:1000:names"));
    CHECK(glob_match(slice_of("a*\0b", 4), slice_of("ax\0b", 4), false));
}

TEST(classes)
{
    CHECK(match("h[ae]llo", "hello"));
    CHECK(!match("h[ae]llo", "hillo"));
    CHECK(match("h[^e]llo", "hallo"));
    CHECK(!match("h[^e]llo", "hello"));
    CHECK(match("h[a-c]llo", "hbllo"));
    CHECK(match("h[c-a]llo", "hbllo"));
    CHECK(match("[\\]]", "]"));
    CHECK(match("[\\^a]", "^"));
    CHECK(match("[a^]", "^"));
    CHECK(match("[abc", "c")); /* not closed */
    CHECK(!match("[abc", "d"));
    CHECK(match("[^", "x"));  /* nothing excluded */
    CHECK(!match("[", "["));  /* nothing included */
    CHECK(!match("[]", "]")); /* closed at once */
    CHECK(!match("[]a]", "]"));
    CHECK(match("[a-]", "]")); /* a range up to the bracket, and not closed */
    CHECK(match("[a-]", "_"));
    CHECK(match("[a\\", "\\")); /* the backslash at the end is itself */
}

TEST(escapes)
{
    CHECK(match("\\*", "*"));
    CHECK(!match("\\*", "a"));
    CHECK(match("a\\?b", "a?b"));
    CHECK(match("*\\*", "ab*"));
    CHECK(match("a\\", "a\\"));
    CHECK(match("\\a", "a"));
}

TEST(ignoring_case)
{
    CHECK(glob_match(slice_text("HeL*[A-C]"), slice_text("hELLob"), true));
    CHECK(!glob_match(slice_text("HeL*[A-C]"), slice_text("hELLob"), false));
    CHECK(glob_match(slice_text("[x]"), slice_text("X"), true));
    CHECK(!glob_match(slice_text("[\\x]"), slice_text("X"), true)); /* escaped in a class: as it stands */
    CHECK(glob_match(slice_text("\\x"), slice_text("X"), true));
}

TEST(many_stars_take_no_exponential_time)
{
    char pattern[2001], text[20001];
    for (size_t i = 0; i < 2000; i += 2) memcpy(pattern + i, "a*", 2);
    pattern[2000] = '\0';
    memset(text, 'a', sizeof text);
    text[20000] = '\0';
    CHECK(match(pattern, text));
    pattern[1999] = 'b';
    CHECK(!match(pattern, text));
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

/* The class at p, as Redis reads it. *used gets its length in the pattern, bracket included. */
static bool slow_class(const char *p, size_t n, char c, bool nocase, size_t *used)
{
    size_t i = 1;
    bool negated = i < n && p[i] == '^', found = false;
    for (i += negated; i < n; i++) {
        if (n - i >= 2 && p[i] == '\\') {
            if (p[++i] == c) found = true;
        } else if (p[i] == ']') {
            i++;
            break;
        } else if (n - i >= 3 && p[i + 1] == '-') {
            char from = p[i], to = p[i + 2];
            if ((signed char)from > (signed char)to) from = p[i + 2], to = p[i];
            if (nocase) from = lower(from), to = lower(to);
            signed char x = (signed char)(nocase ? lower(c) : c);
            if (x >= (signed char)from && x <= (signed char)to) found = true;
            i += 2;
        } else if (p[i] == c || (nocase && lower(p[i]) == lower(c))) {
            found = true;
        }
    }
    *used = i;
    return found != negated;
}

/* By plain recursion over all ways to match. */
static bool slow_match(const char *p, size_t n, const char *t, size_t m, bool nocase)
{
    if (n == 0) return m == 0;
    if (*p == '*')
        return slow_match(p + 1, n - 1, t, m, nocase) || (m > 0 && slow_match(p, n, t + 1, m - 1, nocase));
    if (m == 0) return false;
    size_t used = 1;
    if (*p == '[') {
        if (!slow_class(p, n, *t, nocase, &used)) return false;
    } else if (*p != '?') {
        if (*p == '\\' && n >= 2) p++, n--;
        if (*p != *t && !(nocase && lower(*p) == lower(*t))) return false;
    }
    return slow_match(p + used, n - used, t + 1, m - 1, nocase);
}

TEST(random_patterns_as_by_the_slow_way)
{
    struct random r;
    static const char signs[] = "**??[]^-\\abcAB\xe9", letters[] = "abcAB]-^\\\xe9";
    char pattern[8], text[8];
    random_init(&r, 5, "glob");
    for (int round = 0; round < 300000; round++) {
        size_t n = (size_t)random_below(&r, sizeof pattern), m = (size_t)random_below(&r, sizeof text);
        for (size_t i = 0; i < n; i++) pattern[i] = signs[random_below(&r, sizeof signs - 1)];
        for (size_t i = 0; i < m; i++) text[i] = letters[random_below(&r, sizeof letters - 1)];
        bool nocase = random_below(&r, 2) == 1;
        bool got = glob_match(slice_of(pattern, n), slice_of(text, m), nocase);
        bool wanted = m == 0 ? n == 0 : slow_match(pattern, n, text, m, nocase);
        if (got != wanted) printf("#        pattern \"%.*s\" text \"%.*s\"\n", (int)n, pattern, (int)m, text);
        REQUIRE(got == wanted);
    }
}

TEST_MAIN()
