/*
 * What a program for boomer does over HTTP: tasks with weights, each a function that asks and says whether that was a
 * success. There is a client already, acr_get(), which keeps connections and cookies and measures by itself.
 *
 *     cc -O2 -o boomer_http examples/c/boomer_http.c $(pkg-config --cflags --libs acrida)
 *     ./boomer_http --max-rps 200 -c 20 -r 20 -t 10s -H http://127.0.0.1:8000
 *
 * --max-rps 200 --request-increase-rate 10/1m begins with ten tasks per second, and has ten more each minute.
 */
#include <acrida.h>
#include <string.h>

static void front_page(acr_user *user)
{
    acr_get(user, "/", .name = "front page", .timeout = 5);
}

static void search(acr_user *user)
{
    static const char *const words[] = {"acorn", "beech", "cedar"};
    const char *word = words[acr_random_int(user, 0, 2)];
    acr_response *page = acr_post(user, "/echo", .name = "search", .params = acr_form(user, "q", word, NULL),
                                  .timeout = 5, .catch_response = true);
    if (acr_status(page) == 200 && strstr(acr_body(page), word) != NULL)
        acr_success(page);
    else
        acr_failure(page, "nothing about %s, status %d", word, acr_status(page));
}

int main(int argc, char **argv)
{
    const acr_task tasks[] = {
        ACR_TASK(front_page, .weight = 10, .name = "front page"),
        ACR_TASK(search, .weight = 5),
    };
    return acr_run_tasks(argc, argv, tasks, sizeof tasks / sizeof tasks[0]);
}
