/* What in a sample speaks for a class, by several methods (passband/look.h has their formulas). */
#ifndef PB_TRAIN_ATTRIBUTION_H
#define PB_TRAIN_ATTRIBUTION_H

#include <passband/look.h>
#include <passband/plan.h>

#include "train/look_graph.h"

typedef enum pb_method {
    PB_GRADIENT,
    PB_GRADIENT_X_INPUT,
    PB_SMOOTHGRAD,
    PB_INTEGRATED_GRADIENTS,
    PB_GRAD_CAM,
    PB_METHODS
} pb_method;
/** "gradient", "integrated_gradients", ... */
const char *pb_method_name(pb_method method);

/** A network on a device, made ready to be looked at. */
typedef struct pb_looking {
    pb_context *ctx;
    const pb_dataset *data;
    const pb_look_options *options;
    pb_look_graph graph;
    pb_plan *plan;
    int64_t seed;
    size_t width;    /* numbers of x */
    float *baseline; /* [width] */
} pb_looking;

/** Takes test samples, `count` <= graph.batch, and the classes to explain; NULL: class 0. */
pb_status pb_look_take(pb_looking *l, const int32_t rows[], const int32_t targets[], int count);
pb_status pb_look_run(pb_looking *l, const char *program);
pb_status pb_look_read(pb_looking *l, pb_value leaf, float *values);

/** What is known of a batch of samples; arrays of graph.batch rows. */
typedef struct pb_attributions {
    float *x;               /* [batch, width]                                                   */
    float *map[PB_METHODS]; /* [batch, width]; of grad_cam only where there is a convolution    */
    double *gap; /* [batch]: sum of integrated_gradients - (z(x) - z(b)), in parts of the larger of
                    its size and 1 */
    int points;  /* that integrated gradients took                                   */
} pb_attributions;
pb_status pb_attributions_create(const pb_looking *l, pb_attributions *a);
void pb_attributions_clear(pb_attributions *a);
/** Every method, for `count` test samples and the classes to explain. They are samples `first` and
 * following of all that are looked at, which decides the noise. */
pb_status pb_attribute(pb_looking *l, const int32_t rows[], const int32_t targets[], int first,
                       int count, pb_attributions *a);

/** Enlarges a map by bilinear interpolation with half-pixel centres: [h, w] -> [height, width]. */
void pb_enlarge(int h, int w, const float map[], int height, int width, float result[]);

#endif
