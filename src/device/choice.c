/* Which of the devices is picked. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "device/cl_device.h"

const char *pb_found_wish(const char *selector)
{
    if (selector && *selector) return selector;
    const char *wish = getenv("PASSBAND_DEVICE");
    return wish && *wish ? wish : NULL;
}

static bool contains(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && text[i] &&
               tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == length) return true;
    }
    return false;
}

/* A number within the list, else -1: "580" may also be a part of a name. */
static int number_in_list(const char *wish, int count)
{
    char *end;
    const long number = strtol(wish, &end, 10);
    const bool whole = isdigit((unsigned char)wish[0]) && *end == 0;
    return whole && number < count ? (int)number : -1;
}

/* Mesa's software rasterisers make a device for drawing of the processor and count vectors as
 * compute units: kernels run ten times slower there than with a driver that is made for computing
 * on it, whatever they report. */
static bool is_rasteriser(const pb_device_info *info)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "swrast"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (contains(info->name, names[i])) return true;
    return false;
}

static bool better(const pb_found *a, const pb_found *b)
{
    if (a->ready != b->ready) return a->ready;
    if (is_rasteriser(&a->info) != is_rasteriser(&b->info)) return !is_rasteriser(&a->info);
    if (a->info.is_gpu != b->info.is_gpu) return a->info.is_gpu;
    if (a->info.is_cpu != b->info.is_cpu) return a->info.is_cpu;
    return a->info.compute_units > b->info.compute_units;
}

int pb_found_choose(const pb_found *found, int count, const char *wish)
{
    if (wish) {
        const int number = number_in_list(wish, count);
        if (number >= 0) return number;
    }
    int best = -1;
    for (int i = 0; i < count; i++) {
        const pb_device_info *info = &found[i].info;
        if (wish && !contains(info->name, wish) && !contains(info->platform, wish)) continue;
        if (best < 0 || better(&found[i], &found[best])) best = i;
    }
    return best;
}

static pb_status fail_no_such(pb_context *ctx, const pb_found *found, int count, const char *wish)
{
    pb_text list = {0};
    for (int i = 0; i < count; i++) {
        pb_text_append(&list, "%s%d \"%s\" (%s)", i ? ", " : "", i, found[i].info.name,
                       found[i].info.platform);
    }
    const pb_status status =
        pb_fail(ctx, PB_ERR_DEVICE,
                "no OpenCL device fits \"%s\"; give a number or a part of a name of: %s", wish,
                list.failed ? "what `passband devices` lists" : list.text);
    pb_text_free(&list);
    return status;
}

pb_status pb_found_pick(pb_context *ctx, const pb_found *found, int count, const char *wish,
                        int *index)
{
    if (!count) {
        return pb_fail(ctx, PB_ERR_DEVICE,
                       "there is no OpenCL device on this machine; `apt install "
                       "pocl-opencl-icd` makes its CPU one");
    }
    *index = pb_found_choose(found, count, wish);
    if (*index < 0) return fail_no_such(ctx, found, count, wish);
    const pb_found *picked = &found[*index];
    if (picked->ready) return PB_OK;
    const pb_device_info *info = &picked->info;
    if (picked->major * 10 + picked->minor < 12) {
        return pb_fail(ctx, PB_ERR_DEVICE,
                       "device %s (%s) offers \"%s\" and passband needs OpenCL 1.2 or newer",
                       info->name, info->platform, info->device_version);
    }
    return pb_fail(ctx, PB_ERR_DEVICE, "device %s (%s) is switched off or has no OpenCL compiler",
                   info->name, info->platform);
}
