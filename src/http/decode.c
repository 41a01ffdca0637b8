/* SPDX-License-Identifier: MIT */
/*
 * decode - a chain of stages, one per coding, the last applied first.
 *
 * The last stage writes into the caller's buffer, whose limit stops a bomb; each other one hands what it makes to the
 * next in small blocks, so that nothing grows in between.
 */
#include "http/decode.h"

#include <limits.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

/* Codings in one list; more are taken for nonsense. urllib3 2 draws the line at 5. */
#define STAGES_MAX 5

/* What a stage that is not the last makes at a time. */
#define BLOCK_BYTES 4096

/* Room the last stage asks for: some multiple of its input, within these. */
#define ROOM_LEAST 1024
#define ROOM_MOST 65536

/* 8 MiB, as RFC 9659 allows at most; a peer could ask for 128 MiB else. */
#define ZSTD_WINDOW_LOG_MAX 23

enum kind { GZIP, DEFLATE, BROTLI, ZSTD };

/* Where a stage is in its stream. */
enum progress {
    EMPTY,    /* no byte came yet */
    INSIDE,   /* a member or frame is open */
    BOUNDARY, /* one ended; another may follow */
    OVER,     /* what still comes is ignored */
};

struct stage {
    enum kind kind;
    enum progress progress;
    bool zlib_open;
    bool another; /* a gzip member came before this one */
    bool has_first;
    unsigned char first; /* byte of a deflate stream, kept until the second tells zlib from raw */
    char *block;         /* where what is made goes; NULL for the last stage */
    z_stream zlib;
    BrotliDecoderState *brotli;
    ZSTD_DCtx *zstd;
};

struct acr_decoder {
    size_t stage_count;
    struct stage stages[STAGES_MAX]; /* in the order of undoing */
};

static bool kind_of(struct acr_str name, enum kind *ret_kind)
{
    if (acr_str_equal_nocase(name, ACR_STR("gzip")) || acr_str_equal_nocase(name, ACR_STR("x-gzip")))
        *ret_kind = GZIP;
    else if (acr_str_equal_nocase(name, ACR_STR("deflate")))
        *ret_kind = DEFLATE;
    else if (acr_str_equal_nocase(name, ACR_STR("br")))
        *ret_kind = BROTLI;
    else if (acr_str_equal_nocase(name, ACR_STR("zstd")))
        *ret_kind = ZSTD;
    else
        return false;
    return true;
}

/* Takes the last element of a comma separated list. */
static struct acr_str take_last(struct acr_str *list)
{
    const char *comma = memrchr(list->data, ',', list->size);
    size_t before = comma != NULL ? (size_t)(comma - list->data) : 0;
    size_t start = comma != NULL ? before + 1 : 0;
    struct acr_str last = acr_str_trim((struct acr_str){list->data + start, list->size - start});
    list->size = before;
    return last;
}

/* Reads the list from its end; the count, or -1 when a coding is not known. */
static int parse_codings(struct acr_str list, enum kind kinds[STAGES_MAX])
{
    int count = 0;
    while (list.size > 0) {
        struct acr_str name = take_last(&list);
        if (name.size == 0 || acr_str_equal_nocase(name, ACR_STR("identity")))
            continue;
        if (count == STAGES_MAX || !kind_of(name, &kinds[count]))
            return -1;
        count++;
    }
    return count;
}

static int zlib_start(struct stage *stage, int window_bits)
{
    stage->zlib = (z_stream){0};
    if (inflateInit2(&stage->zlib, window_bits) != Z_OK)
        return ACR_ERR_OUT_OF_MEMORY;
    stage->zlib_open = true;
    return 0;
}

static int stage_open(struct stage *stage, enum kind kind)
{
    stage->kind = kind;
    if (kind == GZIP)
        return zlib_start(stage, 16 + MAX_WBITS);
    if (kind == BROTLI && (stage->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL)) == NULL)
        return ACR_ERR_OUT_OF_MEMORY;
    if (kind == ZSTD && ((stage->zstd = ZSTD_createDCtx()) == NULL ||
                         ZSTD_isError(ZSTD_DCtx_setParameter(stage->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))))
        return ACR_ERR_OUT_OF_MEMORY;
    return 0; /* a deflate stream's kind shows with its first bytes */
}

