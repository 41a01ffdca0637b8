/* Everybody waits until all users have been started; then they meet in tens at the checkout, and order at the same
 * moment. */
#include <acrida.h>

ACR_RENDEZVOUS(start);
ACR_RENDEZVOUS(checkout, .users = 10, .timeout = 5);

static void wait_for_all(acr_user *user)
{
    acr_meet(user, &start);
}

static void look_around(acr_user *user)
{
    acr_get(user, "/");
}

static void order(acr_user *user)
{
    bool all_came = acr_meet(user, &checkout);
    if (!acr_ending(user))
        acr_post(user, "/echo", .name = all_came ? "order together" : "order in a smaller group",
                 .json = "{\"item\": 7}");
}

ACR_USER(buyer, .wait = acr_between(0.1, 0.5), .tasks = {ACR_TASK(look_around), ACR_TASK(order)}, .sequence = true,
         .on_start = wait_for_all);
