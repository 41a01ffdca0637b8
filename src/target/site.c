/* SPDX-License-Identifier: MIT */
/* site - the pages of a small forum and shop; the paths are those of Locust's manual, so its examples find them. */
#include "base/map.h"
#include "target/internal.h"
#include "target/pages.h"
#include "target/text.h"

#define HEAD(title)                                                                  \
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" title \
    "</title></head>\n<body>\n<h1>" title "</h1>\n"
#define FOOT "<p><a href=\"/\">Home</a></p>\n</body></html>\n"

#define HOME                                                                                      \
    HEAD("The Meadow")                                                                            \
    "<p>A small site to aim a load test at.</p>\n<ul>\n"                                          \
    "<li><a href=\"/about/\">About</a></li>\n<li><a href=\"/blog?id=1\">Blog</a></li>\n"          \
    "<li><a href=\"/forum/\">Forum</a></li>\n<li><a href=\"/threads/1\">A thread</a></li>\n"      \
    "<li><a href=\"/items/1.json\">An item</a></li>\n<li><a href=\"/profile\">Profile</a></li>\n" \
    "<li><a href=\"/login\">Log in</a></li>\n</ul>\n</body></html>\n"
#define ABOUT HEAD("About") "<p>This is the team of the meadow: one grasshopper, many leaps.</p>\n" FOOT
#define PROFILE HEAD("Profile") "<p>Member since the last summer.</p>\n" FOOT
#define FORUM                                              \
    HEAD("Forum")                                          \
    "<ul>\n<li><a href=\"/threads/1\">Thread 1</a></li>\n" \
    "<li><a href=\"/threads/2\">Thread 2</a></li>\n"       \
    "<li><a href=\"/threads/3\">Thread 3</a></li>\n</ul>\n" FOOT
#define WELCOME HEAD("Welcome") "<p>You are logged in.</p>\n" FOOT
#define GOODBYE HEAD("Goodbye") "<p>You are logged out.</p>\n" FOOT
#define REFUSED HEAD("Log in") "<p>That is not the password.</p>\n" FOOT
#define LOGIN                                                                                                          \
    HEAD("Log in")                                                                                                     \
    "<form method=\"post\" action=\"/login\">\n<input name=\"username\"><input name=\"password\" type=\"password\">\n" \
    "<button>Log in</button>\n</form>\n" FOOT
#define ORDER_FORM_HEAD \
    HEAD("Order")       \
    "<form method=\"post\" action=\"/order\">\n<input name=\"item\"><input type=\"hidden\" name=\"token\" value=\""
#define ORDER_FORM_FOOT "\">\n<button>Order</button>\n</form>\n" FOOT

/* A ticket is "id-signature": any thread can tell its own from an invented one without remembering any. */
static void put_ticket(struct acr_buffer *out, uint64_t id, uint64_t secret)
{
    uint64_t signed_words[] = {id, secret};
    acr_text_put_u64(out, id);
    acr_text_put(out, ACR_STR("-"));
    acr_text_put_u64(out, acr_hash_bytes(signed_words, sizeof signed_words));
}

static void put_new_ticket(struct acr_buffer *out, struct acr_target *target)
{
    put_ticket(out, acr_random_u64(&target->random) >> 32, target->shared->secret);
}

static bool is_ticket(struct acr_target_exchange *exchange, struct acr_str text)
{
    ptrdiff_t dash = acr_str_find_char(text, '-');
    uint64_t id;
    if (dash < 0 || acr_str_parse_u64((struct acr_str){text.data, (size_t)dash}, &id) != 0)
        return false;
    struct acr_buffer *expected = exchange->content;
    put_ticket(expected, id, exchange->target->shared->secret);
    bool valid = acr_str_equal(text, acr_buffer_str(expected));
    acr_buffer_reset(expected);
    return valid;
}

static bool has_session(struct acr_target_exchange *exchange)
{
    return is_ticket(exchange, acr_target_exchange_cookie(exchange, ACR_STR("session")));
}

static void profile(struct acr_target_exchange *exchange)
{
    if (exchange->target->shared->options.require_login && !has_session(exchange))
        acr_target_answer(exchange, 403, ACR_PAGE_HTML, ACR_STR(HEAD("Forbidden") "<p>Log in first.</p>\n" FOOT));
    else
        acr_target_answer_block(exchange, exchange->block);
}

/* Where ?next= leads, if it stays on this site; decoded into exchange->content. */
static bool next_page(struct acr_target_exchange *exchange)
{
    struct acr_str next = acr_text_parameter(exchange->request->query, ACR_STR("next"));
    if (next.data == NULL)
        next = acr_text_parameter(exchange->body, ACR_STR("next"));
    acr_text_put_decoded(exchange->content, next);
    const struct acr_buffer *page = exchange->content;
    return page->size > 0 && page->data[0] == '/' && (page->size == 1 || page->data[1] != '/');
}

static void let_in(struct acr_target_exchange *exchange)
{
    struct acr_buffer *value = exchange->content;
    acr_text_put(value, ACR_STR("session="));
    put_new_ticket(value, exchange->target);
    acr_text_put(value, ACR_STR("; Path=/; HttpOnly"));
    acr_target_exchange_line(exchange, "Set-Cookie", acr_buffer_str(value));
    acr_buffer_reset(value);
    if (next_page(exchange))
        acr_target_answer_redirect(exchange, 302, acr_buffer_str(value));
    else
        acr_target_answer(exchange, 200, ACR_PAGE_HTML, ACR_STR(WELCOME));
}

