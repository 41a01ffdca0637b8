/* SPDX-License-Identifier: MIT */
/* route - the lookup, and the pages composed once per thread. */
#include "target/route.h"

#include "base/memory.h"
#include "target/pages.h"

static const struct acr_target_route *const tables[] = {
    acr_target_routes_site,
    acr_target_routes_tools,
    acr_target_routes_faults,
};

static const struct acr_target_route missing_route = {
    .path = NULL,
    .page = {404, ACR_PAGE_HTML, NULL, ACR_PAGE_STR("<!doctype html><title>Not found</title><h1>Not found</h1>\n")},
};

static void place_init(struct acr_target_place *place, const struct acr_target_route *route)
{
    *place = (struct acr_target_place){.route = route};
    if (route->page.status != 0)
        acr_target_block_init(&place->block, route->page.status, route->page.type,
                              route->page.field_lines != NULL ? route->page.field_lines : "", route->page.body);
}

void acr_target_router_init(struct acr_target_router *router, struct acr_target_counts *counts)
{
    *router = (struct acr_target_router){0};
    acr_map_init(&router->by_path);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(tables); i++)
        for (const struct acr_target_route *route = tables[i]; route->path != NULL; route++)
            router->place_count++;
    router->places = acr_alloc_zero(router->place_count * sizeof *router->places);
    struct acr_target_place *place = router->places;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(tables); i++) {
        for (const struct acr_target_route *route = tables[i]; route->path != NULL; route++, place++) {
            place_init(place, route);
            if (!route->below)
                place->count = acr_target_counts_path(counts, acr_str_of(route->path));
            acr_map_set(&router->by_path, acr_str_of(route->path), place);
        }
    }
    place_init(&router->missing, &missing_route);
}

void acr_target_router_done(struct acr_target_router *router)
{
    for (size_t i = 0; i < router->place_count; i++)
        acr_target_block_done(&router->places[i].block);
    acr_target_block_done(&router->missing.block);
    acr_free(router->places);
    acr_map_done(&router->by_path);
}

/* Size of "/segment/", or 0 when the path has one segment only. */
static size_t first_segment_size(struct acr_str path)
{
    const char *slash = path.size > 1 ? memchr(path.data + 1, '/', path.size - 1) : NULL;
    return slash != NULL ? (size_t)(slash - path.data) + 1 : 0;
}

const struct acr_target_place *acr_target_router_find(const struct acr_target_router *router, struct acr_str path,
                                                      struct acr_str *ret_rest)
{
    *ret_rest = (struct acr_str){path.data + path.size, 0};
    const struct acr_target_place *place = acr_map_find(&router->by_path, path);
    if (place != NULL)
        return place;
    size_t size = first_segment_size(path);
    if (size != 0)
        place = acr_map_find(&router->by_path, (struct acr_str){path.data, size});
    if (place == NULL || !place->route->below)
        return &router->missing;
    *ret_rest = (struct acr_str){path.data + size, path.size - size};
    return place;
}
