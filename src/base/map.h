/* SPDX-License-Identifier: MIT */
/*
 * map - from a run of bytes to a pointer, in order of insertion.
 *
 * Open addressing over an array that keeps insertion order, so walking a map is stable and a report lists
 * errors in the order they first came. The map copies its keys and borrows its values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct acr_map_slot {
    struct acr_str key; /* owned by the map; data == NULL: removed */
    uint64_t hash;
    void *value;
};

struct acr_map {
    struct acr_map_slot *slots; /* in order of insertion; private but for acr_map_next */
    uint32_t *index;            /* slot number + 1; 0 = free */
    size_t slot_count;
    size_t slot_capacity;
    size_t index_size; /* power of two, or 0 */
    size_t live;       /* keys present */
};

void acr_map_init(struct acr_map *map);

/* Frees keys and tables, not the values. */
void acr_map_done(struct acr_map *map);

/* The value, or NULL. */
void *acr_map_find(const struct acr_map *map, struct acr_str key);

/* Stores `value` (not NULL); the former value of that key is returned, or NULL. */
void *acr_map_set(struct acr_map *map, struct acr_str key, void *value);

/* The value that was there, or NULL. */
void *acr_map_remove(struct acr_map *map, struct acr_str key);

/* Walks the present slots: start with *position = 0; NULL at the end. Do not change the map meanwhile. */
const struct acr_map_slot *acr_map_next(const struct acr_map *map, size_t *position);

/* The hash the map uses (wyhash-like mixing of 8 bytes at a time; not stable across releases). */
uint64_t acr_hash_bytes(const void *bytes, size_t size);
