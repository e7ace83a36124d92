/* passband: the entry point. A command's error becomes one sentence on standard error and an exit
 * code. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <passband/version.h>

#include "cli/cli.h"
#include "cli/terminal.h"

/* Line ends inside a sentence, of a compiler's log for instance, become spaces. */
static void print_sentence(const char *kind, const char *sentence)
{
    pb_terminal_clear_line(stderr);
    fprintf(stderr, "passband: %s", kind);
    for (const char *c = sentence; *c; c++) fputc(*c == '\n' || *c == '\r' ? ' ' : *c, stderr);
    fputc('\n', stderr);
}

static void print_log(void *user, pb_log_level level, const char *line)
{
    (void)user;
    print_sentence(level == PB_LOG_WARN ? "warning: " : "", line);
}

/* Verbose and quiet concern every command, so they are looked at here. */
static void set_log(const pb_cli *cli)
{
    const pb_log_level level = pb_cli_value(cli, "quiet")     ? PB_LOG_ERROR
                               : pb_cli_value(cli, "verbose") ? PB_LOG_DEBUG
                                                              : PB_LOG_INFO;
    pb_log_to(cli->ctx, level, print_log, NULL);
}

/* Ctrl-C on a terminal reaches the compiler that a driver runs too, and what fails then was
 * interrupted. */
static pb_status as_interrupted(const pb_cli *cli, pb_status status)
{
    char what[512];
    if (status != PB_ERR_INTERNAL || !*cli->stop) return status;
    snprintf(what, sizeof what, "%s", pb_error(cli->ctx));
    return pb_fail(cli->ctx, PB_INTERRUPTED, "interrupted: %s", what);
}

static pb_status run_command(pb_cli *cli, int count, char **arguments)
{
    PB_TRY(pb_cli_find(cli->ctx, arguments[0], &cli->command));
    PB_TRY(pb_cli_parse(cli, count - 1, arguments + 1));
    if (cli->help) {
        pb_cli_print_help_of(cli->command, stdout);
        return PB_OK;
    }
    set_log(cli);
    cli->stop = pb_cli_catch_signals();
    return as_interrupted(cli, cli->command->run(cli));
}

static pb_status dispatch(pb_cli *cli, int count, char **arguments)
{
    if (count == 0)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "no command is given; passband help lists them");
    if (strcmp(arguments[0], "--version") == 0) {
        printf("passband %s\n", PB_VERSION);
        return PB_OK;
    }
    if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0) {
        pb_cli_print_help(stdout);
        return PB_OK;
    }
    return run_command(cli, count, arguments);
}

/* Output that cannot be written is a failure, even of a command that went well. */
static pb_status close_output(pb_context *ctx)
{
    const int failed = ferror(stdout);
    errno = 0;
    if (fclose(stdout) == 0 && !failed) return PB_OK;
    return pb_fail(ctx, PB_ERR_IO, "standard output cannot be written%s%s", errno ? ": " : "",
                   errno ? strerror(errno) : "");
}

int main(int count, char **arguments)
{
    pb_cli cli = {.ctx = pb_context_create(),
                  .words = calloc((size_t)count + 1, sizeof *cli.words)};
    pb_status status = PB_ERR_MEMORY;
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is told by the write that fails */
    if (cli.ctx && cli.words) status = dispatch(&cli, count > 1 ? count - 1 : 0, arguments + 1);
    if (status == PB_OK) status = close_output(cli.ctx);
    if (status != PB_OK) {
        const char *sentence = cli.ctx ? pb_error(cli.ctx) : "";
        print_sentence("", *sentence ? sentence : pb_status_message(status));
    }
    free(cli.words);
    pb_context_free(&cli.ctx);
    return pb_status_exit_code(status);
}
