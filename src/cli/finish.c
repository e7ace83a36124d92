/* After training. */
#include "cli/finish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <passband/report.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

pb_status pb_cli_forgive_gnuplot(pb_cli *cli, pb_status status)
{
    if (status != PB_ERR_RUN) return status;
    pb_log(cli->ctx, PB_LOG_WARN, "%s", pb_error(cli->ctx));
    return PB_OK;
}

pb_status pb_cli_draw_run(pb_cli *cli, const char *folder)
{
    return pb_cli_forgive_gnuplot(cli, pb_report_run(cli->ctx, folder));
}

pb_status pb_cli_draw_comparison(pb_cli *cli, int count, const char *const runs[],
                                 const char *folder)
{
    return pb_cli_forgive_gnuplot(cli, pb_report_compare(cli->ctx, count, runs, folder));
}

char *pb_cli_comparison_folder(pb_cli *cli)
{
    return pb_cli_dated_folder(cli, "compare");
}

char *pb_cli_dated_folder(pb_cli *cli, const char *kind)
{
    struct tm now;
    char date[32];
    const time_t seconds = time(NULL);
    localtime_r(&seconds, &now);
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", &now);
    if (pb_folder_make(cli->ctx, "runs")) return NULL;
    for (int attempt = 1;; attempt++) {
        pb_text path = {0};
        pb_text_append(&path, "runs/%s-%s", kind, date);
        if (attempt > 1) pb_text_append(&path, "-%d", attempt);
        if (path.failed) {
            pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
            return NULL;
        }
        if (mkdir(path.text, 0777) == 0) return path.text;
        if (errno != EEXIST) {
            pb_fail(cli->ctx, PB_ERR_IO, "%s: the folder cannot be made: %s", path.text,
                    strerror(errno));
            pb_text_free(&path);
            return NULL;
        }
        pb_text_free(&path);
    }
}

const char *pb_cli_trace(const pb_cli *cli)
{
    const char *file = pb_cli_value(cli, "profile");
    return file && *file ? file : NULL;
}

static double number_of(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

typedef struct profile_row {
    const char *kernel;
    double calls, seconds, gflops, gigabytes, share;
} profile_row;

static void print_row(const profile_row *r, int width)
{
    printf("%-*s  %9.0f  %10.2f  %8.2f  %7.2f  %5.1f %%\n", width, r->kernel, r->calls,
           1e3 * r->seconds, r->gflops / r->seconds, r->gigabytes / r->seconds, 100 * r->share);
}

static void add_row(profile_row *sum, const profile_row *r)
{
    sum->calls += r->calls;
    sum->seconds += r->seconds;
    sum->gflops += r->gflops;
    sum->gigabytes += r->gigabytes;
    sum->share += r->share;
}

static profile_row read_row(const json_t *json)
{
    const char *kernel = json_string_value(json_object_get(json, "kernel"));
    const double seconds = number_of(json, "seconds");
    return (profile_row){
        .kernel = kernel ? kernel : "?",
        .calls = number_of(json, "calls"),
        .seconds = seconds,
        .gflops = number_of(json, "gflops_per_second") * seconds,
        .gigabytes = number_of(json, "gigabytes_per_second") * seconds,
        .share = number_of(json, "share"),
    };
}

static void print_rows(const json_t *rows, double least_share)
{
    char others[32];
    int width = (int)strlen("kernel"), hidden = 0;
    profile_row all = {.kernel = "all"}, rest = {.kernel = others};
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const int length = (int)strlen(read_row(json_array_get(rows, i)).kernel);
        if (length > width) width = length;
    }
    printf("%-*s  %9s  %10s  %8s  %7s  %7s\n", width, "kernel", "calls", "time (ms)", "GFLOP/s",
           "GB/s", "share");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const profile_row row = read_row(json_array_get(rows, i));
        add_row(&all, &row);
        if (row.share < least_share) {
            add_row(&rest, &row);
            hidden++;
        } else {
            print_row(&row, width);
        }
    }
    snprintf(others, sizeof others, "%d more", hidden);
    if (hidden) print_row(&rest, width);
    print_row(&all, width);
}

pb_status pb_cli_print_profile(pb_cli *cli, const char *folder)
{
    json_t *json = NULL;
    char *path = pb_path_join(folder, "profile.json");
    if (!path) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    const pb_status status = pb_json_load(cli->ctx, path, &json);
    free(path);
    PB_TRY(status);
    print_rows(json_object_get(json, "kernels"), pb_cli_value(cli, "verbose") ? 0 : 0.005);
    json_decref(json);
    return PB_OK;
}
