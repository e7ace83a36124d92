/* The section `ensemble`: several networks that are trained to be judged together. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "train/config_internal.h"

static const char *const kinds[] = {[PB_ENSEMBLE_NONE] = "average",
                                    [PB_ENSEMBLE_BAGGING] = "bagging",
                                    [PB_ENSEMBLE_SNAPSHOTS] = "snapshots",
                                    [PB_ENSEMBLE_SAMME] = "samme"};

const char *pb_ensemble_kind_name(pb_ensemble_kind kind)
{
    return kinds[kind];
}

pb_ensemble_kind pb_config_ensemble_kind(const pb_config *config)
{
    if (config->ensemble == NULL) return PB_ENSEMBLE_NONE;
    const char *kind = pb_option_string(config->ensemble, "kind");
    int k = PB_ENSEMBLE_BAGGING;
    while (k < PB_ENSEMBLE_SAMME && strcmp(kind, kinds[k]) != 0) k++;
    return (pb_ensemble_kind)k;
}

int pb_config_snapshot_every(const pb_config *config)
{
    if (pb_config_ensemble_kind(config) != PB_ENSEMBLE_SNAPSHOTS) return 0;
    return (int)(pb_option_int(config->train, "epochs") /
                 pb_option_int(config->ensemble, "members"));
}

/* ---- seeds of members ---- */

/* The number that a scalar of the file is, or -1. */
static int64_t number_of(const pb_node *node)
{
    if (!node || node->kind != PB_NODE_SCALAR || !node->text || !node->text[0]) return -1;
    if (strlen(node->text) > 10 || node->text[strspn(node->text, "0123456789")] != '\0') return -1;
    return strtoll(node->text, NULL, 10);
}

static bool is_map(const pb_node *node)
{
    return node && node->kind == PB_NODE_MAP;
}

/* Whatever is wrong with the section is told when it is read. */
pb_status pb_config_number_members(pb_context *ctx, pb_yaml *yaml)
{
    enum { MOST = 1000 };
    const pb_node *ensemble = pb_node_find(pb_yaml_root(yaml), "ensemble"),
                  *train = pb_node_find(pb_yaml_root(yaml), "train");
    if (!is_map(ensemble)) return PB_OK;
    const pb_node *kind = pb_node_find(ensemble, "kind"),
                  *seeds = is_map(train) ? pb_node_find(train, "seeds") : NULL;
    const int64_t members = number_of(pb_node_find(ensemble, "members"));
    const bool snapshots = kind && kind->kind == PB_NODE_SCALAR && kind->text &&
                           strcmp(kind->text, kinds[PB_ENSEMBLE_SNAPSHOTS]) == 0;
    if (snapshots || members < 1 || members > MOST) return PB_OK;
    int64_t first = 0;
    if (seeds) {
        if (seeds->kind == PB_NODE_LIST && seeds->count != 1) return PB_OK;
        first = number_of(seeds->kind == PB_NODE_LIST ? seeds->first : seeds);
    }
    if (first < 0) return PB_OK;
    pb_text text = {0};
    for (int64_t i = 0; i < members; i++)
        pb_text_append(&text, "%s%" PRId64, i ? ", " : "train.seeds=[", first + i);
    pb_text_append(&text, "]");
    const pb_status status = text.failed
                                 ? pb_fail(ctx, PB_ERR_MEMORY, "no memory for the configuration")
                                 : pb_config_override(ctx, yaml, text.text);
    pb_text_free(&text);
    return status;
}

/* ---- reading and checking ---- */

pb_status pb_config_read_ensemble(pb_context *ctx, const pb_node *root, pb_config *config)
{
    const pb_node *map = pb_node_find(root, "ensemble");
    if (map == NULL || pb_node_is_null(map)) return PB_OK;
    return pb_options_parse(ctx, pb_config_ensemble, map, "ensemble", &config->ensemble);
}

/* Whether a stage is an optimiser whose rate is a cosine over every `period` epochs, from the first
 * one on. */
static bool restarts_every(const pb_config_stage *s, int period)
{
    const pb_option *o = s->stage->options;
    while (o && o->name && strcmp(o->name, "schedule") != 0) o++;
    return o && o->name && strcmp(pb_option_string(s->options, "schedule"), "restarts") == 0 &&
           pb_option_int(s->options, "period") == period &&
           pb_option_int(s->options, "growth") == 1 && !(pb_option_float(s->options, "warmup") > 0);
}

static pb_status check_snapshots(pb_context *ctx, const pb_config *config)
{
    const int members = (int)pb_option_int(config->ensemble, "members"),
              epochs = (int)pb_option_int(config->train, "epochs");
    const char *where = pb_option_where(config->ensemble, "members");
    if (members < 2)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: is %d, but snapshots are 2 or more", where,
                       members);
    if (epochs % members != 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: %d snapshots are taken at equal distances, but %d epochs cannot be "
                       "divided by %d",
                       where, members, epochs, members);
    if (pb_option_int(config->train, "patience") > 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: a training that stops early does not come to all of its %d snapshots; "
                       "allowed: 0",
                       pb_option_where(config->train, "patience"), members);
    bool restarts = false, transforms = false;
    for (int i = 0; i < config->stage_count; i++) {
        restarts = restarts || restarts_every(&config->stages[i], epochs / members);
        transforms = transforms || config->stages[i].weights;
    }
    if (!restarts)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: %d snapshots of %d epochs need an optimiser with schedule: restarts, "
                       "period: %d and no warmup, which is at its lowest rate when one is taken",
                       where, members, epochs, epochs / members);
    if (!transforms) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%s: snapshots are of networks without a weight_transform, whose thresholds "
                   "are for the last epoch",
                   pb_option_where(config->ensemble, "kind"));
}

pb_status pb_config_check_ensemble(pb_context *ctx, const pb_config *config)
{
    const pb_ensemble_kind kind = pb_config_ensemble_kind(config);
    if (kind == PB_ENSEMBLE_NONE) return PB_OK;
    const char *where = pb_option_where(config->ensemble, "kind");
    if (pb_config_folds(config) > 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: an ensemble of the folds of train.folds is made by passband ensemble",
                       where);
    if (kind == PB_ENSEMBLE_SNAPSHOTS) return check_snapshots(ctx, config);
    const int members = (int)pb_option_int(config->ensemble, "members");
    int seeds;
    pb_option_ints(config->train, "seeds", &seeds);
    if (members > 0 && members != seeds)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: is %d, but train.seeds has %d; allowed: as many, or one seed to number "
                       "on from",
                       pb_option_where(config->ensemble, "members"), members, seeds);
    if (seeds < 2)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: %s needs two members or more, in ensemble.members or train.seeds",
                       where, pb_option_string(config->ensemble, "kind"));
    return PB_OK;
}
