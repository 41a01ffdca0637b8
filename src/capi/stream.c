/* SPDX-License-Identifier: MIT */
/* stream - what a task does with a raw connection: send, receive, wait for either. */
#include "capi/stream.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"

#define LOGGER "locust.runners"

/* A user that was busy with so much without a wait lets the others run; a call counts as so much. */
#define UNPAUSED_MAX (256 * 1024)
#define CALL_COST (4 * 1024)
/* Room for what comes next. */
#define READ_STEP (4 * 1024)

static struct acr_loop *loop_of(const acr_stream *stream)
{
    return stream->user->capi->scenario.engine->loop;
}

/* ---- waiting */

static void on_ready(struct acr_stream *below)
{
    acr_stream *stream = below->context;
    stream->arrived = acr_loop_refresh_now(loop_of(stream));
    if (stream->awaited)
        acr_fiber_wake(stream->user->fiber);
}

void acr_capi_stream_attach(acr_stream *stream, struct acr_stream *below)
{
    stream->below = below;
    below->context = stream;
    below->on_ready = on_ready;
}

acr_nanos acr_capi_stream_deadline(const acr_stream *stream)
{
    return stream->timeout > 0 ? acr_deadline_after(acr_loop_refresh_now(loop_of(stream)), stream->timeout) : ACR_NEVER;
}

int acr_capi_stream_wait(acr_stream *stream, acr_nanos deadline)
{
    acr_user *user = stream->user;
    if (!user->in_request)
        return ACR_ERR_CANCELLED;
    stream->awaited = true;
    int code = acr_fiber_wait_until(user->fiber, deadline);
    stream->awaited = false;
    user->unpaused = 0;
    acr_capi_may_go_on(user, code);
    return code;
}

/* A peer that is always ready must not keep this user running. */
static void let_others_run(acr_user *user, size_t bytes)
{
    user->unpaused += bytes + CALL_COST;
    if (user->unpaused < UNPAUSED_MAX || !user->in_request)
        return;
    user->unpaused = 0;
    int code = acr_fiber_sleep_until(user->fiber, 0);
    acr_capi_may_go_on(user, code);
    user->in_request = code == 0;
}

/* ---- a call */

/* Is it another user that calls, or another one's work? It cannot wait in this one's place. */
static bool refuse_stranger(const acr_stream *stream)
{
    struct acr_capi *capi = stream->user->capi;
    struct acr_coroutine_running running;
    if (acr_capi_refuse_in_work("a function for streams"))
        return true;
    if (!acr_coroutine_pool_running(capi->pool, &running) || running.number == acr_user_number(stream->user))
        return false;
    if (!capi->told_of_stranger)
        acr_log(
            ACR_LOG_ERROR, LOGGER,
            "%s: %s of user %llu used the stream to %s of user %llu; nothing was done (said once): connect each user "
            "for itself, and keep the stream in its state",
            running.owner, running.work, (unsigned long long)running.number, stream->where,
            (unsigned long long)acr_user_number(stream->user));
    capi->told_of_stranger = true;
    return true;
}

bool acr_capi_stream_refuse(acr_stream *stream)
{
    if (ACR_LIKELY(!stream->user->in_work))
        return refuse_stranger(stream);
    acr_capi_work_refuse_wait(stream->user);
    acr_free(stream->why);
    stream->why = acr_strdup("work that blocks uses no connections here");
    return true;
}

void acr_capi_stream_begin(acr_stream *stream)
{
    acr_user *user = stream->user;
    user->in_request = acr_capi_may_wait(user);
    if (stream->below != NULL) {
        acr_free(stream->why);
        stream->why = NULL;
    }
}

/* Does the detail say more than what the code and the place do? */
static bool tells_more(int code)
{
    return code == ACR_ERR_SYSTEM || code == ACR_ERR_TLS || code == ACR_ERR_TOO_LARGE || code == ACR_ERR_INVALID;
}

