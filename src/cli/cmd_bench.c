/* passband bench: measures a device, operations or training steps, or compares what was measured.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <passband/bench.h>
#include <passband/report.h>

#include "base/file.h"
#include "base/number.h"
#include "base/options.h"
#include "base/yaml.h"
#include "cli/finish.h"
#include "cli/terminal.h"

/* ---- options ---- */

typedef enum output_format { MARKDOWN, CSV, JSON, FORMATS } output_format;
static const char *const format_names[FORMATS] = {"md", "csv", "json"};

static pb_status find_format(pb_cli *cli, const char *name, const char *where,
                             output_format *format)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(format_names[i], name) == 0) {
            *format = (output_format)i;
            return PB_OK;
        }
    return pb_fail(cli->ctx, PB_ERR_USAGE, "bench: %s must be md, csv or json, not %s", where,
                   name);
}

static pb_status read_format(pb_cli *cli, output_format *format)
{
    const char *name = pb_cli_value(cli, "format");
    *format = MARKDOWN;
    return name ? find_format(cli, name, "--format", format) : PB_OK;
}

/* A file's format is the ending of its name. */
static pb_status read_output(pb_cli *cli, output_format *format)
{
    const char *file = pb_cli_value(cli, "output");
    const char *dot = file ? strrchr(file, '.') : NULL;
    if (!file) return PB_OK;
    if (dot && !strchr(dot, '/'))
        return find_format(cli, dot + 1, "the end of --output's name", format);
    return pb_fail(cli->ctx, PB_ERR_USAGE,
                   "bench: --output %s must end in .md, .csv or .json, which says its format",
                   file);
}

static pb_status read_seconds(pb_cli *cli, const char *option, double least, double *seconds)
{
    const char *text = pb_cli_value(cli, option);
    double number;
    if (!text) return PB_OK;
    if (pb_number_float(text, &number) != PB_NUMBER_OK || number < least || number > 3600)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "bench: --%s must be seconds from %g to 3600, not %s", option, least, text);
    *seconds = number;
    return PB_OK;
}

static pb_status read_numbers(pb_cli *cli, pb_bench_options *o)
{
    o->warm_up_seconds = -1;
    PB_TRY(pb_cli_count(cli, "repetitions", 100000, &o->repetitions));
    PB_TRY(read_seconds(cli, "warm-up", 0, &o->warm_up_seconds));
    PB_TRY(read_seconds(cli, "limit", 0.001, &o->limit_seconds));
    if (pb_cli_value(cli, "all-devices") && o->device)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "bench: --device and --all-devices exclude each other");
    return PB_OK;
}

/* ---- what to train ---- */

/* The words after "train": configurations and overrides. */
typedef struct trainings {
    const char **configs, **overrides; /* [words] each */
    char **found;                      /* of configs/, on the heap, behind which lies a NULL */
    int config_count, override_count;
} trainings;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A search or a study trains many configurations; it is none itself. */
static bool is_search(pb_context *quiet, const char *path)
{
    pb_yaml *yaml = NULL;
    bool found = false;
    if (pb_yaml_load(quiet, path, &yaml) == PB_OK) {
        const pb_node *root = pb_yaml_root(yaml);
        found = root->kind == PB_NODE_MAP &&
                (pb_node_find(root, "sweep") || pb_node_find(root, "study"));
    }
    pb_yaml_free(&yaml);
    return found;
}

static pb_status add_found(pb_cli *cli, trainings *t, const char *name, int *count)
{
    const char *dot = strrchr(name, '.');
    if (!dot || strcmp(dot, ".yaml") != 0) return PB_OK;
    char *path = pb_path_join("configs", name);
    char **found = realloc(t->found, ((size_t)*count + 2) * sizeof *found);
    if (found) t->found = found;
    if (!path || !found) {
        free(path);
        return pb_fail(cli->ctx, PB_ERR_MEMORY, "no memory for a list of configurations");
    }
    if (is_search(cli->ctx, path)) {
        free(path);
    } else {
        found[(*count)++] = path;
        found[*count] = NULL;
    }
    return PB_OK;
}

