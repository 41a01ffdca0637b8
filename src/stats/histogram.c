/* SPDX-License-Identifier: MIT */
/* histogram - the log-linear cells and what is read from them. */
#include "stats/histogram.h"

#include <float.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"

#define NANOS_PER_MICRO 1000
#define MAX_NANOS (ACR_HISTOGRAM_MAX_MICROS * NANOS_PER_MICRO)
#define CELLS_PER_GROUP 1024 /* group 0 has twice as many */

struct group {
    atomic_uint owners; /* histograms that have it; nobody writes while there are two */
    uint64_t cells[];
};

static unsigned group_of(uint64_t micros)
{
    return 53 - (unsigned)__builtin_clzll(micros | 2047);
}

static size_t group_size(unsigned group)
{
    return group == 0 ? 2 * CELLS_PER_GROUP : CELLS_PER_GROUP;
}

/* The number of a group's first cell: 0, 2048, 3072 ... */
static uint32_t group_start(unsigned group)
{
    return group == 0 ? 0 : (group + 1) * CELLS_PER_GROUP;
}

uint32_t acr_histogram_cell(uint64_t micros)
{
    unsigned group = group_of(micros);
    return group * CELLS_PER_GROUP + (uint32_t)(micros >> group);
}

static unsigned group_of_cell(uint32_t cell)
{
    return cell < 2 * CELLS_PER_GROUP ? 0 : cell / CELLS_PER_GROUP - 1;
}

void acr_histogram_cell_range(uint32_t cell, uint64_t *ret_low, uint64_t *ret_high)
{
    unsigned group = group_of_cell(cell);
    uint64_t step = cell - group * CELLS_PER_GROUP;
    *ret_low = step << group;
    *ret_high = ((step + 1) << group) - 1;
}

uint64_t acr_histogram_cell_count(const struct acr_histogram *histogram, uint32_t cell)
{
    unsigned group = group_of_cell(cell);
    const uint64_t *cells = histogram->groups[group];
    return cells != NULL ? cells[cell - group_start(group)] : 0;
}

uint64_t acr_histogram_next(const struct acr_histogram *histogram, uint32_t *cell)
{
    while (*cell < ACR_HISTOGRAM_CELLS) {
        unsigned group = group_of_cell(*cell);
        const uint64_t *cells = histogram->groups[group];
        uint32_t end = group_start(group) + (uint32_t)group_size(group);
        for (; cells != NULL && *cell < end; (*cell)++)
            if (cells[*cell - group_start(group)] > 0)
                return cells[*cell - group_start(group)];
        *cell = end;
    }
    return 0;
}

static size_t group_bytes(unsigned group)
{
    return sizeof(struct group) + group_size(group) * sizeof(uint64_t);
}

static struct group *group_of_cells(const uint64_t *cells)
{
    return (struct group *)(void *)((char *)(uintptr_t)cells - offsetof(struct group, cells));
}

static void disown(uint64_t *cells)
{
    if (cells == NULL)
        return;
    struct group *group = group_of_cells(cells);
    if (atomic_fetch_sub_explicit(&group->owners, 1, memory_order_acq_rel) == 1)
        acr_free(group);
}

static uint64_t *group_copy(const uint64_t *cells, unsigned number)
{
    struct group *copy = acr_alloc(group_bytes(number));
    atomic_init(&copy->owners, 1);
    memcpy(copy->cells, cells, group_size(number) * sizeof *cells);
    return copy->cells;
}

static uint64_t *group_new(unsigned number)
{
    struct group *group = acr_alloc_zero(group_bytes(number));
    atomic_init(&group->owners, 1);
    return group->cells;
}

