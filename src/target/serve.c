/* SPDX-License-Identifier: MIT */
/* serve - find the request, let its route answer, count, and send the answer on the way it needs. */
#include "target/serve.h"

#include "base/memory.h"
#include "target/connection.h"
#include "target/internal.h"
#include "target/pages.h"
#include "target/text.h"

/* A kept body's memory above this is given back at once. */
#define KEEP_MAX (size_t)(16 * 1024)
/* Longer paths are counted among the others. */
#define COUNTED_PATH_MAX 256

static void count_answer(struct acr_target *target, struct acr_target_path *path, int status, size_t size)
{
    struct acr_target_counts *counts = &target->counts;
    acr_target_counts_lock(counts);
    path->answers++;
    counts->answers++;
    counts->by_status[status]++;
    counts->bytes_sent += size;
    acr_target_counts_unlock(counts);
    if (ACR_UNLIKELY(target->shared->options.stall_after != 0))
        atomic_fetch_add(&target->shared->answers, 1);
}

static void count_received(struct acr_target *target, uint64_t size, bool unanswered)
{
    struct acr_target_counts *counts = &target->counts;
    acr_target_counts_lock(counts);
    counts->bytes_received += size;
    counts->unanswered += unanswered;
    acr_target_counts_unlock(counts);
}

void acr_target_serve_held(struct acr_target_connection *connection)
{
    if (connection->held_path != NULL)
        count_answer(connection->target, connection->held_path, connection->held_status, connection->held_size);
    connection->held_path = NULL;
}

void acr_target_serve_flowed(struct acr_target_connection *connection, size_t size)
{
    struct acr_target_counts *counts = &connection->target->counts;
    acr_target_counts_lock(counts);
    counts->bytes_sent += size;
    acr_target_counts_unlock(counts);
}

static struct acr_target_path *find_count(struct acr_target *target, const struct acr_target_place *place,
                                          struct acr_str path)
{
    if (place->count != NULL)
        return place->count;
    acr_target_counts_lock(&target->counts);
    struct acr_target_path *count =
        path.size <= COUNTED_PATH_MAX ? acr_target_counts_path(&target->counts, path) : &target->counts.other_paths;
    acr_target_counts_unlock(&target->counts);
    return count;
}

/* The faults that the options ask for. True: the route has no say any more. */
static bool fail_on_purpose(struct acr_target_exchange *exchange)
{
    struct acr_target *target = exchange->target;
    const struct acr_target_options *options = &target->shared->options;
    exchange->delay = options->delay_min;
    if (options->delay_max > options->delay_min)
        exchange->delay +=
            (acr_nanos)acr_random_below(&target->random, (uint64_t)(options->delay_max - options->delay_min) + 1);
    bool stalls = options->stall_rate > 0 && acr_random_unit(&target->random) < options->stall_rate;
    if (stalls || (options->stall_after != 0 && atomic_load(&target->shared->answers) >= options->stall_after)) {
        exchange->outcome = ACR_TARGET_STALL;
        return true;
    }
    if (options->error_rate > 0 && acr_random_unit(&target->random) < options->error_rate) {
        acr_target_answer(exchange, 500, ACR_PAGE_TEXT, ACR_STR("failed on purpose\n"));
        return true;
    }
    return false;
}

static void run_route(struct acr_target_exchange *exchange, const struct acr_target_route *route)
{
    acr_nanos delay = 0;
    if (ACR_UNLIKELY(exchange->target->faulty) && !route->uncounted) {
        if (fail_on_purpose(exchange))
            return;
        delay = exchange->delay;
        exchange->delay = 0;
    }
    if (route->fn != NULL)
        route->fn(exchange);
    else
        acr_target_answer_block(exchange, exchange->block);
    exchange->delay += delay;
}

/* Counts the answer at target->out[start..] and sees to it that it leaves as the exchange says. */
static void finish_answer(struct acr_target_connection *connection, struct acr_target_exchange *exchange,
                          struct acr_target_path *count, size_t start)
{
    struct acr_target *target = connection->target;
    size_t size = target->out.size - start;
    if (exchange->delay > 0) {
        connection->held_path = count;
        connection->held_status = exchange->status;
        connection->held_size = size;
    } else if (count != NULL) {
        count_answer(target, count, exchange->status, size);
    }
    if (exchange->close || exchange->request->close)
        exchange->ending = exchange->ending == ACR_TARGET_SILENCE ? ACR_TARGET_SILENCE : ACR_TARGET_CLOSE;
    if (exchange->delay > 0 || exchange->flow.fn != NULL || exchange->ending != ACR_TARGET_KEEP) {
        connection->flow_counted = count != NULL;
        acr_target_connection_set_aside(connection, start, exchange);
    }
}

static void finish(struct acr_target_connection *connection, struct acr_target_exchange *exchange,
                   struct acr_target_path *count, size_t start)
{
    switch (exchange->outcome) {
    case ACR_TARGET_ANSWER:
        finish_answer(connection, exchange, count, start);
        break;
    case ACR_TARGET_DROP:
    case ACR_TARGET_RESET:
        acr_target_connection_send(connection);
        acr_target_connection_abandon(connection, exchange->outcome == ACR_TARGET_RESET);
        break;
    case ACR_TARGET_STALL:
        exchange->ending = ACR_TARGET_SILENCE;
        acr_target_connection_set_aside(connection, start, exchange);
        break;
    }
}

