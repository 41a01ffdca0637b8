/* SPDX-License-Identifier: MIT */
/* What scenarios do besides fetching: a cookie, a name, JSON looked into, a verdict of the scenario's own. */
#include <string.h>

#include <acrida.h>

static void log_in(acr_user *user)
{
    acr_post(user, "/login", .form = acr_form(user, "username", "ann", "password", "secret", NULL));
}

static void item(acr_user *user)
{
    acr_response *answer = acr_get(user, "/items/1.json", .name = "/items/[id].json", .catch_response = true);
    const char *id = acr_json(answer, "/id");
    if (id == NULL || strcmp(id, "1") != 0)
        acr_failure(answer, "another item");
}

ACR_USER(visitor, .tasks = {ACR_TASK(item)}, .on_start = log_in);
