/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "http/decode.h"
#include "support/guard.h"

#define TEXT_BYTES 5000
#define ZEROS_BYTES (10u << 20)

/* Made with the encoder of libbrotli 1.0.9; the others are made here. */
static const unsigned char brotli_text[] = {
    0x1b, 0x87, 0x13, 0x88, 0x8c, 0x94, 0x6e, 0xe6, 0x22, 0xd0, 0x83, 0xf5, 0x97, 0xb4, 0x1e, 0xa0, 0x68,
    0x04, 0xe4, 0x1b, 0x5a, 0x18, 0x6c, 0xc0, 0x81, 0x43, 0x02, 0x79, 0x1b, 0xc1, 0x1d, 0x3a, 0xad, 0x70,
    0x36, 0x3b, 0x1e, 0x27, 0x2a, 0x2c, 0x05, 0x1b, 0xe1, 0x2d, 0x16, 0x00, 0xaa, 0x3f, 0x4c, 0x8a, 0x02};
static const unsigned char brotli_zeros[] = {0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1,
                                             0x40, 0x20, 0xf7, 0xfe, 0x2f, 0xff, 0xff, 0x3f, 0xf0,
                                             0x4f, 0x00, 0xc4, 0x61, 0x11, 0x80, 0xee, 0xfd, 0x07};
static const unsigned char brotli_nothing[] = {0x06};
static const unsigned char brotli_gzip_text[] = {
    0x8b, 0x2c, 0x80, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xca, 0xb7, 0x01, 0x80, 0x30,
    0x10, 0x04, 0xc1, 0x9c, 0x2a, 0xae, 0x35, 0x8c, 0xf0, 0xe8, 0x41, 0xbc, 0x70, 0xd5, 0x43, 0x0d, 0xc4, 0x1b, 0xcf,
    0x78, 0x1f, 0xb4, 0xe5, 0xa1, 0x9e, 0x54, 0x25, 0x3b, 0xa3, 0x5a, 0xbb, 0x34, 0xe6, 0x65, 0xdd, 0x65, 0x47, 0x48,
    0xf2, 0x8f, 0xe7, 0xf2, 0xb9, 0xd5, 0x58, 0x57, 0x38, 0x97, 0xcb, 0xe5, 0x72, 0xb9, 0x5c, 0x2e, 0x97, 0xcb, 0xe5,
    0x72, 0xb9, 0x5c, 0x2e, 0x97, 0xcb, 0xfd, 0x75, 0x5f, 0x9b, 0xc3, 0x94, 0x85, 0x88, 0x13, 0x00, 0x00, 0x03};
/* The text that is compressed: long enough for back references, and then some. */
static char text[TEXT_BYTES];
static unsigned char made[65536];
static size_t made_size;
static struct acr_buffer out;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "the quick brown fox jumps over the lazy dog\n"[i % 44];
    made_size = 0;
    out = (struct acr_buffer){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acr_buffer_done(&out);
    return 0;
}

static void add(const void *bytes, size_t size)
{
    assert_true(size <= sizeof made - made_size);
    memcpy(made + made_size, bytes, size);
    made_size += size;
}

/* Appends `bytes` deflated: window bits 31 for gzip, 15 for zlib, -15 for raw. */
static void add_deflated(const void *bytes, size_t size, int window_bits)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = made + made_size;
    stream.avail_out = (uInt)(sizeof made - made_size);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    made_size += stream.total_out;
    deflateEnd(&stream);
}

static void add_zstd(const void *bytes, size_t size)
{
    size_t written = ZSTD_compress(made + made_size, sizeof made - made_size, bytes, size, 5);
    assert_false(ZSTD_isError(written));
    made_size += written;
}

/* Decodes `bytes` fed in pieces of `step`, each in front of a guard page, into `out`. */
static int decode_bytes(const char *coding, const void *bytes, size_t size, size_t step)
{
    struct acr_decoder *decoder = NULL;
    assert_int_equal(acr_decoder_open(acr_str_of(coding), &decoder), 0);
    assert_non_null(decoder);
    int code = 0;
    for (size_t at = 0; at < size && code == 0; at += step) {
        struct guard piece = guard_copy((const char *)bytes + at, step < size - at ? step : size - at);
        code = acr_decoder_feed(decoder, (struct acr_str){piece.data, piece.size}, &out);
        guard_done(&piece);
    }
    if (code == 0)
        code = acr_decoder_finish(decoder, &out);
    acr_decoder_close(decoder);
    return code;
}

