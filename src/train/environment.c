/* What a run began with: plan.json, env.json and config.yaml. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <passband/version.h>

#include "base/file.h"
#include "train/environment.h"
#include "train/run_folder.h"

static const size_t plan_limit_bytes = (size_t)64 << 20;

/* The words that started this process, where the system tells them. */
static json_t *command_line(void)
{
    char words[4096];
    FILE *file = fopen("/proc/self/cmdline", "rb");
    if (!file) return json_null();
    const size_t bytes = fread(words, 1, sizeof words - 1, file);
    fclose(file);
    words[bytes] = '\0';
    json_t *list = json_array();
    for (size_t at = 0; at < bytes; at += strlen(words + at) + 1) {
        json_t *word = json_string(words + at);
        json_array_append_new(list, word ? word : json_string("?")); /* not UTF-8 */
    }
    return list;
}

json_t *pb_environment_json(const pb_device *device, const char *selector)
{
    const pb_device_info *d = pb_device_describe(device);
    char date[32], system[256] = "";
    struct tm now;
    struct utsname name;
    const time_t seconds = time(NULL);
    gmtime_r(&seconds, &now);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &now);
    if (uname(&name) == 0)
        snprintf(system, sizeof system, "%.80s %.80s %.80s", name.sysname, name.release,
                 name.machine);
    return json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:o, s:s}",
                     "device", d->name, "selector", selector, "vendor", d->vendor, "driver",
                     d->driver_version, "device_version", d->device_version, "c_version",
                     d->c_version, "platform", d->platform, "platform_version", d->platform_version,
                     "kind",
                     d->is_gpu   ? "gpu"
                     : d->is_cpu ? "cpu"
                                 : "other",
                     "compute_units", (int)d->compute_units, "global_memory_bytes",
                     (json_int_t)d->global_memory_bytes, "passband", PB_VERSION, "system", system,
                     "command", command_line(), "date", date);
}

static pb_status write_text(pb_session *s, const char *folder, const char *name, const char *text)
{
    char *path = pb_path_join(folder, name);
    const pb_status status = path ? pb_file_write(s->ctx, path, text, strlen(text))
                                  : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

static pb_status write_environment(pb_session *s, const char *folder, const char *selector)
{
    json_t *json = pb_environment_json(s->device, selector);
    char *path = pb_path_join(folder, "env.json");
    const pb_status status = path && json
                                 ? pb_json_save(s->ctx, path, json)
                                 : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for env.json");
    free(path);
    json_decref(json);
    return status;
}

pb_status pb_run_folder_begin(pb_session *s, const pb_run_folder *folder, const char *selector)
{
    PB_TRY(write_text(s, folder->path, "plan.json", s->plan_json));
    PB_TRY(write_environment(s, folder->path, selector));
    PB_TRY(pb_fitted_save(s->ctx, folder->path, &s->fitted));
    char *yaml = pb_config_yaml(s->config);
    if (!yaml) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for config.yaml");
    const pb_status status = write_text(s, folder->path, "config.yaml", yaml);
    free(yaml);
    return status;
}

/* ---- coming back ---- */

static pb_status load_environment(pb_context *ctx, const pb_run_folder *folder, json_t **json)
{
    char *path = pb_path_join(folder->path, "env.json");
    const pb_status status =
        path ? pb_json_load(ctx, path, json) : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

pb_status pb_run_folder_selector(pb_context *ctx, const pb_run_folder *folder, char **selector)
{
    json_t *json = NULL;
    *selector = NULL;
    PB_TRY(load_environment(ctx, folder, &json));
    const char *text = json_string_value(json_object_get(json, "device"));
    if (text) *selector = strdup(text);
    json_decref(json);
    return text && !*selector ? pb_fail(ctx, PB_ERR_MEMORY, "no memory for a name") : PB_OK;
}

pb_status pb_run_folder_choices(pb_session *s, const pb_run_folder *folder)
{
    char *path = pb_path_join(folder->path, "plan.json");
    const pb_status status = path ? pb_choices_load(s->ctx, path, &s->choices)
                                  : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

static pb_status compare_device(pb_session *s, const pb_run_folder *folder)
{
    json_t *json = NULL;
    PB_TRY(load_environment(s->ctx, folder, &json));
    const char *before = json_string_value(json_object_get(json, "device"));
    const char *now = pb_device_describe(s->device)->name;
    if (before && strcmp(before, now) != 0)
        pb_log(s->ctx, PB_LOG_WARN,
               "%s: began on %s and goes on on %s; the result may differ in its last bits",
               folder->path, before, now);
    json_decref(json);
    return PB_OK;
}

pb_status pb_run_folder_compare(pb_session *s, const pb_run_folder *folder)
{
    char *path = pb_path_join(folder->path, "plan.json"), *text = NULL;
    size_t bytes = 0;
    if (!path) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    pb_status status = pb_file_read(s->ctx, path, plan_limit_bytes, &text, &bytes);
    if (status == PB_OK && strcmp(text, s->plan_json) != 0)
        pb_log(s->ctx, PB_LOG_WARN,
               "%s: the plan made now is not the one this run began with; the result may differ in "
               "its last bits",
               path);
    free(text);
    free(path);
    return status == PB_OK ? compare_device(s, folder) : status;
}
