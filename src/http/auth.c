/* SPDX-License-Identifier: MIT */
/* auth - base64 and the one header made of it. */
#include "http/auth.h"

/* Encodes 1 to 3 bytes to four characters. */
static void encode_group(const unsigned char *bytes, size_t size, char out[4])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned word = (unsigned)bytes[0] << 16;
    word |= size > 1 ? (unsigned)bytes[1] << 8 : 0;
    word |= size > 2 ? (unsigned)bytes[2] : 0;
    out[0] = alphabet[word >> 18];
    out[1] = alphabet[word >> 12 & 63];
    out[2] = size > 1 ? alphabet[word >> 6 & 63] : '=';
    out[3] = size > 2 ? alphabet[word & 63] : '=';
}

int acr_base64(struct acr_buffer *out, struct acr_str bytes)
{
    size_t groups = bytes.size / 3 + (bytes.size % 3 != 0);
    int code = groups <= SIZE_MAX / 4 ? acr_buffer_reserve(out, groups * 4) : ACR_ERR_TOO_LARGE;
    if (code != 0)
        return code;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t size = bytes.size - i < 3 ? bytes.size - i : 3;
        encode_group((const unsigned char *)bytes.data + i, size, out->data + out->size);
        out->size += 4;
    }
    return 0;
}

int acr_auth_basic(struct acr_buffer *out, struct acr_str user, struct acr_str password)
{
    struct acr_buffer pair = {0};
    size_t before = out->size;
    int code = acr_buffer_append_str(&pair, user);
    if (code == 0)
        code = acr_buffer_append(&pair, ":", 1);
    if (code == 0)
        code = acr_buffer_append_str(&pair, password);
    if (code == 0)
        code = acr_buffer_append_str(out, ACR_STR("Basic "));
    if (code == 0)
        code = acr_base64(out, acr_buffer_str(&pair));
    if (code != 0)
        out->size = before;
    acr_buffer_done(&pair);
    return code;
}
