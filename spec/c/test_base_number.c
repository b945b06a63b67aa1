/* Numbers: edges, round trips, and the host's locale out of the way. */
#include "base/number.h"
#include "base/random.h"
#include "test.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

static bool is_int(const char *text, int64_t want)
{
    int64_t v;
    return number_parse_int(slice_text(text), &v) && v == want;
}

static bool no_int(const char *text)
{
    int64_t v;
    return !number_parse_int(slice_text(text), &v);
}

TEST(reads_integers)
{
    CHECK(is_int("0", 0));
    CHECK(is_int("1", 1));
    CHECK(is_int("-1", -1));
    CHECK(is_int("1234567890123456789", 1234567890123456789));
    CHECK(is_int("9223372036854775807", INT64_MAX));
    CHECK(is_int("-9223372036854775808", INT64_MIN));
}

TEST(refuses_other_integers)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "-0",
                                        "+1",
                                        "01",
                                        "-01",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x",
                                        "1a",
                                        "a",
                                        "--1",
                                        "9223372036854775808",
                                        "/",
                                        ":",
                                        "1/",
                                        "1:",
                                        "1\n",
                                        "99999999999999999999",
                                        "-9223372036854775809",
                                        "18446744073709551616",
                                        "100000000000000000000"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) CHECK(no_int(texts[i]));
    int64_t v;
    CHECK(!number_parse_int(slice_of("1\0", 2), &v));
    CHECK(!number_parse_int(slice_of(NULL, 0), &v));
}

TEST(reads_unsigned_integers)
{
    uint64_t v;
    CHECK(number_parse_uint(slice_text("18446744073709551615"), &v) && v == UINT64_MAX);
    CHECK(number_parse_uint(slice_text("10000000000000000000"), &v) && v == UINT64_C(10000000000000000000));
    CHECK(number_parse_uint(slice_text("0"), &v) && v == 0);
    CHECK(!number_parse_uint(slice_text("18446744073709551616"), &v));
    CHECK(!number_parse_uint(slice_text("18446744073709551620"), &v));
    CHECK(!number_parse_uint(slice_text("-1"), &v));
    CHECK(!number_parse_uint(slice_text("00"), &v));
}

TEST(writes_integers)
{
    struct random r;
    char out[NUMBER_INT_MAX], want[NUMBER_INT_MAX];
    random_init(&r, 1, "int");
    for (int i = 0; i < 100000; i++) {
        int64_t v = (int64_t)random_next(&r) >> random_below(&r, 64);
        if (i < 2000) v = i - 1000;
        if (i == 2000) v = INT64_MIN;
        if (i == 2001) v = INT64_MAX;
        size_t size = number_format_int(out, v);
        REQUIRE((int)size == snprintf(want, sizeof want, "%" PRId64, v));
        REQUIRE(memcmp(out, want, size) == 0);
        int64_t back;
        REQUIRE(number_parse_int(slice_of(out, size), &back) && back == v);
    }
    for (int64_t power = 1; power < INT64_MAX / 10; power *= 10) {
        for (int64_t v = power - 1; v <= power; v++) {
            size_t size = number_format_int(out, -v);
            REQUIRE((int)size == snprintf(want, sizeof want, "%" PRId64, -v));
        }
    }
}

static bool is_double(const char *text, double want)
{
    double v;
    return number_parse_double(slice_text(text), &v) && v == want && signbit(v) == signbit(want);
}

TEST(reads_doubles)
{
    CHECK(is_double("0", 0));
    CHECK(is_double("-0", -0.0));
    CHECK(is_double("3.14", 3.14));
    CHECK(is_double("-3.140", -3.14));
    CHECK(is_double("+1.5", 1.5));
    CHECK(is_double(".5", 0.5));
    CHECK(is_double("5.", 5));
    CHECK(is_double("1e3", 1000));
    CHECK(is_double("1E-7", 1e-7));
    CHECK(is_double("123456789012345", 123456789012345.0));
    CHECK(is_double("0.00000000000001", 1e-14));
    CHECK(is_double("17976931348623157e292", 1.7976931348623157e308));
    CHECK(is_double("4.9e-324", 4.9e-324));
    CHECK(is_double("inf", (double)INFINITY));
    CHECK(is_double("-inf", -(double)INFINITY));
    CHECK(is_double("+Infinity", (double)INFINITY));
    CHECK(is_double("0x10", 16));
}

TEST(refuses_other_doubles)
{
    static const char *const texts[] = {"",       " 1",    "1 ",  "\t1",    "nan",    "-nan",
                                        "nan(1)", ".",     "-",   "1e400",  "1e",     "abc",
                                        "1,5",    "1.2.3", "--1", "-1e400", "1e-400", "1\n"};
    double v;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(!number_parse_double(slice_text(texts[i]), &v));
    CHECK(!number_parse_double(slice_of("1\0", 2), &v));
    CHECK(!number_parse_double(slice_of(NULL, 0), &v));
    static char longest[6000];
    memset(longest, '1', sizeof longest);
    CHECK(!number_parse_double(slice_of(longest, sizeof longest), &v));
    CHECK(number_parse_double(slice_of(longest, 300), &v));
}

static const char *written(double value)
{
    static char out[NUMBER_DOUBLE_MAX];
    out[number_format_double(out, value)] = '\0';
    return out;
}

