/* CRC-64/Jones against known values and a bit by bit reference. */
#include "base/crc64.h"
#include "test.h"

static uint64_t reference(uint64_t crc, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x95ac9329ac4bc9b5 : 0);
    }
    return crc;
}

TEST(known_values)
{
    static const char lorem[] =
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore "
        "et "
        "dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut "
        "aliquip "
        "ex ea commodo consequat. Duis aute irure dolor in reprehenderit in voluptate velit esse cillum "
        "dolore eu "
        "fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia "
        "deserunt mollit anim id est laborum.";
    CHECK(crc64(0, "123456789", 9) == 0xe9c6d914c4b8d9ca);
    CHECK(crc64(0, lorem, sizeof lorem) == 0xc7794709e69683b3); /* with its NUL, as in Redis's own test */
    CHECK(crc64(0, NULL, 0) == 0);
}

TEST(every_length_and_alignment)
{
    uint8_t in[300];
    for (int i = 0; i < 300; i++) in[i] = (uint8_t)(i * 151 + 7);
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t size = 0; size < 280; size++)
            REQUIRE(crc64(size, in + offset, size) == reference(size, in + offset, size));
}

TEST(continues_where_it_stopped)
{
    uint8_t in[100];
    for (int i = 0; i < 100; i++) in[i] = (uint8_t)(i * 3);
    for (size_t cut = 0; cut <= 100; cut++)
        CHECK(crc64(crc64(0, in, cut), in + cut, 100 - cut) == crc64(0, in, 100));
}

TEST_MAIN()
