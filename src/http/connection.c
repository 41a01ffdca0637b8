/* SPDX-License-Identifier: MIT */
/* connection - sends a request and receives its answer without ever waiting; the client waits for both. */
#include "http/connection.h"

#include "base/memory.h"
#include "http/internal.h"

static void on_ready(struct acr_stream *stream);
static void on_flush(struct acr_flush *flush);
static void receive_all(struct acr_connection *connection);

struct acr_connection *acr_connection_new(struct acr_client *client, struct acr_stream *stream, struct acr_str host,
                                          uint16_t port, bool secure, const struct acr_tls_settings *tls)
{
    struct acr_connection *connection = acr_alloc_zero(sizeof *connection + host.size);
    char *host_copy = (char *)(connection + 1);
    memcpy(host_copy, host.data, host.size);
    connection->host = (struct acr_str){host_copy, host.size};
    connection->port = port;
    connection->secure = secure;
    connection->tls = tls;
    connection->http = client->http;
    connection->client = client;
    connection->stream = stream;
    stream->context = connection;
    stream->on_ready = on_ready;
    acr_list_init(&connection->link);
    acr_flush_init(&connection->flush, on_flush);
    /* Room for the longest head and for what came behind it in the same read. */
    acr_buffer_init(&connection->in, ACR_HEAD_BYTES_MAX + ACR_HTTP_SCRATCH_BYTES);
    client->http->connections_open++;
    client->http->connections_made++;
    return connection;
}

static void drop_stream(struct acr_connection *connection)
{
    acr_flush_cancel(&connection->flush);
    acr_stream_close(connection->stream);
    connection->stream = NULL;
}

void acr_connection_free(struct acr_connection *connection)
{
    drop_stream(connection);
    acr_list_remove(&connection->link);
    if (connection->response != NULL && connection->response_lent)
        acr_response_lose_connection(connection->response);
    else
        acr_response_unref(connection->response);
    acr_buffer_done(&connection->out);
    acr_buffer_done(&connection->in);
    connection->http->connections_open--;
    acr_free(connection);
}

static void wake_waiter(struct acr_connection *connection)
{
    if (connection->waiter != NULL)
        acr_fiber_wake(connection->waiter);
}

/* No event will tell that there is more: whoever waits must resume. */
static void pause_here(struct acr_connection *connection)
{
    connection->paused = true;
    wake_waiter(connection);
}

/* The exchange ends here, with `code` 0 or why it failed. Nothing is read or sent for it any more. */
static void finish(struct acr_connection *connection, int code)
{
    connection->exchange_over = true;
    connection->failure = code;
    wake_waiter(connection);
}

static void fail(struct acr_connection *connection, int code)
{
    if (connection->error.code != code || connection->error.detail[0] == '\0')
        acr_error_set(&connection->error, code, "%.*s port %u", ACR_STR_ARGS(connection->host), connection->port);
    drop_stream(connection);
    connection->reusable = false;
    finish(connection, code);
}

static void note_progress(struct acr_connection *connection, size_t bytes)
{
    connection->last_progress = acr_loop_now(connection->http->loop);
    acr_http_note_work(connection->http, bytes, connection->secure);
}

/* Sending */

static bool all_sent(const struct acr_connection *connection)
{
    return connection->out_sent == connection->out.size && connection->body.size == 0 && !connection->broken;
}

/* True when `size` bytes are gone. */
static bool send_part(struct acr_connection *connection, const char *bytes, size_t size, size_t *sent)
{
    for (unsigned writes = 0; *sent < size; writes++) {
        if (writes == ACR_CONNECTION_WRITES_PER_TURN) {
            pause_here(connection);
            return false;
        }
        ssize_t taken = acr_stream_write(connection->stream, bytes + *sent, size - *sent, &connection->error);
        if (taken == ACR_ERR_AGAIN || taken == 0)
            return false;
        if (taken < 0) {
            connection->send_failure = (int)taken;
            return false;
        }
        *sent += (size_t)taken;
        note_progress(connection, (size_t)taken);
    }
    return true;
}

