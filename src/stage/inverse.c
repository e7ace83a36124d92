/* The way back through the transforms before the first layer. */
#include <stdio.h>
#include <string.h>

#include "stage/stages.h"

void pb_builder_inverse(pb_builder *b, const pb_options *options, pb_shape taken,
                        pb_value (*apply)(pb_builder *b, const pb_inverse *inverse, pb_value left))
{
    if (b->input != PB_NONE) return; /* a layer has been here: nobody goes back through it */
    if (b->inverse_count == PB_BUILDER_MAX) {
        pb_graph_fail(b->g, PB_ERR_CONFIG, "a network can have at most %d transforms",
                      PB_BUILDER_MAX);
        return;
    }
    pb_inverse *inverse = &b->inverses[b->inverse_count++];
    *inverse = (pb_inverse){
        .options = options, .taken = taken, .left = pb_value_shape(b->g, b->x), .apply = apply};
    snprintf(inverse->scope, sizeof inverse->scope, "%s", b->scope);
}

/* Going back, the shape follows by itself. */
pb_value pb_inverse_same(pb_builder *b, const pb_inverse *inverse, pb_value left)
{
    (void)b, (void)inverse;
    return left;
}

pb_value pb_builder_transformed(const pb_builder *b)
{
    return b->input == PB_NONE ? b->x : b->input;
}

pb_value pb_builder_reconstruct(pb_builder *b, pb_value y)
{
    char scope[sizeof b->scope];
    if (b->irreversible || b->inverse_count == 0) return PB_NONE;
    memcpy(scope, b->scope, sizeof scope);
    for (int i = b->inverse_count - 1; i >= 0; i--) {
        const pb_inverse *inverse = &b->inverses[i];
        snprintf(b->scope, sizeof b->scope, "%s", inverse->scope); /* what it learned is there */
        y = inverse->apply(b, inverse, pb_reshape(b->g, y, inverse->left));
        y = pb_reshape(b->g, y, inverse->taken);
    }
    memcpy(b->scope, scope, sizeof scope);
    return y;
}
