/* Devices: what OpenCL offers, which one is picked, and one opened device. */
#ifndef PASSBAND_DEVICE_H
#define PASSBAND_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_device pb_device;

/** What `passband devices` prints of each device. */
typedef struct pb_device_info {
    char name[128], vendor[128], platform[128], platform_version[128];
    char device_version[128], driver_version[128], c_version[64];
    bool is_gpu, is_cpu, picked;
    unsigned compute_units, max_clock_mhz;
    uint64_t global_memory_bytes, local_memory_bytes, max_allocation_bytes;
    size_t max_work_group_size, max_work_item_sizes[3];
    unsigned preferred_vector_floats, native_vector_floats;
    unsigned base_address_align_bytes;
    bool has_fp64, has_command_buffer;
} pb_device_info;

/** Lists every device of every platform; `*list` is freed with free(). A machine without any gives count 0.
 *  `picked` marks the one that pb_device_open would open for this selector, if any. */
pb_status pb_device_list(pb_context *ctx, const char *selector, pb_device_info **list, int *count);

/** Opens a device. `selector` is a part of the device's or platform's name in any case, or its number in
 *  pb_device_list; of several that fit the best is taken: a GPU before a CPU, then the most compute units, and last of
 *  all the software rasterisers of Mesa (llvmpipe), which are made for drawing whatever they say of themselves. NULL means
 *  $PASSBAND_DEVICE, and without it the best of all.
 *  PB_ERR_DEVICE when there is none, the selector fits none (the sentence lists what there is), or the device is older
 *  than OpenCL 1.2. */
pb_status pb_device_open(pb_context *ctx, const char *selector, pb_device **device);
void pb_device_close(pb_device **device);
const pb_device_info *pb_device_describe(const pb_device *device);

#ifdef __cplusplus
}
#endif
#endif
