/* The fixed beginning of a compressed data set. */
#include <string.h>

#include <zlib.h>

#include "data/pbz.h"

static const unsigned char magic[8] = {0x89, 'P', 'B', 'Z', '\r', '\n', 0x1a, '\n'};

void pb_put_u32(unsigned char *to, uint32_t number)
{
    for (int i = 0; i < 4; i++) to[i] = (unsigned char)(number >> 8 * i);
}

uint32_t pb_get_u32(const unsigned char *from)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) number |= (uint32_t)from[i] << 8 * i;
    return number;
}

static uint32_t sum_of(const unsigned char prefix[PB_PBZ_PREFIX_BYTES])
{
    return (uint32_t)crc32(0, prefix, PB_PBZ_PREFIX_BYTES - 4);
}

void pb_pbz_prefix_put(const pb_pbz_prefix *p, unsigned char to[PB_PBZ_PREFIX_BYTES])
{
    const uint32_t fields[] = {
        PB_PBZ_VERSION,
        p->header_bytes,
        p->header_crc32,
        p->entries,
        p->table_crc32,
        p->arrays_bytes,
        p->arrays_crc32,
        (uint32_t)p->file_bytes,
        (uint32_t)(p->file_bytes >> 32),
        0,
    };
    memcpy(to, magic, sizeof magic);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        pb_put_u32(to + sizeof magic + 4 * i, fields[i]);
    pb_put_u32(to + PB_PBZ_PREFIX_BYTES - 4, sum_of(to));
}

pb_status pb_pbz_prefix_get(pb_context *ctx, const char *path,
                            const unsigned char from[PB_PBZ_PREFIX_BYTES], pb_pbz_prefix *p)
{
    uint32_t field[10];
    if (memcmp(from, magic, sizeof magic) != 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is not a compressed data set", path);
    if (pb_get_u32(from + PB_PBZ_PREFIX_BYTES - 4) != sum_of(from))
        return pb_fail(ctx, PB_ERR_DATA, "%s: its first %d bytes are damaged", path,
                       PB_PBZ_PREFIX_BYTES);
    for (int i = 0; i < 10; i++) field[i] = pb_get_u32(from + sizeof magic + 4 * i);
    if (field[0] != PB_PBZ_VERSION)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is of version %lu of the format, %d is understood",
                       path, (unsigned long)field[0], PB_PBZ_VERSION);
    *p = (pb_pbz_prefix){
        .header_bytes = field[1],
        .header_crc32 = field[2],
        .entries = field[3],
        .table_crc32 = field[4],
        .arrays_bytes = field[5],
        .arrays_crc32 = field[6],
        .file_bytes = field[7] | (uint64_t)field[8] << 32,
    };
    return PB_OK;
}
