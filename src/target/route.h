/* SPDX-License-Identifier: MIT */
/*
 * route - which page answers to which path.
 *
 * A path is looked up as a whole, then by its first segment ("/items/" for "/items/5.json"): two probes of a hash
 * table whatever the number of routes.
 */
#pragma once

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"
#include "target/count.h"
#include "target/exchange.h"

typedef void acr_target_route_fn(struct acr_target_exchange *exchange);

struct acr_target_route {
    const char *path;
    acr_target_route_fn *fn; /* NULL: answer with `page` */
    struct {
        int status; /* 0: no page composed beforehand */
        const char *type;
        const char *field_lines;
        struct acr_str body;
    } page;
    bool below;      /* stands for everything below `path`, which then ends with '/' */
    bool keeps_body; /* the function reads the request's body */
    bool uncounted;  /* neither counted nor delayed nor made to fail */
};

/* One route of one thread. */
struct acr_target_place {
    const struct acr_target_route *route;
    struct acr_target_block block;
    struct acr_target_path *count; /* NULL when each path below has its own */
};

struct acr_target_router {
    struct acr_target_place *places; /* owned */
    size_t place_count;
    struct acr_map by_path;
    struct acr_target_place missing; /* 404 */
};

void acr_target_router_init(struct acr_target_router *router, struct acr_target_counts *counts);
void acr_target_router_done(struct acr_target_router *router);

/* Never NULL: the place of the 404 page when there is no such route. `ret_rest` is what follows route->path. */
const struct acr_target_place *acr_target_router_find(const struct acr_target_router *router, struct acr_str path,
                                                      struct acr_str *ret_rest);

/* The tables the router is made of. Each ends with a NULL path. */
extern const struct acr_target_route acr_target_routes_site[];
extern const struct acr_target_route acr_target_routes_tools[];
extern const struct acr_target_route acr_target_routes_faults[];