static void send_some(struct acr_connection *connection)
{
    if (connection->exchange_over || connection->broken)
        return;
    if (!send_part(connection, connection->out.data, connection->out.size, &connection->out_sent))
        return;
    if (connection->hold_body || connection->body.size == 0)
        return;
    size_t sent = 0;
    send_part(connection, connection->body.data, connection->body.size, &sent);
    connection->body.data += sent;
    connection->body.size -= sent;
}

/* The server refuses the rest. Its answer (a 413, say) may stand before the reset, and an event for it is still to
 * come. */
static void send_failed(struct acr_connection *connection)
{
    int code = connection->send_failure;
    connection->send_failure = 0;
    if (code != ACR_ERR_RESET) {
        fail(connection, code);
        return;
    }
    connection->broken = true;
    receive_all(connection);
}

/* Sends what is left; true when that went as far as it could. */
static bool send_rest(struct acr_connection *connection)
{
    send_some(connection);
    if (ACR_LIKELY(connection->send_failure == 0))
        return true;
    send_failed(connection);
    return false;
}

static void on_flush(struct acr_flush *flush)
{
    struct acr_connection *connection = ACR_CONTAINER_OF(flush, struct acr_connection, flush);
    if (connection->exchange_over)
        return; /* queued for a body that the server did not wait for */
    acr_nanos now = acr_http_now(connection->http);
    if (connection->response->started == 0)
        connection->response->started = now;
    /* What the server said before the stream had its holder was not announced (stream.h). */
    if (send_rest(connection) && connection->served == 0)
        receive_all(connection);
}

/* Receiving */

/* The body is complete: settle what can still go wrong, then tell the waiter. */
static void complete(struct acr_connection *connection)
{
    struct acr_response *response = connection->response;
    if (response->decoder != NULL) {
        int code = acr_decoder_finish(response->decoder, &response->body);
        if (code != 0) {
            fail(connection, code);
            return;
        }
    }
    response->complete = true;
    response->finished = acr_loop_now(connection->http->loop);
    connection->reusable = !response->close && response->framing.kind != ACR_BODY_UNTIL_END && all_sent(connection);
    connection->served++;
    finish(connection, 0);
}

static int store_content(struct acr_connection *connection, struct acr_str content)
{
    struct acr_response *response = connection->response;
    response->wire_bytes += content.size;
    int code = response->decoder != NULL ? acr_decoder_feed(response->decoder, content, &response->body)
                                         : acr_buffer_append_str(&response->body, content);
    if (code == ACR_ERR_TOO_LARGE)
        acr_error_set(&connection->error, code, "body exceeds %llu bytes", (unsigned long long)connection->body_max);
    return code;
}

/* Feeds body bytes; returns how many were used, or a negative code. */
static ssize_t receive_body(struct acr_connection *connection, const char *data, size_t size)
{
    struct acr_response *response = connection->response;
    size_t used = 0;
    while (used < size && !response->framing.done) {
        size_t consumed = 0;
        struct acr_str content;
        int code = acr_body_feed(&response->framing, data + used, size - used, &consumed, &content);
        if (code == 0 && content.size > 0)
            code = store_content(connection, content);
        if (code != 0)
            return code;
        used += consumed;
    }
    return (ssize_t)used;
}

/* Makes room for the announced body, one allocation for an ordinary one; a huge one is only believed as it arrives. */
static int reserve_body(struct acr_connection *connection, const struct acr_head_facts *facts)
{
    struct acr_response *response = connection->response;
    if (response->framing.kind != ACR_BODY_LENGTH || connection->streaming)
        return 0;
    if (facts->content_length > connection->body_max)
        return acr_error_set(&connection->error, ACR_ERR_TOO_LARGE, "body of %llu bytes, limit %llu",
                             (unsigned long long)facts->content_length, (unsigned long long)connection->body_max);
    if (facts->content_length <= ACR_HTTP_SCRATCH_BYTES)
        return acr_buffer_reserve(&response->body, (size_t)facts->content_length);
    return 0;
}

