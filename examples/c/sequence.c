/*
 * A customer of a shop, who does things in their order: look at three items, put one into the basket, pay.
 *
 *     acrida -f examples/c/sequence.c --no-web -c 10 -r 10 -t 10s -H http://127.0.0.1:8000
 *
 * A step hands on to the next what it found by the user's state, which is memory of that one user.
 */
#include <acrida.h>

struct customer {
    int item;
    int orders;
};

static void browse(acr_user *user)
{
    struct customer *customer = ACR_STATE(struct customer, user);
    customer->item = (int)acr_random_int(user, 1, 1000);
    acr_get(user, acr_format(user, "/items/%d.json", customer->item), .name = "/items/[number].json");
}

static void put_into_basket(acr_user *user)
{
    const struct customer *customer = ACR_STATE(struct customer, user);
    acr_post(user, "/echo", .name = "/basket", .json = acr_format(user, "{\"item\": %d}", customer->item));
}

static void pay(acr_user *user)
{
    struct customer *customer = ACR_STATE(struct customer, user);
    acr_response *form = acr_get(user, "/order");
    const char *token = acr_find_between(form, "name=\"token\" value=\"", "\"");
    if (token == NULL)
        return; /* no order this time: in a sequence, too, a task may give up, and the next one follows */
    const char *item = acr_format(user, "%d", customer->item);
    if (acr_status(acr_post(user, "/order", .form = acr_form(user, "item", item, "token", token, NULL))) == 200)
        customer->orders++;
}

static void say_what_was_bought(acr_user *user)
{
    acr_log_info(user, "customer %d: %d orders", (int)acr_user_number(user), ACR_STATE(struct customer, user)->orders);
}

/* In a sequence a weight says how often in a row. */
ACR_USER(customer, .wait = acr_between(0.1, 0.2),
         .tasks = {ACR_TASK(browse, .weight = 3), ACR_TASK(put_into_basket), ACR_TASK(pay)}, .sequence = true,
         .on_stop = say_what_was_bought, .state_size = sizeof(struct customer));
