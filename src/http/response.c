/* SPDX-License-Identifier: MIT */
/* response - keeps what an answer was, and reads the rest of a streamed one. */
#include "http/response.h"

#include "base/memory.h"
#include "http/internal.h"

/* Method and head of most answers; with it a response is one allocation, and one that malloc has at hand. */
#define ROOM_BYTES 640
/* What a response in the pool keeps of its body's memory. */
#define SPARE_BODY_BYTES 4096
/* A sanitizer should see a response that is used after its end. */
#if defined(__SANITIZE_ADDRESS__)
#define SPARE_MAX 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARE_MAX 0
#endif
#endif
#ifndef SPARE_MAX
#define SPARE_MAX 256
#endif

/* Requests come in bursts (loop.h), more than malloc keeps ready for a thread. */
struct acr_response_pool {
    struct acr_response *spare; /* linked by `previous` */
    unsigned spare_count;
    bool closed;
    size_t alive; /* responses in use */
};

struct acr_response_pool *acr_response_pool_new(void)
{
    return acr_alloc_zero(sizeof(struct acr_response_pool));
}

static void free_if_unused(struct acr_response_pool *pool)
{
    if (pool->closed && pool->alive == 0)
        acr_free(pool);
}

void acr_response_pool_free(struct acr_response_pool *pool)
{
    pool->closed = true;
    while (pool->spare != NULL) {
        struct acr_response *response = pool->spare;
        pool->spare = response->previous;
        acr_buffer_done(&response->body);
        acr_free(response);
    }
    free_if_unused(pool);
}

/* A copy of `bytes`, terminated, that lives as long as the response. */
static struct acr_str keep(struct acr_response *response, struct acr_str bytes)
{
    if (bytes.size >= ROOM_BYTES - response->room_used)
        return (struct acr_str){acr_strndup(bytes.data, bytes.size), bytes.size};
    char *copy = response->room + response->room_used;
    memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = '\0';
    response->room_used += (uint32_t)bytes.size + 1;
    return (struct acr_str){copy, bytes.size};
}

static void drop_kept(const struct acr_response *response, struct acr_str kept)
{
    uintptr_t offset = (uintptr_t)kept.data - (uintptr_t)response->room;
    if (offset >= ROOM_BYTES)
        acr_free((char *)kept.data);
}

struct acr_response *acr_response_new(struct acr_response_pool *pool, struct acr_str method)
{
    struct acr_response *response = pool->spare;
    struct acr_buffer body = {0};
    if (response != NULL) {
        pool->spare = response->previous;
        pool->spare_count--;
        body = response->body;
        body.limit = 0;
    } else {
        response = acr_alloc(sizeof *response + ROOM_BYTES);
    }
    pool->alive++;
    *response = (struct acr_response){.references = 1, .pool = pool, .body = body};
    response->method = keep(response, method);
    return response;
}

static void give_back(struct acr_response *response)
{
    struct acr_response_pool *pool = response->pool;
    pool->alive--;
    if (pool->closed || pool->spare_count + 1 > SPARE_MAX) {
        acr_buffer_done(&response->body);
        acr_free(response);
        free_if_unused(pool);
        return;
    }
    if (response->body.capacity > SPARE_BODY_BYTES)
        acr_buffer_done(&response->body);
    acr_buffer_reset(&response->body);
    response->previous = pool->spare;
    pool->spare = response;
    pool->spare_count++;
}

struct acr_response *acr_response_ref(struct acr_response *response)
{
    response->references++;
    return response;
}

void acr_response_unref(struct acr_response *response)
{
    while (response != NULL && --response->references == 0) {
        struct acr_response *previous = response->previous;
        acr_response_close(response);
        acr_decoder_close(response->decoder);
        drop_kept(response, response->method);
        drop_kept(response, response->head);
        if (response->url != NULL) {
            acr_url_done(response->url);
            acr_free(response->url);
        }
        give_back(response);
        response = previous;
    }
}

