/* What OpenCL devices the machine has. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl_device.h"

enum { PLATFORM_MAX = 64, DEVICE_MAX = 64 };

bool pb_device_is_pocl(const pb_device_info *info)
{
    return strcmp(info->platform, "Portable Computing Language") == 0;
}

static void trim(char *text)
{
    size_t end = strlen(text), begin = 0;
    while (end && isspace((unsigned char)text[end - 1])) text[--end] = 0;
    while (isspace((unsigned char)text[begin])) begin++;
    memmove(text, text + begin, end - begin + 1);
}

/* Strings longer than their place are cut: OpenCL itself gives nothing then. */
static void keep(char *place, size_t bytes, const char *text)
{
    snprintf(place, bytes, "%s", text);
    trim(place);
}

static void device_text(cl_device_id id, cl_device_info what, char *place, size_t bytes)
{
    char text[1024] = "";
    if (clGetDeviceInfo(id, what, sizeof text, text, NULL) != CL_SUCCESS) text[0] = 0;
    keep(place, bytes, text);
}

static void platform_text(cl_platform_id id, cl_platform_info what, char *place, size_t bytes)
{
    char text[1024] = "";
    if (clGetPlatformInfo(id, what, sizeof text, text, NULL) != CL_SUCCESS) text[0] = 0;
    keep(place, bytes, text);
}

static cl_uint device_uint(cl_device_id id, cl_device_info what)
{
    cl_uint number = 0;
    return clGetDeviceInfo(id, what, sizeof number, &number, NULL) == CL_SUCCESS ? number : 0;
}

static cl_ulong device_ulong(cl_device_id id, cl_device_info what)
{
    cl_ulong number = 0;
    return clGetDeviceInfo(id, what, sizeof number, &number, NULL) == CL_SUCCESS ? number : 0;
}

/* Whether a word stands in a list separated by spaces. */
static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length) {
        const bool begins = at == list || at[-1] == ' ';
        const bool ends = at[length] == 0 || at[length] == ' ';
        if (begins && ends) return true;
    }
    return false;
}

static void describe_extensions(cl_device_id id, pb_device_info *info)
{
    size_t bytes = 0;
    if (clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, 0, NULL, &bytes) != CL_SUCCESS || !bytes) return;
    char *list = malloc(bytes);
    if (!list) return;
    if (clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, bytes, list, NULL) == CL_SUCCESS) {
        info->has_fp64 = has_word(list, "cl_khr_fp64");
        info->has_command_buffer = has_word(list, "cl_khr_command_buffer");
    }
    free(list);
}

/* Leaves the name empty where the driver cannot even tell that. */
static void describe(cl_platform_id platform, cl_device_id id, pb_found *found)
{
    *found = (pb_found){.platform = platform, .id = id};
    pb_device_info *info = &found->info;
    device_text(id, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_text(id, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_text(id, CL_DEVICE_VERSION, info->device_version, sizeof info->device_version);
    device_text(id, CL_DRIVER_VERSION, info->driver_version, sizeof info->driver_version);
    device_text(id, CL_DEVICE_OPENCL_C_VERSION, info->c_version, sizeof info->c_version);
    platform_text(platform, CL_PLATFORM_NAME, info->platform, sizeof info->platform);
    platform_text(platform, CL_PLATFORM_VERSION, info->platform_version,
                  sizeof info->platform_version);

    const cl_ulong type = device_ulong(id, CL_DEVICE_TYPE);
    info->is_gpu = type & CL_DEVICE_TYPE_GPU;
    info->is_cpu = type & CL_DEVICE_TYPE_CPU;
    info->compute_units = device_uint(id, CL_DEVICE_MAX_COMPUTE_UNITS);
    info->max_clock_mhz = device_uint(id, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info->global_memory_bytes = device_ulong(id, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->local_memory_bytes = device_ulong(id, CL_DEVICE_LOCAL_MEM_SIZE);
    info->max_allocation_bytes = device_ulong(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->preferred_vector_floats = device_uint(id, CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT);
    info->native_vector_floats = device_uint(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
    info->base_address_align_bytes = device_uint(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
    if (!info->base_address_align_bytes) info->base_address_align_bytes = 1;
    clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof info->max_work_group_size,
                    &info->max_work_group_size, NULL);
    size_t sizes[16] = {0};
    clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof sizes, sizes, NULL);
    memcpy(info->max_work_item_sizes, sizes, sizeof info->max_work_item_sizes);
    describe_extensions(id, info);

    if (sscanf(info->device_version, "OpenCL %d.%d", &found->major, &found->minor) != 2)
        found->major = found->minor = 0;
    found->ready = found->major * 10 + found->minor >= 12 && device_uint(id, CL_DEVICE_AVAILABLE) &&
                   device_uint(id, CL_DEVICE_COMPILER_AVAILABLE);
}

void pb_device_load(void)
{
    cl_uint count = 0;
    clGetPlatformIDs(0, NULL, &count);
}

pb_status pb_found_scan(pb_context *ctx, pb_found **found, int *count)
{
    *found = NULL;
    *count = 0;
    cl_platform_id platforms[PLATFORM_MAX];
    cl_uint platform_count = 0;
    /* No driver at all is an error to the loader, and no error to us: there are then no devices. */
    cl_int error = clGetPlatformIDs(PLATFORM_MAX, platforms, &platform_count);
    if (error != CL_SUCCESS) {
        pb_log(ctx, PB_LOG_DEBUG, "no OpenCL platforms: %s", pb_cl_error_name(error));
        return PB_OK;
    }
    if (platform_count > PLATFORM_MAX) platform_count = PLATFORM_MAX;

    for (cl_uint p = 0; p < platform_count; p++) {
        cl_device_id ids[DEVICE_MAX];
        cl_uint id_count = 0;
        error = clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, DEVICE_MAX, ids, &id_count);
        if (error != CL_SUCCESS || !id_count) {
            pb_log(ctx, PB_LOG_DEBUG, "OpenCL platform %u skipped: it has no devices (%s)", p,
                   pb_cl_error_name(error));
            continue;
        }
        if (id_count > DEVICE_MAX) id_count = DEVICE_MAX;
        pb_found *more = realloc(*found, ((size_t)*count + id_count) * sizeof *more);
        if (!more) {
            free(*found);
            *found = NULL;
            *count = 0;
            return pb_fail(ctx, PB_ERR_MEMORY, "out of memory while listing OpenCL devices");
        }
        *found = more;
        for (cl_uint i = 0; i < id_count; i++) {
            describe(platforms[p], ids[i], &more[*count]);
            if (more[*count].info.name[0]) (*count)++;
        }
    }
    return PB_OK;
}

pb_status pb_device_list(pb_context *ctx, const char *selector, pb_device_info **list, int *count)
{
    *list = NULL;
    pb_found *found;
    PB_TRY(pb_found_scan(ctx, &found, count));
    if (*count == 0) {
        free(found);
        return PB_OK;
    }
    const int picked = pb_found_choose(found, *count, pb_found_wish(selector));
    *list = calloc((size_t)*count, sizeof **list);
    for (int i = 0; *list && i < *count; i++) {
        (*list)[i] = found[i].info;
        (*list)[i].picked = i == picked && found[i].ready;
    }
    free(found);
    if (*list) return PB_OK;
    *count = 0;
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory while listing OpenCL devices");
}
