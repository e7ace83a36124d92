/* One file over HTTP by libcurl, resumed where it broke off. */
#ifndef PB_DATA_DOWNLOAD_H
#define PB_DATA_DOWNLOAD_H

#include "data/fetch.h"

typedef struct pb_download {
    const char *url;
    const char *part;     /* where it grows; what lies there already is continued */
    const char *label;    /* the file's name for `progress`                       */
    uint64_t limit_bytes; /* more than that is an error                           */
    const pb_fetch_patience *patience;
    pb_fetch_progress *progress;
    void *user;
} pb_download;

/** PB_OK when the server has sent all of it; what came before an error stays in `part`. PB_ERR_DATA
 *  when the server failed (another try may help unless `*is_gone`: it does not have the file),
 *  PB_ERR_IO when `part` cannot be written, PB_ERR_RUN where libcurl is missing, PB_INTERRUPTED when `progress` said so. */
pb_status pb_download_run(pb_context *ctx, const pb_download *job, bool *is_gone);

#endif
