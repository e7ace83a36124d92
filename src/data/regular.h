/* Opening what must be a regular file. */
#ifndef PB_DATA_REGULAR_H
#define PB_DATA_REGULAR_H

#include <stdint.h>

#include <passband/status.h>

/** Opens a file for reading; a folder, pipe or device is PB_ERR_DATA, and none of them can hang the
 *  open. Close `*descriptor` with close() or hand it to a stream. */
pb_status pb_regular_open(pb_context *ctx, const char *path, int *descriptor, uint64_t *bytes);

#endif
