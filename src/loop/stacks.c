/* SPDX-License-Identifier: MIT */
/* stacks - one sparse mapping, guard pages, reuse, and the census of touched pages. */
#include "loop/stacks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

/* Linux 6.13, include/uapi/asm-generic/mman-common.h; newer than Debian 12's headers. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* Each mprotect splits the mapping in two; vm.max_map_count is 65530 by default, and others need some, too. */
#define PROTECT_MAX 30000

#define DEFAULT_SLOT_BYTES ((size_t)64 * 1024)

/* When so many free slots hold pages, the colder half gives them back. */
#define WARM_MAX 1024

static char *slot_address(const struct acr_stacks *stacks, size_t slot)
{
    return stacks->base + slot * stacks->slot_bytes;
}

static int map_slots(struct acr_stacks *stacks, bool may_shrink)
{
    for (;;) {
        void *base = mmap(NULL, stacks->slot_count * stacks->slot_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base != MAP_FAILED) {
            stacks->base = base;
            return 0;
        }
        if (!may_shrink || stacks->slot_count <= WARM_MAX)
            return ACR_ERR_SYSTEM;
        stacks->slot_count /= 2;
    }
}

/* Emulators take unknown advice for a hint and say that all is well; so let the kernel try to read the first guard. */
static bool lay_marker(struct acr_stacks *stacks, size_t slot)
{
    char *address = slot_address(stacks, slot);
    if (madvise(address, stacks->page_bytes, MADV_GUARD_INSTALL) != 0)
        return false;
    return slot > 0 || (access(address, F_OK) != 0 && errno == EFAULT);
}

/* Lays a guard below the slot; what was refused once is not asked for again. */
static void guard_slot(struct acr_stacks *stacks, size_t slot)
{
    if (stacks->guard == ACR_STACKS_GUARD_MARKER && !lay_marker(stacks, slot))
        stacks->guard = ACR_STACKS_GUARD_PROTECT;
    if (stacks->guard == ACR_STACKS_GUARD_PROTECT &&
        (slot >= PROTECT_MAX || mprotect(slot_address(stacks, slot), stacks->page_bytes, PROT_NONE) != 0))
        stacks->guard = ACR_STACKS_GUARD_NONE;
    if (stacks->guard == ACR_STACKS_GUARD_NONE)
        stacks->unguarded = true;
}

int acr_stacks_open(struct acr_stacks *stacks, size_t usable_bytes, size_t slot_count, bool may_shrink,
                    struct acr_error *error)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (usable_bytes == 0)
        usable_bytes = DEFAULT_SLOT_BYTES - page;
    *stacks = (struct acr_stacks){.page_bytes = page, .slot_count = slot_count, .pagemap_fd = -1};
    if (usable_bytes > SIZE_MAX / 2 / slot_count - 2 * page || slot_count > UINT32_MAX)
        return acr_error_set(error, ACR_ERR_SYSTEM, "%zu stacks of %zu bytes", slot_count, usable_bytes);
    stacks->slot_bytes = (usable_bytes + page - 1) / page * page + page;
    if (map_slots(stacks, may_shrink) < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "mmap of %zu stacks of %zu bytes", slot_count,
                                    stacks->slot_bytes);
    madvise(stacks->base, stacks->slot_count * stacks->slot_bytes, MADV_NOHUGEPAGE);
    stacks->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    return 0;
}

void acr_stacks_close(struct acr_stacks *stacks)
{
    munmap(stacks->base, stacks->slot_count * stacks->slot_bytes);
    if (stacks->pagemap_fd >= 0)
        close(stacks->pagemap_fd);
    acr_free(stacks->free);
}

void *acr_stacks_take(struct acr_stacks *stacks)
{
    size_t slot;
    if (stacks->free_count > 0) {
        slot = stacks->free[--stacks->free_count];
        if (stacks->clean_count > stacks->free_count)
            stacks->clean_count = stacks->free_count;
    } else if (stacks->fresh < stacks->slot_count) {
        slot = stacks->fresh++;
        guard_slot(stacks, slot);
    } else {
        return NULL;
    }
    return slot_address(stacks, slot) + stacks->page_bytes;
}

/* Bits 63 (present) and 62 (swapped) of a page's entry: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_TOUCHED (UINT64_C(3) << 62)

/* Bytes from the lowest touched page to the top of the slot. */
static size_t touched_bytes(const struct acr_stacks *stacks, size_t slot)
{
    size_t first = (uintptr_t)slot_address(stacks, slot) / stacks->page_bytes + 1;
    size_t end = first - 1 + stacks->slot_bytes / stacks->page_bytes;
    uint64_t entries[64];
    while (first < end) {
        size_t count = end - first < ACR_ARRAY_SIZE(entries) ? end - first : ACR_ARRAY_SIZE(entries);
        ssize_t got = pread(stacks->pagemap_fd, entries, count * sizeof *entries, (off_t)(first * sizeof *entries));
        if (got != (ssize_t)(count * sizeof *entries))
            return 0;
        for (size_t i = 0; i < count; i++)
            if ((entries[i] & PAGEMAP_TOUCHED) != 0)
                return (end - first - i) * stacks->page_bytes;
        first += count;
    }
    return 0;
}

size_t acr_stacks_high_water(const struct acr_stacks *stacks)
{
    size_t most = stacks->high_water;
    for (size_t slot = 0; slot < stacks->fresh; slot++) {
        size_t bytes = touched_bytes(stacks, slot);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static int compare_slots(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Neighbouring slots go in one call; a guard page stays what it is. */
static void give_pages_back(struct acr_stacks *stacks, size_t count)
{
    uint32_t *slots = stacks->free + stacks->clean_count;
    qsort(slots, count, sizeof *slots, compare_slots);
    for (size_t i = 0, run = 0; i < count; i++) {
        size_t bytes = touched_bytes(stacks, slots[i]);
        if (bytes > stacks->high_water)
            stacks->high_water = bytes;
        if (i + 1 < count && slots[i + 1] == slots[i] + 1)
            continue;
        madvise(slot_address(stacks, slots[run]), (i + 1 - run) * stacks->slot_bytes, MADV_DONTNEED);
        run = i + 1;
    }
    stacks->clean_count += count;
}

void acr_stacks_give(struct acr_stacks *stacks, void *low)
{
    if (stacks->free_count == stacks->free_capacity) {
        stacks->free_capacity = stacks->free_capacity != 0 ? 2 * stacks->free_capacity : 64;
        stacks->free = acr_realloc(stacks->free, stacks->free_capacity * sizeof *stacks->free);
    }
    stacks->free[stacks->free_count++] = (uint32_t)((size_t)((char *)low - stacks->base) / stacks->slot_bytes);
    if (stacks->free_count - stacks->clean_count > WARM_MAX)
        give_pages_back(stacks, WARM_MAX / 2);
}