static int decode(const char *coding, size_t step)
{
    acr_buffer_reset(&out);
    return decode_bytes(coding, made, made_size, step);
}

static void check_text(const char *coding)
{
    static const size_t steps[] = {1, 2, 3, 17, sizeof made};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(steps); i++) {
        assert_int_equal(decode(coding, steps[i]), 0);
        assert_int_equal(out.size, sizeof text);
        assert_memory_equal(out.data, text, sizeof text);
    }
}

static void test_each_coding_is_undone_whole_and_byte_by_byte(void **state)
{
    (void)state;
    add_deflated(text, sizeof text, 31);
    check_text("gzip");
    check_text("X-GZIP");
    check_text(" identity , gzip,");
    made_size = 0;
    add_deflated(text, sizeof text, 15);
    check_text("deflate");
    made_size = 0;
    add_deflated(text, sizeof text, -15);
    check_text("Deflate");
    made_size = 0;
    add_zstd(text, sizeof text);
    check_text("zstd");
    made_size = 0;
    add(brotli_text, sizeof brotli_text);
    check_text("br");
}

static void test_codings_in_a_list_are_undone_in_reverse(void **state)
{
    (void)state;
    add(brotli_gzip_text, sizeof brotli_gzip_text);
    check_text("gzip, br");
    assert_int_equal(decode("br, gzip", 1), ACR_ERR_DECODE);
    made_size = 0;
    add_deflated(brotli_text, sizeof brotli_text, 31);
    check_text("br,gzip");
    unsigned char inner[8192];
    for (int i = 0; i < 3; i++) {
        size_t size = made_size;
        memcpy(inner, made, size);
        made_size = 0;
        if (i % 2 == 0)
            add_zstd(inner, size);
        else
            add_deflated(inner, size, -15);
    }
    check_text("br, gzip, zstd, deflate, zstd");
}

static void test_there_is_no_decoder_for_what_is_not_coded_or_not_known(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",         "identity",   ",",     "identity,,identity", "gzi",     "gzip, compress",
        "compress", "gzip;q=1.0", "gzipp", "gzip gzip",          "br, exi", "gzip,gzip,gzip,gzip,gzip,gzip",
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        struct acr_decoder *decoder = (struct acr_decoder *)&out;
        assert_int_equal(acr_decoder_open(acr_str_of(table[i]), &decoder), 0);
        assert_null(decoder);
    }
    acr_decoder_close(NULL);
}

static void test_gzip_members_and_zstd_frames_are_joined(void **state)
{
    (void)state;
    add_deflated(text, 1000, 31);
    add_deflated(text, 0, 31);
    add_deflated(text + 1000, sizeof text - 1000, 31);
    check_text("gzip");
    made_size = 0;
    add_zstd(text, 1000);
    add("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11); /* a skippable frame */
    add_zstd(text + 1000, sizeof text - 1000);
    check_text("zstd");
}

static void test_rubbish_behind_gzip_is_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } table[] = {{"\0", 1},   {"\0\0\0\0", 4}, {"rubbish", 7},
                 {"\x1f", 1}, {"\x1f\x00", 2}, {"\x1f\x8b\x07 12345678", 12}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        made_size = 0;
        add_deflated(text, sizeof text, 31);
        add(table[i].bytes, table[i].size);
        check_text("gzip");
    }
    made_size = 0;
    add(brotli_text, sizeof brotli_text);
    add("rubbish", 7);
    check_text("br");
    made_size = 0;
    add_deflated(text, sizeof text, 15);
    add("rubbish", 7);
    check_text("deflate");
}

static void test_an_empty_body_is_fine(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "gzip, br, zstd"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(codings); i++) {
        assert_int_equal(decode(codings[i], 1), 0);
        assert_int_equal(out.size, 0);
    }
    add(brotli_nothing, sizeof brotli_nothing);
    assert_int_equal(decode("br", 1), 0);
    assert_int_equal(decode("gzip, br", 1), 0);
    assert_int_equal(out.size, 0);
    made_size = 0;
    add_deflated("", 0, -15);
    assert_int_equal(decode("deflate", 1), 0);
    assert_int_equal(out.size, 0);
}