/* Without a configuration: those of configs/, in the order of their names. */
static pb_status find_configs(pb_cli *cli, trainings *t)
{
    DIR *folder = opendir("configs");
    pb_status status = PB_OK;
    int count = 0;
    for (const struct dirent *e; folder && !status && (e = readdir(folder));)
        status = add_found(cli, t, e->d_name, &count);
    if (folder) closedir(folder);
    PB_TRY(status);
    if (count == 0)
        return pb_fail(
            cli->ctx, PB_ERR_USAGE,
            "bench train: no configuration is given, and there is none in configs/ here");
    qsort(t->found, (size_t)count, sizeof *t->found, by_name);
    free(t->configs);
    t->configs = calloc((size_t)count, sizeof *t->configs);
    if (!t->configs) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    for (int i = 0; i < count; i++) t->configs[i] = t->found[i];
    t->config_count = count;
    return PB_OK;
}

static pb_status sort_words(pb_cli *cli, trainings *t)
{
    const size_t room = (size_t)cli->word_count;
    t->configs = calloc(room, sizeof *t->configs);
    t->overrides = calloc(room, sizeof *t->overrides);
    if (!t->configs || !t->overrides) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    for (int i = 1; i < cli->word_count; i++) {
        const char *word = cli->words[i];
        if (strchr(word, '=') && !pb_file_exists(word))
            t->overrides[t->override_count++] = word;
        else
            t->configs[t->config_count++] = word;
    }
    for (int i = 0; i < t->config_count; i++) PB_TRY(pb_cli_need_config(cli, t->configs[i]));
    return t->config_count ? PB_OK : find_configs(cli, t);
}

static void clear_trainings(trainings *t)
{
    for (int i = 0; t->found && t->found[i]; i++) free(t->found[i]);
    free(t->found);
    free(t->configs);
    free(t->overrides);
}

/* ---- measuring ---- */

static void hear(void *user, const pb_bench_progress *p)
{
    const bool *is_terminal = user;
    char line[512];
    snprintf(line, sizeof line, "%s: %s (%d of %d)", p->device, p->row, p->number, p->count);
    if (*is_terminal)
        pb_terminal_rewrite(stderr, line);
    else
        fprintf(stderr, "%s\n", line);
}

static pb_status print(pb_cli *cli, const char *json, output_format format, FILE *out)
{
    if (format == JSON)
        return fprintf(out, "%s\n", json) < 0
                   ? pb_fail(cli->ctx, PB_ERR_IO, "the result cannot be written: %s",
                             strerror(errno))
                   : PB_OK;
    return pb_report_bench(cli->ctx, json, format == CSV ? PB_TABLE_CSV : PB_TABLE_MARKDOWN, out);
}

static pb_status save(pb_cli *cli, const char *json, output_format format)
{
    pb_file_writer writer;
    const char *path = pb_cli_value(cli, "output");
    if (!path) return PB_OK;
    PB_TRY(pb_file_open(cli->ctx, path, &writer));
    const pb_status status = print(cli, json, format, writer.stream);
    if (status == PB_OK) return pb_file_commit(cli->ctx, &writer);
    pb_file_abandon(&writer);
    return status;
}

/* A place where nothing can be written is told of before anything is measured. */
static pb_status try_output(pb_cli *cli)
{
    pb_file_writer writer;
    const char *path = pb_cli_value(cli, "output");
    if (!path) return PB_OK;
    PB_TRY(pb_file_open(cli->ctx, path, &writer));
    pb_file_abandon(&writer);
    return PB_OK;
}

