/* SPDX-License-Identifier: MIT */
/*
 * guard - a copy of bytes that ends exactly at an unreadable page, so that reading one byte too far is a crash.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    char *data; /* the copy; writable; data[size] is out of bounds */
    size_t size;
    void *mapping;
    size_t mapping_size;
};

static inline struct guard guard_copy(const void *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = (size + page - 1) / page * page;
    struct guard guard = {.size = size, .mapping_size = usable + page};
    guard.mapping = mmap(NULL, guard.mapping_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard.mapping == MAP_FAILED || mprotect((char *)guard.mapping + usable, page, PROT_NONE) != 0)
        abort();
    guard.data = (char *)guard.mapping + usable - size;
    if (size > 0)
        memcpy(guard.data, bytes, size);
    return guard;
}

static inline void guard_done(struct guard *guard)
{
    munmap(guard->mapping, guard->mapping_size);
    *guard = (struct guard){0};
}
