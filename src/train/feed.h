/* Passes over the data set: a program run over the batches of a list of samples. Data that fits the
 * device lies there whole; otherwise it stays with the host, which gathers the samples of the next
 * few batches, a window, while the device works on the window before. */
#ifndef PB_TRAIN_FEED_H
#define PB_TRAIN_FEED_H

#include <passband/dataset.h>
#include <passband/plan.h>

/** A list of samples: rows[i], or first + i where rows is NULL. A last batch that they do not fill
 * is filled up with the first. */
typedef struct pb_pass {
    const char *program;
    pb_value order; /* leaf, i32 [steps * batch] */
    int batch, steps, count;
    const int32_t *rows;
    int32_t first;
} pb_pass;

/** Row number of sample i of a pass, 0 <= i < steps * batch. */
int32_t pb_pass_row(const pb_pass *pass, int i);
/** Batches of the pass that go into one window of so many rows; all windows but the last have as
 * many. */
int pb_pass_window_steps(const pb_pass *pass, int window);

/** Two windows in host memory: one is on its way to the device while the other is filled. */
typedef struct pb_feed {
    int window; /* rows; 0: the data lies on the device */
    void *samples[2];
    int32_t *labels[2];
    int next; /* which one is filled next */
} pb_feed;

pb_status pb_feed_open(pb_context *ctx, const pb_dataset *data, int window, pb_feed *feed);
void pb_feed_close(pb_feed *feed);
/** Gathers batches `step` to `step + steps` of a pass and starts to send them into the leaves of
 * the plan. */
pb_status pb_feed_send(pb_feed *feed, const pb_dataset *data, const pb_pass *pass, int step,
                       int steps, pb_plan *plan, pb_value samples, pb_value labels);

#endif
