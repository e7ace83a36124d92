/* The platforms' libraries, compilers among them, take a tenth of a second to load. A thread loads
 * them while the caller does something else. */
#include <pthread.h>
#include <stdlib.h>

#include "device/cl_device.h"

struct pb_wake {
    pthread_t thread;
};

static void *load_platforms(void *nothing)
{
    cl_platform_id platforms[64];
    cl_uint count = 0;
    if (clGetPlatformIDs(64, platforms, &count) != CL_SUCCESS) return nothing;
    for (cl_uint i = 0; i < count && i < 64; i++) {
        cl_uint devices;
        clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 0, NULL, &devices);
    }
    return nothing;
}

pb_wake *pb_device_wake(void)
{
    pb_wake *wake = malloc(sizeof *wake);
    if (wake && pthread_create(&wake->thread, NULL, load_platforms, NULL) == 0) return wake;
    free(wake);
    return NULL;
}

void pb_device_awake(pb_wake **wake)
{
    if (!*wake) return;
    pthread_join((*wake)->thread, NULL);
    free(*wake);
    *wake = NULL;
}
