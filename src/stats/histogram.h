/* SPDX-License-Identifier: MIT */
/*
 * histogram - counts of durations, log-linear, three significant digits, merged without loss.
 *
 * Cells count whole microseconds, 0 to 3,600,000,000 (1 h); longer durations are recorded as 1 h and counted by
 * `clamped`. Below 2,048 µs every value has a cell of its own; above, each power of two is cut into 1,024 cells, so a
 * cell is never wider than 0.1 % of its values. Cells are allocated a power of two at a time, when first used: bounded
 * by 23 x 8 KiB, about 24 KiB for an ordinary spread. Count, sum, minimum and maximum are exact. The layout is that of
 * Gil Tene's HdrHistogram with 11 bits.
 *
 * The caller owns the struct; a zeroed one is empty. One thread at a time; two that share cells count as two.
 */
#pragma once

#include <stdint.h>

#define ACR_HISTOGRAM_MAX_MICROS UINT64_C(3600000000)
#define ACR_HISTOGRAM_GROUPS 22 /* group 0: 0..2047; group g: 2^(g+10) .. 2^(g+11)-1 in 1,024 cells */
#define ACR_HISTOGRAM_CELLS ((ACR_HISTOGRAM_GROUPS + 1) * 1024)

struct acr_histogram { /* fields may be read, not written */
    uint64_t *groups[ACR_HISTOGRAM_GROUPS];
    uint32_t shared; /* bit g: groups[g] belongs to another histogram, too, and is copied before it is changed */
    uint64_t count;
    uint64_t clamped;
    uint64_t sum_nanos; /* exact sum of what was recorded, modulo 2^64 (584 years) */
    uint64_t sum_wraps; /* how often it went past 2^64: 100,000 users that always wait need 51 h for that */
    uint64_t min_nanos; /* 0 when empty */
    uint64_t max_nanos;
};

void acr_histogram_init(struct acr_histogram *histogram);
void acr_histogram_done(struct acr_histogram *histogram);

/* Empties; keeps the memory that is not shared. */
void acr_histogram_reset(struct acr_histogram *histogram);

/* O(1), no allocation but the first time a power of two is seen, be it at all or since its cells were shared. */
void acr_histogram_record(struct acr_histogram *histogram, uint64_t nanos);

/* Adds every count of `other`; commutative, associative, without loss. */
void acr_histogram_merge(struct acr_histogram *histogram, const struct acr_histogram *other);

/* `copy` is uninitialised memory. */
void acr_histogram_copy(const struct acr_histogram *histogram, struct acr_histogram *copy);

/* As acr_histogram_copy, but copies no cells: both go on with the same ones until one of them changes a group of them.
 * The two may belong to different threads from then on. This is how a snapshot spares the load thread. */
void acr_histogram_share(struct acr_histogram *histogram, struct acr_histogram *copy);

/* Takes the counts of `earlier` (a former state of this histogram) away: what came since. Minimum and maximum become
 * bounds: the ends of the remaining cells, unless the former ones are tighter. A cell never goes below zero. */
void acr_histogram_subtract(struct acr_histogram *histogram, const struct acr_histogram *earlier);

/* The smallest value v such that at least ceil(quantile * count) records are <= v, in nanoseconds: the upper
 * end of its cell, never below min_nanos nor above max_nanos, so 100 % is the exact maximum and the sequence of
 * quantiles never decreases. 0 when empty. `quantile` in 0..1. */
uint64_t acr_histogram_quantile(const struct acr_histogram *histogram, double quantile);

/* A percentile as Locust defines it, for its tables: the record that follows the first floor(count * fraction) ones,
 * the maximum for 1.0. Cells are rounded up as above. 0 when empty. Locust's median is acr_histogram_quantile(.., 0.5).
 */
uint64_t acr_histogram_percentile(const struct acr_histogram *histogram, double fraction);

/* Average in nanoseconds, 0 when empty. */
double acr_histogram_mean(const struct acr_histogram *histogram);

/* The cell a value of `micros` (at most ACR_HISTOGRAM_MAX_MICROS) is counted in, and the lowest and highest value of a
 * cell; for tests and the wire. */
uint32_t acr_histogram_cell(uint64_t micros);
void acr_histogram_cell_range(uint32_t cell, uint64_t *ret_low, uint64_t *ret_high);
uint64_t acr_histogram_cell_count(const struct acr_histogram *histogram, uint32_t cell);

/* Walks the cells that count something, upwards: start with *cell = 0, and go on with the next one. Returns the count
 * of the cell it moved *cell to; 0 when there is none left. */
uint64_t acr_histogram_next(const struct acr_histogram *histogram, uint32_t *cell);
