/* tar archives, read from front to end; gzip around them is unpacked on the way.
 * Source: POSIX.1-1988, ustar: a header of 512 bytes, then the file, filled up to whole blocks. */
#ifndef PB_DATA_TAR_H
#define PB_DATA_TAR_H

#include <stdbool.h>

#include "data/packed.h"

/** A file of an archive, or another member. */
typedef struct pb_tar_member {
    char name[101]; /* without folders in front of it */
    uint64_t bytes;
    bool is_file;
} pb_tar_member;

/** Reads the next header; `*more` is false where the archive ends. The caller reads or skips all
 * bytes of a member, then calls pb_tar_skip with those that fill its last block. PB_ERR_DATA,
 * naming the archive, where a header is none. */
pb_status pb_tar_next(pb_context *ctx, pb_packed *archive, pb_tar_member *member, bool *more);
/** Reads so many bytes and forgets them. */
pb_status pb_tar_skip(pb_context *ctx, pb_packed *archive, uint64_t bytes);
/** Bytes behind a member of that size, up to a whole block. */
uint64_t pb_tar_padding(uint64_t bytes);

#endif
