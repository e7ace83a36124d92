/* Bad input: each case ends with one sentence and its exit code, without a crash and without
 * anything half-written. */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <glob.h>

#include "spoil.h"

/* ---- the table ---- */

typedef struct bad_case {
    const char *what;
    const char *arguments;
    const char *from, *to;    /* change of the configuration */
    void (*spoil)(scratch *); /* change of the files         */
    setting how;
    int exit_code;
    const char *fragments[3]; /* what the sentence must say  */
    int keeps_run;            /* the run had begun: its folder stays */
} bad_case;

#define RUN "run -q c.yaml"

static const bad_case cases[] = {
#define USAGE(arguments_, ...)                                                                     \
    {                                                                                              \
        .what = arguments_, .arguments = arguments_, .exit_code = 2, .fragments = { __VA_ARGS__ }  \
    }
    /* the command line */
    USAGE("", "no command", "passband help"),
    USAGE("rnu c.yaml", "rnu", "did you mean run?"),
    USAGE("xylophone", "unknown command xylophone"),
    USAGE("help rum", "did you mean run?"),
    USAGE("run", "too few arguments", "passband run CONFIG"),
    USAGE("run -q train.epochs=3", "no configuration"),
    USAGE("run -q nowhere.yaml", "nowhere.yaml", "no configuration or folder"),
    USAGE("run -q c.yaml nowhere.yaml", "nowhere.yaml"),
    USAGE("run --devcie 0 c.yaml", "--devcie", "did you mean --device?"),
    USAGE("run -z c.yaml", "unknown option -z"),
    USAGE("run c.yaml --output", "--output needs a value"),
    USAGE("run c.yaml --output=", "--output is empty"),
    USAGE("run --quiet=yes c.yaml", "--quiet takes no value"),
    USAGE("eval", "too few arguments"),
    USAGE("eval nowhere", "nowhere", "no such run folder"),
    USAGE("eval data", "data", "config.yaml"),
    USAGE("resume nowhere", "nowhere", "no such run folder"),
    USAGE("resume c.yaml", "c.yaml", "not a run folder but a file"),
    USAGE("resume -q data", "data", "config.yaml"),
    USAGE("resume a b", "b is one argument too many"),
    USAGE("report nowhere", "nowhere", "no such run folder"),
    USAGE("report data", "data", "not a run folder"),
    USAGE("explain c.yaml d.yaml", "d.yaml", "key=value"),
    USAGE("stages conv1", "conv1", "did you mean conv1d?"),
    USAGE("stages a b", "one argument too many"),
    USAGE("devices now", "now is one argument too many"),
    USAGE("data lits", "lits", "did you mean list?"),
    USAGE("data fetch", "needs the name"),
    USAGE("data fetch mnits", "mnits", "mnist"),
    USAGE("data fetch mnist there", "there is one argument too many after mnist"),
    USAGE("data list mnist", "mnist is one argument too many after list"),
    USAGE("data export", "export needs a data set and a folder"),
    USAGE("data export mnist1d", "export needs a data set and a folder"),
    USAGE("data export mnits1d out", "mnits1d", "did you mean mnist1d?"),
    USAGE("data export mnist out", "mnist is not generated and not exported, mnist1d is"),
    USAGE("data export mnist1d out 50", "'50' is not an option of mnist1d", "key=value"),
    USAGE("data export mnist1d out num_sample=50", "num_sample", "did you mean num_samples?"),
    USAGE("data export mnist1d out seed=x", "seed: 'x' is not allowed", "an integer"),
    USAGE("data export mnist1d out padding=[9,8]", "padding: the least, 9, is above the most, 8"),
    USAGE("data export mnist1d out -o other", "--output is for fetch"),

#define CONFIG(what_, from_, to_, ...)                                                             \
    {                                                                                              \
        .what = what_, .arguments = RUN, .from = from_, .to = to_, .exit_code = 2, .fragments = {  \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    /* the configuration */
    CONFIG("not YAML", "train: {", "train: {{", "c.yaml:3"),
    CONFIG("a tab", "  - load", "\t- load", "c.yaml:5"),
    CONFIG("an unknown section", "train:", "trian:", "c.yaml:3", "trian", "did you mean train?"),
    CONFIG("an unknown key", "epochs:", "epocs:", "c.yaml:3", "epocs",
           "did you mean train.epochs?"),
    CONFIG("a word for a number", "epochs: 2", "epochs: many", "train.epochs", "many"),
    CONFIG("a real for an integer", "epochs: 2", "epochs: 2.5", "train.epochs", "2.5"),
    CONFIG("a list for a number", "epochs: 2", "epochs: [2]", "train.epochs"),
    CONFIG("out of range", "validation: 0.2", "validation: 1.5", "data.validation", "1.5", "0.9"),
    CONFIG("a huge number", "epochs: 2", "epochs: 99999999999999999999", "train.epochs"),
    CONFIG("not a number", "validation: 0.2", "validation: .nan", "data.validation"),
    CONFIG("a duplicate key", "epochs: 2", "epochs: 2, epochs: 3", "c.yaml:3", "epochs", "twice"),
    CONFIG("a seed twice", "seeds: [0]", "seeds: [4, 4]", "seeds", "twice"),
    CONFIG("no seeds", "seeds: [0]", "seeds: []", "seeds"),
    CONFIG("a negative seed", "seeds: [0]", "seeds: [-1]", "seeds", "-1"),
    CONFIG("an alias bomb", "name: tiny", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nname: tiny",
           "anchors"),
    CONFIG("a tag", "name: tiny", "name: !!python/object tiny", "c.yaml:1", "tag"),
    CONFIG("two documents", "name: tiny", "name: tiny\n---\nname: tiny", "document"),
    CONFIG("stages that are no list", "stages:\n", "stages:\n  a: b\nx:\n", "stages"),
    CONFIG("an unknown stage", "- dct2", "- dct3", "c.yaml:6", "dct3", "did you mean dct2?"),
    CONFIG("an unknown option of a stage", "keep: 6", "kep: 6", "c.yaml:6", "kep",
           "did you mean keep?"),
    CONFIG("a stage without what it needs", "{features: 3}", "{bias: true}", "c.yaml:12",
           "features"),
    CONFIG("a wrong choice", "{lr: 0.1}", "{lr: 0.1, schedule: cosin}", "schedule", "cosin",
           "cosine"),
    CONFIG("no loss", "  - cross_entropy\n", "", "loss"),
    CONFIG("no optimiser", "  - sgd: {lr: 0.1}\n", "", "optimiser"),
    CONFIG("no input", "  - load\n", "", "load"),
    CONFIG("patience without validation", "validation: 0.2}\ntrain: {",
           "validation: 0}\ntrain: {patience: 2, ", "patience"),
    CONFIG("an unknown data set", "name: idx", "name: idxx", "c.yaml:2: data.name", "idxx",
           "did you mean idx?"),
    CONFIG("a kind of data without a path", ", path: data", "", "path"),
    CONFIG("a batch larger than the data", "batch_size: 8", "batch_size: 500", "batch_size", "500",
           "48"),
    CONFIG("an optimiser for no parameter", "{lr: 0.1}", "{lr: 0.1, params: \"nothing*\"}",
           "nothing*"),
    {.what = "an empty configuration",
     .arguments = RUN,
     .spoil = empty_config,
     .exit_code = 2,
     .fragments = {"c.yaml"}},
    {.what = "a binary configuration",
     .arguments = RUN,
     .spoil = binary_config,
     .exit_code = 2,
     .fragments = {"c.yaml"}},
    {.what = "a configuration of 2 MB",
     .arguments = RUN,
     .spoil = huge_config,
     .exit_code = 2,
     .fragments = {"c.yaml", "1048576"}},
    {.what = "5000 levels",
     .arguments = RUN,
     .spoil = deep_config,
     .exit_code = 2,
     .fragments = {"c.yaml", "levels"}},
    {.what = "a folder as configuration",
     .arguments = RUN,
     .spoil = folder_as_config,
     .exit_code = 4,
     .fragments = {"c.yaml", "sub-folders"}},
    USAGE(RUN " train.epocs=3", "train.epocs", "did you mean"),
    USAGE(RUN " train.epochs=three", "train.epochs", "three"),
    USAGE(RUN " train.epochs=", "train.epochs"),
    USAGE(RUN " =3", "=3"),
    USAGE(RUN " stages.dct3.keep=4", "dct3", "did you mean"),
    USAGE(RUN " stages.conv1d.4.channels=4", "conv1d"),

    /* shapes */
    CONFIG("more coefficients than pixels", "keep: 6", "keep: 9", "c.yaml:6", "dct2", "9"),
    CONFIG("a reshape that does not fit", "[1, 36]", "[1, 35]", "c.yaml:8", "reshape", "36"),
    CONFIG("a kernel wider than the signal", "kernel: 3, padding: 1", "kernel: 99", "c.yaml:9",
           "conv1d"),
    CONFIG("a window wider than the signal", "max_pool1d: {kernel: 2}", "max_pool1d: {kernel: 50}",
           "c.yaml:11", "max_pool1d"),
    CONFIG("logits for other classes", "{features: 3}", "{features: 4}", "cross_entropy", "4", "3"),
    CONFIG("a transform of a signal", "  - dct2: {keep: 6}\n",
           "  - reshape: {shape: [64]}\n  - dct2: {keep: 6}\n", "band_mask",
           "takes coefficients [batch, height, width], but gets [8, 6]"),

#define DATA(spoil_, ...)                                                                          \
    {                                                                                              \
        .what = #spoil_, .arguments = RUN, .spoil = spoil_, .exit_code = 4, .fragments = {         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    /* data sets */
    DATA(truncated_images, "train-images-idx3-ubyte", "truncated"),
    DATA(truncated_header, "train-images-idx3-ubyte", "truncated"),
    DATA(oversized_images, "train-images-idx3-ubyte", "too long"),
    DATA(absurd_images, "train-images-idx3-ubyte"),
    DATA(wrong_magic, "train-images-idx3-ubyte"),
    DATA(no_images, "train-images-idx3-ubyte", "no samples"),
    DATA(empty_file, "train-labels-idx1-ubyte"),
    DATA(fewer_labels, "59 labels", "60 images"),
    DATA(unknown_test_label, "t10k-labels-idx1-ubyte", "7"),
    DATA(labels_missing, "train-labels-idx1-ubyte", "missing"),
    DATA(images_are_a_folder, "train-images-idx3-ubyte", "regular file"),
    DATA(gz_bomb, "train-images-idx3-ubyte.gz", "too long"),
    DATA(truncated_gz, "train-images-idx3-ubyte.gz", "truncated"),
    DATA(damaged_gz, "train-images-idx3-ubyte.gz", "damaged"),
    DATA(empty_folder, "train-images-idx3-ubyte", "missing"),
    DATA(no_folder, "data"),
    {.what = "a data set that is not there",
     .arguments = RUN " data.name=mnist data.path=nowhere",
     .exit_code = 4,
     .fragments = {"nowhere", "cannot be read"}},
    {.what = "a file instead of a folder with data",
     .arguments = RUN " data.path=c.yaml",
     .exit_code = 4,
     .fragments = {"c.yaml: is not a folder, it must be a folder of IDX files"}},
    {.what = "a file instead of a folder with a data set",
     .arguments = RUN " data.name=mnist data.path=c.yaml",
     .exit_code = 4,
     .fragments = {"c.yaml: is not a folder, it must be one with the files of mnist"}},
    {.what = "a data set that can be fetched",
     .arguments = RUN,
     .from = "name: idx, path: data",
     .to = "name: mnist",
     .how = {.environment = {"PASSBAND_DATA=/nonexistent"}},
     .exit_code = 4,
     .fragments = {"mnist", "passband data fetch mnist"}},

#define NPY(spoil_, ...)                                                                           \
    {                                                                                              \
        .what = #spoil_, .arguments = RUN, .from = "name: idx", .to = "name: npy",                 \
        .spoil = spoil_, .exit_code = 4, .fragments = {                                            \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    NPY(npy_of_complex, "x.npy", "c16"),
    NPY(npy_of_objects, "x.npy", "objects"),
    NPY(npy_of_float_labels, "y.npy", "integers"),
    NPY(npy_of_absurd_shape, "x.npy"),
    NPY(npy_of_negative_shape, "x.npy"),
    NPY(npy_truncated, "x.npy", "truncated"),
    NPY(npy_of_other_length, "y.npy", "59"),
    NPY(npy_of_five_axes, "x.npy", "5"),
    NPY(npy_of_one_class, "every label is 0"),
    NPY(npy_that_is_text, "x.npy", "not an NPY file"),
    NPY(empty_folder, "x.npy"),

#define PNG(spoil_, ...)                                                                           \
    {                                                                                              \
        .what = #spoil_, .arguments = RUN, .from = "name: idx", .to = "name: png",                 \
        .spoil = spoil_, .exit_code = 4, .fragments = {                                            \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
    PNG(png_of_mixed_sizes, "3.png", "9 x 9", "8 x 8"),
    PNG(png_corrupt, "5.png"),
    PNG(png_truncated, "0.png"),
    PNG(png_that_is_text, "4.png"),
    PNG(png_of_an_empty_class, "class3"),
    PNG(empty_folder, "data"),

    /* folders and disks */
    {.what = "a folder that is a file",
     .arguments = RUN " -o out",
     .spoil = a_file_named_out,
     .exit_code = 1,
     .fragments = {"out"}},
    {.what = "a folder below a file",
     .arguments = RUN " -o out/x",
     .spoil = a_file_named_out,
     .exit_code = 1,
     .fragments = {"out"}},
    {.what = "an unwritable folder",
     .arguments = RUN " -o /proc/nowhere",
     .exit_code = 1,
     .fragments = {"/proc"}},
    {.what = "a folder with a run in it",
     .arguments = RUN " -o out",
     .spoil = a_run_in_out,
     .exit_code = 2,
     .fragments = {"out", "run already"}},
    {.what = "a run without an epoch",
     .arguments = "report out",
     .spoil = a_run_in_out,
     .exit_code = 2,
     .fragments = {"out", "no epoch"}},
    {.what = "a damaged run",
     .arguments = "report out",
     .spoil = a_damaged_run_in_out,
     .exit_code = 4,
     .fragments = {"metrics.jsonl:1"}},
    {.what = "a full disk for output",
     .arguments = "stages",
     .how = {.stdout_to = "/dev/full"},
     .exit_code = 1,
     .fragments = {"standard output", "No space left"}},
    /* the checkpoint is the only file larger than this */
    {.what = "a disk that fills up",
     .arguments = RUN,
     .from = "{features: 3}",
     .to = "{features: 60000}\n  - linear: {features: 3}",
     .how = {.file_limit_bytes = 6 << 20},
     .exit_code = 1,
     .fragments = {"checkpoint.safetensors", "cannot be written", "File too large"},
     .keeps_run = 1},

    /* smaller than a plot, larger than anything else that is written */
    {.what = "a disk that fills up while pictures are drawn",
     .arguments = "report out",
     .spoil = a_drawn_run_in_out,
     .how = {.file_limit_bytes = 14 << 10},
     .exit_code = 1,
     .fragments = {"out/plots/", "gnuplot could not write all of it", "is the disk full?"}},
    {.what = "a gnuplot that fails",
     .arguments = "report out",
     .spoil = a_gnuplot_that_fails,
     .how = {.environment = {"PATH=.:/usr/bin:/bin"}},
     .exit_code = 1,
     .fragments = {"gnuplot could not draw out/plots/", "no room for pictures"}},

    /* devices */
    {.what = "no platform",
     .arguments = RUN,
     .how = {.environment = {"OCL_ICD_VENDORS=/nonexistent"}},
     .exit_code = 3,
     .fragments = {"no", "OpenCL"}},
    {.what = "no platform to list",
     .arguments = "devices",
     .how = {.environment = {"OCL_ICD_VENDORS=/nonexistent"}},
     .exit_code = 3,
     .fragments = {"OpenCL"}},
    {.what = "an unknown device",
     .arguments = RUN " --device quantum",
     .exit_code = 3,
     .fragments = {"quantum"}},
    {.what = "an unknown device in the environment",
     .arguments = RUN,
     .how = {.environment = {"PASSBAND_DEVICE=99"}},
     .exit_code = 3,
     .fragments = {"99"}},
    {.what = "a device without enough memory",
     .arguments = RUN,
     .from = "  - linear: {features: 3}",
     .to = "  - linear: {features: 65536}\n  - linear: {features: 8192}\n  - linear: {features: 3}",
     .how = {.environment = {"POCL_MEMORY_LIMIT=1"}},
     .exit_code = 3,
     .fragments = {"needs", "of device memory"}},

    /* numbers */
    {.what = "a loss that is not finite",
     .arguments = RUN,
     .from = "name: idx",
     .to = "name: npy",
     .spoil = npy_of_huge_numbers,
     .exit_code = 1,
     .fragments = {"iteration 1", "training loss is"},
     .keeps_run = 1},
};

enum { CASES = sizeof cases / sizeof *cases };
_Static_assert(CASES >= 60, "the table of bad input must hold at least 60 cases");

/* ---- what is left behind ---- */

static char left_behind[512];
static int file_count;

static int look_at(const char *path, const struct stat *file, int kind, struct FTW *where)
{
    (void)file;
    const char *name = path + where->base;
    file_count += strcmp(name, ".cache") != 0;
    if (kind == FTW_F && (strstr(name, ".tmp") || (name[0] == '.' && strcmp(name, ".") != 0)) &&
        !strstr(path, ".cache"))
        snprintf(left_behind, sizeof left_behind, "%s", path);
    return kind == FTW_D && strcmp(name, ".cache") == 0 ? FTW_SKIP_SUBTREE : 0;
}

static int count_files(scratch *s)
{
    file_count = 0;
    left_behind[0] = '\0';
    nftw(s->folder, look_at, 16, FTW_PHYS | FTW_ACTIONRETVAL);
    return file_count;
}

/* Exactly one line, "passband: ..."; what PoCL's compiler says of kernels is not ours. */
static void assert_one_sentence(const char *what, const char *err)
{
    char copy[OUTPUT_BYTES], *rest = NULL;
    int sentences = 0;
    snprintf(copy, sizeof copy, "%s", err);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, "warning generated") || strstr(line, "warnings generated")) continue;
        ck_assert_msg(strncmp(line, "passband: ", 10) == 0, "%s: said %s", what, err);
        sentences++;
    }
    ck_assert_msg(sentences == 1, "%s: %d sentences: %s", what, sentences, err);
}

/* Where pictures stand at all. */
static void assert_pictures_are_whole(scratch *s, const char *what)
{
    glob_t found;
    glob(scratch_path(s, "out/plots/*.png"), 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        png_image image = {.version = PNG_IMAGE_VERSION};
        ck_assert(png_image_begin_read_from_file(&image, found.gl_pathv[i]));
        image.format = PNG_FORMAT_RGB;
        void *pixels = malloc(PNG_IMAGE_SIZE(image));
        ck_assert_msg(png_image_finish_read(&image, NULL, pixels, 0, NULL), "%s: %s: %s", what,
                      found.gl_pathv[i], image.message);
        free(pixels);
    }
    globfree(&found);
}

START_TEST(bad_input_gives_one_sentence_and_its_exit_code)
{
    const bad_case *c = &cases[_i];
    scratch s;
    static spoken said;
    scratch_open(&s);
    tiny_data(&s);
    tiny_write_config(&s, c->from, c->to);
    if (c->spoil) c->spoil(&s);
    mkdir(scratch_path(&s, "runs"), 0777);
    const int before = count_files(&s);
    program_run(&s, c->arguments, &c->how, &said);
    const int after = count_files(&s);
    ck_assert_msg(said.exit_code == c->exit_code, "%s: exit code %d, %d expected: %s", c->what,
                  said.exit_code, c->exit_code, said.err);
    assert_one_sentence(c->what, said.err);
    assert_pictures_are_whole(&s, c->what);
    for (int i = 0; i < 3 && c->fragments[i]; i++)
        ck_assert_msg(strstr(said.err, c->fragments[i]) != NULL, "%s: \"%s\" is not in: %s",
                      c->what, c->fragments[i], said.err);
    ck_assert_msg(!*said.out, "%s: printed %s", c->what, said.out);
    ck_assert_msg(!*left_behind, "%s: left %s", c->what, left_behind);
    ck_assert_msg(c->keeps_run || after == before, "%s: left %d files", c->what, after - before);
    if (getenv("PASSBAND_SHOW"))
        fprintf(stderr, "%3d %d %-36s %s", _i, said.exit_code, c->what, said.err);
    scratch_close(&s);
}
END_TEST

/* Without the fault the same command does its work: the cases fail for their reason and no other.
 */
START_TEST(good_input_is_taken)
{
    scratch s;
    static spoken said;
    scratch_open(&s);
    tiny_data(&s);
    tiny_write_config(&s, NULL, NULL);
    program_run(&s, RUN " -o out", NULL, &said);
    ck_assert_msg(said.exit_code == 0, "%s", said.err);
    ck_assert_str_eq(said.out, "");
    ck_assert_int_eq(access(scratch_path(&s, "out/summary.json"), F_OK), 0);
    count_files(&s);
    ck_assert_msg(!*left_behind, "left %s", left_behind);
    png_set(&s);
    tiny_write_config(&s, "name: idx", "name: png");
    program_run(&s, RUN, NULL, &said);
    ck_assert_msg(said.exit_code == 0, "%s", said.err);
    scratch_close(&s);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bad input");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, good_input_is_taken);
    tcase_add_loop_test(tests, bad_input_gives_one_sentence_and_its_exit_code, 0, CASES);
    return run_case_warm("bad input", tests);
}
