/* SPDX-License-Identifier: MIT */
/*
 * memory - allocation for bookkeeping.
 *
 * These never return NULL: when memory is out they print one line and abort, because a load generator that
 * goes on without its books reports wrong numbers. Sizes that a peer controls do not come here but go through
 * acr_buffer, which has a limit and returns an error.
 */
#pragma once

#include <stddef.h>

#define ACR_CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define ACR_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define ACR_LIKELY(x) __builtin_expect(!!(x), 1)
#define ACR_UNLIKELY(x) __builtin_expect(!!(x), 0)

void *acr_alloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *acr_alloc_zero(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *acr_realloc(void *memory, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
char *acr_strdup(const char *text) __attribute__((malloc, returns_nonnull));

/* A terminated copy of `size` bytes. */
char *acr_strndup(const char *text, size_t size) __attribute__((malloc, returns_nonnull));

/* Accepts NULL. */
void acr_free(void *memory);