/* The slow way to a group's cells: they are missing or were shared. */
static uint64_t *make_writable(struct acr_histogram *histogram, unsigned number)
{
    uint64_t *cells = histogram->groups[number];
    histogram->shared &= ~(UINT32_C(1) << number);
    if (cells == NULL)
        return histogram->groups[number] = group_new(number);
    /* Acquire: what the former co-owner read, it read before these cells change. */
    if (atomic_load_explicit(&group_of_cells(cells)->owners, memory_order_acquire) == 1)
        return cells;
    histogram->groups[number] = group_copy(cells, number);
    disown(cells);
    return histogram->groups[number];
}

static uint64_t *writable(struct acr_histogram *histogram, unsigned number)
{
    uint64_t *cells = histogram->groups[number];
    if (ACR_LIKELY(cells != NULL && (histogram->shared >> number & 1) == 0))
        return cells;
    return make_writable(histogram, number);
}

void acr_histogram_init(struct acr_histogram *histogram)
{
    *histogram = (struct acr_histogram){0};
}

void acr_histogram_done(struct acr_histogram *histogram)
{
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++)
        disown(histogram->groups[group]);
    *histogram = (struct acr_histogram){0};
}

void acr_histogram_reset(struct acr_histogram *histogram)
{
    struct acr_histogram empty = {0};
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++) {
        uint64_t *cells = histogram->groups[group];
        if ((histogram->shared >> group & 1) != 0)
            disown(cells);
        else if (cells != NULL)
            empty.groups[group] = memset(cells, 0, group_size(group) * sizeof *cells);
    }
    *histogram = empty;
}

void acr_histogram_record(struct acr_histogram *histogram, uint64_t nanos)
{
    if (ACR_UNLIKELY(nanos > MAX_NANOS)) {
        nanos = MAX_NANOS;
        histogram->clamped++;
    }
    uint64_t micros = nanos / NANOS_PER_MICRO;
    unsigned group = group_of(micros);
    writable(histogram, group)[acr_histogram_cell(micros) - group_start(group)]++;
    if (nanos < histogram->min_nanos || histogram->count == 0)
        histogram->min_nanos = nanos;
    if (nanos > histogram->max_nanos)
        histogram->max_nanos = nanos;
    histogram->count++;
    histogram->sum_wraps += __builtin_add_overflow(histogram->sum_nanos, nanos, &histogram->sum_nanos);
}

void acr_histogram_merge(struct acr_histogram *histogram, const struct acr_histogram *other)
{
    if (other->count == 0)
        return;
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++) {
        const uint64_t *from = other->groups[group];
        if (from == NULL)
            continue;
        uint64_t *to = writable(histogram, group);
        for (size_t i = 0; i < group_size(group); i++)
            to[i] += from[i];
    }
    if (histogram->count == 0 || other->min_nanos < histogram->min_nanos)
        histogram->min_nanos = other->min_nanos;
    if (other->max_nanos > histogram->max_nanos)
        histogram->max_nanos = other->max_nanos;
    histogram->count += other->count;
    histogram->clamped += other->clamped;
    histogram->sum_wraps += other->sum_wraps;
    histogram->sum_wraps += __builtin_add_overflow(histogram->sum_nanos, other->sum_nanos, &histogram->sum_nanos);
}

void acr_histogram_copy(const struct acr_histogram *histogram, struct acr_histogram *copy)
{
    *copy = *histogram;
    copy->shared = 0;
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++)
        if (histogram->groups[group] != NULL)
            copy->groups[group] = group_copy(histogram->groups[group], group);
}

void acr_histogram_share(struct acr_histogram *histogram, struct acr_histogram *copy)
{
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++) {
        if (histogram->groups[group] == NULL)
            continue;
        atomic_fetch_add_explicit(&group_of_cells(histogram->groups[group])->owners, 1, memory_order_relaxed);
        histogram->shared |= UINT32_C(1) << group;
    }
    *copy = *histogram;
}

/* Takes the cells of one group away and returns what remains in it. */
static uint64_t subtract_group(uint64_t *cells, const uint64_t *earlier, size_t size)
{
    uint64_t remaining = 0;
    for (size_t i = 0; i < size; i++) {
        if (earlier != NULL)
            cells[i] -= earlier[i] < cells[i] ? earlier[i] : cells[i];
        remaining += cells[i];
    }
    return remaining;
}

