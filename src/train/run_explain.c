/* What a configuration turns into: its graph, its plan, or the kernels of that. */
#include "train/session.h"

pb_status pb_run_explain(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                         pb_explained what, FILE *out)
{
    pb_session session;
    PB_TRY(pb_session_open(ctx, config, options, &session));
    pb_status status = PB_OK;
    if (what == PB_EXPLAIN_GRAPH) {
        status = pb_graph_print_dot(session.graph.g, out);
    } else {
        status = pb_session_plan(&session, session.options.device);
        if (status == PB_OK && what == PB_EXPLAIN_SOURCE)
            fputs(pb_plan_source(session.plan), out);
        else if (status == PB_OK)
            status = pb_plan_print(session.plan, out);
    }
    pb_session_close(&session);
    return status;
}
