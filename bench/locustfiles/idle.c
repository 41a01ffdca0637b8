/* SPDX-License-Identifier: MIT */
/* Users that only wait. */
#include <acrida.h>

static void nothing(acr_user *user)
{
    (void)user;
}

ACR_USER(idler, .wait = acr_constant(1000), .tasks = {ACR_TASK(nothing)});