static void tighten(struct acr_histogram *histogram)
{
    uint64_t low, high;
    uint32_t cell = 0;
    if (histogram->count == 0) {
        histogram->min_nanos = histogram->max_nanos = 0;
        return;
    }
    while (acr_histogram_cell_count(histogram, cell) == 0)
        cell++;
    acr_histogram_cell_range(cell, &low, &high);
    if (low * NANOS_PER_MICRO > histogram->min_nanos)
        histogram->min_nanos = low * NANOS_PER_MICRO;
    for (cell = ACR_HISTOGRAM_CELLS - 1; acr_histogram_cell_count(histogram, cell) == 0;)
        cell--;
    acr_histogram_cell_range(cell, &low, &high);
    if ((high + 1) * NANOS_PER_MICRO - 1 < histogram->max_nanos)
        histogram->max_nanos = (high + 1) * NANOS_PER_MICRO - 1;
}

void acr_histogram_subtract(struct acr_histogram *histogram, const struct acr_histogram *earlier)
{
    histogram->count = 0;
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++)
        if (histogram->groups[group] != NULL)
            histogram->count += subtract_group(writable(histogram, group), earlier->groups[group], group_size(group));
    histogram->clamped -= earlier->clamped < histogram->clamped ? earlier->clamped : histogram->clamped;
    bool borrow = __builtin_sub_overflow(histogram->sum_nanos, earlier->sum_nanos, &histogram->sum_nanos);
    if (__builtin_sub_overflow(histogram->sum_wraps, earlier->sum_wraps + borrow, &histogram->sum_wraps))
        histogram->sum_nanos = histogram->sum_wraps = 0;
    tighten(histogram);
}

/* Upper end of the cell that holds the `rank`-th smallest record (1 .. count). */
static uint64_t at_rank(const struct acr_histogram *histogram, uint64_t rank)
{
    uint64_t passed = 0;
    for (unsigned group = 0; group < ACR_HISTOGRAM_GROUPS; group++) {
        const uint64_t *cells = histogram->groups[group];
        for (size_t i = 0; cells != NULL && i < group_size(group); i++) {
            passed += cells[i];
            if (passed < rank)
                continue;
            uint64_t low, high;
            acr_histogram_cell_range(group_start(group) + (uint32_t)i, &low, &high);
            uint64_t nanos = (high + 1) * NANOS_PER_MICRO - 1;
            return nanos < histogram->max_nanos ? nanos : histogram->max_nanos;
        }
    }
    return histogram->max_nanos;
}

uint64_t acr_histogram_quantile(const struct acr_histogram *histogram, double quantile)
{
    if (histogram->count == 0)
        return 0;
    /* 0.07 * 100 is a little more than 7 in double arithmetic and must not be rounded up to 8. */
    double wanted = quantile * (double)histogram->count * (1 - 4 * DBL_EPSILON);
    if (!(wanted > 1))
        return at_rank(histogram, 1);
    if (wanted > (double)(histogram->count - 1))
        return histogram->max_nanos;
    uint64_t rank = (uint64_t)wanted;
    return at_rank(histogram, (double)rank < wanted ? rank + 1 : rank);
}

uint64_t acr_histogram_percentile(const struct acr_histogram *histogram, double fraction)
{
    if (histogram->count == 0)
        return 0;
    double before = (double)histogram->count * fraction;
    if (!(before >= 0))
        return at_rank(histogram, 1);
    return before >= (double)histogram->count ? histogram->max_nanos : at_rank(histogram, (uint64_t)before + 1);
}

double acr_histogram_mean(const struct acr_histogram *histogram)
{
    if (histogram->count == 0)
        return 0;
    return ((double)histogram->sum_wraps * 0x1p64 + (double)histogram->sum_nanos) / (double)histogram->count;
}
