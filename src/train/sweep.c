/* A search from its folder to its end. */
#include "train/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/options.h"
#include "train/folder_lock.h"
#include "train/run_folder.h"

static pb_status no_memory(pb_sweep *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the search");
}

pb_status pb_sweep_path(pb_sweep *s, const char *name, char **path)
{
    *path = pb_path_join(s->folder, name);
    return *path ? PB_OK : no_memory(s);
}

bool pb_sweep_stopped(const pb_sweep *s)
{
    return s->options.stop && *s->options.stop;
}

/* ---- the folder ---- */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static pb_status choose_folder(pb_sweep *s)
{
    if (s->options.folder) {
        s->folder = strdup(s->options.folder);
        return s->folder ? pb_folder_make(s->ctx, s->folder) : no_memory(s);
    }
    pb_run_folder made;
    PB_TRY(pb_run_folder_create(s->ctx, NULL, s->config->name, &made));
    s->folder = strdup(made.path);
    made.is_new = false; /* it stays */
    pb_run_folder_close(&made);
    return s->folder ? PB_OK : no_memory(s);
}

static pb_status write_text(pb_sweep *s, const char *name, const char *text)
{
    char *path;
    PB_TRY(pb_sweep_path(s, name, &path));
    const pb_status status = pb_file_write(s->ctx, path, text, strlen(text));
    free(path);
    return status;
}

/* sweep.yaml comes last: a folder that has it is a search. */
static pb_status write_search(pb_sweep *s)
{
    char *arms;
    PB_TRY(pb_sweep_path(s, "arms", &arms));
    const pb_status made = pb_folder_make(s->ctx, arms);
    free(arms);
    PB_TRY(made);
    for (int i = 0; i < s->config->arm_count; i++) {
        pb_text name = {0};
        pb_text_append(&name, "arms/%s.yaml", s->config->arms[i].name);
        const pb_status status =
            name.failed ? no_memory(s) : write_text(s, name.text, s->config->arms[i].base);
        pb_text_free(&name);
        PB_TRY(status);
    }
    char *yaml = pb_sweep_config_yaml(s->config);
    const pb_status status = yaml ? write_text(s, "sweep.yaml", yaml) : no_memory(s);
    free(yaml);
    return status;
}

/* A search that is there already must be the same one. */
static pb_status join_search(pb_sweep *s, const char *path)
{
    pb_sweep_config *held = NULL;
    PB_TRY(pb_sweep_config_load(s->ctx, path, 0, NULL, &held));
    const pb_status status = pb_sweep_config_compare(s->ctx, s->folder, s->config, held);
    pb_sweep_config_free(&held);
    return status;
}

static pb_status prepare_folder(pb_sweep *s)
{
    char *search = NULL, *run = NULL;
    pb_status status = pb_sweep_path(s, "sweep.yaml", &search);
    if (status == PB_OK) status = pb_sweep_path(s, "config.yaml", &run);
    if (status == PB_OK && pb_file_exists(run))
        status = pb_fail(s->ctx, PB_ERR_USAGE, "%s: holds a run; give the search another folder",
                         s->folder);
    if (status == PB_OK && pb_file_exists(search)) status = join_search(s, search);
    if (status == PB_OK) status = write_search(s);
    free(search);
    free(run);
    return status;
}

/* ---- opening ---- */

static pb_status read_config(pb_sweep *s, const char *path, int override_count,
                             const char *const overrides[])
{
    if (!is_folder(path))
        return pb_sweep_config_load(s->ctx, path, override_count, overrides, &s->config);
    char *inside = pb_path_join(path, "sweep.yaml");
    if (!inside) return no_memory(s);
    pb_status status = PB_OK;
    if (s->options.folder)
        status = pb_fail(s->ctx, PB_ERR_USAGE,
                         "%s: is a search to go on with; it stays in its folder", path);
    else if (!pb_file_exists(inside))
        status = pb_fail(s->ctx, PB_ERR_USAGE, "%s: holds no search: there is no sweep.yaml in it",
                         path);
    else
        status = pb_sweep_config_load(s->ctx, inside, override_count, overrides, &s->config);
    s->options.folder = path;
    free(inside);
    return status;
}

static pb_status open_studies(pb_sweep *s)
{
    char *path;
    PB_TRY(pb_sweep_path(s, "study.db", &path));
    pb_status status = pb_store_open(s->ctx, path, &s->store);
    free(path);
    s->studies = calloc((size_t)s->config->arm_count, sizeof *s->studies);
    if (status == PB_OK && !s->studies) status = no_memory(s);
    for (int i = 0; status == PB_OK && i < s->config->arm_count; i++) {
        const pb_arm *arm = &s->config->arms[i];
        status =
            pb_store_study(s->store, arm->name, s->config->maximise, &arm->space, &s->studies[i]);
    }
    return status;
}

pb_status pb_sweep_open(pb_sweep *s, const char *path, int override_count,
                        const char *const overrides[])
{
    PB_TRY(read_config(s, path, override_count, overrides));
    PB_TRY(choose_folder(s));
    pb_status status = pb_folder_lock(s->ctx, s->folder, s->options.stop, &s->lock);
    if (status == PB_OK) status = prepare_folder(s);
    pb_folder_unlock(&s->lock);
    PB_TRY(status);
    PB_TRY(open_studies(s));
    return pb_worker_begin(s->ctx, s->folder, &s->worker);
}

void pb_sweep_close(pb_sweep *s)
{
    pb_folder_unlock(&s->lock);
    if (s->worker.folder) pb_worker_end(&s->worker);
    pb_store_close(&s->store);
    pb_sweep_config_free(&s->config);
    free(s->studies);
    free(s->folder);
}

/* ---- the public functions ---- */

pb_status pb_sweep_run(pb_context *ctx, const char *path, int override_count,
                       const char *const overrides[], const pb_sweep_options *options,
                       char **folder)
{
    pb_sweep s = {.ctx = ctx, .lock = -1, .worker = {.lock = -1}};
    if (options) s.options = *options;
    if (folder) *folder = NULL;
    pb_status status = pb_sweep_open(&s, path, override_count, overrides);
    if (status == PB_OK && folder && !(*folder = strdup(s.folder))) status = no_memory(&s);
    if (status == PB_OK) status = pb_sweep_search(&s);
    if (status == PB_OK) status = pb_sweep_conclude(&s);
    if (status == PB_INTERRUPTED && s.folder)
        pb_fail(ctx, status, "interrupted: passband sweep %s goes on with the search", s.folder);
    pb_sweep_close(&s);
    return status;
}

void pb_sweep_print_schema(FILE *out)
{
    fprintf(out, "sweep:\n");
    pb_options_print_table(pb_sweep_options_table, 2, out);
    fprintf(out,
            "  space:  a map from keys of the configuration to their values:\n"
            "    KEY: {type: log, low: 0.001, high: 0.1}              uniform in the logarithm\n"
            "    KEY: {type: linear, low: 0, high: 1, step: 0.1}      step may be left out\n"
            "    KEY: {type: int, low: 16, high: 256, log: true}      step or log may be given\n"
            "    KEY: {type: categorical, choices: [relu, tanh]}\n"
            "    a grid takes `points` values of a range, or all there are\n"
            "  final:  a map of keys to values, for the winners' trainings alone: "
            "{data.validation: 0}\n"
            "  arms:  a map of names to what is compared, each searched by itself:\n"
            "    NAME: {config: FILE, set: {KEY: VALUE}, space: {...}}  space adds to the common "
            "one\n");
}