/* A final head is there: set the response up for its body. */
static int begin_body(struct acr_connection *connection, const struct acr_head_facts *facts, struct acr_str head)
{
    struct acr_response *response = connection->response;
    acr_response_take_head(response, facts, head);
    response->head_at = acr_loop_now(connection->http->loop);
    response->finished = response->head_at;
    response->body.limit = connection->body_max;
    connection->head_done = true;
    if (connection->streaming)
        wake_waiter(connection);
    if (response->framing.kind == ACR_BODY_NONE)
        return 0;
    if (facts->coding != ACR_CODING_IDENTITY)
        return acr_decoder_open(facts->content_encoding, &response->decoder);
    return reserve_body(connection, facts);
}

/* A 1xx is dropped but for what 100 Continue allows. */
static int take_interim(struct acr_connection *connection, int status)
{
    if (++connection->interims > ACR_CONNECTION_INTERIMS_MAX)
        return acr_error_set(&connection->error, ACR_ERR_MALFORMED, "more than %d interim answers",
                             ACR_CONNECTION_INTERIMS_MAX);
    if (status == 100 && connection->hold_body) {
        acr_connection_release_body(connection);
        wake_waiter(connection);
    }
    return 0;
}

static struct acr_head_facts facts_of(const struct acr_head *head, struct acr_str method)
{
    struct acr_head_facts facts = {
        .status = head->status,
        .has_cookies = head->has_cookies,
        /* After a change of protocols no answer of this one's can follow. */
        .close = head->close || head->status == 101,
        .coding = head->coding,
        .content_length = head->content_length,
        .content_encoding = head->content_encoding,
    };
    acr_body_init(&facts.framing, method, head);
    return facts;
}

/* One complete head in data[0..size). */
static int take_head(struct acr_connection *connection, char *data, size_t size)
{
    struct acr_head *head = &connection->http->head;
    int code = acr_head_parse(data, size, head, &connection->error);
    if (code != 0)
        return code;
    if (head->status < 200 && head->status != 101)
        return take_interim(connection, head->status);
    struct acr_str bytes = {data, size};
    struct acr_str method = connection->response->method;
    struct acr_head_facts facts = facts_of(head, method);
    acr_memo_note(connection->memo, method, &facts, bytes);
    return begin_body(connection, &facts, bytes);
}

/* The head at the front of `data`, if it is complete; *ret_used is its size, or 0. */
static int receive_one_head(struct acr_connection *connection, char *data, size_t size, size_t *scanned,
                            size_t *ret_used)
{
    const struct acr_head_facts *known =
        acr_memo_recall(connection->memo, connection->response->method, data, size, ret_used);
    if (known != NULL)
        return begin_body(connection, known, (struct acr_str){data, *ret_used});
    *ret_used = acr_head_end(data, size, scanned);
    if (*ret_used == 0)
        return 0;
    *scanned = 0;
    return take_head(connection, data, *ret_used);
}

/* Finds and takes heads at the front of `data`; returns how many bytes were used, or a negative code. */
static ssize_t receive_head(struct acr_connection *connection, char *data, size_t size, size_t *scanned)
{
    size_t used = 0, one = 1;
    while (used < size && one > 0 && !connection->head_done) {
        int code = receive_one_head(connection, data + used, size - used, scanned, &one);
        if (code != 0)
            return code;
        used += one;
    }
    return (ssize_t)used;
}

/* Could these first bytes become an answer? What is certainly none must not be waited for until it ends. */
static bool may_be_head(struct acr_str bytes)
{
    static const char start[] = "HTTP/";
    while (bytes.size > 0 && (bytes.data[0] == '\r' || bytes.data[0] == '\n')) {
        bytes.data++;
        bytes.size--;
    }
    size_t size = bytes.size < sizeof start - 1 ? bytes.size : sizeof start - 1;
    return memcmp(bytes.data, start, size) == 0;
}

/* An incomplete head is left in `in`. */
static int check_partial_head(struct acr_connection *connection)
{
    const struct acr_buffer *in = &connection->in;
    if (in->size > ACR_HEAD_BYTES_MAX)
        return acr_error_set(&connection->error, ACR_ERR_TOO_LARGE, "answer's head exceeds %d bytes",
                             ACR_HEAD_BYTES_MAX);
    if (!may_be_head(acr_buffer_str(in)))
        return acr_error_set(&connection->error, ACR_ERR_MALFORMED, "answer does not begin with HTTP/");
    return 0;
}

