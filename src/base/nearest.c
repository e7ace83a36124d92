/* "Did you mean ...?": the nearest word by edit distance. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/options.h"

enum { LONGEST = 64 };

static int lower(char c)
{
    return tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours, without regard to case (optimal
 * string alignment). */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= a_length; i++) d[i][0] = i;
    for (size_t j = 0; j <= b_length; j++) d[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            const size_t change = lower(a[i - 1]) != lower(b[j - 1]);
            d[i][j] = least(d[i - 1][j - 1] + change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a_length][b_length];
}

const char *pb_nearest(const char *word, const char *const names[], int count)
{
    const size_t length = strlen(word);
    if (length > LONGEST) return NULL;
    const char *nearest = NULL;
    size_t nearest_distance = 0;
    for (int i = 0; i < count; i++) {
        const size_t name_length = strlen(names[i]);
        if (name_length > LONGEST) continue;
        const size_t longer = length > name_length ? length : name_length;
        const size_t distance = edit_distance(word, length, names[i], name_length);
        const int near = distance <= (longer + 1) / 3; /* a third of the letters may be wrong */
        if (near && (!nearest || distance < nearest_distance)) {
            nearest = names[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}