static void check_truncation(const char *coding)
{
    for (size_t size = 1; size < made_size; size++) {
        acr_buffer_reset(&out);
        assert_int_equal(decode_bytes(coding, made, size, size), ACR_ERR_DECODE);
        acr_buffer_reset(&out);
        assert_int_equal(decode_bytes(coding, made, size, 1), ACR_ERR_DECODE);
    }
}

static void test_a_stream_cut_anywhere_is_an_error(void **state)
{
    (void)state;
    add_deflated(text, 200, 31);
    check_truncation("gzip");
    made_size = 0;
    add_deflated(text, 200, 15);
    check_truncation("deflate");
    made_size = 0;
    add_deflated(text, 200, -15);
    check_truncation("deflate");
    made_size = 0;
    add_zstd(text, 200);
    check_truncation("zstd");
    made_size = 0;
    add(brotli_text, sizeof brotli_text);
    check_truncation("br");
}

static void test_a_second_member_that_is_cut_is_an_error(void **state)
{
    (void)state;
    add_deflated(text, 200, 31);
    size_t first = made_size;
    add_deflated(text, 200, 31);
    for (made_size--; made_size > first + 1; made_size--)
        assert_int_equal(decode("gzip", made_size), ACR_ERR_DECODE);
}

static void test_rubbish_is_an_error(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};
    add("\xff\xff this is not compressed at all", 32);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(codings); i++) {
        assert_int_equal(decode(codings[i], 1), ACR_ERR_DECODE);
        assert_int_equal(decode(codings[i], made_size), ACR_ERR_DECODE);
    }
    made_size = 0;
    add_deflated(text, sizeof text, 31);
    made[made_size - 5] ^= 1; /* the checksum */
    assert_int_equal(decode("gzip", 100), ACR_ERR_DECODE);
}

static void test_a_bomb_stops_at_the_limit_of_the_buffer(void **state)
{
    (void)state;
    out.limit = 100000;
    assert_int_equal(decode_bytes("br", brotli_zeros, sizeof brotli_zeros, 5), ACR_ERR_TOO_LARGE);
    assert_true(out.size <= out.limit);
    char *zeros = calloc(1, ZEROS_BYTES);
    add_deflated(zeros, ZEROS_BYTES, 31);
    assert_int_equal(decode("gzip", sizeof made), ACR_ERR_TOO_LARGE);
    assert_int_equal(decode("gzip", 1), ACR_ERR_TOO_LARGE);
    made_size = 0;
    add_zstd(zeros, ZEROS_BYTES);
    assert_int_equal(decode("zstd", 100), ACR_ERR_TOO_LARGE);
    out.limit = 0;
    assert_int_equal(decode("zstd", 100), 0);
    assert_int_equal(out.size, ZEROS_BYTES);
    free(zeros);
}

static void test_a_body_of_exactly_the_limit_is_fine(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "zstd", "br", "gzip, br"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(codings); i++) {
        made_size = 0;
        if (i == 0)
            add_deflated(text, sizeof text, 31);
        else if (i == 1)
            add_zstd(text, sizeof text);
        else if (i == 2)
            add(brotli_text, sizeof brotli_text);
        else
            add(brotli_gzip_text, sizeof brotli_gzip_text);
        acr_buffer_done(&out);
        out.limit = sizeof text;
        check_text(codings[i]);
        out.limit = sizeof text - 1;
        assert_int_equal(decode(codings[i], 1), ACR_ERR_TOO_LARGE);
        assert_int_equal(decode(codings[i], sizeof made), ACR_ERR_TOO_LARGE);
    }
}

static void test_a_zstd_window_past_what_http_allows_is_refused(void **state)
{
    (void)state;
    /* magic number, descriptor without content size, window of 16 MiB, an empty last block */
    add("\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00", 9);
    assert_int_equal(decode("zstd", 9), ACR_ERR_DECODE);
    made[5] = 0x68; /* 8 MiB */
    assert_int_equal(decode("zstd", 9), 0);
}

static void test_what_is_there_already_is_kept(void **state)
{
    (void)state;
    assert_int_equal(acr_buffer_append(&out, "before", 6), 0);
    add_zstd("after", 5);
    assert_int_equal(decode_bytes("zstd", made, made_size, 3), 0);
    assert_int_equal(out.size, 11);
    assert_memory_equal(out.data, "beforeafter", 11);
}