/* The head did not fit one read: collect it in `in`, and give what lies behind it back to the body. */
static ssize_t receive_split_head(struct acr_connection *connection, const char *data, size_t size)
{
    struct acr_buffer *in = &connection->in;
    int code = acr_buffer_append(in, data, size);
    if (code != 0)
        return code;
    ssize_t used = receive_head(connection, in->data, in->size, &connection->in_scanned);
    if (used < 0)
        return used;
    if (used > 0)
        acr_buffer_drop_front(in, (size_t)used);
    if (!connection->head_done) {
        code = check_partial_head(connection);
        return code != 0 ? code : (ssize_t)size;
    }
    size_t left = in->size;
    acr_buffer_done(in);
    connection->in_scanned = 0;
    return (ssize_t)(size - left);
}

/* As receive_head, whether the head comes in one piece or not. */
static ssize_t receive_any_head(struct acr_connection *connection, char *data, size_t size)
{
    if (connection->in.size > 0)
        return receive_split_head(connection, data, size);
    size_t scanned = 0;
    ssize_t used = receive_head(connection, data, size, &scanned);
    if (used < 0 || connection->head_done || (size_t)used == size)
        return used;
    ssize_t kept = receive_split_head(connection, data + used, size - (size_t)used);
    return kept < 0 ? kept : (ssize_t)size;
}

/* Bytes of an answer; returns how many belong to it, or a negative code. */
static ssize_t receive_bytes(struct acr_connection *connection, char *data, size_t size)
{
    ssize_t used = 0;
    if (!connection->head_done)
        used = receive_any_head(connection, data, size);
    if (used < 0 || !connection->head_done)
        return used;
    ssize_t body = receive_body(connection, data + used, size - (size_t)used);
    return body < 0 ? body : used + body;
}

/* Fails the exchange when the bytes are wrong. */
static void receive(struct acr_connection *connection, char *data, size_t size)
{
    connection->received_any = true;
    note_progress(connection, size);
    ssize_t used = receive_bytes(connection, data, size);
    if (used < 0) {
        fail(connection, (int)used);
        return;
    }
    if (!connection->head_done)
        return;
    struct acr_response *response = connection->response;
    if (response->framing.done) {
        /* More bytes than the answer has are nobody's answer: they must not be taken for the next one's. */
        if ((size_t)used < size)
            response->close = true;
        complete(connection);
    } else if (connection->streaming && response->body.size > 0) {
        wake_waiter(connection);
    }
}

/* The stream ended or broke with `code`. */
static void lost(struct acr_connection *connection, int code)
{
    if (connection->head_done && code == ACR_ERR_END && acr_body_end(&connection->response->framing) == 0) {
        drop_stream(connection);
        complete(connection);
        return;
    }
    if (code == ACR_ERR_END)
        code = connection->received_any ? ACR_ERR_CLOSED_EARLY : ACR_ERR_RESET;
    if (code == ACR_ERR_RESET && !connection->received_any)
        acr_error_set(&connection->error, code, "%.*s port %u closed the connection without an answer",
                      ACR_STR_ARGS(connection->host), connection->port);
    fail(connection, code);
}

static bool window_full(const struct acr_connection *connection)
{
    return connection->streaming && connection->response->body.size >= ACR_CLIENT_STREAM_WINDOW;
}

/* Is there anything to be read, be it an end? */
static bool is_quiet(struct acr_connection *connection)
{
    return acr_stream_read(connection->stream, connection->http->scratch, ACR_HTTP_SCRATCH_BYTES, NULL) ==
           ACR_ERR_AGAIN;
}

static void receive_all(struct acr_connection *connection)
{
    char *scratch = connection->http->scratch;
    for (unsigned reads = 0; !connection->exchange_over; reads++) {
        if (reads == ACR_CONNECTION_READS_PER_TURN || window_full(connection)) {
            pause_here(connection);
            return;
        }
        ssize_t size = acr_stream_read(connection->stream, scratch, ACR_HTTP_SCRATCH_BYTES, &connection->error);
        if (size == ACR_ERR_AGAIN)
            return;
        if (size <= 0) {
            lost(connection, size == 0 ? ACR_ERR_END : (int)size);
            return;
        }
        receive(connection, scratch, (size_t)size);
    }
    /* An end of the stream, or bytes nobody asked for, may have come with the answer; no later event would tell. */
    if (connection->reusable && !is_quiet(connection))
        connection->reusable = false;
}

