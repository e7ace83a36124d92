/* Pages of memory. */
#ifndef PB_BASE_PAGES_H
#define PB_BASE_PAGES_H

#include <stddef.h>

/** Asks for large pages in memory that was not touched yet: the system fills a page when it is first touched, which takes
 *  longer for five hundred small ones than for one of 2 MiB. Nothing comes of it where there are none. */
void pb_pages_large(void *memory, size_t bytes);
/** Gives the pages that lie within `memory` back to the system: what they hold is lost, the memory stays the owner's. */
void pb_pages_release(void *memory, size_t bytes);

#endif
