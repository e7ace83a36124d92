/* Status codes, the context that carries the sentence of the last error, and logging. */
#ifndef PASSBAND_STATUS_H
#define PASSBAND_STATUS_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PB_PRINTF(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define PB_PRINTF(format_index, first_argument)
#endif

/* One list makes the code, its name, the exit code of the program and the general message. */
#define PB_STATUS_MAP(X)                                                 \
    X(OK, 0, "done")                                                     \
    X(ERR_RUN, 1, "the run failed")                                      \
    X(ERR_IO, 1, "a file could not be read or written")                  \
    X(ERR_MEMORY, 1, "out of memory")                                    \
    X(ERR_NOT_FINITE, 1, "a value is not finite")                        \
    X(ERR_INTERNAL, 1, "passband made a mistake")                        \
    X(ERR_USAGE, 2, "the command line is wrong")                         \
    X(ERR_CONFIG, 2, "the configuration is wrong")                       \
    X(ERR_SHAPE, 2, "shapes do not fit")                                 \
    X(ERR_GRADIENT, 2, "an op has no gradient")                          \
    X(ERR_DEVICE, 3, "no usable OpenCL device")                          \
    X(ERR_DATA, 4, "the data set is damaged or missing")                 \
    X(INTERRUPTED, 130, "interrupted")

typedef enum pb_status {
#define PB_STATUS_ENUM(name, exit_code, message) PB_##name,
    PB_STATUS_MAP(PB_STATUS_ENUM)
#undef PB_STATUS_ENUM
} pb_status;

/** Name of a status without its prefix, such as "ERR_SHAPE". Never NULL. */
const char *pb_status_name(pb_status status);
/** General message of a status. Never NULL. */
const char *pb_status_message(pb_status status);
/** Exit code the command line ends with: 0, 1, 2, 3, 4 or 130. */
int pb_status_exit_code(pb_status status);

typedef enum pb_log_level { PB_LOG_ERROR, PB_LOG_WARN, PB_LOG_INFO, PB_LOG_DEBUG } pb_log_level;

/** Receives one log line without a newline. */
typedef void pb_log_sink(void *user, pb_log_level level, const char *line);

/** Everything that is shared between calls hangs off a context that the caller made; there are no globals.
 *  A context is used by one thread at a time. */
typedef struct pb_context pb_context;

/** @return a new context, or NULL when memory is out. Free it with pb_context_free. */
pb_context *pb_context_create(void);
/** Frees the context and clears the pointer; takes NULL. */
void pb_context_free(pb_context **ctx);

/** Records the sentence of an error and returns its code, so that `return pb_fail(...)` is one line. */
pb_status pb_fail(pb_context *ctx, pb_status code, const char *format, ...) PB_PRINTF(3, 4);
pb_status pb_fail_va(pb_context *ctx, pb_status code, const char *format, va_list args);
/** Puts words and ": " before the recorded sentence (a file name, say) and returns the code unchanged. */
pb_status pb_fail_prefix(pb_context *ctx, pb_status code, const char *format, ...) PB_PRINTF(3, 4);
/** The sentence of the last error; "" when there was none. Owned by the context. */
const char *pb_error(const pb_context *ctx);

/** Sends log lines up to `level` to `sink`; the default sink is none: the library never prints. */
void pb_log_to(pb_context *ctx, pb_log_level level, pb_log_sink *sink, void *user);
void pb_log(pb_context *ctx, pb_log_level level, const char *format, ...) PB_PRINTF(3, 4);

/** Passes an error on to the caller. */
#define PB_TRY(call)                          \
    do {                                      \
        const pb_status pb_try_ = (call);     \
        if (pb_try_ != PB_OK) return pb_try_; \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
