#include "train/boosting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "train/calibration.h"
#include "train/predict.h"
#include "train/resample.h"
#include "train/seed.h"

struct pb_boosting {
    pb_session *session;
    int members, most;
    double *weights; /* [most + 1][train_count]: of each member, and of the next */
    int32_t *drawn;  /* [train_count] */
    json_t *list;    /* of members */
};

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory to boost");
}

/* Weights that a member is trained with. */
static double *weights_of(const pb_boosting *b, int member)
{
    return b->weights + (size_t)member * (size_t)b->session->train_count;
}

pb_status pb_boosting_create(pb_session *s, pb_boosting **boosting)
{
    const size_t count = (size_t)s->train_count;
    pb_boosting *b = *boosting = calloc(1, sizeof *b);
    if (!b) return no_memory(s->ctx);
    b->session = s;
    pb_option_ints(s->config->train, "seeds", &b->most);
    b->weights = malloc(((size_t)b->most + 1) * count * sizeof *b->weights);
    b->drawn = malloc(count * sizeof *b->drawn);
    b->list = json_array();
    if (!b->weights || !b->drawn || !b->list) {
        pb_boosting_free(boosting);
        return no_memory(s->ctx);
    }
    for (size_t i = 0; i < count; i++) b->weights[i] = 1.0 / (double)count;
    return PB_OK;
}

void pb_boosting_free(pb_boosting **boosting)
{
    pb_boosting *b = *boosting;
    if (!b) return;
    b->session->drawn = NULL;
    free(b->weights);
    free(b->drawn);
    json_decref(b->list);
    free(b);
    *boosting = NULL;
}

void pb_boosting_draw(pb_boosting *b, int64_t seed)
{
    pb_session *s = b->session;
    pb_weighted_draw((uint64_t)seed, s->train_count, weights_of(b, b->members), b->drawn);
    for (int i = 0; i < s->train_count; i++) b->drawn[i] = s->train_rows[b->drawn[i]];
    s->drawn = b->drawn;
}

/* Which samples of the training part the network that the plan holds gets wrong. */
static pb_status find_wrong(pb_session *s, bool wrong[])
{
    const int classes = s->data->classes;
    double *p = malloc((size_t)s->train_count * (size_t)classes * sizeof *p);
    if (!p) return no_memory(s->ctx);
    const pb_status status = pb_predict(s, s->train_rows, 0, s->train_count, p);
    for (int i = 0; status == PB_OK && i < s->train_count; i++)
        wrong[i] = pb_most_probable(p + (int64_t)i * classes, classes) !=
                   s->data->train.labels[s->train_rows[i]];
    free(p);
    return status;
}

static pb_status next_weights(pb_boosting *b, pb_boosted *member)
{
    pb_session *s = b->session;
    const size_t count = (size_t)s->train_count;
    bool *wrong = malloc(count * sizeof *wrong);
    const pb_status status = wrong ? find_wrong(s, wrong) : no_memory(s->ctx);
    if (status == PB_OK) {
        double *next = weights_of(b, b->members + 1);
        memcpy(next, weights_of(b, b->members), count * sizeof *next);
        *member = pb_samme_round(s->train_count, s->data->classes, wrong, next);
    }
    free(wrong);
    return status;
}

/* boosting.json comes last: the weights of its members are there. */
static pb_status write_files(const pb_boosting *b, const char *folder)
{
    pb_context *ctx = b->session->ctx;
    const size_t dim[] = {(size_t)b->members, (size_t)b->session->train_count};
    char *array = pb_path_join(folder, "sample_weights.npy"),
         *path = pb_path_join(folder, "boosting.json");
    json_t *json = json_pack("{s:O}", "members", b->list);
    pb_status status = array && path && json ? PB_OK : no_memory(ctx);
    if (status == PB_OK) status = pb_npy_save(ctx, array, PB_NPY_F64, 2, dim, b->weights);
    if (status == PB_OK) status = pb_json_save(ctx, path, json);
    json_decref(json);
    free(array);
    free(path);
    return status;
}

pb_status pb_boosting_add(pb_boosting *b, int64_t seed, const char *seed_folder, const char *folder)
{
    pb_session *s = b->session;
    pb_boosted member;
    PB_TRY(pb_seed_load_best(s, seed_folder));
    PB_TRY(next_weights(b, &member));
    json_t *json = json_pack("{s:I, s:o, s:o}", "seed", (json_int_t)seed, "error",
                             pb_json_real(member.error), "alpha", pb_json_real(member.alpha));
    if (json_array_append_new(b->list, json) != 0) return no_memory(s->ctx);
    b->members++;
    if (!(member.alpha > 0))
        pb_log(s->ctx, PB_LOG_WARN,
               "seed %" PRId64 ": is wrong on %.1f %% of the weighted training samples, no better "
               "than guessing: it has no vote, and the next member begins with equal weights",
               seed, 100 * member.error);
    return write_files(b, folder);
}

pb_status pb_boosting_read(pb_context *ctx, const char *folder, json_t **members)
{
    json_t *json = NULL;
    char *path = pb_path_join(folder, "boosting.json");
    *members = NULL;
    pb_status status = path ? pb_json_load(ctx, path, &json) : no_memory(ctx);
    if (status == PB_OK) {
        *members = json_incref(json_object_get(json, "members"));
        if (!json_is_array(*members)) {
            json_decref(*members);
            *members = NULL;
            status = pb_fail(ctx, PB_ERR_DATA, "%s: has no list of members", path);
        }
    }
    json_decref(json);
    free(path);
    return status;
}