/* Everybody may log in, with a form, JSON or nothing at all; only the password "wrong" is wrong. */
static void login(struct acr_target_exchange *exchange)
{
    if (!acr_str_equal(exchange->request->method, ACR_STR("POST")))
        acr_target_answer_block(exchange, exchange->block);
    else if (acr_str_equal(acr_text_parameter(exchange->body, ACR_STR("password")), ACR_STR("wrong")))
        acr_target_answer(exchange, 401, ACR_PAGE_HTML, ACR_STR(REFUSED));
    else
        let_in(exchange);
}

/* The form has a token that is another one each time; only with one of these an order is taken. */
static void order(struct acr_target_exchange *exchange)
{
    if (!acr_str_equal(exchange->request->method, ACR_STR("POST"))) {
        acr_text_put(exchange->content, ACR_STR(ORDER_FORM_HEAD));
        put_new_ticket(exchange->content, exchange->target);
        acr_text_put(exchange->content, ACR_STR(ORDER_FORM_FOOT));
        acr_target_answer_content(exchange, 200, ACR_PAGE_HTML);
    } else if (is_ticket(exchange, acr_text_parameter(exchange->body, ACR_STR("token"))))
        acr_target_answer(exchange, 200, ACR_PAGE_HTML,
                          ACR_STR(HEAD("Thank you") "<p>Your order is taken.</p>\n" FOOT));
    else
        acr_target_answer(exchange, 403, ACR_PAGE_HTML,
                          ACR_STR(HEAD("Forbidden") "<p>That is an old form.</p>\n" FOOT));
}

/* A page whose title ends in what was asked for. */
static void numbered_page(struct acr_target_exchange *exchange, struct acr_str noun, struct acr_str number)
{
    struct acr_buffer *page = exchange->content;
    acr_text_put(page, ACR_STR("<!doctype html>\n<title>"));
    acr_text_put(page, noun);
    acr_text_put_html(page, number);
    acr_text_put(page, ACR_STR("</title>\n<p>Grass grows, locusts come, and the meadow answers.</p>\n"));
    acr_text_put(page, ACR_STR("<p><a href=\"/\">Home</a></p>\n"));
    acr_target_answer_content(exchange, 200, ACR_PAGE_HTML);
}

static void blog(struct acr_target_exchange *exchange)
{
    numbered_page(exchange, ACR_STR("Blog post "), acr_text_parameter(exchange->request->query, ACR_STR("id")));
}

static void thread(struct acr_target_exchange *exchange)
{
    numbered_page(exchange, ACR_STR("Thread "), exchange->rest);
}

static void put_item(struct acr_buffer *out, uint64_t number)
{
    acr_text_put(out, ACR_STR("{\"id\":"));
    acr_text_put_u64(out, number);
    acr_text_put(out, ACR_STR(",\"name\":\"Item "));
    acr_text_put_u64(out, number);
    acr_text_put(out, ACR_STR("\",\"price\":"));
    acr_text_put_u64(out, 100 + number % 900);
    acr_text_put(out, ACR_STR(",\"in_stock\":true}\n"));
}

/* /items/N.json, and /items/N for the same. */
static void item(struct acr_target_exchange *exchange)
{
    struct acr_str number = exchange->rest;
    uint64_t value;
    if (number.size > 5 && memcmp(number.data + number.size - 5, ".json", 5) == 0)
        number.size -= 5;
    if (acr_str_parse_u64(number, &value) != 0) {
        acr_target_answer_block(exchange, &exchange->target->router.missing.block);
        return;
    }
    put_item(exchange->content, value);
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

static void item_by_id(struct acr_target_exchange *exchange)
{
    put_item(exchange->content, acr_text_parameter_u64(exchange->request->query, ACR_STR("id"), 1));
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

#define LOGGED_OUT                                                                                         \
    {                                                                                                      \
        200, ACR_PAGE_HTML, "Set-Cookie: session=; Path=/; Max-Age=0; HttpOnly\r\n", ACR_PAGE_STR(GOODBYE) \
    }

const struct acr_target_route acr_target_routes_site[] = {
    {.path = "/", .page = ACR_PAGE(ACR_PAGE_HTML, HOME)},
    {.path = "/about", .page = ACR_PAGE(ACR_PAGE_HTML, ABOUT)},
    {.path = "/about/", .page = ACR_PAGE(ACR_PAGE_HTML, ABOUT), .below = true},
    {.path = "/profile", .fn = profile, .page = ACR_PAGE(ACR_PAGE_HTML, PROFILE)},
    {.path = "/login", .fn = login, .page = ACR_PAGE(ACR_PAGE_HTML, LOGIN), .keeps_body = true},
    {.path = "/logout", .page = LOGGED_OUT},
    {.path = "/order", .fn = order, .keeps_body = true},
    {.path = "/blog", .fn = blog},
    {.path = "/blog/", .fn = blog},
    {.path = "/forum", .page = ACR_PAGE(ACR_PAGE_HTML, FORUM)},
    {.path = "/forum/", .page = ACR_PAGE(ACR_PAGE_HTML, FORUM), .below = true},
    {.path = "/threads/", .fn = thread, .below = true},
    {.path = "/items/", .fn = item, .below = true},
    {.path = "/item", .fn = item_by_id},
    {.path = "/hello", .page = ACR_PAGE(ACR_PAGE_TEXT, "hello\n")},
    {.path = "/world", .page = ACR_PAGE(ACR_PAGE_TEXT, "world\n")},
    {.path = "/job1", .page = ACR_PAGE(ACR_PAGE_TEXT, "job 1\n")},
    {.path = "/job2", .page = ACR_PAGE(ACR_PAGE_TEXT, "job 2\n")},
    {.path = "/robots.txt", .page = ACR_PAGE(ACR_PAGE_TEXT, "User-agent: *\nDisallow:\n")},
    {.path = "/favicon.ico", .page = {204}},
    {.path = NULL},
};
