/* SPDX-License-Identifier: MIT */
/*
 * histogram - counts of durations, log-linear, three significant digits, merged without loss.
 *
 * Values are microseconds, 1 to 3,600,000,000 (1 h); smaller ones count as 1, larger ones as the maximum (and are
 * counted by acr_histogram_clamped). Below 2,048 µs every value has a cell of its own; above, each power of two is cut
 * into 1,024 cells, so a cell is never wider than 0.1 % of its values. Cells are allocated a power of two at a
 * time, when first used: bounded by 23 x 8 KiB, about 24 KiB for an ordinary spread. Count, sum, minimum and maximum
 * are exact. The layout is that of Gil Tene's HdrHistogram with 11 bits.
 *
 * The caller owns the struct; a zeroed one is empty. One thread at a time.
 */
#pragma once

#include <stdint.h>

#define ACR_HISTOGRAM_MAX_MICROS UINT64_C(3600000000)
#define ACR_HISTOGRAM_GROUPS 22 /* group 0: 0..2047; group g: 2^(g+10) .. 2^(g+11)-1 in 1,024 cells */

struct acr_histogram { /* fields may be read, not written */
    uint64_t *groups[ACR_HISTOGRAM_GROUPS];
    uint64_t count;
    uint64_t clamped;
    uint64_t sum_nanos; /* exact sum of what was recorded, nanoseconds */
    uint64_t min_nanos; /* 0 when empty */
    uint64_t max_nanos;
};

void acr_histogram_init(struct acr_histogram *histogram);
void acr_histogram_done(struct acr_histogram *histogram);

/* Empties; keeps the memory. */
void acr_histogram_reset(struct acr_histogram *histogram);

/* O(1), no allocation but the first time a power of two is seen. */
void acr_histogram_record(struct acr_histogram *histogram, uint64_t nanos);

/* Adds every count of `other`; commutative, associative, without loss. */
void acr_histogram_merge(struct acr_histogram *histogram, const struct acr_histogram *other);

/* `copy` is uninitialised memory. */
void acr_histogram_copy(const struct acr_histogram *histogram, struct acr_histogram *copy);

/* Takes the counts of `earlier` (a former state of this histogram) away: what came since. Minimum and maximum become
 * those of the remaining cells. */
void acr_histogram_subtract(struct acr_histogram *histogram, const struct acr_histogram *earlier);

/* The smallest value v such that at least ceil(quantile * count) records are <= v, in nanoseconds: the upper
 * end of its cell, never below min_nanos nor above max_nanos, so 100 % is the exact maximum and the sequence of
 * quantiles never decreases. 0 when empty. `quantile` in 0..1. */
uint64_t acr_histogram_quantile(const struct acr_histogram *histogram, double quantile);

/* Average in nanoseconds, 0 when empty. */
double acr_histogram_mean(const struct acr_histogram *histogram);

/* The cell a value of `micros` is counted in, and the lowest and highest value of a cell; for tests and the wire. */
uint32_t acr_histogram_cell(uint64_t micros);
void acr_histogram_cell_range(uint32_t cell, uint64_t *ret_low, uint64_t *ret_high);
uint64_t acr_histogram_cell_count(const struct acr_histogram *histogram, uint32_t cell);
