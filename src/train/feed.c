#include "train/feed.h"

#include <stdlib.h>
#include <string.h>

#include "data/loader.h"

int32_t pb_pass_row(const pb_pass *pass, int i)
{
    const int sample = i < pass->count ? i : 0;
    return pass->rows ? pass->rows[sample] : pass->first + sample;
}

int pb_pass_window_steps(const pb_pass *pass, int window)
{
    const int most = window / pass->batch;
    const int windows = (pass->steps - 1) / most + 1;
    return (pass->steps - 1) / windows + 1;
}

pb_status pb_feed_open(pb_context *ctx, const pb_dataset *data, int window, pb_feed *feed)
{
    *feed = (pb_feed){.window = window};
    for (int i = 0; i < 2; i++) {
        feed->samples[i] = malloc((size_t)window * pb_sample_bytes(data));
        feed->labels[i] = malloc((size_t)window * sizeof *feed->labels[i]);
        if (feed->samples[i] && feed->labels[i]) continue;
        pb_feed_close(feed);
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a window of %d samples", window);
    }
    return PB_OK;
}

void pb_feed_close(pb_feed *feed)
{
    for (int i = 0; i < 2; i++) {
        free(feed->samples[i]);
        free(feed->labels[i]);
    }
    *feed = (pb_feed){0};
}

pb_status pb_feed_send(pb_feed *feed, const pb_dataset *data, const pb_pass *pass, int step,
                       int steps, pb_plan *plan, pb_value samples, pb_value labels)
{
    const size_t bytes = pb_sample_bytes(data);
    const int count = steps * pass->batch, first = step * pass->batch;
    char *to = feed->samples[feed->next];
    int32_t *label = feed->labels[feed->next];
    feed->next = !feed->next;
    for (int i = 0; i < count; i++) {
        const int32_t row = pb_pass_row(pass, first + i);
        const bool is_test = row >= data->train.count;
        const pb_samples *part = is_test ? &data->test : &data->train;
        const size_t at = (size_t)(is_test ? row - data->train.count : row);
        memcpy(to + (size_t)i * bytes, (const char *)part->data + at * bytes, bytes);
        label[i] = part->labels[at];
    }
    PB_TRY(pb_plan_send(plan, samples, to, (size_t)count * bytes));
    return pb_plan_send(plan, labels, label, (size_t)count * sizeof *label);
}
