/* What compress and inspect print about a compressed data set. */
#ifndef PB_CLI_COMPRESSED_FACTS_H
#define PB_CLI_COMPRESSED_FACTS_H

#include "cli/cli.h"

/** Reads the whole file and prints what it holds. */
pb_status pb_cli_print_compressed(pb_cli *cli, const char *path, bool skip_damaged);

#endif