static void explain(acr_stream *stream, int code, const struct acr_error *error)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    struct acr_error placed = {0};
    if (tells_more(code))
        acr_error_set(&placed, code, "%s: %s", stream->where, error->detail);
    else
        acr_error_set(&placed, code, "%s", stream->where);
    acr_error_format(&placed, text, sizeof text);
    acr_free(stream->why);
    const char *cancelled = stream->user->ending ? "the user is being ended" : "a listener must not wait";
    stream->why = acr_strdup(code == ACR_ERR_CANCELLED ? cancelled : text);
}

bool acr_capi_stream_finish(acr_stream *stream, int code, const struct acr_error *error)
{
    acr_user *user = stream->user;
    if (code < 0 && stream->why == NULL)
        explain(stream, code, error);
    let_others_run(user, 0);
    user->in_request = false;
    acr_timer_disarm(&user->patience);
    return code >= 0;
}

static void break_up(acr_stream *stream)
{
    acr_stream_close(stream->below);
    stream->below = NULL;
    acr_buffer_done(&stream->early);
    stream->early_used = 0;
}

/* ---- sending */

static int write_all(acr_stream *stream, const char *bytes, size_t size, struct acr_error *error)
{
    acr_nanos deadline = 0;
    while (true) {
        ssize_t sent = acr_stream_write(stream->below, bytes, size, error);
        if (sent >= 0 && (stream->datagrams || (size_t)sent == size))
            return 0;
        if (sent < 0 && sent != ACR_ERR_AGAIN)
            return (int)sent;
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
            deadline = 0;
            continue;
        }
        if (deadline == 0)
            deadline = acr_capi_stream_deadline(stream);
        int code = acr_capi_stream_wait(stream, deadline);
        if (code != 0)
            return code == ACR_ERR_TIMED_OUT ? ACR_ERR_WRITE_TIMEOUT : code;
    }
}

/* May something be sent? A user that is being ended sends nothing more, as with requests. */
static int may_send(const acr_stream *stream)
{
    if (stream->below == NULL)
        return ACR_ERR_CLOSED;
    return stream->user->in_request ? 0 : ACR_ERR_CANCELLED;
}

/* What was `begun` and sent in part cannot be made good. */
static bool finish_sending(acr_stream *stream, int code, bool begun, const struct acr_error *error)
{
    bool done = acr_capi_stream_finish(stream, code, error);
    if (begun && !done && !stream->datagrams)
        break_up(stream);
    return done;
}

bool acr_send(acr_stream *stream, const void *bytes, size_t size)
{
    struct acr_error error;
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return false;
    acr_capi_stream_begin(stream);
    int code = may_send(stream);
    bool begun = code == 0;
    if (begun && !stream->asked) {
        stream->asked = true;
        stream->sent = acr_loop_refresh_now(loop_of(stream));
    }
    if (begun)
        code = write_all(stream, bytes, size, &error);
    return finish_sending(stream, code, begun, &error);
}

bool acr_send_text(acr_stream *stream, const char *text)
{
    return acr_send(stream, text, strlen(text));
}

static int write_end(acr_stream *stream, struct acr_error *error)
{
    acr_nanos deadline = acr_capi_stream_deadline(stream);
    int code;
    while ((code = acr_stream_end(stream->below, error)) == ACR_ERR_AGAIN) {
        code = acr_capi_stream_wait(stream, deadline);
        if (code != 0)
            return code == ACR_ERR_TIMED_OUT ? ACR_ERR_WRITE_TIMEOUT : code;
    }
    return code;
}

bool acr_send_end(acr_stream *stream)
{
    struct acr_error error;
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return false;
    acr_capi_stream_begin(stream);
    int code = may_send(stream);
    bool begun = code == 0;
    if (begun)
        code = write_end(stream, &error);
    return finish_sending(stream, code, begun, &error);
}

/* ---- receiving */