void acr_response_take_head(struct acr_response *response, const struct acr_head_facts *facts, struct acr_str head)
{
    response->status = facts->status;
    response->has_cookies = facts->has_cookies;
    response->close = facts->close;
    response->framing = facts->framing;
    response->head = keep(response, head);
}

void acr_response_head(const struct acr_response *response, struct acr_head *ret_head)
{
    /* It parsed once, so it parses again: folding was resolved in place the first time. */
    int error = acr_head_parse((char *)response->head.data, response->head.size, ret_head, NULL);
    if (error != 0)
        *ret_head = (struct acr_head){.status = response->status};
}

struct acr_str acr_response_header(const struct acr_response *response, struct acr_str name)
{
    struct acr_head *head = acr_alloc(sizeof *head);
    acr_response_head(response, head);
    const struct acr_header *field = acr_head_find(head, name);
    struct acr_str value = field != NULL ? field->value : (struct acr_str){NULL, 0};
    acr_free(head);
    return value;
}

struct acr_str acr_response_reason(const struct acr_response *response)
{
    struct acr_head *head = acr_alloc(sizeof *head);
    acr_response_head(response, head);
    struct acr_str reason = head->reason;
    acr_free(head);
    return reason;
}

/* A streamed response is done with its connection: back to the pool if the answer is all there, else away with it. */
static void detach(struct acr_response *response)
{
    struct acr_connection *connection = response->connection;
    response->connection = NULL;
    connection->response = NULL;
    if (response->complete)
        acr_client_give_connection(connection);
    else
        acr_connection_free(connection);
}

void acr_response_lose_connection(struct acr_response *response)
{
    response->connection = NULL;
    if (!response->complete)
        response->failure = ACR_ERR_CLOSED;
}

/* Nothing more is to be waited for: there are bytes (and all are not wanted), or no more will come. */
static bool has_enough(const struct acr_response *response, bool all)
{
    return response->connection->exchange_over || (!all && response->body.size > 0);
}

static int wait_until_enough(struct acr_response *response, struct acr_fiber *fiber, bool all, acr_nanos read_timeout)
{
    struct acr_connection *connection = response->connection;
    int code = 0;
    connection->waiter = fiber;
    /* Nobody looked whether the server was silent before; that counts from here. */
    connection->last_progress = acr_loop_now(connection->http->loop);
    if (all)
        connection->streaming = false; /* no window */
    while (code == 0 && !has_enough(response, all)) {
        acr_connection_resume(connection);
        if (!has_enough(response, all))
            code = acr_connection_wait(connection, fiber, read_timeout);
    }
    connection->waiter = NULL;
    return code;
}

static int wait_for_body(struct acr_response *response, struct acr_fiber *fiber, bool all, acr_nanos read_timeout,
                         struct acr_error *error)
{
    struct acr_connection *connection = response->connection;
    if (connection == NULL && (response->failure == 0 || (!all && response->body.size > 0)))
        return 0;
    if (connection == NULL)
        return acr_error_set(error, response->failure, "failed before");
    int code = wait_until_enough(response, fiber, all, read_timeout);
    /* Bytes that came before a failure are handed out first. */
    if (code == 0 && connection->exchange_over && (all || response->body.size == 0))
        code = connection->failure;
    if (code != 0)
        acr_connection_explain(connection, code, error);
    if (code != 0 && !response->complete)
        response->failure = code;
    if (code != 0 || response->complete)
        detach(response);
    return code;
}

int acr_response_wait_body(struct acr_response *response, struct acr_fiber *fiber, acr_nanos read_timeout,
                           struct acr_error *error)
{
    return wait_for_body(response, fiber, false, read_timeout, error);
}

int acr_response_read_all(struct acr_response *response, struct acr_fiber *fiber, acr_nanos read_timeout,
                          struct acr_error *error)
{
    return wait_for_body(response, fiber, true, read_timeout, error);
}

void acr_response_close(struct acr_response *response)
{
    if (response->connection != NULL)
        detach(response);
}
