/* SHA-256 by libcrypto. */
#include <stdio.h>

#include <openssl/evp.h>

#include "base/file.h"

struct pb_sha256 {
    EVP_MD_CTX *digest;
    int good;
};

pb_sha256 *pb_sha256_begin(void)
{
    pb_sha256 *sum = OPENSSL_zalloc(sizeof *sum);
    if (!sum) return NULL;
    sum->digest = EVP_MD_CTX_new();
    sum->good = sum->digest && EVP_DigestInit_ex(sum->digest, EVP_sha256(), NULL);
    return sum;
}

void pb_sha256_add(pb_sha256 *sum, const void *data, size_t bytes)
{
    if (sum && sum->good) sum->good = EVP_DigestUpdate(sum->digest, data, bytes);
}

void pb_sha256_end(pb_sha256 *sum, char hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    hex[0] = '\0';
    if (!sum) return;
    if (sum->good && EVP_DigestFinal_ex(sum->digest, digest, &length) && length == 32)
        for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    EVP_MD_CTX_free(sum->digest);
    OPENSSL_free(sum);
}

void pb_sha256_hex(const void *data, size_t bytes, char hex[65])
{
    pb_sha256 *sum = pb_sha256_begin();
    pb_sha256_add(sum, data, bytes);
    pb_sha256_end(sum, hex);
}