static void stage_close(struct stage *stage)
{
    if (stage->zlib_open)
        inflateEnd(&stage->zlib);
    if (stage->brotli != NULL)
        BrotliDecoderDestroyInstance(stage->brotli);
    ZSTD_freeDCtx(stage->zstd);
    acr_free(stage->block);
}

int acr_decoder_open(struct acr_str content_encoding, struct acr_decoder **ret_decoder)
{
    enum kind kinds[STAGES_MAX];
    int count = parse_codings(content_encoding, kinds);
    if (count <= 0) {
        *ret_decoder = NULL;
        return 0;
    }
    struct acr_decoder *decoder = acr_alloc_zero(sizeof *decoder);
    int code = 0;
    for (int i = 0; i < count && code == 0; i++)
        code = stage_open(&decoder->stages[decoder->stage_count++], kinds[i]);
    for (int i = 0; i < count - 1; i++)
        decoder->stages[i].block = acr_alloc(BLOCK_BYTES);
    if (code != 0) {
        acr_decoder_close(decoder);
        return code;
    }
    *ret_decoder = decoder;
    return 0;
}

void acr_decoder_close(struct acr_decoder *decoder)
{
    if (decoder == NULL)
        return;
    for (size_t i = 0; i < decoder->stage_count; i++)
        stage_close(&decoder->stages[i]);
    acr_free(decoder);
}

/* One call of a decompressor: what is left of the input, where output goes and how much was made. */
struct step {
    struct acr_str input;
    char *out;
    size_t room;
    size_t made;
    bool more; /* output may be held back for want of room */
};

static int inflate_step(struct stage *stage, struct step *step)
{
    z_stream *zlib = &stage->zlib;
    uInt offered = step->input.size < UINT_MAX ? (uInt)step->input.size : UINT_MAX;
    zlib->next_in = (z_const Bytef *)step->input.data;
    zlib->avail_in = offered;
    zlib->next_out = (Bytef *)step->out;
    zlib->avail_out = (uInt)step->room;
    int result = inflate(zlib, Z_NO_FLUSH);
    size_t taken = offered - zlib->avail_in;
    step->input.data += taken;
    step->input.size -= taken;
    step->made = step->room - zlib->avail_out;
    step->more = result == Z_OK && zlib->avail_out == 0;
    if (result == Z_STREAM_END)
        stage->progress = stage->kind == GZIP ? BOUNDARY : OVER;
    else if (result != Z_OK && !(result == Z_BUF_ERROR && step->input.size == 0))
        return ACR_ERR_DECODE;
    return 0;
}

/* What follows a member may be another one, or padding and rubbish, which is ignored as gzip(1) and urllib3 do. */
static int gzip_step(struct stage *stage, struct step *step, bool begins)
{
    if (begins) {
        stage->another = true;
        if (inflateReset(&stage->zlib) != Z_OK)
            return ACR_ERR_DECODE;
    }
    int code = inflate_step(stage, step);
    if (code != 0 && stage->another && stage->zlib.total_out == 0) {
        stage->progress = OVER;
        return 0;
    }
    return code;
}

/* Servers send zlib streams and raw ones as "deflate"; the first two bytes of the former are a multiple of 31 (RFC 1950
 * 2.2). */
static int deflate_begin(struct stage *stage, struct step *step)
{
    unsigned char second = (unsigned char)step->input.data[0];
    if (!stage->has_first) {
        stage->has_first = true;
        stage->first = second;
        step->input.data++;
        step->input.size--;
        return 0;
    }
    unsigned first = stage->first;
    bool zlib = (first & 15) == Z_DEFLATED && first >> 4 <= 7 && (first << 8 | second) % 31 == 0;
    int code = zlib_start(stage, zlib ? MAX_WBITS : -MAX_WBITS);
    if (code != 0)
        return code;
    struct step kept = {.input = {(const char *)&stage->first, 1}, .out = step->out, .room = step->room};
    return inflate_step(stage, &kept); /* one byte makes no output yet */
}

