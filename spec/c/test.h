/* A small harness for the C specs: one program per spec/c/test_*.c, one line per test.
 *
 *     #include "test.h"
 *
 *     TEST(addition) {
 *         CHECK_EQ_INT(1 + 1, 2);
 *     }
 *
 *     TEST_MAIN()
 *
 * A test fails at its first REQUIRE that does not hold; a CHECK that does not hold is reported and the test goes on.
 * The program prints `ok - name` or `not ok - name (file:line: expression)` for each test and last `# N passed, N failed`;
 * its exit status is 0 if all passed. With arguments, only the tests so named are run.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* what one running test has to say; handed to every test body as `t_` */
struct test {
    const char *name;
    bool failed;
};

struct test_case {
    const char *name;
    void (*run)(struct test *t_);
    struct test_case *next;
};

static struct test_case *test_list __attribute__((unused)) = NULL;
static struct test_case **test_list_end __attribute__((unused)) = &test_list;

/* Whether long doubles have more precision than doubles here: valgrind computes with doubles, and what is written to be
 * exact in 80 bits cannot be checked under it. */
static inline bool test_has_long_doubles(void)
{
    volatile long double one = 1.0L, little = 0x1p-60L;
    volatile long double sum = one + little;
    return sum != one;
}

static inline void test_fail(struct test *t, const char *file, int line, const char *what)
{
    if (!t->failed)
        printf("not ok - %s (%s:%d: %s)\n", t->name, file, line, what);
    else
        printf("#        %s (%s:%d: %s)\n", t->name, file, line, what);
    t->failed = true;
}

static inline bool test_check_int(struct test *t, const char *file, int line, const char *what, long long got,
                                  long long want)
{
    char text[512];
    if (got == want) return true;
    snprintf(text, sizeof text, "%s: got %lld, want %lld", what, got, want);
    test_fail(t, file, line, text);
    return false;
}

static inline bool test_check_mem(struct test *t, const char *file, int line, const char *what,
                                  const void *got, size_t got_size, const void *want, size_t want_size)
{
    char text[1024];
    if (got && got_size == want_size && (want_size == 0 || memcmp(got, want, want_size) == 0)) return true;
    snprintf(text, sizeof text, "%s: got %s%.*s%s (%zu bytes), want \"%.*s\" (%zu bytes)", what,
             got ? "\"" : "", got ? (int)(got_size < 200 ? got_size : 200) : 4,
             got ? (const char *)got : "NULL", got ? "\"" : "", got_size,
             (int)(want_size < 200 ? want_size : 200), (const char *)want, want_size);
    test_fail(t, file, line, text);
    return false;
}

static inline bool test_check_str(struct test *t, const char *file, int line, const char *what,
                                  const char *got, const char *want)
{
    return test_check_mem(t, file, line, what, got, got ? strlen(got) : 0, want, strlen(want));
}

static inline int test_run_all(int argc, char **argv)
{
    size_t passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (const struct test_case *c = test_list; c; c = c->next) {
        struct test t = {c->name, false};
        bool wanted = argc < 2;
        for (int a = 1; a < argc; a++) wanted = wanted || strcmp(argv[a], t.name) == 0;
        if (!wanted) continue;
        c->run(&t);
        if (t.failed) {
            failed++;
        } else {
            passed++;
            printf("ok - %s\n", t.name);
        }
    }
    printf("# %zu passed, %zu failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

/* a test body enters itself, before main, at the end of the program's list */
#define TEST(name)                                                   \
    static void test_##name(struct test *t_);                        \
    __attribute__((constructor)) static void test_enter_##name(void) \
    {                                                                \
        static struct test_case entry = {#name, test_##name, NULL};  \
        *test_list_end = &entry;                                     \
        test_list_end = &entry.next;                                 \
    }                                                                \
    static void test_##name(struct test *t_ __attribute__((unused)))

#define CHECK(expr)                                            \
    do {                                                       \
        if (!(expr)) test_fail(t_, __FILE__, __LINE__, #expr); \
    } while (0)
#define REQUIRE(expr)                                 \
    do {                                              \
        if (!(expr)) {                                \
            test_fail(t_, __FILE__, __LINE__, #expr); \
            return;                                   \
        }                                             \
    } while (0)
#define CHECK_EQ_INT(got, want) \
    ((void)test_check_int(t_, __FILE__, __LINE__, #got " == " #want, (long long)(got), (long long)(want)))
#define CHECK_EQ_STR(got, want) ((void)test_check_str(t_, __FILE__, __LINE__, #got, (got), (want)))
#define CHECK_EQ_MEM(got, got_size, want, want_size) \
    ((void)test_check_mem(t_, __FILE__, __LINE__, #got, (got), (got_size), (want), (want_size)))

#define TEST_MAIN() \
    int main(int argc, char **argv) { return test_run_all(argc, argv); }

#endif