static ssize_t read_some(acr_stream *stream, void *buffer, size_t size, struct acr_error *error)
{
    acr_nanos deadline = 0;
    ssize_t got;
    while ((got = acr_stream_read(stream->below, buffer, size, error)) == ACR_ERR_AGAIN) {
        if (deadline == 0)
            deadline = acr_capi_stream_deadline(stream);
        int code = acr_capi_stream_wait(stream, deadline);
        if (code != 0)
            return code == ACR_ERR_TIMED_OUT ? ACR_ERR_READ_TIMEOUT : code;
    }
    stream->ended = got == ACR_ERR_END;
    if (got < 0)
        return got;
    stream->answered = stream->arrived;
    let_others_run(stream->user, (size_t)got);
    return got;
}

/* Bytes that are here already. */
static size_t early_size(const acr_stream *stream)
{
    return stream->early.size - stream->early_used;
}

static void use_early(acr_stream *stream, size_t size)
{
    stream->early_used += size;
    if (early_size(stream) > 0)
        return;
    acr_buffer_done(&stream->early);
    stream->early_used = 0;
}

static size_t take_early(acr_stream *stream, void *buffer, size_t size)
{
    if (size > early_size(stream))
        size = early_size(stream);
    if (size > 0)
        memcpy(buffer, stream->early.data + stream->early_used, size);
    use_early(stream, size);
    return size;
}

/* A connection that is broken is closed at once; silence, an end, and whatever happened to a datagram leave it. */
static bool finish_receiving(acr_stream *stream, int code, const struct acr_error *error)
{
    bool breaks = code == ACR_ERR_RESET || code == ACR_ERR_TLS || code == ACR_ERR_SYSTEM;
    stream->asked = false;
    bool done = acr_capi_stream_finish(stream, code, error);
    if (breaks && !stream->datagrams && stream->below != NULL)
        break_up(stream);
    return done;
}

static int refuse_datagrams(const acr_stream *stream, const char *function, struct acr_error *error)
{
    if (!stream->datagrams)
        return 0;
    return acr_error_set(error, ACR_ERR_INVALID, "%s is for bytes; take a datagram by acr_receive()", function);
}

ptrdiff_t acr_receive(acr_stream *stream, void *buffer, size_t size)
{
    struct acr_error error;
    ssize_t got = ACR_ERR_CLOSED;
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return -1;
    acr_capi_stream_begin(stream);
    if (stream->below != NULL && size == 0)
        got = acr_error_set(&error, ACR_ERR_INVALID, "no room to receive into");
    else if (early_size(stream) > 0)
        got = (ssize_t)take_early(stream, buffer, size);
    else if (stream->below != NULL)
        got = read_some(stream, buffer, size, &error);
    bool done = finish_receiving(stream, got < 0 ? (int)got : 0, &error);
    return done ? got : got == ACR_ERR_END ? 0 : -1;
}

static int read_all(acr_stream *stream, char *buffer, size_t size, struct acr_error *error)
{
    int code = refuse_datagrams(stream, "acr_receive_all()", error);
    if (code < 0)
        return code;
    size_t used = take_early(stream, buffer, size);
    while (used < size) {
        ssize_t got = read_some(stream, buffer + used, size - used, error);
        if (got < 0)
            return got == ACR_ERR_END ? ACR_ERR_CLOSED_EARLY : (int)got;
        used += (size_t)got;
    }
    return 0;
}

bool acr_receive_all(acr_stream *stream, void *buffer, size_t size)
{
    struct acr_error error;
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return false;
    acr_capi_stream_begin(stream);
    int code = stream->below != NULL ? read_all(stream, buffer, size, &error) : ACR_ERR_CLOSED;
    return finish_receiving(stream, code, &error);
}

static int check_length(size_t size, struct acr_error *error)
{
    if (size <= ACR_RECEIVE_UNTIL_MAX)
        return 0;
    return acr_error_set(error, ACR_ERR_TOO_LARGE, "no end within %d bytes", ACR_RECEIVE_UNTIL_MAX);
}

