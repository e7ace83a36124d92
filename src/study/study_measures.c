/* What the file of each point keeps and gives away, measured once: measures/<point>/measures.json.
 */
#include "study/study_measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "study/information.h"
#include "study/measure.h"
#include "study/training.h"
#include "train/config.h"
#include "train/folder_lock.h"
#include "train/student.h"

enum { MOST_OTHERS = 16 };

/* What all points are measured with, opened for the first that is not measured yet. */
typedef struct measuring {
    pb_study *s;
    pb_device *device;
    pb_dataset *others[MOST_OTHERS];
    int other_count;
} measuring;

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the measures of the study");
}

/* "FOLDER/<point><ending>" on the heap. */
static pb_status path_of(pb_study *s, const char *folder, const pb_point *point, const char *ending,
                         char **path)
{
    pb_text name = {0};
    pb_text_append(&name, "%s/%s%s", folder, point->name, ending);
    const pb_status status = name.failed ? no_memory(s) : pb_study_path(s, name.text, path);
    pb_text_free(&name);
    return status;
}

/* Whether a file of a point is there. */
static pb_status holds(pb_study *s, const char *folder, const pb_point *point, const char *ending,
                       bool *found)
{
    char *path;
    PB_TRY(path_of(s, folder, point, ending, &path));
    *found = pb_file_exists(path);
    free(path);
    return PB_OK;
}

/* ---- data sets to tell the study's from ---- */

/* One that cannot be loaded is left out with a word: not everybody has it installed. */
static pb_status load_other(measuring *m, const char *name)
{
    pb_study *s = m->s;
    if (strcmp(name, s->original->name) == 0) return PB_OK;
    if (m->other_count == MOST_OTHERS)
        return pb_fail(s->ctx, PB_ERR_CONFIG, "study.tell_from: names more than %d data sets",
                       MOST_OTHERS);
    const pb_dataset_options options = {.name = name};
    const pb_status status = pb_dataset_load(s->ctx, &options, &m->others[m->other_count]);
    if (status == PB_OK)
        m->other_count++;
    else if (status == PB_ERR_DATA)
        pb_log(s->ctx, PB_LOG_WARN, "study.tell_from: %s is left out: %s", name, pb_error(s->ctx));
    return status == PB_ERR_DATA ? PB_OK : status;
}

static pb_status load_others(measuring *m)
{
    char *names = strdup(pb_option_string(m->s->config->options, "tell_from")), *rest = NULL;
    if (!names) return no_memory(m->s);
    pb_status status = PB_OK;
    for (char *name = strtok_r(names, ", ", &rest); status == PB_OK && name;
         name = strtok_r(NULL, ", ", &rest))
        status = load_other(m, name);
    free(names);
    return status;
}

static pb_status open_device(measuring *m)
{
    pb_study *s = m->s;
    pb_config *config = NULL;
    PB_TRY(pb_method_config(s->ctx, &s->config->methods[0], 1, 0, NULL, true, &config));
    const char *selector = s->options.device ? s->options.device : config->device;
    const pb_status status = pb_device_open(s->ctx, selector, &m->device);
    pb_config_free(&config);
    return status;
}

/* ---- a point ---- */

static pb_status measure_into(measuring *m, const char *set, const char *folder, const char *file)
{
    pb_study *s = m->s;
    json_t *result;
    const pb_measure_options options = {.probes = (int)pb_option_int(s->config->options, "probes"),
                                        .other_count = m->other_count,
                                        .others = (const pb_dataset *const *)m->others,
                                        .stop = s->options.stop};
    PB_TRY(pb_measure_file(s->ctx, m->device, set, s->original, &options, folder, &result));
    const pb_status status = pb_json_save(s->ctx, file, result);
    json_decref(result);
    return status;
}

/* With the point's folder locked. Another process may have measured it meanwhile. */
static pb_status measure_locked(measuring *m, const pb_point *point, const char *folder)
{
    pb_study *s = m->s;
    char *set = NULL, *file = NULL;
    bool measured;
    PB_TRY(holds(s, "measures", point, "/measures.json", &measured));
    if (measured) return PB_OK;
    if (!m->device) {
        PB_TRY(open_device(m));
        PB_TRY(load_others(m));
    }
    pb_log(s->ctx, PB_LOG_INFO, "measuring what %s keeps and gives away", point->name);
    pb_status status = pb_study_file(s, point, &set);
    if (status == PB_OK) status = path_of(s, "measures", point, "/measures.json", &file);
    if (status == PB_OK) status = measure_into(m, set, folder, file);
    free(set);
    free(file);
    return status;
}

