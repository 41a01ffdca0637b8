/*
 * A site with parts: visitors enter a part, do several things there, and leave it again.
 *
 *     acrida -f examples/c/nested_sets.c --no-web -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * `--show-task-ratio` instead of `-t` prints how often each task is to be expected.
 */
#include <acrida.h>

/* ---- the forum */

static void enter_forum(acr_user *user)
{
    acr_get(user, "/forum/");
}

static void read_thread(acr_user *user)
{
    /* One row in the statistics for all threads, instead of one for each. */
    int number = (int)acr_random_int(user, 1, 1000);
    acr_get(user, acr_format(user, "/threads/%d", number), .name = "/threads/[number]");
}

static void answer(acr_user *user)
{
    acr_post(user, "/post", .name = "/threads/[number]/answer", .form = acr_form(user, "text", "I agree", NULL));
}

/* The user goes back to its own tasks, and picks the next one at once. */
static void leave(acr_user *user)
{
    acr_interrupt(user, true);
}

/* Sets within the forum come before it: C knows only what stands above. */
static void search(acr_user *user)
{
    acr_get(user, "/forum/", .name = "/forum/?q=[words]", .params = acr_form(user, "q", "green meadows", NULL));
}

static void open_hit(acr_user *user)
{
    acr_get(user, "/threads/1", .name = "/threads/[number]");
}

/* Back to the forum, after its pause: the third step of a sequence, so each search ends here. */
static void close_search(acr_user *user)
{
    acr_interrupt(user, false);
}

ACR_TASK_SET(searching, .tasks = {ACR_TASK(search), ACR_TASK(open_hit, .weight = 2), ACR_TASK(close_search)},
             .sequence = true);

/* Without a `.wait` of its own a set waits as its user does; here people read longer. */
ACR_TASK_SET(forum,
             .tasks = {ACR_TASK(read_thread, .weight = 10), ACR_TASK(answer, .weight = 2), ACR_SUBSET(searching),
                       ACR_TASK(leave, .weight = 4)},
             .wait = acr_between(0.1, 0.3), .on_start = enter_forum);

/* ---- the site */

static void index_page(acr_user *user)
{
    acr_get(user, "/");
}

/* Three of four times the forum. */
ACR_USER(visitor, .wait = acr_between(0.05, 0.15), .tasks = {ACR_SUBSET(forum, .weight = 3), ACR_TASK(index_page)});
