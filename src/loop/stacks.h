/* SPDX-License-Identifier: MIT */
/*
 * stacks - slots for the stacks of coroutines, in one mapping.
 *
 *     | guard | stack, grows down ......... | guard | stack ... |
 *     ^ slot 0                              ^ slot 1
 *
 * The mapping takes address space only; a slot costs the pages that its stack has touched. Slots that come back are
 * handed out again last in, first out, so that few are warm; when many are free, the coldest give their pages back.
 * Owner: the pool. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum acr_stacks_guard {
    ACR_STACKS_GUARD_MARKER,  /* MADV_GUARD_INSTALL: no limit */
    ACR_STACKS_GUARD_PROTECT, /* mprotect: up to a number of slots */
    ACR_STACKS_GUARD_NONE,
};

struct acr_stacks {
    char *base;
    size_t page_bytes;
    size_t slot_bytes; /* guard page included */
    size_t slot_count;
    size_t fresh; /* slots from here on were never handed out */
    enum acr_stacks_guard guard;
    bool unguarded; /* a slot was handed out without a guard page */
    uint32_t *free; /* slot numbers, coldest first */
    size_t free_count;
    size_t free_capacity;
    size_t clean_count; /* so many of the coldest hold no pages */
    size_t high_water;  /* of stacks whose pages were given back */
    int pagemap_fd;
};

/* `usable_bytes` is rounded up to pages; 0 = slots of 64 KiB. With `may_shrink`, half as many slots are tried as long
 * as the address space is not to be had. ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_stacks_open(struct acr_stacks *stacks, size_t usable_bytes, size_t slot_count, bool may_shrink,
                                   struct acr_error *error);
void acr_stacks_close(struct acr_stacks *stacks);

/* The lowest usable byte of a slot, NULL when all are taken. Its contents are whatever was left there. */
void *acr_stacks_take(struct acr_stacks *stacks);
void acr_stacks_give(struct acr_stacks *stacks, void *low);

/* Usable bytes of each slot. */
static inline size_t acr_stacks_usable(const struct acr_stacks *stacks)
{
    return stacks->slot_bytes - stacks->page_bytes;
}

/* Most bytes, in pages, that any stack so far has touched; 0 when the kernel does not say. Looks at every slot. */
size_t acr_stacks_high_water(const struct acr_stacks *stacks);
