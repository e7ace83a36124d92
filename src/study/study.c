/* A study from its folder to its end. */
#include "study/study.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/options.h"
#include "data/loader.h"
#include "data/registry.h"
#include "study/study_measures.h"
#include "study/usual.h"
#include "train/chain.h"
#include "train/config.h"
#include "train/folder_lock.h"
#include "train/run_data.h"
#include "train/run_folder.h"

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
}

pb_status pb_study_path(pb_study *s, const char *name, char **path)
{
    *path = pb_path_join(s->folder, name);
    return *path ? PB_OK : no_memory(s);
}

bool pb_study_stopped(const pb_study *s)
{
    return s->options.stop && *s->options.stop;
}

/* ---- the folder ---- */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static pb_status choose_folder(pb_study *s)
{
    if (s->options.folder) {
        PB_TRY(pb_folder_make(s->ctx, s->options.folder));
        s->folder = realpath(s->options.folder, NULL);
    } else {
        pb_run_folder made;
        PB_TRY(pb_run_folder_create(s->ctx, NULL, s->config->name, &made));
        s->folder = realpath(made.path, NULL);
        made.is_new = false; /* it stays */
        pb_run_folder_close(&made);
    }
    return s->folder ? PB_OK : no_memory(s);
}

static pb_status make_folder(pb_study *s, const char *name)
{
    char *path;
    PB_TRY(pb_study_path(s, name, &path));
    const pb_status status = pb_folder_make(s->ctx, path);
    free(path);
    return status;
}

static pb_status write_text(pb_study *s, const char *name, const char *text)
{
    char *path;
    PB_TRY(pb_study_path(s, name, &path));
    const pb_status status = pb_file_write(s->ctx, path, text, strlen(text));
    free(path);
    return status;
}

static pb_status write_method(pb_study *s, const char *folder, const char *name, const char *yaml)
{
    pb_text path = {0};
    pb_text_append(&path, "%s/%s.yaml", folder, name);
    const pb_status status = path.failed ? no_memory(s) : write_text(s, path.text, yaml);
    pb_text_free(&path);
    return status;
}

/* study.yaml comes last: a folder that has it is a study. */
static pb_status write_study(pb_study *s)
{
    PB_TRY(make_folder(s, "methods"));
    PB_TRY(make_folder(s, "sets"));
    PB_TRY(make_folder(s, "runs"));
    for (int i = 0; i < s->config->method_count; i++) {
        const pb_method *m = &s->config->methods[i];
        PB_TRY(write_method(s, "methods", m->name, m->base));
        if (!m->learner) continue;
        PB_TRY(make_folder(s, "learners"));
        PB_TRY(write_method(s, "learners", m->name, m->learner));
    }
    char *yaml = pb_study_config_yaml(s->config);
    const pb_status status = yaml ? write_text(s, "study.yaml", yaml) : no_memory(s);
    free(yaml);
    return status;
}

/* A study that is there already must be the same one. */
static pb_status join_study(pb_study *s, const char *path)
{
    pb_study_config *held = NULL;
    PB_TRY(pb_study_config_load(s->ctx, path, 0, NULL, &held));
    const pb_status status = pb_study_config_compare(s->ctx, s->folder, s->config, held);
    pb_study_config_free(&held);
    return status;
}

