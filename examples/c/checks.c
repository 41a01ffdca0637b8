/*
 * A status of 200 may come with the wrong page, and one of 404 may be what was promised: here the task says what counts
 * as a success.
 *
 *     acrida -f examples/c/checks.c --no-web -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * With .catch_response a request is counted by acr_success() or acr_failure(), whichever is called first, and by its
 * status if neither is called before the task returns.
 */
#include <string.h>

#include <acrida.h>

/* The right page? */
static void text_of_page(acr_user *user)
{
    acr_response *post = acr_get(user, "/blog?id=7", .name = "/blog", .catch_response = true);
    if (acr_status(post) != 0 && !acr_body_contains(post, "Blog post 7"))
        acr_failure(post, "another post was shown");
}

/* The right data? A value that is no string comes as JSON: the number 7 as "7". */
static void value_in_json(acr_user *user)
{
    const char *number = acr_format(user, "%d", (int)acr_random_int(user, 1, 1000));
    acr_response *item = acr_get(user, acr_format(user, "/items/%s.json", number), .name = "/items/[number].json",
                                 .catch_response = true);
    const char *id = acr_json(item, "/id");
    if (acr_status(item) == 200 && (id == NULL || strcmp(id, number) != 0))
        acr_failure(item, "asked for item %s, got %s", number, id != NULL ? id : "none");
}

/* An error that is no failure: the shop promises 410 for an item that it has no more. */
static void item_that_is_gone(acr_user *user)
{
    acr_response *gone = acr_get(user, "/status/410", .name = "/items/gone", .catch_response = true);
    if (acr_status(gone) == 410)
        acr_success(gone);
    else if (acr_status(gone) != 0)
        acr_failure(gone, "expected 410, got %d", acr_status(gone));
}

/* Fast enough? Status 0 means that there was no answer; it is left to be counted with its reason. */
static void slow_page(acr_user *user)
{
    acr_response *page = acr_get(user, "/slow?ms=20", .name = "/slow", .timeout = 5, .catch_response = true);
    if (acr_status(page) == 200 && acr_elapsed(page) > 2)
        acr_failure(page, "slower than two seconds");
}

/* Signs of a page that is an error although its status does not say so. */
static void headers_of_page(acr_user *user)
{
    acr_response *data = acr_get(user, "/json", .catch_response = true);
    const char *type = acr_header(data, "Content-Type");
    if (acr_status(data) == 200 && (type == NULL || acr_body_size(data) == 0))
        acr_failure(data, "an empty answer, or of no type");
}

ACR_USER(checker, .wait = acr_between(0.05, 0.15),
         .tasks = {ACR_TASK(text_of_page), ACR_TASK(value_in_json), ACR_TASK(item_that_is_gone), ACR_TASK(slow_page),
                   ACR_TASK(headers_of_page)});