static struct acr_target_exchange new_exchange(struct acr_target_connection *connection)
{
    struct acr_target *target = connection->target;
    acr_buffer_reset(&target->lines);
    acr_buffer_reset(&target->content);
    return (struct acr_target_exchange){
        .target = target,
        .request = &target->request,
        .connection_id = connection->id,
        .connection_requests = ++connection->requests,
        .out = &target->out,
        .lines = &target->lines,
        .content = &target->content,
    };
}

/* Answers target->request. */
static void handle(struct acr_target_connection *connection, struct acr_str body, uint64_t body_size,
                   uint64_t wire_size)
{
    struct acr_target *target = connection->target;
    const struct acr_target_request *request = &target->request;
    struct acr_target_exchange exchange = new_exchange(connection);
    const struct acr_target_place *place = acr_target_router_find(&target->router, request->path, &exchange.rest);
    exchange.block = &place->block;
    exchange.body = body;
    exchange.body_size = body_size;
    exchange.head_only = acr_str_equal(request->method, ACR_STR("HEAD"));
    size_t start = target->out.size;
    run_route(&exchange, place->route);
    struct acr_target_path *count = NULL;
    if (!place->route->uncounted) {
        count = find_count(target, place, request->path);
        count_received(target, wire_size, exchange.outcome != ACR_TARGET_ANSWER);
    }
    finish(connection, &exchange, count, start);
}

/* The request cannot be taken; what follows it on the connection makes no sense. */
static void refuse(struct acr_target_connection *connection, int status)
{
    struct acr_target *target = connection->target;
    struct acr_target_exchange exchange = new_exchange(connection);
    size_t start = target->out.size;
    exchange.close = true;
    connection->in_body = false;
    connection->lingers = true;
    acr_target_answer(&exchange, status, ACR_PAGE_TEXT, acr_str_of(acr_target_reason(status)));
    finish(connection, &exchange, target->refused_count, start);
}

/* Request and answer share their framing rules, so the answer's reader reads the request's body. */
static void begin_framing(struct acr_body *framing, const struct acr_target_request *request)
{
    struct acr_head head = {.status = 200, .minor_version = 1};
    head.chunked = request->chunked;
    head.has_length = request->has_length;
    head.content_length = request->content_length;
    acr_body_init(framing, ACR_STR("POST"), &head);
}

static void begin_body(struct acr_target_connection *connection, const char *data, size_t size)
{
    struct acr_target *target = connection->target;
    const struct acr_target_request *request = &target->request;
    struct acr_str rest;
    connection->keeps_body = acr_target_router_find(&target->router, request->path, &rest)->route->keeps_body;
    if (connection->keeps_body && request->content_length > ACR_TARGET_BODY_MAX) {
        refuse(connection, 413);
        return;
    }
    begin_framing(&connection->framing, request);
    connection->in_body = true;
    connection->body_size = 0;
    connection->wire_size = request->head_size;
    connection->kept_head_size = request->head_size;
    acr_buffer_reset(&connection->kept);
    acr_text_put(&connection->kept, (struct acr_str){data, request->head_size});
    if (request->expect_continue && size == request->head_size)
        acr_text_put(&target->out, ACR_STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void end_body(struct acr_target_connection *connection)
{
    int status;
    connection->in_body = false;
    size_t head_size = connection->kept_head_size;
    struct acr_buffer *kept = &connection->kept;
    if (acr_target_request_parse(kept->data, head_size, &connection->target->request, &status) != 0) {
        refuse(connection, 500);
        return;
    }
    handle(connection, (struct acr_str){kept->data + head_size, kept->size - head_size}, connection->body_size,
           connection->wire_size);
    if (kept->capacity > KEEP_MAX)
        acr_buffer_done(kept);
}

static size_t take_body(struct acr_target_connection *connection, const char *data, size_t size)
{
    size_t consumed;
    struct acr_str content;
    if (acr_body_feed(&connection->framing, data, size, &consumed, &content) != 0) {
        refuse(connection, 400);
        return size;
    }
    connection->body_size += content.size;
    connection->wire_size += consumed;
    if (connection->keeps_body) {
        if (connection->body_size > ACR_TARGET_BODY_MAX) {
            refuse(connection, 413);
            return size;
        }
        acr_text_put(&connection->kept, content);
    }
    if (connection->framing.done)
        end_body(connection);
    return consumed;
}

size_t acr_target_serve(struct acr_target_connection *connection, const char *data, size_t size)
{
    struct acr_target_request *request = &connection->target->request;
    int status;
    if (connection->in_body)
        return take_body(connection, data, size);
    int error = acr_target_request_parse(data, size, request, &status);
    if (error == ACR_ERR_AGAIN)
        return 0;
    if (error != 0) {
        refuse(connection, status);
        return size;
    }
    size_t head_size = request->head_size;
    if (request->chunked || request->content_length > size - head_size) {
        begin_body(connection, data, size);
        return head_size;
    }
    size_t body_size = (size_t)request->content_length;
    handle(connection, (struct acr_str){data + head_size, body_size}, body_size, head_size + body_size);
    return head_size + body_size;
}
