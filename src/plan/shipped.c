/* What was measured on CPUs before it was shipped: how large a register tile is the fastest. */
#include <string.h>

#include "plan/choice.h"

/* Found by timing products of 128 to 2048 rows with tiles of many sizes, on a Zen 4 with PoCL 3.1,
 * as it is and told to be a Haswell (POCL_KERNELLIB_NAME=avx2). What counts is the
 * registers: AVX-512 has 32 of 16 floats, AVX2 has 16 of 8, of which a vector of ours takes
 * two, so that 6 rows of one vector fill 12 and leave room for operands. There a tile of 8 x 2
 * spills and takes half as long again. On a Zen 3, whose caches are of 32 and 512 KiB, a square of
 * 512 rows took 0.8 of the time and one of 1024 rows 0.9 with panels of 16 KiB and copies of A of
 * 132 KiB, and 128 x 128 x 2048 Bt by tiles 0.6 of the time that dot products took. On a Xeon with
 * AVX-512, whose caches are of 48 KiB and 2 MiB, it took 0.88; a square of 2048 rows took 0.9 with
 * A copied and one of 512 rows 1.04, but transposed 0.88; 10 rows were 0.96 in one tile instead of
 * two. */
static const pb_tiles wide = {.rows = 8,
                              .vectors = 2,
                              .most_rows = 12,
                              .depth = 512,
                              .copy_rows = 128,
                              .copied_from = 1048576,
                              .dot_rows = 4,
                              .dot_columns = 6,
                              .conv_outputs = 8,
                              .conv_vectors = 16,
                              .conv_sums = 24,
                              .taps = 6,
                              .tap_outputs = 24};
static const pb_tiles narrow = {.rows = 6,
                                .vectors = 1,
                                .most_rows = 6,
                                .depth = 256,
                                .copy_rows = 132,
                                .copied_from = 262144,
                                .dot_rows = 2,
                                .dot_columns = 5,
                                .conv_outputs = 6,
                                .conv_vectors = 6,
                                .conv_sums = 6,
                                .taps = 3,
                                .tap_outputs = 6};

/* PoCL names the processor that it compiles for, in LLVM's words, and reports vectors of 16 floats
 * for every one; others report what the processor has. */
bool pb_has_wide_registers(const pb_device_info *info)
{
    static const char *const wide_names[] = {
        "avx512",     "cannonlake",     "icelake",       "cascadelake", "cooperlake", "tigerlake",
        "rocketlake", "sapphirerapids", "emeraldrapids", "znver4",      "znver5"};
    if (!pb_device_is_pocl(info)) return info->native_vector_floats >= 16;
    for (size_t i = 0; i < sizeof wide_names / sizeof wide_names[0]; ++i)
        if (strstr(info->name, wide_names[i])) return true;
    return false;
}

const pb_tiles *pb_tiles_of(const pb_device_info *info)
{
    return pb_has_wide_registers(info) ? &wide : &narrow;
}
