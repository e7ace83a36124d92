/* index.html: a self-contained page of one run or of a comparison. */
#ifndef PB_REPORT_PAGE_H
#define PB_REPORT_PAGE_H

#include "base/arena.h"
#include "report/record.h"

/** Appends text with &, <, >, " and ' escaped. */
void pb_html_escape(pb_text *out, const char *text);
/** Begins a page: its title and a line below it. */
void pb_page_open(pb_text *out, const char *title, const char *line);
/** Appends what the ensemble of a run and its members came to, where it has one. */
void pb_page_ensemble(pb_text *out, const pb_record *run);
/** Appends the pictures that `folder`/plots holds. */
void pb_page_pictures(pb_text *out, const char *folder);
/** Ends a page and writes it as `folder`/index.html. Clears it. */
pb_status pb_page_save(pb_context *ctx, const char *folder, pb_text *page);
/** Writes `folder`/index.html, with the pictures that `folder`/plots holds. */
pb_status pb_page_run(pb_context *ctx, const pb_record *run, const char *folder);
pb_status pb_page_compare(pb_context *ctx, int count, const pb_record runs[], const char *folder);

#endif
