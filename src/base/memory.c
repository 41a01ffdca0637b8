/* SPDX-License-Identifier: MIT */
/* memory - allocation that stops the program with one clear line when there is none left. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory, size_t size)
{
    if (ACR_LIKELY(memory != NULL))
        return memory;
    fprintf(stderr, "acrida: out of memory (%zu bytes wanted)\n", size);
    abort();
}

void *acr_alloc(size_t size)
{
    return checked(malloc(size != 0 ? size : 1), size);
}

void *acr_alloc_zero(size_t size)
{
    return checked(calloc(1, size != 0 ? size : 1), size);
}

void *acr_realloc(void *memory, size_t size)
{
    return checked(realloc(memory, size != 0 ? size : 1), size);
}

char *acr_strndup(const char *text, size_t size)
{
    char *copy = acr_alloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *acr_strdup(const char *text)
{
    return acr_strndup(text, strlen(text));
}

void acr_free(void *memory)
{
    free(memory);
}
