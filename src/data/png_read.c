#include "data/png_read.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <png.h>

#include "data/loader.h"
#include "data/regular.h"

#define CHUNK_BYTES_MAX ((png_alloc_size_t)8 << 20)

/* Everything a step touches lives here, not in locals, so that nothing is lost when libpng jumps.
 */
typedef struct reader {
    FILE *file;
    png_structp png;
    png_infop info;
    pb_png_info head;
    png_bytep pixels; /* [height, width, 1 or 3] as libpng gives them */
    png_bytep *rows;  /* [height] into pixels                         */
    char message[128];
} reader;

static void on_error(png_structp png, png_const_charp message)
{
    reader *r = png_get_error_ptr(png);
    snprintf(r->message, sizeof r->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep data, png_size_t bytes)
{
    reader *r = png_get_io_ptr(png);
    if (fread(data, 1, bytes, r->file) == bytes) return;
    png_error(png, ferror(r->file) ? "it cannot be read" : "it ends too early");
}

static void read_head(reader *r)
{
    png_read_info(r->png, r->info);
    r->head.width = (int)png_get_image_width(r->png, r->info);
    r->head.height = (int)png_get_image_height(r->png, r->info);
    const int type = png_get_color_type(r->png, r->info);
    r->head.is_gray = !(type & PNG_COLOR_MASK_COLOR);
    if (type != PNG_COLOR_TYPE_PALETTE) return;
    png_colorp palette = NULL;
    int count = 0;
    png_get_PLTE(r->png, r->info, &palette, &count);
    r->head.is_gray = true;
    for (int i = 0; i < count; i++)
        if (palette[i].red != palette[i].green || palette[i].red != palette[i].blue)
            r->head.is_gray = false;
}

static void read_pixels(reader *r)
{
    const int type = png_get_color_type(r->png, r->info);
    png_set_scale_16(r->png);
    png_set_strip_alpha(r->png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r->png);
    if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);

    const size_t height = (size_t)r->head.height;
    const size_t row_bytes = png_get_rowbytes(r->png, r->info);
    r->pixels = malloc(height * row_bytes);
    r->rows = malloc(height * sizeof *r->rows);
    if (!r->pixels || !r->rows) png_error(r->png, "no memory");
    for (size_t y = 0; y < height; y++) r->rows[y] = r->pixels + y * row_bytes;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
}

/* Runs a step; false when libpng gave up, with r->message set. */
static bool attempt(reader *r, void (*step)(reader *))
{
    if (setjmp(png_jmpbuf(r->png))) return false;
    step(r);
    return true;
}

static pb_status open_reader(pb_context *ctx, const char *path, reader *r)
{
    int fd;
    uint64_t bytes;
    PB_TRY(pb_regular_open(ctx, path, &fd, &bytes));
    r->file = fdopen(fd, "rb");
    if (!r->file) {
        close(fd);
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    }
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    png_set_read_fn(r->png, r, on_read);
    png_set_user_limits(r->png, PB_DATA_SIDE_MAX, PB_DATA_SIDE_MAX);
    png_set_chunk_malloc_max(r->png, CHUNK_BYTES_MAX);
    return PB_OK;
}

static void close_reader(reader *r)
{
    png_destroy_read_struct(&r->png, &r->info, NULL);
    if (r->file) fclose(r->file);
    free(r->pixels);
    free(r->rows);
}

static pb_status bad_image(pb_context *ctx, const char *path, const reader *r)
{
    return pb_fail(ctx, PB_ERR_DATA, "%s: is not a readable PNG image: %s", path, r->message);
}

pb_status pb_png_probe(pb_context *ctx, const char *path, pb_png_info *info)
{
    reader r = {0};
    pb_status status = open_reader(ctx, path, &r);
    if (status == PB_OK && !attempt(&r, read_head)) status = bad_image(ctx, path, &r);
    *info = r.head;
    close_reader(&r);
    return status;
}

/* [height, width, from] -> [to, height, width], where `to` planes are copies if there is but one.
 */
static void to_planes(const reader *r, int from, int to, uint8_t *planes)
{
    const size_t area = (size_t)r->head.width * (size_t)r->head.height;
    for (int c = 0; c < to; c++) {
        const png_byte *source = r->pixels + (from == 1 ? 0 : c);
        for (size_t i = 0; i < area; i++) planes[(size_t)c * area + i] = source[i * (size_t)from];
    }
}

pb_status pb_png_decode(pb_context *ctx, const char *path, pb_png_info info, int channels,
                        uint8_t *pixels)
{
    reader r = {0};
    pb_status status = open_reader(ctx, path, &r);
    if (status != PB_OK) goto done;
    if (!attempt(&r, read_head) || !attempt(&r, read_pixels)) {
        status = bad_image(ctx, path, &r);
        goto done;
    }
    if (r.head.width != info.width || r.head.height != info.height ||
        (r.head.is_gray != info.is_gray)) {
        status = pb_fail(ctx, PB_ERR_DATA, "%s: changed while it was read", path);
        goto done;
    }
    to_planes(&r, png_get_channels(r.png, r.info), channels, pixels);
done:
    close_reader(&r);
    return status;
}