TEST(writes_doubles)
{
    CHECK_EQ_STR(written(3), "3");
    CHECK_EQ_STR(written(-3), "-3");
    CHECK_EQ_STR(written(0), "0");
    CHECK_EQ_STR(written(-0.0), "-0");
    CHECK_EQ_STR(written(0.1), "0.1");
    CHECK_EQ_STR(written(-1.5), "-1.5");
    CHECK_EQ_STR(written(3.14), "3.14");
    CHECK_EQ_STR(written(1.05), "1.05");
    CHECK_EQ_STR(written(0.1 + 0.2), "0.30000000000000004");
    CHECK_EQ_STR(written(1e15), "1000000000000000");
    CHECK_EQ_STR(written(0x1p53), "9007199254740992");
    CHECK_EQ_STR(written(1e17), "1e+17");
    CHECK_EQ_STR(written(1e21), "1e+21");
    CHECK_EQ_STR(written(0.0001), "0.0001");
    CHECK_EQ_STR(written(0.00001), "1e-05");
    CHECK_EQ_STR(written(1.7976931348623157e308), "1.7976931348623157e+308");
    CHECK_EQ_STR(written(4.9e-324), "4.94065645841247e-324");
    CHECK_EQ_STR(written((double)INFINITY), "inf");
    CHECK_EQ_STR(written(-(double)INFINITY), "-inf");
    CHECK_EQ_STR(written((double)NAN), "nan");
}

/* The shortest of %.15g, %.16g, %.17g that reads back. */
static void by_library(char out[NUMBER_DOUBLE_MAX], double value)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_DOUBLE_MAX, "%.*g", digits, value);
        if (strtod(out, NULL) == value) return;
    }
}

TEST(writes_doubles_as_the_library_would)
{
    struct random r;
    char want[NUMBER_DOUBLE_MAX];
    random_init(&r, 1, "double");
    for (int i = 0; i < 200000; i++) {
        double value = random_unit(&r) * pow(10, (double)random_below(&r, 40) - 20);
        if (i % 4 == 1)
            value = (double)(int64_t)random_below(&r, 1000000000) / pow(10, (double)random_below(&r, 14));
        if (i % 4 == 2) value = nextafter(value, 0);
        if (i % 4 == 3) {
            uint64_t bits = random_next(&r);
            memcpy(&value, &bits, sizeof value);
        }
        if (isnan(value) || value == floor(value)) continue;
        by_library(want, value);
        CHECK_EQ_STR(written(value), want);
        double back;
        REQUIRE(number_parse_double(slice_text(want), &back) || fabs(value) < 2.3e-308);
        REQUIRE(fabs(value) < 2.3e-308 || back == value);
    }
}

TEST(long_doubles)
{
    static char out[NUMBER_LONG_DOUBLE_MAX];
    static const struct {
        const char *text, *want;
    } cases[] = {{"3", "3"},
                 {"3.0", "3"},
                 {"10.50", "10.5"},
                 {"-0", "0"},
                 {"5.0e3", "5000"},
                 {"200", "200"},
                 {"1e-17", "0.00000000000000001"},
                 {"1e-18", "0"},
                 {"-1.25", "-1.25"},
                 {"0.1", "0.1"},
                 {"1e20", "100000000000000000000"}};
    if (!test_has_long_doubles()) return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long double v;
        REQUIRE(number_parse_long_double(slice_text(cases[i].text), &v));
        out[number_format_long_double(out, v)] = '\0';
        CHECK_EQ_STR(out, cases[i].want);
    }
    long double v;
    CHECK(!number_parse_long_double(slice_text(" 1"), &v));
    CHECK(!number_parse_long_double(slice_text("nan"), &v));
    CHECK(!number_parse_long_double(slice_text("1e5000"), &v));
    CHECK(!number_parse_long_double(slice_text(""), &v));
    REQUIRE(number_parse_long_double(slice_text("-inf"), &v));
    out[number_format_long_double(out, v)] = '\0';
    CHECK_EQ_STR(out, "-inf");
    REQUIRE(number_parse_long_double(slice_text("1e4900"), &v));
    CHECK_EQ_INT(number_format_long_double(out, v), 4901);
}

TEST(sizes)
{
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {{"0", 0},           {"12", 12},      {"12b", 12},      {"1k", 1000},      {"1KB", 1024},
                {"64mb", 67108864}, {"1M", 1000000}, {"1gb", 1 << 30}, {"2G", 2000000000}};
    static const char *const bad[] = {"",     "kb",    "-1",           "1 kb",
                                      "1kbb", "1.5gb", "9999999999gb", "99999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t v = -1;
        CHECK(number_parse_size(slice_text(good[i].text), &v));
        CHECK_EQ_INT(v, good[i].want);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t v;
        CHECK(!number_parse_size(slice_text(bad[i]), &v));
    }
}

TEST(any_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ps_AF", "ps_AF.UTF-8"};
    static char out[NUMBER_LONG_DOUBLE_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_NUMERIC, names[i])) continue; /* not installed here */
        CHECK(is_double("0.30000000000000004", 0.1 + 0.2));
        double v;
        CHECK(!number_parse_double(slice_text("1,5"), &v));
        CHECK_EQ_STR(written(0.1 + 0.2), "0.30000000000000004");
        CHECK_EQ_STR(written(1.7976931348623157e308), "1.7976931348623157e+308");
        long double l;
        REQUIRE(number_parse_long_double(slice_text("1.25"), &l));
        out[number_format_long_double(out, l)] = '\0';
        CHECK_EQ_STR(out, "1.25");
    }
    setlocale(LC_NUMERIC, "C");
}

TEST_MAIN()
