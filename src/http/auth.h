/* SPDX-License-Identifier: MIT */
/*
 * auth - HTTP basic authentication (RFC 7617).
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/str.h"

/* Appends "Basic " and base64(user ":" password). */
ACR_MUST_CHECK int acr_auth_basic(struct acr_buffer *out, struct acr_str user, struct acr_str password);

/* Appends the base64 form (RFC 4648 section 4, padded). */
ACR_MUST_CHECK int acr_base64(struct acr_buffer *out, struct acr_str bytes);
