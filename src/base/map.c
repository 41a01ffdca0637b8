/* SPDX-License-Identifier: MIT */
/* map - an ordered slot array with an open-addressed index beside it. */
#include "base/map.h"

#include "base/memory.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t acr_hash_bytes(const void *bytes, size_t size)
{
    const char *at = bytes;
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ size;
    while (size > 0) {
        uint64_t word = 0;
        size_t step = size < sizeof word ? size : sizeof word;
        memcpy(&word, at, step);
        hash = mix(hash ^ word, UINT64_C(0xe7037ed1a0b428db));
        at += step;
        size -= step;
    }
    return mix(hash, UINT64_C(0x8ebc6af09c88c6e3));
}

void acr_map_init(struct acr_map *map)
{
    *map = (struct acr_map){0};
}

void acr_map_done(struct acr_map *map)
{
    for (size_t i = 0; i < map->slot_count; i++)
        acr_free((char *)map->slots[i].key.data);
    acr_free(map->slots);
    acr_free(map->index);
    *map = (struct acr_map){0};
}

/* The index cell that names the key's slot, or the free cell where it would go. */
static uint32_t *find_cell(const struct acr_map *map, struct acr_str key, uint64_t hash)
{
    size_t mask = map->index_size - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t number = map->index[at];
        if (number == 0)
            return &map->index[at];
        const struct acr_map_slot *slot = &map->slots[number - 1];
        if (slot->hash == hash && slot->key.data != NULL && acr_str_equal(slot->key, key))
            return &map->index[at];
    }
}

/* Packs the slots (dropping removed ones) and builds an index at most half full. */
static void rebuild(struct acr_map *map)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->slot_count; i++)
        if (map->slots[i].key.data != NULL)
            map->slots[kept++] = map->slots[i];
    map->slot_count = kept;
    if (kept == map->slot_capacity || map->slots == NULL) {
        map->slot_capacity = map->slot_capacity != 0 ? map->slot_capacity * 2 : 8;
        map->slots = acr_realloc(map->slots, map->slot_capacity * sizeof *map->slots);
    }
    map->index_size = map->slot_capacity * 2;
    acr_free(map->index);
    map->index = acr_alloc_zero(map->index_size * sizeof *map->index);
    for (size_t i = 0; i < kept; i++)
        *find_cell(map, map->slots[i].key, map->slots[i].hash) = (uint32_t)i + 1;
}

void *acr_map_find(const struct acr_map *map, struct acr_str key)
{
    if (map->live == 0)
        return NULL;
    uint32_t number = *find_cell(map, key, acr_hash_bytes(key.data, key.size));
    return number != 0 ? map->slots[number - 1].value : NULL;
}

void *acr_map_set(struct acr_map *map, struct acr_str key, void *value)
{
    if (map->slot_count == map->slot_capacity)
        rebuild(map);
    uint64_t hash = acr_hash_bytes(key.data, key.size);
    uint32_t *cell = find_cell(map, key, hash);
    if (*cell != 0) {
        struct acr_map_slot *slot = &map->slots[*cell - 1];
        void *former = slot->value;
        slot->value = value;
        return former;
    }
    map->slots[map->slot_count] =
        (struct acr_map_slot){{acr_strndup(key.data != NULL ? key.data : "", key.size), key.size}, hash, value};
    *cell = (uint32_t)++map->slot_count;
    map->live++;
    return NULL;
}

void *acr_map_remove(struct acr_map *map, struct acr_str key)
{
    if (map->live == 0)
        return NULL;
    uint32_t number = *find_cell(map, key, acr_hash_bytes(key.data, key.size));
    if (number == 0)
        return NULL;
    /* The index cell stays and points at a dead slot, so that probing past it still works. */
    struct acr_map_slot *slot = &map->slots[number - 1];
    acr_free((char *)slot->key.data);
    slot->key = (struct acr_str){NULL, 0};
    map->live--;
    return slot->value;
}

const struct acr_map_slot *acr_map_next(const struct acr_map *map, size_t *position)
{
    while (*position < map->slot_count) {
        const struct acr_map_slot *slot = &map->slots[(*position)++];
        if (slot->key.data != NULL)
            return slot;
    }
    return NULL;
}
