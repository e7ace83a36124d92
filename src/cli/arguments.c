/* Sorts the arguments of a command by its table of options. */
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "base/options.h"
#include "cli/cli.h"

static const pb_cli_option help_option = {"help", 'h', NULL, "print this help"};

static int find_by_name(const pb_cli *cli, const char *name, size_t length)
{
    const pb_cli_option *table = cli->command->options;
    for (int i = 0; table && table[i].name; i++)
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0) return i;
    return -1;
}

static int find_by_letter(const pb_cli *cli, char letter)
{
    const pb_cli_option *table = cli->command->options;
    for (int i = 0; table && table[i].name; i++)
        if (table[i].letter && table[i].letter == letter) return i;
    return -1;
}

static pb_status unknown_option(const pb_cli *cli, const char *argument)
{
    const char *names[PB_CLI_OPTIONS_MAX + 1] = {help_option.name};
    int count = 1;
    char name[64] = "";
    for (const pb_cli_option *o = cli->command->options; o && o->name; o++)
        names[count++] = o->name;
    strncat(name, argument + strspn(argument, "-"), sizeof name - 1);
    name[strcspn(name, "=")] = '\0';
    const char *near = pb_nearest(name, names, count);
    if (near)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: unknown option %s (did you mean --%s?)",
                       cli->command->name, argument, near);
    return pb_fail(cli->ctx, PB_ERR_USAGE,
                   "%s: unknown option %s; passband help %s lists what there is",
                   cli->command->name, argument, cli->command->name);
}

/* Whether the value of an option, "[FILE.json]" in its help, is left out before `next`. */
static bool is_left_out(const pb_cli_option *option, const char *next)
{
    if (!option->value || option->value[0] != '[') return false;
    const char *ending = strrchr(option->value, '.');
    const size_t tail = strlen(ending) - 1; /* without the bracket */
    const size_t length = next ? strlen(next) : 0;
    return length < tail || strncmp(next + length - tail, ending, tail) != 0;
}

/* One option; `*used` counts the arguments it took. */
static pb_status parse_option(pb_cli *cli, int count, char **arguments, int *used)
{
    const char *argument = arguments[0], *value = NULL;
    int index;
    *used = 1;
    if (argument[1] == '-') {
        const char *equals = strchr(argument, '=');
        index = find_by_name(cli, argument + 2,
                             equals ? (size_t)(equals - argument - 2) : strlen(argument + 2));
        value = equals ? equals + 1 : NULL;
    } else {
        index = argument[2] == '\0' ? find_by_letter(cli, argument[1]) : -1;
    }
    if (index < 0 && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
        cli->help = true;
        return PB_OK;
    }
    if (index < 0) return unknown_option(cli, argument);
    const pb_cli_option *option = &cli->command->options[index];
    if (!option->value && value)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: --%s takes no value", cli->command->name,
                       option->name);
    if (!value && is_left_out(option, count > 1 ? arguments[1] : NULL)) {
        cli->values[index] = "";
        return PB_OK;
    }
    if (option->value && !value) {
        if (count < 2)
            return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: --%s needs a value, %s", cli->command->name,
                           option->name, option->value);
        value = arguments[1];
        *used = 2;
    }
    if (option->value && !*value)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: the value of --%s is empty", cli->command->name,
                       option->name);
    cli->values[index] = option->value ? value : "";
    return PB_OK;
}

static pb_status check_words(const pb_cli *cli)
{
    const pb_cli_command *c = cli->command;
    if (cli->help) return PB_OK;
    if (cli->word_count < c->least_words)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "%s: too few arguments; it is used as passband %s %s", c->name, c->name,
                       c->usage);
    if (c->most_words >= 0 && cli->word_count > c->most_words)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "%s: %s is one argument too many; it is used as passband %s %s", c->name,
                       cli->words[c->most_words], c->name, c->usage);
    return PB_OK;
}

pb_status pb_cli_parse(pb_cli *cli, int count, char **arguments)
{
    bool words_only = false;
    for (int i = 0, used; i < count; i += used) {
        used = 1;
        if (!words_only && strcmp(arguments[i], "--") == 0)
            words_only = true;
        else if (!words_only && arguments[i][0] == '-' && arguments[i][1])
            PB_TRY(parse_option(cli, count - i, arguments + i, &used));
        else
            cli->words[cli->word_count++] = arguments[i];
    }
    return check_words(cli);
}

const char *pb_cli_value(const pb_cli *cli, const char *option)
{
    const int index = find_by_name(cli, option, strlen(option));
    return index < 0 ? NULL : cli->values[index];
}

pb_status pb_cli_need_folder(pb_cli *cli, const char *folder)
{
    struct stat entry;
    if (stat(folder, &entry))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: %s: there is no such run folder",
                       cli->command->name, folder);
    if (!S_ISDIR(entry.st_mode))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: %s: is not a run folder but a file",
                       cli->command->name, folder);
    return PB_OK;
}

pb_status pb_cli_count(pb_cli *cli, const char *option, int most, int *count)
{
    return pb_cli_count_from(cli, option, 1, most, count);
}

pb_status pb_cli_count_from(pb_cli *cli, const char *option, int least, int most, int *count)
{
    const char *text = pb_cli_value(cli, option);
    int64_t value;
    if (!text) return PB_OK;
    if (pb_number_int(text, &value) != PB_NUMBER_OK || value < least || value > most)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "%s: --%s must be a whole number from %d to %d, not %s", cli->command->name,
                       option, least, most, text);
    *count = (int)value;
    return PB_OK;
}

pb_status pb_cli_seed(pb_cli *cli, int64_t *seed)
{
    const char *text = pb_cli_value(cli, "seed");
    if (text && (pb_number_int(text, seed) != PB_NUMBER_OK || *seed < 0))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: --seed must be a whole number from 0, not %s",
                       cli->command->name, text);
    return PB_OK;
}

pb_status pb_cli_need_source(pb_cli *cli, const char *path)
{
    struct stat entry;
    if (stat(path, &entry) == 0) return PB_OK;
    return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: there is no configuration or folder %s",
                   cli->command->name, path);
}

pb_status pb_cli_need_config(pb_cli *cli, const char *path)
{
    struct stat entry;
    if (stat(path, &entry))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: %s: there is no such configuration",
                       cli->command->name, path);
    if (S_ISDIR(entry.st_mode))
        return pb_fail(cli->ctx, PB_ERR_USAGE, "%s: %s: is not a configuration but a folder",
                       cli->command->name, path);
    return PB_OK;
}
