/* Built programs kept in the user's cache folder, so that a second start need not compile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "device/cl_device.h"

/* A file is this and then the binary. Anything that does not agree means: build from source. */
typedef struct binary_header {
    char magic[8];
    uint64_t bytes;
    char key[64];    /* what was built, by pb_binary_path */
    char sha256[64]; /* of the binary                     */
} binary_header;

static const char magic[8] = {'p', 'b', 'c', 'l', 'b', 'i', 'n', '1'};

enum { BINARY_LIMIT_BYTES = 256 << 20 };

/* PoCL caches by itself. */
static bool device_caches(const pb_device *device)
{
    return pb_device_is_pocl(&device->info);
}

static char *kernels_folder(void)
{
    char *cache = pb_cache_folder();
    char *folder = cache ? pb_path_join(cache, "kernels") : NULL;
    free(cache);
    return folder;
}

char *pb_binary_path(const pb_device *device, const char *source, const char *options, char key[65])
{
    if (device_caches(device)) return NULL;
    const pb_device_info *info = &device->info;
    /* Newlines part the fields; none of them but the source, which is last, holds any. */
    pb_text all = {0};
    pb_text_append(&all, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s", options, info->name,
                   info->driver_version, info->device_version, info->platform,
                   info->platform_version, info->vendor, source);
    char *folder = all.failed ? NULL : kernels_folder(), *path = NULL;
    if (folder) {
        pb_sha256_hex(all.text, all.length, key);
        char name[80];
        snprintf(name, sizeof name, "%s.bin", key);
        path = pb_path_join(folder, name);
    }
    free(folder);
    pb_text_free(&all);
    return path;
}

/* The binary within a file, or NULL. */
static const unsigned char *check(const char *file, size_t file_bytes, const char key[65],
                                  size_t *bytes)
{
    binary_header header;
    if (file_bytes <= sizeof header) return NULL;
    memcpy(&header, file, sizeof header);
    *bytes = file_bytes - sizeof header;
    if (memcmp(header.magic, magic, sizeof magic) != 0 || header.bytes != *bytes) return NULL;
    if (memcmp(header.key, key, sizeof header.key) != 0) return NULL;
    char sha256[65];
    pb_sha256_hex(file + sizeof header, *bytes, sha256);
    if (memcmp(header.sha256, sha256, sizeof header.sha256) != 0) return NULL;
    return (const unsigned char *)file + sizeof header;
}

static cl_program build_binary(pb_device *device, const unsigned char *binary, size_t bytes,
                               const char *options)
{
    cl_int error, binary_status = CL_INVALID_BINARY;
    cl_program program = clCreateProgramWithBinary(device->context, 1, &device->id, &bytes, &binary,
                                                   &binary_status, &error);
    if (error != CL_SUCCESS) return NULL;
    if (binary_status == CL_SUCCESS)
        error = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (binary_status == CL_SUCCESS && error == CL_SUCCESS) return program;
    clReleaseProgram(program);
    return NULL;
}

cl_program pb_binary_load(pb_device *device, const char *path, const char key[65],
                          const char *options)
{
    if (!pb_file_exists(path)) return NULL;
    char *file;
    size_t file_bytes, bytes = 0;
    if (pb_file_read(device->quiet, path, BINARY_LIMIT_BYTES, &file, &file_bytes) != PB_OK) {
        pb_log(device->ctx, PB_LOG_DEBUG, "kernel cache: %s", pb_error(device->quiet));
        return NULL;
    }
    const unsigned char *binary = check(file, file_bytes, key, &bytes);
    cl_program program = binary ? build_binary(device, binary, bytes, options) : NULL;
    if (!program) {
        pb_log(device->ctx, PB_LOG_DEBUG, "kernel cache: %s is not usable and is made again", path);
    }
    free(file);
    return program;
}

/* The file's content, on the heap, or NULL. */
static char *pack(const pb_device *device, cl_program program, const char key[65], size_t *bytes)
{
    size_t binary_bytes = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof binary_bytes, &binary_bytes,
                         NULL) != CL_SUCCESS ||
        binary_bytes == 0 || binary_bytes > BINARY_LIMIT_BYTES - sizeof(binary_header)) {
        pb_log(device->ctx, PB_LOG_DEBUG, "kernel cache: %s gives no binaries", device->info.name);
        return NULL;
    }
    *bytes = sizeof(binary_header) + binary_bytes;
    char *file = calloc(*bytes, 1);
    if (!file) return NULL;
    unsigned char *binary = (unsigned char *)file + sizeof(binary_header);
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) !=
        CL_SUCCESS) {
        free(file);
        return NULL;
    }
    binary_header header = {.bytes = binary_bytes};
    char sha256[65];
    pb_sha256_hex(binary, binary_bytes, sha256);
    memcpy(header.magic, magic, sizeof header.magic);
    memcpy(header.key, key, sizeof header.key);
    memcpy(header.sha256, sha256, sizeof header.sha256);
    memcpy(file, &header, sizeof header);
    return file;
}

void pb_binary_save(pb_device *device, const char *path, const char key[65], cl_program program)
{
    size_t bytes = 0;
    char *file = pack(device, program, key, &bytes);
    char *folder = kernels_folder();
    if (file && folder &&
        (pb_folder_make(device->quiet, folder) != PB_OK ||
         pb_file_write(device->quiet, path, file, bytes) != PB_OK)) {
        pb_log(device->ctx, PB_LOG_DEBUG, "kernel cache: %s", pb_error(device->quiet));
    }
    free(folder);
    free(file);
}
