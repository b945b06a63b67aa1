/* crc64.h: CRC-64 with the Jones polynomial, reflected, init 0: the checksum at the end of RDB files. */
#ifndef TIDELOCK_BASE_CRC64_H
#define TIDELOCK_BASE_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 at the start) over `size` bytes. Sliced by 8, tables are const data. */
uint64_t crc64(uint64_t crc, const void *data, size_t size);

#endif