static int brotli_step(struct stage *stage, struct step *step)
{
    size_t left = step->input.size;
    const uint8_t *next_in = (const uint8_t *)step->input.data;
    uint8_t *next_out = (uint8_t *)step->out;
    size_t room = step->room;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(stage->brotli, &left, &next_in, &room, &next_out, NULL);
    step->input = (struct acr_str){(const char *)next_in, left};
    step->made = step->room - room;
    step->more = result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    if (result == BROTLI_DECODER_RESULT_SUCCESS)
        stage->progress = OVER;
    return result == BROTLI_DECODER_RESULT_ERROR ? ACR_ERR_DECODE : 0;
}

static int zstd_step(struct stage *stage, struct step *step)
{
    ZSTD_inBuffer in = {step->input.data, step->input.size, 0};
    ZSTD_outBuffer out = {step->out, step->room, 0};
    size_t result = ZSTD_decompressStream(stage->zstd, &out, &in);
    if (ZSTD_isError(result))
        return ACR_ERR_DECODE;
    step->input.data += in.pos;
    step->input.size -= in.pos;
    step->made = out.pos;
    step->more = result != 0 && out.pos == out.size;
    if (result == 0)
        stage->progress = BOUNDARY; /* more input begins another frame */
    return 0;
}

static int stage_step(struct stage *stage, struct step *step)
{
    bool begins = stage->progress == BOUNDARY;
    stage->progress = INSIDE;
    switch (stage->kind) {
    case GZIP:
        return gzip_step(stage, step, begins);
    case DEFLATE:
        return stage->zlib_open ? inflate_step(stage, step) : deflate_begin(stage, step);
    case BROTLI:
        return brotli_step(stage, step);
    case ZSTD:
        return zstd_step(stage, step);
    }
    return ACR_ERR_INVALID;
}

/* Where the last stage writes: the buffer itself, or, once that is full, a byte that must stay unused. */
static int room_in(struct acr_buffer *out, size_t input_size, char *spare, struct step *step)
{
    size_t wanted = input_size < ROOM_LEAST / 4 ? ROOM_LEAST : input_size * 4;
    wanted = wanted < ROOM_MOST ? wanted : ROOM_MOST;
    size_t left = SIZE_MAX;
    if (out->limit != 0)
        left = out->size < out->limit ? out->limit - out->size : 0;
    if (left == 0) {
        step->out = spare;
        step->room = 1;
        return 0;
    }
    int code = acr_buffer_reserve(out, wanted < left ? wanted : left);
    if (code != 0)
        return code;
    step->out = out->data + out->size;
    size_t room = out->capacity - out->size;
    room = room < left ? room : left;
    step->room = room < UINT_MAX ? room : UINT_MAX;
    return 0;
}

static int run(struct acr_decoder *decoder, size_t index, struct acr_str input, struct acr_buffer *out)
{
    struct stage *stage = &decoder->stages[index];
    bool last = index + 1 == decoder->stage_count;
    struct step step = {.input = input};
    int code = 0;
    while (code == 0 && stage->progress != OVER && (step.input.size > 0 || step.more)) {
        char spare;
        step.out = stage->block;
        step.room = BLOCK_BYTES;
        step.made = 0;
        step.more = false;
        if (last && (code = room_in(out, step.input.size, &spare, &step)) != 0)
            break;
        code = stage_step(stage, &step);
        if (step.out == &spare && step.made > 0)
            code = ACR_ERR_TOO_LARGE;
        else if (last)
            out->size += step.made;
        else if (code == 0 && step.made > 0)
            code = run(decoder, index + 1, (struct acr_str){step.out, step.made}, out);
    }
    return code;
}

int acr_decoder_feed(struct acr_decoder *decoder, struct acr_str input, struct acr_buffer *out)
{
    return run(decoder, 0, input, out);
}

/* A single byte behind a gzip member is rubbish, too, though inflate() waits for a second one to say so. */
static bool is_complete(const struct stage *stage)
{
    return stage->progress != INSIDE || (stage->another && stage->zlib.total_in < 2);
}

/* Nothing is ever held back, so all there is to do is to look whether every stream came to its end. */
int acr_decoder_finish(struct acr_decoder *decoder, struct acr_buffer *out)
{
    (void)out;
    for (size_t i = 0; i < decoder->stage_count; i++)
        if (!is_complete(&decoder->stages[i]))
            return ACR_ERR_DECODE;
    return 0;
}
