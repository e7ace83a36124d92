/* Status codes, the context that carries the sentence of the last error, and logging. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/status.h>

struct pb_context {
    char *sentence; /* of the last error, on the heap; NULL when there was none or memory was out */
    pb_status last; /* its code, whose general message stands in when there is no sentence */
    pb_log_level level;
    pb_log_sink *sink;
    void *sink_user;
};

typedef struct status_row {
    const char *name, *message;
    int exit_code;
} status_row;

static const status_row status_rows[] = {
#define STATUS_ROW(id, code, text) {.name = #id, .message = text, .exit_code = code},
    PB_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

static const status_row *row_of(pb_status status)
{
    static const status_row unknown = {"UNKNOWN", "an unknown status", 1};
    const size_t index = (size_t)status;
    return index < sizeof status_rows / sizeof *status_rows ? &status_rows[index] : &unknown;
}

const char *pb_status_name(pb_status status)
{
    return row_of(status)->name;
}

const char *pb_status_message(pb_status status)
{
    return row_of(status)->message;
}

int pb_status_exit_code(pb_status status)
{
    return row_of(status)->exit_code;
}

pb_context *pb_context_create(void)
{
    return calloc(1, sizeof(pb_context));
}

void pb_context_free(pb_context **ctx)
{
    if (!ctx || !*ctx) return;
    free((*ctx)->sentence);
    free(*ctx);
    *ctx = NULL;
}

/* A formatted string on the heap; NULL when memory is out. */
static char *format_text(const char *format, va_list args) PB_PRINTF(1, 0);
static char *format_text(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return NULL;
    char *text = malloc((size_t)length + 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

pb_status pb_fail_va(pb_context *ctx, pb_status code, const char *format, va_list args)
{
    if (!ctx) return code;
    /* The old sentence may be among the arguments, so it goes last. */
    char *sentence = format_text(format, args);
    free(ctx->sentence);
    ctx->sentence = sentence;
    ctx->last = code;
    return code;
}

pb_status pb_fail(pb_context *ctx, pb_status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_fail_va(ctx, code, format, args);
    va_end(args);
    return code;
}

pb_status pb_fail_prefix(pb_context *ctx, pb_status code, const char *format, ...)
{
    if (!ctx) return code;
    va_list args;
    va_start(args, format);
    char *words = format_text(format, args);
    va_end(args);
    if (words) {
        const char *sentence = ctx->sentence ? ctx->sentence : pb_status_message(code);
        pb_fail(ctx, code, "%s: %s", words, sentence);
        free(words);
    }
    return code;
}

const char *pb_error(const pb_context *ctx)
{
    if (!ctx) return "";
    if (ctx->sentence) return ctx->sentence;
    return ctx->last == PB_OK ? "" : pb_status_message(ctx->last);
}

void pb_log_to(pb_context *ctx, pb_log_level level, pb_log_sink *sink, void *user)
{
    if (!ctx) return;
    ctx->level = level;
    ctx->sink = sink;
    ctx->sink_user = user;
}

void pb_log(pb_context *ctx, pb_log_level level, const char *format, ...)
{
    if (!ctx || !ctx->sink || level > ctx->level) return;
    va_list args;
    va_start(args, format);
    char *line = format_text(format, args);
    va_end(args);
    if (line) ctx->sink(ctx->sink_user, level, line);
    free(line);
}
