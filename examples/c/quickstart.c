/*
 * The quick start of Locust's manual in C: log in, look at the front page twice as often as at the profile, five to
 * nine seconds apart, log out at the end. docs/locustfile-c.md shows both side by side.
 *
 *     acrida -f examples/c/quickstart.c --no-web -c 100 -r 100 -t 10s -H http://127.0.0.1:8000
 */
#include <acrida.h>

static void log_in(acr_user *user)
{
    /* The answer's cookie stays with this user and goes along with all that it sends afterwards. */
    acr_post(user, "/login", .form = acr_form(user, "username", "ellen_key", "password", "education", NULL));
}

static void log_out(acr_user *user)
{
    acr_post(user, "/logout", .form = acr_form(user, "username", "ellen_key", "password", "education", NULL));
}

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

static void profile(acr_user *user)
{
    acr_get(user, "/profile");
}

ACR_USER(website_user, .wait = acr_between(5, 9), .tasks = {ACR_TASK(index_page, .weight = 2), ACR_TASK(profile)},
         .on_start = log_in, .on_stop = log_out);
