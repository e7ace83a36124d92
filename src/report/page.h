/* index.html: a self-contained page of one run or of a comparison. */
#ifndef PB_REPORT_PAGE_H
#define PB_REPORT_PAGE_H

#include "base/arena.h"
#include "report/record.h"

/** Appends text with &, <, >, " and ' escaped. */
void pb_html_escape(pb_text *out, const char *text);
/** Writes `folder`/index.html, with the pictures that `folder`/plots holds. */
pb_status pb_page_run(pb_context *ctx, const pb_record *run, const char *folder);
pb_status pb_page_compare(pb_context *ctx, int count, const pb_record runs[], const char *folder);

#endif
