/*
 * Log in, and send back what the site gave: the order form holds a token that is another one each time, and no order is
 * taken without it.
 *
 *     acrida -f examples/c/login_correlation.c --no-web -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * Three ways to take a value out of an answer. None gives more than a pointer that is valid until the task returns;
 * what is to last longer is copied into the user's state.
 */
#include <stdio.h>

#include <acrida.h>

struct member {
    char session[64];
};

static void log_in(acr_user *user)
{
    acr_response *welcome =
        acr_post(user, "/login", .form = acr_form(user, "username", "ann", "password", "secret", NULL));
    if (acr_status(welcome) != 200) {
        acr_log_error(user, "no log-in: status %d %s", acr_status(welcome), acr_why(welcome));
        acr_stop_user(user); /* without a session there is nothing to do for this user */
        return;
    }
    /* Cookies go along by themselves; this one is taken out because a JSON interface wants it in its requests' bodies.
     */
    acr_response *cookies = acr_get(user, "/cookies");
    const char *session = acr_json(cookies, "/session");
    struct member *member = ACR_STATE(struct member, user);
    snprintf(member->session, sizeof member->session, "%s", session != NULL ? session : "");
}

/* By what stands to the left and to the right of it. */
static void order_by_bounds(acr_user *user)
{
    acr_response *form = acr_get(user, "/order", .catch_response = true);
    const char *token = acr_find_between(form, "name=\"token\" value=\"", "\"");
    if (token == NULL) {
        acr_failure(form, "no token on the order form");
        return;
    }
    acr_post(user, "/order", .form = acr_form(user, "item", "7", "token", token, NULL));
}

/* By a regular expression of Perl's kind: what its first group matches. It is compiled once. */
static void order_by_pattern(acr_user *user)
{
    acr_response *form = acr_get(user, "/order", .catch_response = true);
    const char *token = acr_find_regex(form, "name=\"token\" value=\"(\\d+-\\d+)\"");
    if (token == NULL) {
        acr_failure(form, "no token on the order form");
        return;
    }
    acr_post(user, "/order", .form = acr_form(user, "item", "7", "token", token, NULL));
}

/* By a JSON pointer; here the number of the item decides which page comes next. */
static void look_at_item(acr_user *user)
{
    acr_response *item = acr_get(user, "/items/7.json");
    const char *number = acr_json(item, "/id");
    if (number != NULL)
        acr_get(user, acr_format(user, "/threads/%s", number), .name = "/threads/[item]");
    acr_post(user, "/echo", .name = "/seen",
             .json = acr_format(user, "{\"session\": \"%s\"}", ACR_STATE(struct member, user)->session));
}

ACR_USER(member, .wait = acr_between(0.1, 0.3),
         .tasks = {ACR_TASK(order_by_bounds), ACR_TASK(order_by_pattern), ACR_TASK(look_at_item)}, .on_start = log_in,
         .state_size = sizeof(struct member));
