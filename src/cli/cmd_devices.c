/* passband devices: what OpenCL offers. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/cli.h"

static void print_bytes(const char *what, uint64_t bytes)
{
    const double mib = (double)bytes / (1 << 20);
    if (mib >= 1024)
        printf("    %-22s %.1f GiB\n", what, mib / 1024);
    else if (mib >= 1)
        printf("    %-22s %.0f MiB\n", what, mib);
    else
        printf("    %-22s %.0f KiB\n", what, mib * 1024);
}

static void print_device(int number, const pb_device_info *d)
{
    printf("%c %d  %s (%s)\n", d->picked ? '*' : ' ', number, d->name,
           d->is_gpu   ? "GPU"
           : d->is_cpu ? "CPU"
                       : "other");
    printf("    %-22s %s, %s\n", "platform", d->platform, d->platform_version);
    printf("    %-22s %s, driver %s\n", "device", d->device_version, d->driver_version);
    printf("    %-22s %s\n", "kernel language", d->c_version);
    printf("    %-22s %u at %u MHz\n", "compute units", d->compute_units, d->max_clock_mhz);
    print_bytes("global memory", d->global_memory_bytes);
    print_bytes("largest allocation", d->max_allocation_bytes);
    print_bytes("local memory", d->local_memory_bytes);
    printf("    %-22s %zu work-items, at most %zu x %zu x %zu\n", "work-group",
           d->max_work_group_size, d->max_work_item_sizes[0], d->max_work_item_sizes[1],
           d->max_work_item_sizes[2]);
}

pb_status pb_cli_devices(pb_cli *cli)
{
    pb_device_info *list = NULL;
    int count = 0;
    PB_TRY(pb_device_list(cli->ctx, pb_cli_value(cli, "device"), &list, &count));
    bool picked = false;
    for (int i = 0; i < count; i++) {
        print_device(i, &list[i]);
        picked = picked || list[i].picked;
    }
    free(list);
    if (count == 0)
        return pb_fail(
            cli->ctx, PB_ERR_DEVICE,
            "no OpenCL device is there; apt-get install pocl-opencl-icd makes the processor one");
    printf(picked ? "\n* is picked; --device or PASSBAND_DEVICE picks another by number or part of "
                    "its name\n"
                  : "\nnone is picked: no device fits --device or PASSBAND_DEVICE\n");
    return PB_OK;
}
