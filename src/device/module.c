/* Building programs. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "device/cl_device.h"

enum { LOG_LINES = 12 };

static pb_status fail_build(pb_device *device, cl_program program, cl_int error)
{
    size_t bytes = 0;
    clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    char *log = calloc(bytes + 1, 1);
    if (!log) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory for a build log");
    if (bytes) clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    char *begin = log + strspn(log, " \t\r\n"), *end = begin;
    for (int line = 0; line < LOG_LINES && *end; line++) {
        end += strcspn(end, "\n");
        if (*end && line + 1 < LOG_LINES) end++;
    }
    while (end > begin && strchr(" \t\r\n", end[-1])) end--;
    *end = 0;
    /* The sentence of pb_cl_fail is short of room for a log. */
    const pb_status status = pb_cl_fail(device, error, "a program on %s", device->info.name);
    if (*begin)
        pb_fail(device->ctx, status, "a program does not build on %s:\n%s", device->info.name,
                begin);
    free(log);
    return status;
}

static pb_status build_source(pb_device *device, const char *source, const char *options,
                              cl_program *program)
{
    cl_int error;
    *program = clCreateProgramWithSource(device->context, 1, &source, NULL, &error);
    if (error != CL_SUCCESS) {
        *program = NULL;
        return pb_cl_fail(device, error, "cannot make a program on %s", device->info.name);
    }
    error = clBuildProgram(*program, 1, &device->id, options, NULL, NULL);
    if (error == CL_SUCCESS) return PB_OK;
    const pb_status status = fail_build(device, *program, error);
    clReleaseProgram(*program);
    *program = NULL;
    return status;
}

static pb_status build(pb_device *device, const char *source, const char *options,
                       cl_program *program)
{
    char key[65];
    char *path = pb_binary_path(device, source, options, key);
    *program = path ? pb_binary_load(device, path, key, options) : NULL;
    pb_status status = PB_OK;
    if (!*program) {
        status = build_source(device, source, options, program);
        if (status == PB_OK && path) pb_binary_save(device, path, key, *program);
    }
    free(path);
    return status;
}

pb_status pb_module_build(pb_device *device, const char *source, const char *options,
                          pb_module **module)
{
    *module = NULL;
    pb_text all = {0};
    pb_text_append(&all, "-cl-std=CL1.2 -cl-kernel-arg-info -w %s", options ? options : "");
    pb_module *m = calloc(1, sizeof *m);
    pb_status status = PB_ERR_MEMORY;
    if (!m || all.failed) {
        pb_fail(device->ctx, status, "out of memory while building a program");
    } else {
        status = build(device, source, all.text, &m->program);
    }
    pb_text_free(&all);
    if (status != PB_OK) {
        free(m);
        return status;
    }
    *module = m;
    return PB_OK;
}

void pb_module_free(pb_module **module)
{
    pb_module *m = module ? *module : NULL;
    if (!m) return;
    clReleaseProgram(m->program);
    free(m);
    *module = NULL;
}
