/* Libraries that few commands need and that take long to load: opened by those who need them. */
#ifndef PB_BASE_LIBRARY_H
#define PB_BASE_LIBRARY_H

#include <passband/status.h>

/** A function of a library, and the address of the pointer that is to point at it. */
typedef struct pb_library_function {
    const char *name;
    void *pointer;
} pb_library_function;

/** Opens a library by its SONAME, for as long as the process lives, and finds `count` functions of it. PB_ERR_RUN with the
 *  loader's sentence where it or one of them is missing. */
pb_status pb_library_load(pb_context *ctx, const char *name, int count, const pb_library_function functions[]);

#endif
