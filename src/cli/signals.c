/* Ctrl-C: the first asks to stop at the next checkpoint, the second ends the process. */
#include <signal.h>

#include "cli/cli.h"

/* A signal handler reaches nothing but static storage. */
static volatile int stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

const volatile int *pb_cli_catch_signals(void)
{
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND};
    action.sa_handler = ask_to_stop;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop;
}
