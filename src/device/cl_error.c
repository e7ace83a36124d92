/* Codes of OpenCL and CLBlast in plain words. */
#include <stdarg.h>
#include <stdio.h>

#include "device/cl_device.h"

/* Memory that runs out and drivers that fail are the device's (PB_ERR_DEVICE); what the
 * specification calls invalid is our own mistake (PB_ERR_INTERNAL). */
static const struct {
    int code;
    pb_status status;
    const char *name, *meaning;
} errors[] = {
    {-1, PB_ERR_DEVICE, "CL_DEVICE_NOT_FOUND", "the platform has no such device"},
    {-2, PB_ERR_DEVICE, "CL_DEVICE_NOT_AVAILABLE", "the device is in use or switched off"},
    {-3, PB_ERR_DEVICE, "CL_COMPILER_NOT_AVAILABLE", "the driver has no compiler"},
    {-4, PB_ERR_DEVICE, "CL_MEM_OBJECT_ALLOCATION_FAILURE", "the device's memory is full"},
    {-5, PB_ERR_DEVICE, "CL_OUT_OF_RESOURCES", "the device ran out of memory or registers"},
    {-6, PB_ERR_MEMORY, "CL_OUT_OF_HOST_MEMORY", "the host's memory is full"},
    {-7, PB_ERR_INTERNAL, "CL_PROFILING_INFO_NOT_AVAILABLE", "the command was not timed"},
    {-8, PB_ERR_INTERNAL, "CL_MEM_COPY_OVERLAP", "source and target of a copy overlap"},
    {-11, PB_ERR_INTERNAL, "CL_BUILD_PROGRAM_FAILURE", "the program does not compile"},
    {-12, PB_ERR_DEVICE, "CL_MAP_FAILURE", "memory could not be mapped"},
    {-13, PB_ERR_INTERNAL, "CL_MISALIGNED_SUB_BUFFER_OFFSET", "a view is not aligned"},
    {-14, PB_ERR_DEVICE, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
     "an earlier command failed"},
    {-15, PB_ERR_INTERNAL, "CL_COMPILE_PROGRAM_FAILURE", "the program does not compile"},
    {-16, PB_ERR_DEVICE, "CL_LINKER_NOT_AVAILABLE", "the driver has no linker"},
    {-17, PB_ERR_INTERNAL, "CL_LINK_PROGRAM_FAILURE", "the program does not link"},
    {-19, PB_ERR_INTERNAL, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE", "nothing is known of the arguments"},
    {-30, PB_ERR_INTERNAL, "CL_INVALID_VALUE", "a value is out of range"},
    {-33, PB_ERR_INTERNAL, "CL_INVALID_DEVICE", "that is no device of this context"},
    {-34, PB_ERR_INTERNAL, "CL_INVALID_CONTEXT", "that is no context"},
    {-35, PB_ERR_INTERNAL, "CL_INVALID_QUEUE_PROPERTIES", "the device has no such queue"},
    {-36, PB_ERR_INTERNAL, "CL_INVALID_COMMAND_QUEUE", "that is no queue"},
    {-38, PB_ERR_INTERNAL, "CL_INVALID_MEM_OBJECT", "that is no buffer"},
    {-42, PB_ERR_INTERNAL, "CL_INVALID_BINARY", "the program's binary is not for this device"},
    {-43, PB_ERR_INTERNAL, "CL_INVALID_BUILD_OPTIONS", "the driver does not know a build option"},
    {-44, PB_ERR_INTERNAL, "CL_INVALID_PROGRAM", "that is no program"},
    {-45, PB_ERR_INTERNAL, "CL_INVALID_PROGRAM_EXECUTABLE", "the program was not built"},
    {-46, PB_ERR_INTERNAL, "CL_INVALID_KERNEL_NAME", "the program has no kernel of that name"},
    {-47, PB_ERR_INTERNAL, "CL_INVALID_KERNEL_DEFINITION", "the kernel differs between devices"},
    {-48, PB_ERR_INTERNAL, "CL_INVALID_KERNEL", "that is no kernel"},
    {-49, PB_ERR_INTERNAL, "CL_INVALID_ARG_INDEX", "the kernel has no such argument"},
    {-50, PB_ERR_INTERNAL, "CL_INVALID_ARG_VALUE", "the argument does not fit the kernel's"},
    {-51, PB_ERR_INTERNAL, "CL_INVALID_ARG_SIZE", "the argument's size is not the kernel's"},
    {-52, PB_ERR_INTERNAL, "CL_INVALID_KERNEL_ARGS", "an argument was not given"},
    {-53, PB_ERR_INTERNAL, "CL_INVALID_WORK_DIMENSION", "too many dimensions of work"},
    {-54, PB_ERR_INTERNAL, "CL_INVALID_WORK_GROUP_SIZE",
     "the device does not take this work-group"},
    {-55, PB_ERR_INTERNAL, "CL_INVALID_WORK_ITEM_SIZE",
     "the work-group is too long in one dimension"},
    {-56, PB_ERR_INTERNAL, "CL_INVALID_GLOBAL_OFFSET", "the offset of the work is out of range"},
    {-57, PB_ERR_INTERNAL, "CL_INVALID_EVENT_WAIT_LIST", "the list of events is wrong"},
    {-58, PB_ERR_INTERNAL, "CL_INVALID_EVENT", "that is no event"},
    {-59, PB_ERR_INTERNAL, "CL_INVALID_OPERATION", "the device cannot do that"},
    {-61, PB_ERR_INTERNAL, "CL_INVALID_BUFFER_SIZE",
     "the device does not take a buffer of that size"},
    {-63, PB_ERR_INTERNAL, "CL_INVALID_GLOBAL_WORK_SIZE", "the size of the work is out of range"},
    {-64, PB_ERR_INTERNAL, "CL_INVALID_PROPERTY", "the driver does not know a property"},
    {-1001, PB_ERR_DEVICE, "CL_PLATFORM_NOT_FOUND_KHR", "no OpenCL driver is installed"},
    {-1007, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryY", "vector y is longer than its buffer"},
    {-1008, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryX", "vector x is longer than its buffer"},
    {-1009, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryC", "matrix C is larger than its buffer"},
    {-1010, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryB", "matrix B is larger than its buffer"},
    {-1011, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryA", "matrix A is larger than its buffer"},
    {-1014, PB_ERR_INTERNAL, "CLBlastInvalidLeadDimC", "rows of C overlap"},
    {-1015, PB_ERR_INTERNAL, "CLBlastInvalidLeadDimB", "rows of B overlap"},
    {-1016, PB_ERR_INTERNAL, "CLBlastInvalidLeadDimA", "rows of A overlap"},
    {-1017, PB_ERR_INTERNAL, "CLBlastInvalidDimension", "an extent of the product is zero"},
    {-1020, PB_ERR_INTERNAL, "CLBlastInvalidMatrixC", "matrix C is no buffer"},
    {-1021, PB_ERR_INTERNAL, "CLBlastInvalidMatrixB", "matrix B is no buffer"},
    {-1022, PB_ERR_INTERNAL, "CLBlastInvalidMatrixA", "matrix A is no buffer"},
    {-1024, PB_ERR_INTERNAL, "CLBlastNotImplemented", "CLBlast cannot do that"},
    {-2039, PB_ERR_DEVICE, "CLBlastUnexpectedError", "CLBlast failed without a reason"},
    {-2040, PB_ERR_DEVICE, "CLBlastUnknownError", "CLBlast failed without a reason"},
    {-2041, PB_ERR_DEVICE, "CLBlastDatabaseError", "CLBlast has no parameters for this device"},
    {-2046, PB_ERR_DEVICE, "CLBlastInvalidLocalMemUsage", "the device has too little local memory"},
    {-2047, PB_ERR_INTERNAL, "CLBlastMissingOverrideParameter", "a tuning parameter is missing"},
    {-2048, PB_ERR_INTERNAL, "CLBlastInvalidOverrideKernel", "there is no such kernel to tune"},
    {-2049, PB_ERR_INTERNAL, "CLBlastInvalidBatchCount", "the batch of products is empty"},
    {-2050, PB_ERR_INTERNAL, "CLBlastInsufficientMemoryTemp", "the scratch buffer is too small"},
};
enum { ERROR_COUNT = sizeof errors / sizeof errors[0] };

static int find(int code)
{
    for (int i = 0; i < ERROR_COUNT; i++) {
        if (errors[i].code == code) return i;
    }
    return -1;
}

const char *pb_cl_error_name(int code)
{
    const int i = find(code);
    return i < 0 ? "unknown code" : errors[i].name;
}

pb_amount pb_amount_of(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double amount = (double)bytes;
    int unit = 0;
    while (amount >= 1024 && unit < 4) amount /= 1024, unit++;
    pb_amount out;
    snprintf(out.text, sizeof out.text, unit ? "%.1f %s" : "%.0f %s", amount, units[unit]);
    return out;
}

pb_status pb_cl_fail(const pb_device *device, int code, const char *format, ...)
{
    char words[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);

    const int i = find(code);
    if (i < 0) return pb_fail(device->ctx, PB_ERR_DEVICE, "%s: OpenCL error %d", words, code);
    if (code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES) {
        return pb_fail(device->ctx, errors[i].status,
                       "%s: %s (%s); passband holds %s, %s has %s: a smaller batch may fit", words,
                       errors[i].meaning, errors[i].name, pb_amount_of(device->held_bytes).text,
                       device->info.name, pb_amount_of(device->info.global_memory_bytes).text);
    }
    return pb_fail(device->ctx, errors[i].status, "%s: %s (%s)", words, errors[i].meaning,
                   errors[i].name);
}
