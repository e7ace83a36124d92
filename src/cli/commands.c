/* The table of commands: help, parsing and errors come from it. */
#include <string.h>

#include <passband/study.h>
#include <passband/sweep.h>

#include "base/options.h"
#include "cli/cli.h"

#define DEVICE_OPTION                                                                              \
    {                                                                                              \
        "device", 'd', "DEVICE", "part of a device's name, or its number in passband devices"      \
    }
#define QUIET_OPTION                                                                               \
    {                                                                                              \
        "quiet", 'q', NULL, "print errors only"                                                    \
    }
#define VERBOSE_OPTION                                                                             \
    {                                                                                              \
        "verbose", 'v', NULL, "print details as well"                                              \
    }
#define PROFILE_OPTION                                                                             \
    {                                                                                              \
        "profile", 'p', "[FILE.json]",                                                             \
            "time every kernel and print where the time goes (slower); FILE: a trace for Perfetto" \
    }
#define SKIP_DAMAGED_OPTION                                                                        \
    {                                                                                              \
        "skip-damaged", 0, NULL, "leave damaged chunks of a compressed data set out"               \
    }
#define SIDE_BY_SIDE_OPTION                                                                        \
    {                                                                                              \
        "side-by-side", 0, "N",                                                                    \
            "train so many seeds at a time, each on its share of a CPU's cores"                    \
    }
#define END_OF_OPTIONS                                                                             \
    {                                                                                              \
        NULL, 0, NULL, NULL                                                                        \
    }

static const pb_cli_option run_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FOLDER",
     "where the run goes; for several runs, the folder that holds all of them"},
    SIDE_BY_SIDE_OPTION,
    PROFILE_OPTION,
    {"print-config", 0, NULL, "print the configuration with every default filled in, and stop"},
    SKIP_DAMAGED_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option sweep_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FOLDER", "where the search goes; several processes may share it"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option study_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FOLDER", "where the study goes; several processes may share it"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option resume_options[] = {
    DEVICE_OPTION, SIDE_BY_SIDE_OPTION, PROFILE_OPTION,
    QUIET_OPTION,  VERBOSE_OPTION,      END_OF_OPTIONS,
};

static const pb_cli_option eval_options[] = {
    DEVICE_OPTION, SKIP_DAMAGED_OPTION, QUIET_OPTION, VERBOSE_OPTION, END_OF_OPTIONS,
};

