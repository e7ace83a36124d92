/* The wisdom file: choices that were measured, for each machine that the user's home has seen.
 *
 *   {"format": 1, "machines": [{"device", "driver", "platform", "compute_units", "passband",
 *                               "choices": {key: {"choice", "effort", "seconds"}}}]} */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <passband/version.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "device/device.h"
#include "plan/choices.h"

enum { FORMAT = 1 };

static char *wisdom_path(void)
{
    char *folder = pb_cache_folder();
    char *path = folder ? pb_path_join(folder, "wisdom.json") : NULL;
    free(folder);
    return path;
}

/* What a choice is good for: another driver compiles other code, and another version of passband
 * has other kernels. */
static json_t *describe_machine(const pb_device *device)
{
    const pb_device_info *info = pb_device_describe(device);
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:{}}", "device", info->name, "driver",
                     info->driver_version, "platform", info->platform_version, "compute_units",
                     (int)info->compute_units, "passband", PB_VERSION, "choices");
}

static bool is_same_machine(const json_t *a, const json_t *b)
{
    static const char *const names[] = {"device", "driver", "platform", "compute_units",
                                        "passband"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        json_t *x = json_object_get(a, names[i]), *y = json_object_get(b, names[i]);
        if (!x || !json_equal(x, y)) return false;
    }
    return true;
}

static bool is_wisdom(const json_t *file)
{
    return json_integer_value(json_object_get(file, "format")) == FORMAT &&
           json_is_array(json_object_get(file, "machines"));
}

/* The file's content, NULL when there is none. `damaged`: there is one that cannot be used, and the
 * context says why. */
static json_t *read_file(pb_context *ctx, const char *path, bool *damaged)
{
    json_t *file = NULL;
    *damaged = false;
    if (!pb_file_exists(path)) return NULL;
    if (pb_json_load(ctx, path, &file) == PB_OK && is_wisdom(file)) return file;
    if (file) pb_fail(ctx, PB_ERR_IO, "%s: holds no wisdom of format %d", path, FORMAT);
    json_decref(file);
    *damaged = true;
    return NULL;
}

/* The machine's object in the file, a borrowed reference, or NULL. */
static json_t *find_machine(const json_t *file, const json_t *machine)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(file, "machines"), i,
                       entry) if (is_same_machine(entry, machine)) return entry;
    return NULL;
}

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for wisdom");
}

pb_status pb_wisdom_load(pb_device *device, pb_choices **choices)
{
    pb_context *ctx = pb_device_context(device);
    *choices = pb_choices_create();
    json_t *machine = describe_machine(device);
    char *path = wisdom_path(); /* NULL: there is no home to keep wisdom in */
    bool damaged = false, good = *choices && machine;
    json_t *file = good && path ? read_file(ctx, path, &damaged) : NULL;
    if (damaged) pb_log(ctx, PB_LOG_WARN, "%s; it is not used", pb_error(ctx));
    if (file)
        good = pb_choices_take(*choices, json_object_get(find_machine(file, machine), "choices"));
    json_decref(file);
    json_decref(machine);
    free(path);
    if (good) return PB_OK;
    pb_choices_free(choices);
    return no_memory(ctx);
}

/* ---- writing ---- */

/* Waits for other writers. -1 where the file system has no locks, which is no reason to forget. */
static int lock(const char *path)
{
    pb_text name = {0};
    pb_text_append(&name, "%s.lock", path);
    const int file = name.failed ? -1 : open(name.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    pb_text_free(&name);
    while (file >= 0 && flock(file, LOCK_EX) != 0 && errno == EINTR) {
    }
    return file;
}

/* Gives a damaged file another name: path.damaged, or path.damaged-2, ... */
static pb_status put_aside(pb_context *ctx, const char *path)
{
    for (int attempt = 1;; ++attempt) {
        pb_text name = {0};
        pb_text_append(&name, attempt > 1 ? "%s.damaged-%d" : "%s.damaged", path, attempt);
        if (name.failed) {
            pb_text_free(&name);
            return no_memory(ctx);
        }
        const bool there = pb_file_exists(name.text);
        const bool moved = !there && rename(path, name.text) == 0;
        if (moved) pb_log(ctx, PB_LOG_WARN, "%s: was damaged; it is %s now", path, name.text);
        pb_text_free(&name);
        if (moved) return PB_OK;
        if (!there)
            return pb_fail(ctx, PB_ERR_IO, "%s: is damaged and cannot be put aside: %s", path,
                           strerror(errno));
    }
}

/* The choices of the machine in the file, which gets one if it has none: a borrowed reference. */
static json_t *choices_of(json_t *file, json_t *machine)
{
    json_t *there = find_machine(file, machine);
    if (!there && json_array_append(json_object_get(file, "machines"), machine) == 0)
        there = machine;
    if (!json_is_object(json_object_get(there, "choices")))
        json_object_set_new(there, "choices", json_object());
    return json_object_get(there, "choices");
}

static pb_status merge(pb_device *device, const char *path, const pb_choices *choices)
{
    pb_context *ctx = pb_device_context(device);
    bool damaged;
    json_t *file = read_file(ctx, path, &damaged);
    if (damaged) PB_TRY(put_aside(ctx, path));
    if (!file) file = json_pack("{s:i, s:[]}", "format", FORMAT, "machines");
    json_t *machine = describe_machine(device);
    pb_choices known = {.by_key = file && machine ? choices_of(file, machine) : NULL};
    pb_status status =
        known.by_key && pb_choices_take(&known, choices->by_key) ? PB_OK : no_memory(ctx);
    if (status == PB_OK) status = pb_json_save(ctx, path, file);
    json_decref(machine);
    json_decref(file);
    return status;
}

pb_status pb_wisdom_save(pb_device *device, const pb_choices *choices)
{
    pb_context *ctx = pb_device_context(device);
    char *folder = pb_cache_folder(), *path = wisdom_path();
    pb_status status = PB_OK;
    if (!folder || !path) {
        status = pb_fail(ctx, PB_ERR_IO, "there is no home folder to keep wisdom in");
    } else {
        status = pb_folder_make(ctx, folder);
        const int file = status == PB_OK ? lock(path) : -1;
        if (status == PB_OK) status = merge(device, path, choices);
        if (file >= 0) close(file);
    }
    free(folder);
    free(path);
    return status;
}
