/* Downloads of data sets: mirrors, resume, and a pinned SHA-256 before a file gets its name. */
#ifndef PB_DATA_FETCH_H
#define PB_DATA_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "data/registry.h"

/** Called several times a second while a file comes; total_bytes is 0 while unknown. Bytes count
 * what is on disk, so a resumed file starts beyond 0. Returning false stops with PB_INTERRUPTED;
 * what came so far is kept for a resume. */
typedef bool pb_fetch_progress(void *user, const char *file, uint64_t done_bytes,
                               uint64_t total_bytes);

/** Fetches the data set `name` into `folder` (NULL: ~/.local/share/passband/<name>), from
 * $PASSBAND_MIRROR where it is set, else from the row's mirrors. Files already there and right are
 * kept. `progress` may be NULL. PB_ERR_DATA when no mirror gives a file with the pinned SHA-256, or
 * when the data set comes another way (the sentence says which); PB_ERR_IO when it cannot be
 * stored. */
pb_status pb_data_fetch(pb_context *ctx, const char *name, const char *folder,
                        pb_fetch_progress *progress, void *user);

/** When a mirror is given up. */
typedef struct pb_fetch_patience {
    long connect_ms;    /* no connection within that time                       */
    long stall_seconds; /* less than 1 KiB a second for that long               */
    int rounds;         /* times that every mirror is tried                     */
    long pause_ms;      /* before the second and each later round               */
} pb_fetch_patience;

/** The same for any row and patience: what pb_data_fetch calls with the registry's row. */
pb_status pb_data_fetch_row(pb_context *ctx, const pb_data_row *row, const char *folder,
                            const pb_fetch_patience *patience, pb_fetch_progress *progress,
                            void *user);

#endif
