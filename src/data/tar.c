#include "data/tar.h"

#include <string.h>

enum { BLOCK = 512, NAME = 100, SIZE_AT = 124, SIZE = 12, SUM_AT = 148, SUM = 8, TYPE_AT = 156 };

/* Octal digits between spaces and NULs; false: something else is there. */
static bool read_octal(const unsigned char *text, int length, uint64_t *number)
{
    int i = 0, digits = 0;
    *number = 0;
    while (i < length && text[i] == ' ') i++;
    for (; i < length && text[i] >= '0' && text[i] <= '7'; i++, digits++)
        *number = *number << 3 | (uint64_t)(text[i] - '0');
    while (i < length && (text[i] == ' ' || text[i] == '\0')) i++;
    return digits > 0 && i == length;
}

/* The sum of all bytes of a header, its own place counted as spaces. */
static bool has_sum(const unsigned char *header)
{
    uint64_t wanted, sum = 0;
    for (int i = 0; i < BLOCK; i++) sum += i >= SUM_AT && i < SUM_AT + SUM ? ' ' : header[i];
    return read_octal(header + SUM_AT, SUM, &wanted) && wanted == sum;
}

static bool is_zero(const unsigned char *block)
{
    for (int i = 0; i < BLOCK; i++)
        if (block[i] != 0) return false;
    return true;
}

pb_status pb_tar_next(pb_context *ctx, pb_packed *archive, pb_tar_member *member, bool *more)
{
    unsigned char header[BLOCK];
    PB_TRY(pb_packed_read(ctx, archive, header, sizeof header));
    *more = !is_zero(header);
    if (!*more) return PB_OK;
    if (!has_sum(header) || !read_octal(header + SIZE_AT, SIZE, &member->bytes))
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: is no tar archive, or damaged: there is no header at byte %llu",
                       archive->path, (unsigned long long)(archive->read_bytes - BLOCK));
    char path[NAME + 1] = "";
    memcpy(path, header, NAME);
    const char *slash = strrchr(path, '/');
    strcpy(member->name, slash ? slash + 1 : path);
    member->is_file = header[TYPE_AT] == '0' || header[TYPE_AT] == '\0';
    if (!member->is_file) member->bytes = 0; /* folders and links have nothing behind them */
    return PB_OK;
}

pb_status pb_tar_skip(pb_context *ctx, pb_packed *archive, uint64_t bytes)
{
    unsigned char block[8 * BLOCK];
    while (bytes > 0) {
        const size_t now = bytes < sizeof block ? (size_t)bytes : sizeof block;
        PB_TRY(pb_packed_read(ctx, archive, block, now));
        bytes -= now;
    }
    return PB_OK;
}

uint64_t pb_tar_padding(uint64_t bytes)
{
    return (BLOCK - bytes % BLOCK) % BLOCK;
}
