/* SPDX-License-Identifier: MIT */
/* Users that do next to nothing every one or two seconds: what it costs to have them wait. */
#include <acrida.h>

static void nothing(acr_user *user)
{
    (void)user;
}

ACR_USER(waiter, .wait = acr_between(1, 2), .tasks = {ACR_TASK(nothing)});
