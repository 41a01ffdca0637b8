/* SPDX-License-Identifier: MIT */
/* Users that keep a connection each, and use it now and then. */
#include <acrida.h>

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

ACR_USER(holder, .wait = acr_between(1, 2), .tasks = {ACR_TASK(index_page)});