/* `others` becomes true where another process measures it just now. */
static pb_status measure_point(measuring *m, const pb_point *point, bool *others)
{
    char *folder;
    int lock = -1;
    PB_TRY(path_of(m->s, "measures", point, "", &folder));
    pb_status status = pb_folder_make(m->s->ctx, folder);
    if (status == PB_OK) status = pb_folder_try_lock(m->s->ctx, folder, &lock);
    if (status == PB_OK && lock < 0)
        *others = true;
    else if (status == PB_OK)
        status = measure_locked(m, point, folder);
    pb_folder_unlock(&lock);
    free(folder);
    return status;
}

/* Those that nobody has measured or measures. */
static pb_status measure_next(measuring *m, bool *others)
{
    pb_study *s = m->s;
    *others = false;
    for (int i = 0; i < s->point_count; i++) {
        bool trained, measured;
        if (pb_study_stopped(s)) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
        PB_TRY(holds(s, "runs", &s->points[i], "/summary.json", &trained));
        PB_TRY(holds(s, "measures", &s->points[i], "/measures.json", &measured));
        if (trained && !measured) PB_TRY(measure_point(m, &s->points[i], others));
    }
    return PB_OK;
}

static pb_status measure_all(measuring *m)
{
    char *folder;
    PB_TRY(pb_study_path(m->s, "measures", &folder));
    const pb_status made = pb_folder_make(m->s->ctx, folder);
    free(folder);
    PB_TRY(made);
    for (bool told = false;;) {
        bool others;
        PB_TRY(measure_next(m, &others));
        if (!others) return PB_OK;
        if (!told) pb_log(m->s->ctx, PB_LOG_INFO, "waiting for measures of other processes");
        told = true;
        pb_folder_nap();
    }
}

pb_status pb_study_measure_points(pb_study *s)
{
    measuring m = {.s = s};
    if (!pb_option_bool(s->config->options, "measures")) return PB_OK;
    const pb_status status = measure_all(&m);
    for (int i = 0; i < m.other_count; i++) pb_dataset_free(&m.others[i]);
    pb_device_close(&m.device);
    return status;
}

/* ---- study.json ---- */

/* What the networks of all seeds prove that a sample tells of its label, with the interval over
 * seeds of Student's t. */
static json_t *bound_json(double label_bits, const json_t *losses, double mean)
{
    enum { MOST_SEEDS = 100 };
    double none[MOST_SEEDS] = {0}, bounds[MOST_SEEDS];
    const int count = (int)json_array_size(losses);
    for (int k = 0; k < count && k < MOST_SEEDS; k++)
        bounds[k] =
            pb_information_bound(label_bits, json_number_value(json_array_get(losses, (size_t)k)));
    const pb_paired_test t = pb_test_pairs(none, bounds, count <= MOST_SEEDS ? count : 0);
    return json_pack("{s:o, s:[o, o]}", "mean",
                     pb_json_real(pb_information_bound(label_bits, mean)), "interval",
                     pb_json_real(t.low), pb_json_real(t.high));
}

static pb_status add_bound(pb_study *s, const json_t *loss, json_t *information)
{
    double bits;
    const json_t *mean = json_object_get(loss, "mean");
    if (!json_is_number(mean)) return PB_OK;
    PB_TRY(pb_label_bits(s->ctx, &s->original->test, s->original->classes, &bits));
    json_t *bound = bound_json(bits, json_object_get(loss, "per_seed"), json_number_value(mean));
    return json_object_set_new(information, "label_bound", bound) == 0 ? PB_OK : no_memory(s);
}

pb_status pb_study_add_measures(pb_study *s, const pb_point *point, json_t *json)
{
    bool measured;
    char *path;
    json_t *measures;
    if (!pb_option_bool(s->config->options, "measures")) return PB_OK;
    PB_TRY(holds(s, "measures", point, "/measures.json", &measured));
    if (!measured) return PB_OK;
    PB_TRY(path_of(s, "measures", point, "/measures.json", &path));
    pb_status status = pb_json_load(s->ctx, path, &measures);
    free(path);
    PB_TRY(status);
    status = json_object_update(json, measures) == 0 ? PB_OK : no_memory(s);
    json_decref(measures);
    PB_TRY(status);
    return add_bound(s, json_object_get(json, "test_loss"), json_object_get(json, "information"));
}
