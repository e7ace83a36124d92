#include "train/saved_network.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"

pb_status pb_saved_network(pb_context *ctx, const pb_run_folder *folder, int64_t seed, char **path,
                           pb_tensors *file)
{
    char *of_seed = pb_run_folder_of_seed(folder, seed);
    *path = of_seed ? pb_path_join(of_seed, "best.safetensors") : NULL;
    free(of_seed);
    if (!*path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    if (!pb_file_exists(*path))
        return pb_fail(ctx, PB_ERR_USAGE,
                       "%s: seed %" PRId64 " has no best.safetensors yet; resume the run first",
                       folder->path, seed);
    return pb_safetensors_load(ctx, *path, file);
}
