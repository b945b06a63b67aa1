/* sha256.h: the SHA-256 digest of a text: passwords are shown as theirs, never as they are. */
#ifndef TIDELOCK_BASE_SHA256_H
#define TIDELOCK_BASE_SHA256_H

#include "base/bytes.h"

enum { SHA256_HEX = 64 };

/* Writes it in lower-case hex, and a NUL. */
void sha256_hex(struct slice text, char out[SHA256_HEX + 1]);

#endif
