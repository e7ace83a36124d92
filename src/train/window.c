#include "train/window.h"

/* Device memory that a window takes: all of it, and the largest buffer. */
typedef struct need {
    size_t bytes, largest;
} need;

static pb_status need_of(const pb_run_parts *parts, pb_device *device, int window, need *n)
{
    pb_run_graph graph;
    pb_run_rows rows = parts->rows;
    rows.window = window;
    PB_TRY(
        pb_run_graph_create(parts->ctx, parts->config, parts->data, rows, parts->fitted, &graph));
    const pb_status status =
        pb_plan_measure(device, graph.g, parts->choices, window > 0, &n->bytes, &n->largest);
    pb_run_graph_clear(&graph);
    return status;
}

static bool holds(const pb_device_info *info, const need *n)
{
    return n->bytes <= info->global_memory_bytes && n->largest <= info->max_allocation_bytes;
}

pb_status pb_window_fits(const pb_run_parts *parts, pb_device *device, int window, bool *fits)
{
    need n;
    PB_TRY(need_of(parts, device, window, &n));
    *fits = holds(pb_device_describe(device), &n);
    return PB_OK;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* One batch of each program. */
static int least_window(const pb_run_graph *r)
{
    const int looked_at = larger(r->shown, r->sheet.count);
    return larger(larger(r->batch, looked_at), larger(r->validate.batch, r->test.batch));
}

/* All that the longest pass goes through. */
static int most_window(const pb_run_graph *r)
{
    return larger(r->steps * r->batch,
                  larger(r->validate.steps * r->validate.batch, r->test.steps * r->test.batch));
}

/* Rows at which the chord from (low, a) to (high, b) reaches the limit. */
static double chord(int low, int high, size_t a, size_t b, uint64_t limit)
{
    if (b <= limit) return high;
    const double share = ((double)limit - (double)a) / ((double)b - (double)a);
    return low + share * ((double)high - low);
}

static pb_status too_small(const pb_run_parts *parts, const pb_device_info *info, const need *least)
{
    const char *hint = "smaller train.batch_size and train.eval_batch_size need less";
    const unsigned long long most = least->bytes > least->largest ? least->bytes : least->largest;
    const pb_options *o = parts->config->machine;
    if (pb_option_int(o, "memory_limit") > 0)
        return pb_fail(parts->ctx, PB_ERR_CONFIG,
                       "%s: %llu bytes are too few, the least that works is %lluk; %s",
                       pb_option_where(o, "memory_limit"),
                       (unsigned long long)pb_option_int(o, "memory_limit"), (most + 1023) / 1024,
                       hint);
    return pb_fail(
        parts->ctx, PB_ERR_DEVICE,
        "the run needs at least %.1f MB of device memory, %.1f MB of it in one buffer; %s "
        "has %.1f MB, in one buffer %.1f MB; %s",
        (double)least->bytes / 1e6, (double)least->largest / 1e6, info->name,
        (double)info->global_memory_bytes / 1e6, (double)info->max_allocation_bytes / 1e6, hint);
}

pb_status pb_window_choose(const pb_run_parts *parts, pb_device *device, const pb_run_graph *whole,
                           int *window)
{
    enum { NARROWINGS = 3 };
    const pb_device_info *info = pb_device_describe(device);
    int low = least_window(whole), high = larger(low, most_window(whole));
    need least, most;
    PB_TRY(need_of(parts, device, low, &least));
    if (!holds(info, &least)) return too_small(parts, info, &least);
    PB_TRY(need_of(parts, device, high, &most));
    /* What a window needs is the sum and the larger of terms that are linear in its rows: a chord
     * lies above it, so whatever the chord allows does fit. */
    for (int i = 0; i < NARROWINGS && !holds(info, &most); i++) {
        const double by_bytes =
            chord(low, high, least.bytes, most.bytes, info->global_memory_bytes);
        const double by_buffer =
            chord(low, high, least.largest, most.largest, info->max_allocation_bytes);
        const int rows = (int)(by_bytes < by_buffer ? by_bytes : by_buffer);
        need n;
        if (rows <= low) break;
        PB_TRY(need_of(parts, device, rows, &n));
        if (!holds(info, &n)) break; /* rounded up to whole pages, say */
        low = rows;
        least = n;
    }
    *window = holds(info, &most) ? high : low;
    return PB_OK;
}