/* More into `early`. */
static int read_more(acr_stream *stream, struct acr_error *error)
{
    struct acr_buffer *early = &stream->early;
    if (stream->early_used > 0)
        acr_buffer_drop_front(early, stream->early_used);
    stream->early_used = 0;
    int code = check_length(early->size, error);
    if (code == 0)
        code = acr_buffer_reserve(early, READ_STEP);
    if (code < 0)
        return code;
    ssize_t got = read_some(stream, early->data + early->size, early->capacity - early->size, error);
    if (got < 0)
        return got == ACR_ERR_END ? ACR_ERR_CLOSED_EARLY : (int)got;
    early->size += (size_t)got;
    return 0;
}

/* Where `end` begins in what is here, from `looked` on; NULL: not yet. */
static const char *find_end(const acr_stream *stream, size_t looked, struct acr_str end)
{
    const char *begin = stream->early.data + stream->early_used;
    return early_size(stream) > looked ? memmem(begin + looked, early_size(stream) - looked, end.data, end.size) : NULL;
}

static int read_until(acr_stream *stream, struct acr_str end, struct acr_str *ret_text, struct acr_error *error)
{
    size_t looked = 0;
    const char *found = NULL;
    int code = refuse_datagrams(stream, "acr_receive_until()", error);
    if (code == 0 && end.size == 0)
        code = acr_error_set(error, ACR_ERR_INVALID, "an end without a byte");
    while (code == 0 && (found = find_end(stream, looked, end)) == NULL) {
        looked = early_size(stream) >= end.size ? early_size(stream) - end.size + 1 : 0;
        code = read_more(stream, error);
    }
    const char *begin = stream->early.data + stream->early_used;
    if (code == 0)
        code = check_length((size_t)(found - begin), error);
    if (code < 0)
        return code;
    ret_text->size = (size_t)(found - begin);
    ret_text->data = acr_capi_text_copy(stream->user, (struct acr_str){begin, ret_text->size});
    use_early(stream, ret_text->size + end.size);
    return 0;
}

const char *acr_receive_until(acr_stream *stream, const char *end, size_t *ret_size)
{
    struct acr_error error;
    struct acr_str text = {NULL, 0};
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return NULL;
    acr_capi_stream_begin(stream);
    int code = stream->below != NULL ? read_until(stream, acr_str_of(end), &text, &error) : ACR_ERR_CLOSED;
    if (finish_receiving(stream, code, &error) && ret_size != NULL)
        *ret_size = text.size;
    return text.data;
}

const char *acr_receive_line(acr_stream *stream)
{
    size_t size = 0;
    const char *line = acr_receive_until(stream, "\n", &size);
    if (size == 0 || line[size - 1] != '\r')
        return line;
    return acr_capi_text_copy(stream->user, (struct acr_str){line, size - 1});
}

/* ---- looking at it, and its end */

bool acr_connected(const acr_stream *stream)
{
    return stream != NULL && stream->below != NULL && !stream->ended;
}

const char *acr_stream_why(const acr_stream *stream)
{
    if (stream == NULL)
        return "there is no stream";
    return stream->why != NULL ? stream->why : "";
}

double acr_stream_elapsed(const acr_stream *stream)
{
    return stream != NULL && stream->answered > stream->sent ? acr_nanos_to_seconds(stream->answered - stream->sent)
                                                             : 0;
}

void acr_stream_timeout(acr_stream *stream, double seconds)
{
    if (stream != NULL)
        stream->timeout = acr_nanos_from_seconds(seconds);
}

void acr_disconnect(acr_stream *stream)
{
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return;
    break_up(stream);
    acr_list_remove(&stream->link);
    stream->user->stream_count--;
    acr_free(stream->why);
    acr_free(stream);
}

void acr_capi_streams_free(acr_user *user)
{
    while (!acr_list_empty(&user->streams))
        acr_disconnect(ACR_LIST_ENTRY(user->streams.next, acr_stream, link));
}
