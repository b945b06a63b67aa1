/* Histograms: what is below a power of two is exact, what is read as a percentile right to within an eighth.
 *
 * SPDX-License-Identifier: MIT */
#include "base/histogram.h"
#include "base/random.h"
#include "test.h"

TEST(counting_below_powers_of_two)
{
    struct histogram h = {0};
    struct random r;
    int64_t below[50] = {0};
    random_init(&r, 1, "histogram");
    for (int i = 0; i < 20000; i++) {
        uint64_t value = random_next(&r) >> (24 + random_below(&r, 40));
        histogram_add(&h, value, 1);
        for (int power = 0; power < 50; power++) below[power] += value >> power == 0;
    }
    CHECK_EQ_INT(h.count, 20000);
    for (int power = 0; power < 50; power++) CHECK_EQ_INT(histogram_below(&h, power), below[power]);
}

TEST(percentiles)
{
    struct histogram h = {0};
    CHECK_EQ_INT(histogram_percentile(&h, 50), 0);
    for (uint64_t value = 1; value <= 100000; value++) histogram_add(&h, value, 1);
    for (int percent = 1; percent <= 100; percent++) {
        double got = (double)histogram_percentile(&h, percent), want = percent * 1000.0;
        CHECK(got >= want && got <= want * 1.125 + 1);
    }
}

TEST(small_and_large_values)
{
    struct histogram h = {0};
    histogram_add(&h, 0, 3);
    histogram_add(&h, 7, 1);
    CHECK_EQ_INT(histogram_percentile(&h, 50), 0);
    CHECK_EQ_INT(histogram_percentile(&h, 100), 7);
    histogram_add(&h, UINT64_MAX, 1);
    CHECK_EQ_INT(histogram_percentile(&h, 100), (INT64_C(1) << 40) - 1);
    CHECK_EQ_INT(histogram_below(&h, 39), 4);
    CHECK_EQ_INT(histogram_below(&h, 60), 5);
}

TEST_MAIN()
