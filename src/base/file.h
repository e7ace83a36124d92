/* Files: read whole with a limit, written whole or not at all (temporary name, fsync, rename). */
#ifndef PB_BASE_FILE_H
#define PB_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <passband/status.h>

/** Reads a whole file into `*data` (free()), NUL-terminated beyond `*bytes`. Fails beyond
 * limit_bytes. */
pb_status pb_file_read(pb_context *ctx, const char *path, size_t limit_bytes, char **data,
                       size_t *bytes);
/** Writes a whole file: temporary name beside it, fsync, rename, fsync of the folder. */
pb_status pb_file_write(pb_context *ctx, const char *path, const void *data, size_t bytes);
/** The same in steps: open gives a stream on the temporary file, commit renames it, abandon removes
 * it. */
typedef struct pb_file_writer {
    FILE *stream;
    char *path, *temporary;
} pb_file_writer;
pb_status pb_file_open(pb_context *ctx, const char *path, pb_file_writer *writer);
pb_status pb_file_commit(pb_context *ctx, pb_file_writer *writer);
void pb_file_abandon(pb_file_writer *writer);
/** mkdir -p. */
pb_status pb_folder_make(pb_context *ctx, const char *path);
bool pb_file_exists(const char *path);
/** "a/b" on the heap, b alone if it is absolute or a is empty; NULL when memory is out. */
char *pb_path_join(const char *a, const char *b);
/** The user's cache folder for passband ($XDG_CACHE_HOME/passband or ~/.cache/passband), on the
 * heap; NULL when there is no home. */
char *pb_cache_folder(void);

/** SHA-256 of some memory as 64 hexadecimal digits and a NUL; "" when libcrypto cannot. */
void pb_sha256_hex(const void *data, size_t bytes, char hex[65]);
/** The same of memory in pieces. `begin` returns NULL when libcrypto cannot, which the others take;
 * `end` frees it. */
typedef struct pb_sha256 pb_sha256;
pb_sha256 *pb_sha256_begin(void);
void pb_sha256_add(pb_sha256 *sum, const void *data, size_t bytes);
void pb_sha256_end(pb_sha256 *sum, char hex[65]);

#endif
