/* The command line: commands, their options, and what they share. */
#ifndef PB_CLI_CLI_H
#define PB_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include <passband/run.h>
#include <passband/status.h>

/** An option of a command. */
typedef struct pb_cli_option {
    const char *name;  /* without the dashes                    */
    char letter;       /* of its short form, 0: none            */
    const char *value; /* what stands for its value in help, NULL: it takes none. "[FILE.json]": it may be
                          left out, and an argument that ends in .json is it */
    const char *help;  /* one line                              */
} pb_cli_option;

#define PB_CLI_OPTIONS_MAX 12

struct pb_cli;
typedef struct pb_cli_command {
    const char *name;
    const char *usage;            /* what follows the name             */
    const char *summary;          /* one line                          */
    const char *details;          /* further lines of help, or NULL    */
    const pb_cli_option *options; /* ends with a row without a name; --help goes without saying */
    int least_words, most_words;  /* most_words < 0: any number */
    pb_status (*run)(struct pb_cli *cli);
    const char *more;              /* what print_more prints                 */
    void (*print_more)(FILE *out); /* help that is made from tables, or NULL */
} pb_cli_command;

/** A command at work. */
typedef struct pb_cli {
    pb_context *ctx;
    const pb_cli_command *command;
    const char **words; /* what is neither an option nor its value */
    int word_count;
    const char *values[PB_CLI_OPTIONS_MAX]; /* by the option's place in the table; NULL: not given,
                                               "": without value */
    bool help;
    const volatile int *stop; /* becomes non-zero on Ctrl-C */
} pb_cli;

/** Every command, in the order help prints them; the last has no name. */
extern const pb_cli_command pb_cli_commands[];
/** The command of that name; PB_ERR_USAGE says which is near. */
pb_status pb_cli_find(pb_context *ctx, const char *name, const pb_cli_command **command);

/** Sorts arguments into options and words by the command's table. PB_ERR_USAGE names the wrong one.
 * `cli->words` must have room for `count`. */
pb_status pb_cli_parse(pb_cli *cli, int count, char **arguments);
/** Value of an option, "" for one that takes none, NULL when it was not given. */
const char *pb_cli_value(const pb_cli *cli, const char *option);
/** PB_ERR_USAGE when the folder is not there. */
pb_status pb_cli_need_folder(pb_cli *cli, const char *folder);

/** An option that is a whole number from 1 to `most`, else PB_ERR_USAGE; `count` stays as it is where it is not given. */
pb_status pb_cli_count(pb_cli *cli, const char *option, int most, int *count);
/** The same from `least`. */
pb_status pb_cli_count_from(pb_cli *cli, const char *option, int least, int most, int *count);
/** The option "seed", a whole number from 0, else PB_ERR_USAGE; `seed` stays as it is where it is not given. */
pb_status pb_cli_seed(pb_cli *cli, int64_t *seed);
/** PB_ERR_USAGE when there is neither a configuration of this name nor data that stand for one. */
pb_status pb_cli_need_source(pb_cli *cli, const char *path);
/** PB_ERR_USAGE when the configuration is not there. */
pb_status pb_cli_need_config(pb_cli *cli, const char *path);

void pb_cli_print_help(FILE *out);
void pb_cli_print_help_of(const pb_cli_command *command, FILE *out);

/** From now on SIGINT and SIGTERM set the number that is returned; the second one ends the process.
 */
const volatile int *pb_cli_catch_signals(void);

/* ---- commands, a file each ---- */
pb_status pb_cli_run(pb_cli *cli);
pb_status pb_cli_sweep(pb_cli *cli);
pb_status pb_cli_study(pb_cli *cli);
pb_status pb_cli_resume(pb_cli *cli);
pb_status pb_cli_eval(pb_cli *cli);
pb_status pb_cli_ensemble(pb_cli *cli);
pb_status pb_cli_report(pb_cli *cli);
pb_status pb_cli_look(pb_cli *cli);
pb_status pb_cli_compress(pb_cli *cli);
pb_status pb_cli_inspect(pb_cli *cli);
pb_status pb_cli_compress_model(pb_cli *cli);
pb_status pb_cli_export(pb_cli *cli);
pb_status pb_cli_explain(pb_cli *cli);
pb_status pb_cli_schedule(pb_cli *cli);
pb_status pb_cli_bench(pb_cli *cli);
pb_status pb_cli_devices(pb_cli *cli);
pb_status pb_cli_stages(pb_cli *cli);
/** Every discrete wavelet, a line each. */
void pb_cli_print_wavelets(FILE *out);
/** Every continuous wavelet, a line each. */
void pb_cli_print_continuous(FILE *out);
pb_status pb_cli_data(pb_cli *cli);
void pb_cli_print_exports(FILE *out); /* options of data export */
pb_status pb_cli_help(pb_cli *cli);

#endif
