/* Members log in with accounts from a CSV file, each of which one member has at a time; what they search for goes round
 * and round, and each coupon is used once. */
#include <acrida.h>

ACR_FEEDER(accounts, .csv = "accounts.csv", .order = ACR_RECYCLED);
ACR_FEEDER(words, .text = "word\nbicycle\ntent\nlantern\n");
ACR_FEEDER(coupons, .text = "SPRING-1\nSPRING-2\nSPRING-3\n", .headings = "code", .order = ACR_ONCE);

static void visit(acr_user *user)
{
    const acr_row *account = acr_next_row(user, &accounts);
    if (account == NULL)
        return; /* the user is being ended */
    acr_post(user, "/login",
             .form = acr_form(user, "username", acr_field(account, "username"), "password",
                              acr_field(account, "password"), NULL));
    acr_get(user, "/", .name = "/?search=[word]",
            .params = acr_form(user, "search", acr_field(acr_next_row(user, &words), "word"), NULL));
    acr_get(user, "/logout");
    acr_give_back(user, account);
}

static void order(acr_user *user)
{
    const acr_row *coupon = acr_next_row(user, &coupons);
    if (coupon != NULL)
        acr_get(user, "/", .name = "/?coupon=[code]",
                .params = acr_form(user, "coupon", acr_field(coupon, "code"), NULL));
}

ACR_USER(member, .wait = acr_between(0.1, 0.3), .tasks = {ACR_TASK(visit, .weight = 3), ACR_TASK(order)});
