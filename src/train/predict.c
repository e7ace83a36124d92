#include "train/predict.h"

#include <math.h>
#include <stdlib.h>

/* Logarithms come from the device, so that what is all but impossible keeps its digits. */
static pb_status predict_batch(pb_session *s, const pb_pass *pass, float *logs,
                               double probabilities[])
{
    PB_TRY(pb_session_order(s, pass));
    PB_TRY(pb_session_pass(s, pass));
    PB_TRY(pb_session_read(s, s->graph.predict.log_probabilities, logs));
    const int64_t numbers = (int64_t)pass->count * s->data->classes;
    for (int64_t i = 0; i < numbers; i++) probabilities[i] = exp((double)logs[i]);
    return PB_OK;
}

pb_status pb_predict(pb_session *s, const int32_t *rows, int32_t first, int count,
                     double probabilities[])
{
    const int batch = s->graph.predict.batch;
    float *logs = malloc((size_t)batch * (size_t)s->data->classes * sizeof *logs);
    pb_status status =
        logs ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the predictions of a batch");
    for (int at = 0; status == PB_OK && at < count; at += batch) {
        const pb_pass pass = {.program = "predict",
                              .order = s->graph.predict.order,
                              .batch = batch,
                              .steps = 1,
                              .count = count - at < batch ? count - at : batch,
                              .rows = rows ? rows + at : NULL,
                              .first = first + at};
        status = predict_batch(s, &pass, logs, probabilities + (int64_t)at * s->data->classes);
    }
    free(logs);
    return status;
}
