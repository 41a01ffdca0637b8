/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "target/route.h"

static int setup(void **state)
{
    struct acr_target_counts *counts = acr_alloc(sizeof *counts);
    acr_target_counts_init(counts, false);
    *state = counts;
    return 0;
}

static int teardown(void **state)
{
    acr_target_counts_done(*state);
    acr_free(*state);
    return 0;
}

static void test_paths_lead_to_their_routes(void **state)
{
    static const struct {
        const char *path;
        const char *route; /* NULL: none */
        const char *rest;
    } rows[] = {
        {"/", "/", ""},
        {"/json", "/json", ""},
        {"/json/", NULL, ""},
        {"/jso", NULL, ""},
        {"/about", "/about", ""},
        {"/about/", "/about/", ""},
        {"/about/team/", "/about/", "team/"},
        {"/items/5.json", "/items/", "5.json"},
        {"/items", NULL, ""},
        {"/cookies/set", "/cookies/set", ""},
        {"/cookies/other", NULL, ""},
        {"//", NULL, ""},
        {"*", NULL, ""},
        {"/__stats__/reset", "/__stats__/reset", ""},
    };
    struct acr_target_router router;
    acr_target_router_init(&router, *state);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        struct acr_str rest;
        const struct acr_target_place *place = acr_target_router_find(&router, acr_str_of(rows[i].path), &rest);
        print_message("%s\n", rows[i].path);
        if (rows[i].route == NULL)
            assert_ptr_equal(place, &router.missing);
        else
            assert_string_equal(place->route->path, rows[i].route);
        assert_true(acr_str_equal(rest, acr_str_of(rows[i].rest)));
    }
    acr_target_router_done(&router);
}

static void test_every_route_answers_in_some_way(void **state)
{
    struct acr_target_router router;
    acr_target_router_init(&router, *state);
    for (size_t i = 0; i < router.place_count; i++) {
        const struct acr_target_route *route = router.places[i].route;
        size_t size = strlen(route->path);
        assert_true(route->fn != NULL || route->page.status != 0);
        assert_true(!route->below || route->path[size - 1] == '/');
        assert_true(route->below || router.places[i].count != NULL);
        assert_ptr_equal(acr_map_find(&router.by_path, acr_str_of(route->path)), &router.places[i]);
    }
    acr_target_router_done(&router);
}