static bool holds(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

static pb_status prepare_folder(pb_study *s)
{
    static const char *const others[][2] = {{"config.yaml", "run"}, {"sweep.yaml", "search"}};
    char *study;
    for (int i = 0; i < 2; i++)
        if (holds(s->folder, others[i][0]))
            return pb_fail(s->ctx, PB_ERR_USAGE, "%s: holds a %s; give the study another folder",
                           s->folder, others[i][1]);
    PB_TRY(pb_study_path(s, "study.yaml", &study));
    pb_status status = pb_file_exists(study) ? join_study(s, study) : PB_OK;
    free(study);
    if (status == PB_OK) status = write_study(s);
    return status;
}

/* What a file that is there already was made from. */
static pb_status check_source(pb_study *s, const pb_point *point, const char sha256[65])
{
    char *path;
    pb_compressed_file *file;
    PB_TRY(pb_study_file(s, point, &path));
    pb_status status = PB_OK;
    if (pb_file_exists(path) && (status = pb_compressed_open(s->ctx, path, &file)) == PB_OK) {
        const pb_compressed *about = pb_compressed_describe(file)->compressed;
        if (strcmp(about->source.sha256, sha256) != 0)
            status = pb_fail(s->ctx, PB_ERR_DATA,
                             "%s: was made of other samples than data set %s has now; give this "
                             "study another folder",
                             path, s->original->name);
        pb_compressed_close(&file);
    }
    free(path);
    return status;
}

/* A study that goes on must not mix files of samples that have changed. */
static pb_status check_sources(pb_study *s)
{
    char sha256[65];
    pb_dataset_sha256(s->original, sha256);
    for (int i = 0; i < s->point_count; i++) PB_TRY(check_source(s, &s->points[i], sha256));
    return PB_OK;
}

/* ---- opening ---- */

/* A method's stages at the least value of what varies, built before anything is trained: what is
 * wrong with them is told of the study's key, for the text they are read from here is no file.
 * Weights that are learned first are unknown yet. */
static pb_status check_method(pb_study *s, const pb_method *method)
{
    pb_config *config = NULL;
    pb_chain chain = {0};
    if (method->learner) return PB_OK;
    pb_status status = pb_method_config(s->ctx, method, 1, 0, NULL, true, &config);
    if (status == PB_OK)
        status = pb_chain_create(s->ctx, config, s->original, NULL, config->stage_count, 1, &chain);
    pb_chain_clear(&chain);
    pb_config_free(&config);
    if (status == PB_OK) return PB_OK;
    char *said = strdup(pb_error(s->ctx));
    if (!said) return no_memory(s);
    const size_t length = strlen(method->name);
    const char *fault = said;
    if (strncmp(fault, method->name, length) == 0 && fault[length] == ':') {
        fault += length + 1; /* and the line, where it has one */
        if (fault[strspn(fault, "0123456789")] == ':') fault += strspn(fault, "0123456789") + 1;
    }
    pb_fail(s->ctx, status, "study.methods.%s: %s", method->name, fault + strspn(fault, " "));
    free(said);
    return status;
}

static pb_status check_methods(pb_study *s)
{
    for (int i = 0; i < s->config->method_count; i++)
        PB_TRY(check_method(s, &s->config->methods[i]));
    return PB_OK;
}

/* A folder of images or arrays, studied with the methods that are shipped. */
static pb_status read_usual(pb_study *s, const char *folder, int override_count,
                            const char *const overrides[])
{
    const char **all = calloc((size_t)override_count + 2, sizeof *all);
    pb_text name = {0}, path = {0};
    pb_text_append(&name, "data.name=%s", pb_data_kind(folder));
    pb_text_append(&path, "data.path='");
    for (const char *c = folder; *c; c++) pb_text_append(&path, "%.*s%c", *c == '\'', "'", *c);
    pb_text_append(&path, "'");
    pb_status status = all && !name.failed && !path.failed ? PB_OK : no_memory(s);
    if (status == PB_OK) {
        all[0] = name.text;
        all[1] = path.text;
        for (int i = 0; i < override_count; i++) all[2 + i] = overrides[i];
        status = pb_study_config_parse(s->ctx, "study.yaml", pb_study_usual(), override_count + 2,
                                       all, &s->config);
    }
    pb_text_free(&name);
    pb_text_free(&path);
    free(all);
    return status;
}

static pb_status read_config(pb_study *s, const char *path, int override_count,
                             const char *const overrides[])
{
    if (pb_compressed_is_named(path))
        return pb_fail(s->ctx, PB_ERR_CONFIG,
                       "%s: is compressed already; study what it was made from", path);
    if (!is_folder(path))
        return pb_study_config_load(s->ctx, path, override_count, overrides, &s->config);
    if (!holds(path, "study.yaml")) return read_usual(s, path, override_count, overrides);
    if (s->options.folder)
        return pb_fail(s->ctx, PB_ERR_USAGE, "%s: is a study to go on with; it stays in its folder",
                       path);
    char *inside = pb_path_join(path, "study.yaml");
    if (!inside) return no_memory(s);
    const pb_status status =
        pb_study_config_load(s->ctx, inside, override_count, overrides, &s->config);
    s->options.folder = path;
    free(inside);
    return status;
}

static pb_status load_original(pb_study *s)
{
    pb_config *config = NULL;
    PB_TRY(pb_method_config(s->ctx, &s->config->methods[0], 1, 0, NULL, true, &config));
    pb_status status = pb_run_data_load(s->ctx, config, false, &s->original);
    if (status == PB_OK && s->original->compressed)
        status =
            pb_fail(s->ctx, PB_ERR_CONFIG, "%s: is compressed already; study what it was made from",
                    pb_option_string(config->data, "path"));
    if (status == PB_OK && s->original->test.count == 0)
        status =
            pb_fail(s->ctx, PB_ERR_DATA,
                    "data set %s: has no test samples to compare accuracies on", s->original->name);
    pb_config_free(&config);
    return status;
}

static pb_status open_store(pb_study *s)
{
    char *path;
    PB_TRY(pb_study_path(s, "study.db", &path));
    pb_status status = pb_store_open(s->ctx, path, &s->store);
    free(path);
    if (status == PB_OK)
        status = pb_store_study(s->store, s->config->name, true, &s->space, &s->id);
    return status;
}

static pb_status open_locked(pb_study *s)
{
    PB_TRY(prepare_folder(s));
    PB_TRY(pb_study_plan_points(s));
    PB_TRY(check_sources(s));
    return open_store(s);
}

static pb_status open_study(pb_study *s, const char *path, int override_count,
                            const char *const overrides[])
{
    s->arena = pb_arena_create();
    if (!s->arena) return no_memory(s);
    PB_TRY(read_config(s, path, override_count, overrides));
    s->seeds = pb_option_ints(s->config->options, "seeds", &s->seed_count);
    PB_TRY(load_original(s));
    PB_TRY(check_methods(s));
    PB_TRY(choose_folder(s));
    pb_status status = pb_folder_lock(s->ctx, s->folder, s->options.stop, &s->lock);
    if (status == PB_OK) status = open_locked(s);
    pb_folder_unlock(&s->lock);
    PB_TRY(status);
    return pb_worker_begin(s->ctx, s->folder, &s->worker);
}

static void close_study(pb_study *s)
{
    pb_folder_unlock(&s->lock);
    if (s->worker.folder) pb_worker_end(&s->worker);
    pb_store_close(&s->store);
    pb_dataset_free(&s->original);
    pb_study_config_free(&s->config);
    pb_arena_free(&s->arena);
    free(s->folder);
}

/* ---- the public functions ---- */

/* Of several processes the first writes the result; the others write the same again. */
static pb_status conclude(pb_study *s)
{
    PB_TRY(pb_study_measure_points(s));
    pb_status status = pb_folder_lock(s->ctx, s->folder, s->options.stop, &s->lock);
    if (status == PB_OK) status = pb_study_conclude(s);
    pb_folder_unlock(&s->lock);
    return status;
}

pb_status pb_study_run(pb_context *ctx, const char *path, int override_count,
                       const char *const overrides[], const pb_study_options *options,
                       char **folder)
{
    pb_study s = {.ctx = ctx, .lock = -1, .worker = {.lock = -1}};
    if (options) s.options = *options;
    if (folder) *folder = NULL;
    pb_status status = open_study(&s, path, override_count, overrides);
    if (status == PB_OK && folder && !(*folder = strdup(s.folder))) status = no_memory(&s);
    if (status == PB_OK) status = pb_study_learn(&s);
    if (status == PB_OK) status = pb_study_train(&s);
    if (status == PB_OK) status = conclude(&s);
    /* a compiler that a signal reaches as well gives up what it builds */
    if (status != PB_OK && pb_study_stopped(&s)) status = PB_INTERRUPTED;
    if (status == PB_INTERRUPTED && s.folder)
        pb_fail(ctx, status, "interrupted: passband study %s goes on with the study", s.folder);
    close_study(&s);
    return status;
}

void pb_study_print_schema(FILE *out)
{
    fprintf(out, "study:\n");
    pb_options_print_table(pb_study_options_table, 2, out);
    fprintf(
        out,
        "  methods:  a map of names to ways to compress; raw, samples as they are, goes without "
        "saying:\n"
        "    NAME: {stages: [STAGE: {...}, ...], vary: stages.STAGE.OPTION}\n"
        "      stages stand between load and the network, in place of its own transforms;\n"
        "      vary is the whole number that a budget decides: the largest whose file fits it;\n"
        "      without it, the method has one size; config: FILE and set: {KEY: VALUE} give it\n"
        "      a network of its own\n"
        "      weights_of: FILE is a configuration with a band mask, trained first on the samples "
        "as\n"
        "      they are; how it weighs its bands becomes the option weights of the method's dct2\n"
        "  compare:  a map of methods to lists of others, told apart at equal budgets\n");
}
