/* SHA-256 by libcrypto. */
#include <stdio.h>

#include <openssl/evp.h>

#include "base/file.h"

void pb_sha256_hex(const void *data, size_t bytes, char hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    hex[0] = '\0';
    if (!EVP_Digest(data, bytes, digest, &length, EVP_sha256(), NULL) || length != 32) return;
    for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
