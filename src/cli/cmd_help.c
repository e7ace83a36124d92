/* passband help: made from the table of commands. */
#include <string.h>

#include "cli/cli.h"

void pb_cli_print_help(FILE *out)
{
    fprintf(out, "passband trains neural networks in the frequency domain on any OpenCL device.\n\n"
                 "usage: passband COMMAND ...\n\n");
    for (const pb_cli_command *c = pb_cli_commands; c->name; c++)
        fprintf(out, "  %s %s\n      %s\n", c->name, c->usage, c->summary);
    fprintf(out, "\npassband help COMMAND or passband COMMAND --help tells more;\n"
                 "passband --version prints the version.\n"
                 "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no device,\n"
                 "4 bad data, 130 interrupted.\n");
}

static int option_width(const pb_cli_option *o)
{
    return (int)(strlen(o->name) + (o->value ? 1 + strlen(o->value) : 0));
}

static void print_option(const pb_cli_option *o, int widest, FILE *out)
{
    char letter[8] = "    ";
    if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    fprintf(out, "  %s--%s%s%s%*s  %s\n", letter, o->name, o->value ? " " : "",
            o->value ? o->value : "", widest - option_width(o), "", o->help);
}

void pb_cli_print_help_of(const pb_cli_command *command, FILE *out)
{
    static const pb_cli_option help_option = {"help", 'h', NULL, "print this help"};
    int widest = option_width(&help_option);
    for (const pb_cli_option *o = command->options; o && o->name; o++)
        if (option_width(o) > widest) widest = option_width(o);
    fprintf(out, "usage: passband %s %s\n\n%s\n", command->name, command->usage, command->summary);
    if (command->details) fprintf(out, "\n%s", command->details);
    fprintf(out, "\noptions:\n");
    for (const pb_cli_option *o = command->options; o && o->name; o++) print_option(o, widest, out);
    print_option(&help_option, widest, out);
    if (!command->print_more) return;
    fprintf(out, "\n%s: name, type, default, range\n", command->more);
    command->print_more(out);
}

pb_status pb_cli_help(pb_cli *cli)
{
    const pb_cli_command *command = NULL;
    if (cli->word_count == 0) {
        pb_cli_print_help(stdout);
        return PB_OK;
    }
    PB_TRY(pb_cli_find(cli->ctx, cli->words[0], &command));
    pb_cli_print_help_of(command, stdout);
    return PB_OK;
}
