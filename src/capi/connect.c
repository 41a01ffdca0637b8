/* SPDX-License-Identifier: MIT */
/* connect - from a host and options to a raw connection, and from a plain one to TLS. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/stream.h"

/* So many of one user: more likely forgotten than wanted. */
#define STREAMS_MANY 1000
#define PORT_MAX 65535

/* ---- whereto */

/* "10.0.0.1:6379", "redis://10.0.0.1:6379/0", "[::1]:6379": the host, and the port unless one was given. */
static struct acr_str split_host(const char *text, unsigned *port)
{
    const char *scheme_end = strstr(text, "://");
    struct acr_str host = acr_str_of(scheme_end != NULL ? scheme_end + 3 : text);
    host.size = strcspn(host.data, "/?#");
    ptrdiff_t at = acr_str_find_char(host, '@');
    host = (struct acr_str){host.data + at + 1, host.size - (size_t)(at + 1)};
    const char *colon = memrchr(host.data, ':', host.size);
    const char *bracket = memrchr(host.data, ']', host.size);
    bool bare_v6 = bracket == NULL && colon != memchr(host.data, ':', host.size);
    if (colon != NULL && !bare_v6 && (bracket == NULL || colon > bracket)) {
        struct acr_str digits = {colon + 1, (size_t)(host.data + host.size - colon - 1)};
        uint64_t number = 0;
        if (*port == 0 && acr_str_parse_u64(digits, &number) == 0 && number <= PORT_MAX)
            *port = (unsigned)number;
        host.size = (size_t)(colon - host.data);
    }
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = (struct acr_str){host.data + 1, host.size - 2};
    return host;
}

static void warn_of_many(const acr_user *user)
{
    if (user->stream_count == STREAMS_MANY)
        acr_log(ACR_LOG_WARNING, "locust.runners",
                "%s: a user has %d streams: acr_disconnect() those that are of no use any more",
                user->class->definition->name, STREAMS_MANY);
}

static acr_stream *stream_new(acr_user *user, struct acr_str host, unsigned port)
{
    size_t room = host.size + sizeof "[]:4294967295";
    acr_stream *stream = acr_alloc_zero(sizeof *stream + room);
    bool v6 = acr_str_find_char(host, ':') >= 0;
    stream->user = user;
    stream->host = (struct acr_str){stream->where + v6, host.size};
    snprintf(stream->where, room, v6 ? "[%.*s]:%u" : "%.*s:%u", ACR_STR_ARGS(host), port);
    acr_list_append(&user->streams, &stream->link);
    user->stream_count++;
    warn_of_many(user);
    return stream;
}

/* ---- connecting */

static int secure(acr_stream *stream, struct acr_stream *tcp, const acr_connect_options *options, acr_nanos deadline,
                  struct acr_stream **ret_below, struct acr_error *error)
{
    acr_user *user = stream->user;
    struct acr_tls_settings settings = {.insecure = options->any_certificate,
                                        .ca_path = options->ca,
                                        .cert_path = options->certificate,
                                        .key_path = options->key,
                                        .no_alpn = true};
    stream->secure = true;
    return acr_net_tls_connect(user->capi->scenario.engine->net, user->fiber, tcp, &settings, stream->host, deadline,
                               ret_below, error);
}

static int check(const acr_stream *stream, unsigned port, const acr_connect_options *options, struct acr_error *error)
{
    if (stream->host.size == 0)
        return acr_error_set(error, ACR_ERR_INVALID, "no host: give acr_connect() one, or the user by --host (-H)");
    if (port == 0 || port > PORT_MAX)
        return acr_error_set(error, ACR_ERR_INVALID, "%s: there is no such port", stream->where);
    if (options->udp && options->tls)
        return acr_error_set(error, ACR_ERR_INVALID, "%s: TLS is not there over UDP", stream->where);
    return 0;
}

static int dial(acr_stream *stream, unsigned port, const acr_connect_options *options, struct acr_error *error)
{
    acr_user *user = stream->user;
    struct acr_net *net = user->capi->scenario.engine->net;
    struct acr_stream *below;
    acr_nanos deadline = acr_capi_stream_deadline(stream);
    int code = check(stream, port, options, error);
    if (code < 0)
        return code;
    if (options->udp)
        code = acr_net_udp_connect(net, user->fiber, stream->host, (uint16_t)port, deadline, &below, error);
    else
        code = acr_net_connect(net, user->fiber, stream->host, (uint16_t)port, deadline, &below, error);
    if (code == 0 && options->tls)
        code = secure(stream, below, options, deadline, &below, error);
    if (code == 0)
        acr_capi_stream_attach(stream, below);
    /* A socket for datagrams is there without a wait. */
    if (!options->udp || code == ACR_ERR_CANCELLED || user->end_wanted)
        acr_capi_may_go_on(user, code);
    return code;
}

/* Whereto is part of the detail. */
static void explain(acr_stream *stream, const struct acr_error *error)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    acr_error_format(error, text, sizeof text);
    acr_free(stream->why);
    stream->why = acr_strdup(text);
}

acr_stream *acr_connect_with(acr_user *user, const char *host, unsigned port, const acr_connect_options *options)
{
    struct acr_error error;
    struct acr_str name = acr_str_of(host);
    if (host == NULL && user->class->host != NULL)
        name = split_host(user->class->host, &port);
    acr_stream *stream = stream_new(user, name, port);
    stream->datagrams = options->udp;
    if (acr_capi_stream_refuse(stream))
        return stream;
    acr_stream_timeout(stream, options->timeout);
    acr_capi_stream_begin(stream);
    int code = user->in_request ? dial(stream, port, options, &error) : ACR_ERR_CANCELLED;
    if (code < 0 && code != ACR_ERR_CANCELLED)
        explain(stream, &error);
    acr_capi_stream_finish(stream, code, &error);
    return stream;
}

static int upgrade(acr_stream *stream, const acr_connect_options *options, struct acr_error *error)
{
    if (stream->datagrams || stream->secure)
        return acr_error_set(error, ACR_ERR_INVALID, "TLS begins on a plain connection");
    if (stream->early.size > 0)
        return acr_error_set(error, ACR_ERR_INVALID, "the peer sent more before TLS began");
    struct acr_stream *tcp = stream->below, *below;
    stream->below = NULL;
    int code = secure(stream, tcp, options, acr_capi_stream_deadline(stream), &below, error);
    acr_capi_may_go_on(stream->user, code);
    if (code == 0)
        acr_capi_stream_attach(stream, below);
    else if (code != ACR_ERR_CANCELLED)
        explain(stream, error);
    return code;
}

bool acr_start_tls_with(acr_stream *stream, const acr_connect_options *options)
{
    struct acr_error error;
    int code = ACR_ERR_CLOSED;
    if (stream == NULL || acr_capi_stream_refuse(stream))
        return false;
    if (options->timeout > 0)
        acr_stream_timeout(stream, options->timeout);
    acr_capi_stream_begin(stream);
    if (stream->below != NULL)
        code = stream->user->in_request ? upgrade(stream, options, &error) : ACR_ERR_CANCELLED;
    return acr_capi_stream_finish(stream, code, &error);
}
