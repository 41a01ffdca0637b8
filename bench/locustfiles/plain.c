/* SPDX-License-Identifier: MIT */
/* One request after the other, as fast as they are answered. */
#include <acrida.h>

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

ACR_USER(visitor, .tasks = {ACR_TASK(index_page)});
