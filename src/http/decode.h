/* SPDX-License-Identifier: MIT */
/*
 * decode - undo a Content-Encoding: gzip, deflate (zlib and raw), br, zstd, and lists of them.
 *
 * Incremental; output goes to a buffer whose limit guards against bombs.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/str.h"

struct acr_decoder;

/* `content_encoding` is the header's value. *ret_decoder is NULL when there is nothing to undo (identity, or a coding
 * that is not known: such a body is left as it is, as urllib3 does). */
ACR_MUST_CHECK int acr_decoder_open(struct acr_str content_encoding, struct acr_decoder **ret_decoder);

/* Appends what comes out. Bytes after the end of the last gzip member, or of a deflate or br stream, are ignored.
 * ACR_ERR_DECODE, ACR_ERR_TOO_LARGE; the decoder is of no use then. */
ACR_MUST_CHECK int acr_decoder_feed(struct acr_decoder *decoder, struct acr_str input, struct acr_buffer *out);

/* The input is complete: ACR_ERR_DECODE when the stream is not (an empty input is fine). */
ACR_MUST_CHECK int acr_decoder_finish(struct acr_decoder *decoder, struct acr_buffer *out);

/* Accepts NULL. */
void acr_decoder_close(struct acr_decoder *decoder);
