/* The quick start: log in, then two pages, one of them twice as often, a second or so apart. */
#include <acrida.h>

static void log_in(acr_user *user)
{
    acr_post(user, "/login", .form = acr_form(user, "username", "ann", "password", "secret", NULL));
}

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

static void profile(acr_user *user)
{
    acr_get(user, "/profile");
}

ACR_USER(visitor, .wait = acr_between(0.5, 1.5), .tasks = {ACR_TASK(index_page, .weight = 2), ACR_TASK(profile)},
         .on_start = log_in);
