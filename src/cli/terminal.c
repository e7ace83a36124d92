/* Terminals. */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool pb_terminal_is(FILE *stream)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) && kind && strcmp(kind, "dumb") != 0;
}

bool pb_terminal_has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return pb_terminal_is(stream) && !(refused && *refused);
}

int pb_terminal_columns(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

void pb_terminal_clear_line(FILE *stream)
{
    if (pb_terminal_is(stream)) fputs("\r\033[K", stream);
}

/* Columns count characters of UTF-8, not escape sequences. */
void pb_terminal_rewrite(FILE *stream, const char *line)
{
    int room = pb_terminal_columns(stream) - 1;
    fputs("\r", stream);
    for (const char *c = line; *c; c++) {
        if (*c == '\033') {
            const size_t length = strcspn(c, "m") + 1;
            fwrite(c, 1, length, stream);
            c += length - 1;
            continue;
        }
        if (((unsigned char)*c & 0xc0) != 0x80) room--;
        if (room >= 0) fputc(*c, stream);
    }
    fputs("\033[K", stream);
    fflush(stream);
}

void pb_terminal_bar(char *out, size_t bytes, double share, int width)
{
    const int full = share <= 0 ? 0 : share >= 1 ? width : (int)(share * width);
    size_t at = 0;
    if (bytes < 3) return;
    out[at++] = '[';
    for (int i = 0; i < width && at + 2 < bytes; i++) out[at++] = i < full ? '#' : '-';
    out[at++] = ']';
    out[at] = '\0';
}
