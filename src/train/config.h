/* What a checked configuration holds, for the rest of this room. The functions are in
 * passband/run.h. */
#ifndef PB_TRAIN_CONFIG_H
#define PB_TRAIN_CONFIG_H

#include <passband/option.h>
#include <passband/run.h>
#include <passband/stage.h>

/** One entry of the list of stages. */
typedef struct pb_config_stage {
    const pb_stage *stage;
    pb_options *options; /* never NULL: a stage without options has an empty table */
    pb_options *weights; /* its weight_transform, NULL: it has none */
    bool own_weights; /* it says so itself; else it follows the section of that name            */
    int ordinal;      /* from 1 within stages of one name: the second conv1d is 2               */
    char *where;      /* "configs/a.yaml:12: stages.conv1d.1", for errors                       */
} pb_config_stage;

struct pb_config {
    const char *name;     /* letters, digits, '.', '_', '-': fit for a folder's name              */
    const char *device;   /* selector as in pb_device_open, NULL: the library chooses             */
    pb_options *top;      /* owns name                                                            */
    pb_options *machine;  /* keys of `device`, below; owns device                                 */
    pb_options *data;     /* keys below                                                           */
    pb_options *mnist1d;  /* the keys of `data` that mnist1d alone has; NULL for other data sets  */
    pb_options *weights;  /* keys of `weight_transform`, stage/weights.c; NULL: layers have none of
                             their own accord */
    pb_options *transfer; /* keys of `transfer`; NULL: parameters start at random                 */
    pb_options *ensemble; /* keys of `ensemble`; NULL: it is none                                 */
    pb_options *train;    /* keys below                                                           */
    pb_config_stage *stages; /* [stage_count], at least an input, a loss and an optimiser */
    int stage_count;
    bool compresses; /* for compressing: it needs no loss and no optimiser                    */
};

/** The first so many stages as a YAML list, every option given; NULL when memory is out. */
char *pb_config_chain_yaml(const pb_config *config, int count);

/** A configuration to compress with whose stages are the chain of a compressed data set, changed by
 * overrides
 *  ("stages.random_projection.seed=1"). An empty chain stands for the bytes or numbers as they are:
 * `load` without a scale. `path` names it in errors. */
pb_status pb_config_of_chain(pb_context *ctx, const char *path, const char *chain,
                             int override_count, const char *const overrides[], pb_config **config);

/** What an ensemble is made of. */
typedef enum pb_ensemble_kind {
    PB_ENSEMBLE_NONE,
    PB_ENSEMBLE_BAGGING,   /* a member for each seed, on a bootstrap sample of its own */
    PB_ENSEMBLE_SNAPSHOTS, /* members at equal distances of epochs of each seed's training */
    PB_ENSEMBLE_SAMME,     /* a member for each seed, one after another */
} pb_ensemble_kind;
pb_ensemble_kind pb_config_ensemble_kind(const pb_config *config);
/** As the option says it; "average" of none. */
const char *pb_ensemble_kind_name(pb_ensemble_kind kind);
/** Epochs from one snapshot to the next; 0: there are none. */
int pb_config_snapshot_every(const pb_config *config);

/** Trainings of a cross-validation that go by each seed: folds of all repeats; 0: it is none. */
int pb_config_folds(const pb_config *config);
/** Whether a run of it is one of every fold, rather than of one or without folds. */
bool pb_config_cross_validates(const pb_config *config);

/* Keys of `device`, which may also be the name alone:
 *   name          string  as pb_device_open takes it; "" lets the library choose ("")
 *   memory_limit  bytes   of device memory at most; data that does not fit is streamed; 0: no limit
 * (0)
 *
 * Keys of `data`:
 *   name          string  fashion-mnist, mnist, mnist1d, cifar10, png, idx, npy  (fashion-mnist)
 *   path          string  folder or file of png, idx, npy; "" where none is needed ("")
 *   validation    float   share of the training samples held out, [0, 0.9]; 0: none (0.2)
 *   test_fraction float   share held out for testing where the source has no test split (0.2)
 *   split_seed    int     seed of both splits                                    (0)
 *   limit         int     first so many training samples only; 0: all            (0)
 *   skip_damaged  bool    leave damaged chunks of a compressed data set out      (false)
 * and for mnist1d those of pb_mnist1d_table, in data/mnist1d_options.c.
 *
 * Keys of `transfer`, a section that may be absent (train/pretrained.h):
 *   from          string  safetensors file, or folder of a run: the network of its first seed
 *   map           names   of the file -> of the network, each with one `*` or none; others stand
 * for themselves ({}) fresh         texts   glob patterns of what keeps its random start ([])
 *
 * Keys of `ensemble`, a section that may be absent (train/config_ensemble.c):
 *   kind          choice  bagging, snapshots, samme
 *   members       int     of bagging and samme as many as seeds, or 0; of snapshots at least 2, by which
 *                         train.epochs can be divided                            (0)
 *
 * Keys of `train`:
 *   epochs          int   1 ..                                                   (30)
 *   batch_size      int   samples of a training step                             (128)
 *   eval_batch_size int   samples of a batch of validation and test              (1000)
 *   seeds           ints  each at least 0, all different, at least one           ([0])
 *   folds           int   of a cross-validation, at least 2; 0: none               (0)
 *   fold_kind       choice stratified, plain                                     (stratified)
 *   fold_repeats    int   1 ..                                                   (1)
 *   fold            int   the only one to train, 1 .. folds * fold_repeats; 0: all of them (0)
 *   monitor         what  accuracy or loss of the validation part: which epoch is better (accuracy)
 *   patience        int   epochs without a better one before a seed stops; 0: never; needs
 *                         data.validation > 0 or folds, which the configuration checks (0)
 *   min_delta       float gain in what is monitored that counts as better        (0)
 *   log_every       int   iterations between recorded points; 0: automatic       (0)
 */

#endif