static const pb_cli_option compress_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FILE.pbz", "where the compressed data set goes"},
    {"level", 0, "N",
     "of zstd, from 1 (fast) to 19 (small); default 6, of floats 3, or 1 where 3 saves nothing"},
    {"chunk", 0, "N", "samples of a chunk, which is read as a whole; default 8192"},
    SKIP_DAMAGED_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option compress_model_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FILE", "where the compressed network goes"},
    {"bits", 'b', "N", "of a weight or coefficient, 2 to 16; default: as trained, or the fewest"},
    {"loss", 'l', "SHARE", "validation accuracy that the fewest bits may lose; default 0.001"},
    {"seed", 's', "N", "which of the run's seeds; default the first"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option export_options[] = {
    {"onnx", 0, "FILE", "where the ONNX model goes"},
    {"seed", 's', "N", "which of the run's seeds; default the first"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option inspect_options[] = {
    {"json", 0, NULL, "print JSON"},
    SKIP_DAMAGED_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option ensemble_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FOLDER", "where the result goes; default: the run, for several under runs/"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option report_options[] = {
    {"output", 'o', "FOLDER", "where the comparison of several runs goes"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option look_options[] = {
    DEVICE_OPTION,
    {"output", 'o', "FOLDER", "where arrays and pictures go; default RUN/inside"},
    {"seed", 's', "N", "which of the run's seeds; default the first"},
    {"samples", 'n', "N", "test samples of each class to look at, 1 to 1000; default 10"},
    {"pixels", 0, NULL, "saliency of the pixels that load made, not of what the first layer takes"},
    {"prediction", 0, NULL, "of the class that the network predicts, not of the sample's own"},
    {"baseline", 0, "WORD", "of integrated gradients: zero (default), or mean of the samples"},
    {"noise", 0, "SHARE", "of smoothgrad, in parts of a sample's range; default 0.15"},
    {"draws", 0, "N", "of that noise for each sample; default 25"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option explain_options[] = {
    DEVICE_OPTION,
    {"dot", 0, NULL, "print the graph for Graphviz instead (needs no device)"},
    {"source", 0, NULL, "print the OpenCL C source of the kernels instead"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option schedule_options[] = {
    {"output", 'o', "FOLDER", "where schedule.png and schedule.svg go (default: here)"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option bench_options[] = {
    DEVICE_OPTION,
    {"all-devices", 'a', NULL, "measure every device there is, one after another"},
    {"repetitions", 'r', "N", "blocks timed of each row (default 9); the result is their median"},
    {"warm-up", 'w', "SECONDS", "each row runs so long before it is timed (default 0.2)"},
    {"limit", 'l', "SECONDS",
     "of a row (default 1): fewer blocks are timed, and ops that take longer are left out"},
    {"tune", 't', NULL,
     "first find the fastest kernels, however long; plan=measure uses them later"},
    {"only", 0, "WORDS", "rows, or configurations, whose names hold these words"},
    {"format", 'f', "FORMAT", "what is printed: md (default), csv, json"},
    {"output", 'o', "FILE",
     "also write the result to FILE.md, .csv or .json; compare: the folder for the picture"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

static const pb_cli_option devices_options[] = {DEVICE_OPTION, VERBOSE_OPTION, END_OF_OPTIONS};

static const pb_cli_option data_options[] = {
    {"output", 'o', "FOLDER", "where fetched files go (default ~/.local/share/passband/NAME)"},
    QUIET_OPTION,
    VERBOSE_OPTION,
    END_OF_OPTIONS,
};

const pb_cli_command pb_cli_commands[] = {
    {
        .name = "run",
        .usage = "CONFIG | FOLDER | FILE.pbz ... [key=value ...] [options]",
        .summary = "train; a folder under runs/ holds everything about a run",
        .details =
            "FOLDER, of images or arrays, and FILE.pbz, which compress wrote, are learned from by "
            "a\n"
            "network for samples of any shape; --print-config shows it, to begin your own with.\n"
            "Several configurations run one after another and are drawn into one comparison.\n"
            "key=value overrides a key of every configuration: train.epochs=10 data.name=mnist\n"
            "stages.dct2.keep=8 stages.conv1d.1.channels=64 (the second conv1d, counted from 0).\n"
            "Ctrl-C stops at the last checkpoint; passband resume goes on from there.\n",
        .options = run_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_run,
        .more = "keys of a configuration",
        .print_more = pb_config_print_schema,
    },
    {
        .name = "sweep",
        .usage = "CONFIG | SEARCH [key=value ...] [options]",
        .summary = "search for hyperparameters: grid, random or TPE; then test the winners",
        .details = "CONFIG has a section sweep, described below. SEARCH is the folder of a search "
                   "to go on\n"
                   "with: after Ctrl-C, or in several processes at once. sweep.trials=50 overrides "
                   "an option\n"
                   "of the search, train.epochs=10 a key of every arm. Trials are chosen by the "
                   "validation\n"
                   "part; the winner of each arm alone is tested, with every final seed. study.db "
                   "is a study\n"
                   "of Optuna.\n",
        .options = sweep_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_sweep,
        .more = "section sweep",
        .print_more = pb_sweep_print_schema,
    },
    {
        .name = "study",
        .usage = "CONFIG... | STUDY | FOLDER [key=value ...] [options]",
        .summary = "compare compressions: accuracy against bytes, with real files and trainings",
        .details =
            "CONFIG has a section study, described below. STUDY is the folder of a study to go on "
            "with:\n"
            "after Ctrl-C, or in several processes at once. FOLDER, of images or arrays, is "
            "studied "
            "with\n"
            "the methods of configs/study.yaml. study.seeds=[0] overrides an option of the study,\n"
            "train.epochs=10 a key of every network. study.db is a study of Optuna.\n",
        .options = study_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_study,
        .more = "section study",
        .print_more = pb_study_print_schema,
    },
    {
        .name = "resume",
        .usage = "RUN [options]",
        .summary = "continue a run that was interrupted",
        .details = "The result is the same, bit for bit, as if the run had never stopped.\n",
        .options = resume_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_resume,
    },
    {
        .name = "eval",
        .usage = "RUN | FILE [options]",
        .summary = "score what a run saved, or a compressed model, on the test split, as JSON",
        .options = eval_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_eval,
    },
    {
        .name = "ensemble",
        .usage = "RUN... [options]",
        .summary = "judge the networks of finished runs together, without training anything",
        .details =
            "The networks are those of every seed, and of every fold of a cross-validation. Their\n"
            "probabilities of the classes are averaged, and scored on the test part by accuracy,\n"
            "negative log-likelihood and expected calibration error (15 bins of equal width):\n"
            "ensemble.json, ensemble_probabilities.npy and plots/reliability.png.\n",
        .options = ensemble_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_ensemble,
    },
    {
        .name = "report",
        .usage = "RUN... [options]",
        .summary = "draw a run again, or several runs into one comparison",
        .details = "A folder of runs, such as a save_dir, stands for all of them; alone, their "
                   "comparison goes\ninto it. Runs with a weight_transform are drawn by what "
                   "their compressed networks take.\n",
        .options = report_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_report,
    },
    {
        .name = "look",
        .usage = "RUN [options]",
        .summary = "look inside a trained network: saliency maps, activations, confusion, mistakes",
        .details = "Saliency by five methods (gradient, gradient x input, SmoothGrad, integrated "
                   "gradients,\n"
                   "Grad-CAM), each with its spectra, of single test samples and in the mean of "
                   "each class;\n"
                   "what each layer makes of them; which classes are confused; the most confident "
                   "mistakes.\n",
        .options = look_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_look,
    },
    {
        .name = "compress",
        .usage = "CONFIG | FOLDER [key=value ...] -o FILE.pbz [options]",
        .summary = "store a data set transformed, quantised and packed in one file",
        .details =
            "The file holds the samples as load and the transforms after it leave them, and their\n"
            "labels; a stage that learns while training ends the transforms. FOLDER, of images or\n"
            "arrays, is stored as it is. data.path=FILE.pbz then trains on the file: where a\n"
            "configuration begins with the very stages of the file, these count as done, else all\n"
            "of its stages are applied to what the file holds.\n",
        .options = compress_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_compress,
    },
    {
        .name = "compress-model",
        .usage = "RUN -o FILE [options]",
        .summary = "write what a run learned into one small file, which passband eval scores",
        .details = "Weights, or the coefficients of layers with a weight_transform, are quantised "
                   "and coded;\n"
                   "the file has everything to rebuild the network and a sum over all its bytes.\n",
        .options = compress_model_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_compress_model,
    },
    {
        .name = "export",
        .usage = "RUN --onnx FILE [options]",
        .summary =
            "write what a run learned as an ONNX model, transforms included (needs no device)",
        .details =
            "Its input \"samples\" is [batch, ...] as the data set has them, pixels as bytes; its "
            "output\n"
            "\"logits\" is [batch, classes]. The batch is free; all tensors are in the file.\n",
        .options = export_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_export,
    },
    {
        .name = "inspect",
        .usage = "FILE.pbz [options]",
        .summary = "check a compressed data set and print what it holds",
        .options = inspect_options,
        .least_words = 1,
        .most_words = 1,
        .run = pb_cli_inspect,
    },
    {
        .name = "explain",
        .usage = "CONFIG | FOLDER | FILE.pbz [key=value ...] [options]",
        .summary = "print the plan of a configuration: kernels, shapes, solvers, FLOPs, bytes",
        .options = explain_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_explain,
    },
    {
        .name = "schedule",
        .usage = "CONFIG [key=value ...] [options]",
        .summary = "print and draw the learning rates a configuration plans (needs no device)",
        .options = schedule_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_schedule,
    },
    {
        .name = "bench",
        .usage =
            "device | ops | train [CONFIG ...] [key=value ...] | compare FILE.json ... [options]",
        .summary = "measure a device, operations or training steps, or compare measurements",
        .details =
            "device   copy bandwidth, float32 multiply-adds, launch latency, transfer rates\n"
            "ops      products, convolutions, transforms, elementwise ops and reductions, each\n"
            "         compared with float64 before it is timed\n"
            "train    training steps of each configuration, by default of configs/*.yaml here; "
            "where\n"
            "         mnist or fashion-mnist is missing, images are made up\n"
            "compare  machines side by side, from files that --output wrote: a table and a "
            "picture\n"
            "A ceiling is what the fastest copy or the fastest multiply-adds of this device "
            "allow.\n",
        .options = bench_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_bench,
    },
    {
        .name = "devices",
        .usage = "[options]",
        .summary = "list the OpenCL devices and which one would be picked",
        .options = devices_options,
        .run = pb_cli_devices,
    },
    {
        .name = "stages",
        .usage = "[NAME]",
        .summary = "list the stages, or the options of one",
        .most_words = 1,
        .run = pb_cli_stages,
    },
    {
        .name = "data",
        .usage = "list | fetch NAME | export mnist1d DIR [key=value ...] [options]",
        .summary = "list data sets and where they are, download one, or write mnist1d to files",
        .details = "export generates mnist1d and writes x.npy, y.npy, x_test.npy and y_test.npy.\n",
        .options = data_options,
        .least_words = 1,
        .most_words = -1,
        .run = pb_cli_data,
        .more = "options of mnist1d",
        .print_more = pb_cli_print_exports,
    },
    {
        .name = "help",
        .usage = "[COMMAND]",
        .summary = "print help on a command",
        .most_words = 1,
        .run = pb_cli_help,
    },
    {.name = NULL},
};

pb_status pb_cli_find(pb_context *ctx, const char *name, const pb_cli_command **command)
{
    const char *names[sizeof pb_cli_commands / sizeof *pb_cli_commands];
    int count = 0;
    for (const pb_cli_command *c = pb_cli_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            *command = c;
            return PB_OK;
        }
        names[count++] = c->name;
    }
    const char *near = pb_nearest(name, names, count);
    if (near)
        return pb_fail(ctx, PB_ERR_USAGE, "unknown command %s (did you mean %s?)", name, near);
    return pb_fail(ctx, PB_ERR_USAGE, "unknown command %s; passband help lists the commands", name);
}