static void on_ready(struct acr_stream *stream)
{
    struct acr_connection *connection = stream->context;
    if (connection->response == NULL) {
        /* Idle: a server that hangs up or talks out of turn answers no request of ours. (TLS has things to say
         * that are none of our business.) */
        if (!is_quiet(connection))
            acr_client_forget_connection(connection);
        return;
    }
    acr_http_now(connection->http);
    if (ACR_LIKELY(all_sent(connection)) || send_rest(connection))
        receive_all(connection);
}

/* The exchange */

void acr_connection_begin(struct acr_connection *connection, struct acr_fiber *waiter, struct acr_response *response,
                          struct acr_str body)
{
    connection->waiter = waiter;
    connection->response = response;
    connection->body = body;
    connection->out_sent = 0;
    connection->in_scanned = 0;
    connection->head_done = false;
    connection->paused = false;
    connection->exchange_over = false;
    connection->received_any = false;
    connection->reusable = false;
    connection->broken = false;
    connection->send_failure = 0;
    connection->response_lent = false;
    connection->interims = 0;
    connection->failure = 0;
    note_progress(connection, 0);
    acr_flush_later(&connection->flush, connection->http->loop);
}

void acr_connection_lend(struct acr_connection *connection)
{
    connection->response_lent = true;
    connection->response->connection = connection;
    connection->waiter = NULL;
    /* The body was borrowed until now only. What the server got of it must not pass for a whole request. */
    if (!all_sent(connection)) {
        connection->broken = true;
        connection->reusable = false;
    }
    connection->body = (struct acr_str){NULL, 0};
}

void acr_connection_release_body(struct acr_connection *connection)
{
    if (!connection->hold_body)
        return;
    connection->hold_body = false;
    acr_flush_later(&connection->flush, connection->http->loop);
}

void acr_connection_resume(struct acr_connection *connection)
{
    if (!connection->paused)
        return;
    connection->paused = false;
    if (connection->exchange_over)
        return;
    struct acr_fiber *waiter = connection->waiter;
    connection->waiter = NULL; /* it is running, and will look for itself */
    acr_loop_refresh_now(connection->http->loop);
    if (all_sent(connection) || send_rest(connection))
        receive_all(connection);
    connection->waiter = waiter;
}

bool acr_connection_reusable(const struct acr_connection *connection)
{
    return connection->stream != NULL && connection->reusable;
}

int acr_connection_wait(struct acr_connection *connection, struct acr_fiber *fiber, acr_nanos silence)
{
    /* It has had its share of this turn; with the deadline past, the others have theirs. */
    if (ACR_UNLIKELY(connection->paused && !connection->exchange_over))
        return acr_fiber_sleep_until(fiber, acr_loop_now(connection->http->loop));
    if (silence == ACR_NEVER)
        return acr_fiber_wait(fiber);
    acr_nanos deadline = acr_deadline_after(connection->last_progress, silence);
    int code = acr_fiber_wait_until(fiber, deadline);
    if (code != ACR_ERR_TIMED_OUT)
        return code;
    if (acr_deadline_after(connection->last_progress, silence) > deadline)
        return 0; /* there was progress meanwhile: the caller looks and waits on */
    return all_sent(connection) ? ACR_ERR_READ_TIMEOUT : ACR_ERR_WRITE_TIMEOUT;
}

int acr_connection_explain(const struct acr_connection *connection, int code, struct acr_error *error)
{
    if (code == ACR_ERR_READ_TIMEOUT || code == ACR_ERR_WRITE_TIMEOUT || code == ACR_ERR_CANCELLED)
        return acr_error_set(error, code, "%.*s port %u", ACR_STR_ARGS(connection->host), connection->port);
    if (error != NULL)
        *error = connection->error;
    return code;
}
