/* SPDX-License-Identifier: MIT */
/* response - keeps what an answer was, and reads the rest of a streamed one. */
#include "http/response.h"

#include "base/memory.h"
#include "http/internal.h"

struct acr_response *acr_response_new(struct acr_str method)
{
    struct acr_response *response = acr_alloc_zero(sizeof *response + method.size);
    char *method_copy = (char *)(response + 1);
    memcpy(method_copy, method.data, method.size);
    response->method = (struct acr_str){method_copy, method.size};
    response->references = 1;
    return response;
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
        acr_buffer_done(&response->body);
        acr_free((char *)response->head.data);
        if (response->url != NULL)
            acr_url_done(response->url);
        acr_free(response->url);
        acr_free(response);
        response = previous;
    }
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

/* A streamed response is done with its connection: back to the pool, or away with it. */
static void detach(struct acr_response *response)
{
    struct acr_connection *connection = response->connection;
    response->connection = NULL;
    connection->response = NULL;
    acr_client_give_connection(connection);
}

static int report_failure(const struct acr_connection *connection, int code, struct acr_error *error)
{
    if (code == ACR_ERR_READ_TIMEOUT)
        return acr_error_set(error, code, "%.*s port %u", ACR_STR_ARGS(connection->host), connection->port);
    if (code != ACR_ERR_CANCELLED && error != NULL)
        *error = connection->failure;
    return code;
}

/* Waits until there are body bytes (`some`) or all of them. */
static int wait_for_body(struct acr_response *response, struct acr_fiber *fiber, bool some, acr_nanos read_timeout,
                         struct acr_error *error)
{
    struct acr_connection *connection = response->connection;
    if (connection == NULL)
        return 0;
    connection->waiter = fiber;
    if (!some)
        connection->streaming = false; /* no window: all of it is wanted */
    int code = 0;
    while (code == 0 && !connection->exchange_over && !(some && response->body.size > 0)) {
        acr_connection_resume(connection);
        if (!connection->exchange_over && !(some && response->body.size > 0))
            code = acr_connection_wait(connection, fiber, read_timeout);
    }
    connection->waiter = NULL;
    /* Bytes that came before a failure are handed out first. */
    if (code == 0 && connection->exchange_over && !(some && response->body.size > 0))
        code = connection->failure.code;
    if (code != 0) {
        code = report_failure(connection, code, error);
        acr_response_close(response);
    } else if (connection->exchange_over && response->complete) {
        detach(response);
    }
    return code;
}

int acr_response_wait_body(struct acr_response *response, struct acr_fiber *fiber, acr_nanos read_timeout,
                           struct acr_error *error)
{
    return wait_for_body(response, fiber, true, read_timeout, error);
}

int acr_response_read_all(struct acr_response *response, struct acr_fiber *fiber, acr_nanos read_timeout,
                          struct acr_error *error)
{
    return wait_for_body(response, fiber, false, read_timeout, error);
}

void acr_response_close(struct acr_response *response)
{
    if (response->connection == NULL)
        return;
    struct acr_connection *connection = response->connection;
    response->connection = NULL;
    connection->response = NULL;
    acr_connection_free(connection);
}