static pb_status measure(pb_cli *cli, pb_bench_part part, const trainings *t)
{
    bool is_terminal = pb_terminal_is(stderr);
    const bool quiet = pb_cli_value(cli, "quiet") != NULL;
    output_format format, of_file = JSON;
    char *json = NULL;
    pb_bench_options options = {
        .device = pb_cli_value(cli, "device"),
        .all_devices = pb_cli_value(cli, "all-devices") != NULL,
        .tune = pb_cli_value(cli, "tune") != NULL,
        .only = pb_cli_value(cli, "only"),
        .config_count = t->config_count,
        .configs = t->configs,
        .override_count = t->override_count,
        .overrides = t->overrides,
        .progress = quiet ? NULL : hear,
        .user = &is_terminal,
        .stop = cli->stop,
    };
    PB_TRY(read_format(cli, &format));
    PB_TRY(read_output(cli, &of_file));
    PB_TRY(read_numbers(cli, &options));
    PB_TRY(try_output(cli));
    pb_status status = pb_bench_run(cli->ctx, part, &options, &json);
    if (!quiet && is_terminal) pb_terminal_clear_line(stderr);
    if (status == PB_OK) status = save(cli, json, of_file);
    if (status == PB_OK && !(quiet && pb_cli_value(cli, "output")))
        status = print(cli, json, format, stdout);
    if (status == PB_OK && pb_bench_problems(cli->ctx, json) > 0) status = PB_ERR_RUN;
    free(json);
    return status;
}

static pb_status no_words(pb_cli *cli)
{
    if (cli->word_count == 1) return PB_OK;
    return pb_fail(cli->ctx, PB_ERR_USAGE, "bench %s: %s is one argument too many", cli->words[0],
                   cli->words[1]);
}

static pb_status bench_device(pb_cli *cli)
{
    PB_TRY(no_words(cli));
    if (pb_cli_value(cli, "tune"))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "bench device: --tune is for ops and train");
    return measure(cli, PB_BENCH_DEVICE, &(trainings){0});
}

static pb_status bench_ops(pb_cli *cli)
{
    PB_TRY(no_words(cli));
    return measure(cli, PB_BENCH_OPS, &(trainings){0});
}

static pb_status bench_train(pb_cli *cli)
{
    trainings t = {0};
    pb_status status = sort_words(cli, &t);
    if (status == PB_OK) status = measure(cli, PB_BENCH_TRAIN, &t);
    clear_trainings(&t);
    return status;
}

/* ---- comparing ---- */

static pb_status check_compare(pb_cli *cli, output_format format)
{
    static const char *const others[] = {"device", "all-devices", "repetitions", "warm-up",
                                         "limit",  "tune",        "only"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (pb_cli_value(cli, others[i]))
            return pb_fail(cli->ctx, PB_ERR_USAGE, "bench compare: --%s is for measuring",
                           others[i]);
    if (format == JSON)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "bench compare: --format must be md or csv");
    if (cli->word_count == 1)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "bench compare: no file is given; passband bench ops --output FILE.json "
                       "writes one");
    return PB_OK;
}

static pb_status bench_compare(pb_cli *cli)
{
    output_format format;
    PB_TRY(read_format(cli, &format));
    PB_TRY(check_compare(cli, format));
    const char *output = pb_cli_value(cli, "output");
    char *folder = output ? strdup(output) : pb_cli_comparison_folder(cli);
    if (!folder) return output ? pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory") : PB_ERR_IO;
    pb_status status =
        pb_report_bench_compare(cli->ctx, cli->word_count - 1, cli->words + 1, folder,
                                format == CSV ? PB_TABLE_CSV : PB_TABLE_MARKDOWN, stdout);
    const bool drawn = status == PB_OK;
    status = pb_cli_forgive_gnuplot(cli, status);
    if (status != PB_OK) rmdir(folder); /* nothing was drawn into it */
    if (drawn && !pb_cli_value(cli, "quiet")) fprintf(stderr, "%s/bench.png\n", folder);
    free(folder);
    return status;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    pb_status (*run)(pb_cli *cli);
} parts[] = {{"device", bench_device},
             {"ops", bench_ops},
             {"train", bench_train},
             {"compare", bench_compare}};
enum { PARTS = sizeof parts / sizeof *parts };

pb_status pb_cli_bench(pb_cli *cli)
{
    const char *names[PARTS];
    for (int i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].name, cli->words[0]) == 0) return parts[i].run(cli);
        names[i] = parts[i].name;
    }
    const char *near = pb_nearest(cli->words[0], names, PARTS);
    return pb_fail(cli->ctx, PB_ERR_USAGE,
                   "bench: %s is none of device, ops, train and compare%s%s%s", cli->words[0],
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}
