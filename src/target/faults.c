/* SPDX-License-Identifier: MIT */
/* faults - pages that are late, wrong, or broken on the wire, so that a client can be seen to cope. */
#include "target/internal.h"
#include "target/pages.h"
#include "target/text.h"

/* A day: longer waits are cut to it. */
#define DELAY_MAX_MS UINT64_C(86400000)

static acr_nanos delay_parameter(const struct acr_target_exchange *exchange, struct acr_str name, uint64_t fallback)
{
    uint64_t ms = acr_text_parameter_u64(exchange->request->query, name, fallback);
    return (acr_nanos)(ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS) * ACR_NANOS_PER_MILLI;
}

static void slow(struct acr_target_exchange *exchange)
{
    exchange->delay = delay_parameter(exchange, ACR_STR("ms"), 1000);
    acr_target_answer_block(exchange, exchange->block);
}

static void random_delay(struct acr_target_exchange *exchange)
{
    acr_nanos min = delay_parameter(exchange, ACR_STR("min"), 0);
    acr_nanos max = delay_parameter(exchange, ACR_STR("max"), 1000);
    exchange->delay = min;
    if (max > min)
        exchange->delay += (acr_nanos)acr_random_below(&exchange->target->random, (uint64_t)(max - min) + 1);
    acr_target_answer_block(exchange, exchange->block);
}

static bool next_drop(struct acr_target_flow *flow, struct acr_buffer *out)
{
    acr_text_put(out, ACR_STR("."));
    return ++flow->done < flow->total;
}

/* A body that comes one byte at a time, spread over that time. */
static void drip(struct acr_target_exchange *exchange)
{
    uint64_t bytes = acr_text_parameter_u64(exchange->request->query, ACR_STR("bytes"), 10);
    acr_nanos duration = delay_parameter(exchange, ACR_STR("ms"), 1000);
    if (bytes == 0) {
        acr_target_answer(exchange, 200, ACR_PAGE_TEXT, (struct acr_str){NULL, 0});
        return;
    }
    struct acr_target_flow flow = {
        .fn = next_drop, .total = bytes, .pause = duration / (acr_nanos)(bytes < INT64_MAX ? bytes : INT64_MAX)};
    acr_target_answer_flow(exchange, ACR_PAGE_TEXT, bytes, flow);
}

static void error(struct acr_target_exchange *exchange)
{
    double rate = acr_text_parameter_double(exchange->request->query, ACR_STR("rate"), 1);
    if (acr_random_unit(&exchange->target->random) < rate)
        acr_target_answer(exchange, 500, ACR_PAGE_TEXT, ACR_STR("failed on purpose\n"));
    else
        acr_target_answer_block(exchange, exchange->block);
}

static void close_after(struct acr_target_exchange *exchange)
{
    exchange->close = true;
    acr_target_answer_block(exchange, exchange->block);
}

static void drop(struct acr_target_exchange *exchange)
{
    exchange->outcome = ACR_TARGET_DROP;
}

static void reset(struct acr_target_exchange *exchange)
{
    exchange->outcome = ACR_TARGET_RESET;
}

static void stall(struct acr_target_exchange *exchange)
{
    exchange->outcome = ACR_TARGET_STALL;
}

/* A head that promises twice what the body then has. */
static void short_body(struct acr_target_exchange *exchange, enum acr_target_ending ending)
{
    static const char text[] = "Half a loaf is better than none.\n";
    acr_target_answer_flow(exchange, ACR_PAGE_TEXT, 2 * (sizeof text - 1), (struct acr_target_flow){0});
    if (exchange->head_only)
        return;
    acr_text_put(exchange->out, ACR_STR(text));
    exchange->ending = ending;
}

static void half(struct acr_target_exchange *exchange)
{
    short_body(exchange, ACR_TARGET_CLOSE);
}

static void stall_body(struct acr_target_exchange *exchange)
{
    short_body(exchange, ACR_TARGET_SILENCE);
}

/* A body that ends where the connection does: neither length nor chunks. */
static void until_close(struct acr_target_exchange *exchange)
{
    exchange->status = 200;
    exchange->ending = ACR_TARGET_CLOSE;
    acr_text_put(exchange->out, ACR_STR("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"));
    if (!exchange->head_only)
        acr_text_put(exchange->out, ACR_STR("The end is the end.\n"));
}

static void garbage(struct acr_target_exchange *exchange)
{
    exchange->status = 0;
    exchange->ending = ACR_TARGET_CLOSE;
    acr_text_put(exchange->out, ACR_STR("\x16\x03\x01 this is not HTTP\r\n\xff\xfe\r\n\r\n"));
}

static bool next_header_bytes(struct acr_target_flow *flow, struct acr_buffer *out)
{
    static const char line[] = "X-Padding: 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ\r\n";
    size_t limit = out->size + ACR_TARGET_PIECE_MAX - sizeof line;
    while (flow->done < flow->total && out->size < limit) {
        acr_text_put(out, ACR_STR(line));
        flow->done += sizeof line - 1;
    }
    if (flow->done < flow->total)
        return true;
    acr_text_put(out, ACR_STR("Content-Length: 0\r\n\r\n"));
    return false;
}

/* A head of at least that many bytes; without ?bytes= it never ends. */
static void huge_headers(struct acr_target_exchange *exchange)
{
    uint64_t total = acr_text_parameter_u64(exchange->request->query, ACR_STR("bytes"), UINT64_MAX);
    exchange->status = 200;
    exchange->flow = (struct acr_target_flow){.fn = next_header_bytes, .total = total};
    acr_text_put(exchange->out, ACR_STR("HTTP/1.1 200 OK\r\n"));
}

const struct acr_target_route acr_target_routes_faults[] = {
    {.path = "/slow", .fn = slow, .page = ACR_PAGE(ACR_PAGE_TEXT, "at last\n")},
    {.path = "/random-delay", .fn = random_delay, .page = ACR_PAGE(ACR_PAGE_TEXT, "sooner or later\n")},
    {.path = "/drip", .fn = drip},
    {.path = "/error", .fn = error, .page = ACR_PAGE(ACR_PAGE_TEXT, "no error this time\n")},
    {.path = "/close", .fn = close_after, .page = ACR_PAGE(ACR_PAGE_TEXT, "closing\n")},
    {.path = "/until-close", .fn = until_close},
    {.path = "/drop", .fn = drop},
    {.path = "/reset", .fn = reset},
    {.path = "/stall", .fn = stall},
    {.path = "/stall-body", .fn = stall_body},
    {.path = "/half", .fn = half},
    {.path = "/garbage", .fn = garbage},
    {.path = "/huge-headers", .fn = huge_headers},
    {.path = NULL},
};
