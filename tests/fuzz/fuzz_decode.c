/* SPDX-License-Identifier: MIT */
/* fuzz_decode - a coded body: alike whole and byte by byte, never past the limit. The first byte chooses the coding. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/decode.h"

#define LIMIT 100000

static int decode(const char *coding, const char *data, size_t size, size_t step, struct acr_buffer *out)
{
    struct acr_decoder *decoder = NULL;
    assert(acr_decoder_open(acr_str_of(coding), &decoder) == 0 && decoder != NULL);
    int code = 0;
    for (size_t at = 0; at < size && code == 0; at += step) {
        size_t piece = step < size - at ? step : size - at;
        char *copy = malloc(piece);
        memcpy(copy, data + at, piece);
        code = acr_decoder_feed(decoder, (struct acr_str){copy, piece}, out);
        free(copy);
    }
    if (code == 0)
        code = acr_decoder_finish(decoder, out);
    acr_decoder_close(decoder);
    assert(out->size <= LIMIT);
    assert(code == 0 || code == ACR_ERR_DECODE || code == ACR_ERR_TOO_LARGE);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "gzip, br", "deflate, gzip", "br, zstd"};
    if (size < 1 || size > 4096)
        return 0;
    const char *coding = codings[data[0] % (sizeof codings / sizeof codings[0])];
    struct acr_buffer whole, bytes;
    acr_buffer_init(&whole, LIMIT);
    acr_buffer_init(&bytes, LIMIT);
    int code = decode(coding, (const char *)data + 1, size - 1, size, &whole);
    int byte_code = decode(coding, (const char *)data + 1, size - 1, 1, &bytes);
    assert((code == 0) == (byte_code == 0));
    if (code == 0)
        assert(acr_str_equal(acr_buffer_str(&whole), acr_buffer_str(&bytes)));
    acr_buffer_done(&whole);
    acr_buffer_done(&bytes);
    return 0;
}
