/*
 * A protocol like that of Redis (RESP): commands are arrays of texts, answers of several kinds; one of them tells the
 * size of its bytes before them.
 *
 *     redis-server --port 6379
 *     acrida -f redis_like.c --no-web -c 100 -r 100 -t 10s -H redis://127.0.0.1:6379
 */
#include <stdlib.h>
#include <string.h>

#include <acrida.h>

#define VALUE_MAX 65536

struct client {
    acr_stream *connection;
};

/* What the server said. */
struct reply {
    const char *text;  /* NULL: there is no such key, or no reply */
    const char *error; /* NULL: none */
};

/* The bytes that follow "$5"; "$-1" is no value. */
static struct reply receive_bulk(acr_user *user, acr_stream *connection, const char *digits)
{
    struct reply reply = {NULL, NULL};
    char *end;
    long size = strtol(digits, &end, 10);
    if (size == -1)
        return reply;
    if (end == digits || *end != '\0' || size < 0 || size > VALUE_MAX) {
        reply.error = "a size that no value has";
        return reply;
    }
    char *bytes = (char *)acr_memory(user, (size_t)size + sizeof "\r\n");
    if (acr_receive_all(connection, bytes, (size_t)size + 2)) {
        bytes[size] = '\0';
        reply.text = bytes;
    } else {
        reply.error = acr_stream_why(connection);
    }
    return reply;
}

static struct reply receive_reply(acr_user *user, acr_stream *connection)
{
    struct reply reply = {NULL, NULL};
    const char *line = acr_receive_line(connection);
    if (line == NULL)
        reply.error = acr_stream_why(connection);
    else if (line[0] == '$')
        reply = receive_bulk(user, connection, line + 1);
    else if (line[0] == '-')
        reply.error = line + 1;
    else
        reply.text = line + 1; /* "+OK", ":42" */
    return reply;
}

/* Sends a command of up to three words, and counts the answer: `wanted` (NULL: any), or a failure. */
static void command(acr_user *user, const char *verb, const char *key, const char *value, const char *wanted)
{
    acr_stream *connection = ACR_STATE(struct client, user)->connection;
    const char *words[] = {verb, key, value};
    int count = value != NULL ? 3 : key != NULL ? 2 : 1;
    const char *text = acr_format(user, "*%d\r\n", count);
    for (int i = 0; i < count; i++)
        text = acr_format(user, "%s$%d\r\n%s\r\n", text, (int)strlen(words[i]), words[i]);
    struct reply reply = {NULL, NULL};
    if (acr_send_text(connection, text))
        reply = receive_reply(user, connection);
    else
        reply.error = acr_stream_why(connection);
    bool as_wanted = wanted == NULL || (reply.text != NULL && strcmp(reply.text, wanted) == 0);
    if (reply.error == NULL && as_wanted)
        acr_record_success(user, "REDIS", verb, acr_stream_elapsed(connection),
                           reply.text != NULL ? strlen(reply.text) : 0);
    else if (reply.error == NULL)
        acr_record_failure(user, "REDIS", verb, acr_stream_elapsed(connection), "another value than was set");
    else if (!acr_ending(user))
        acr_record_failure(user, "REDIS", verb, -1, reply.error);
}

static void ping(acr_user *user)
{
    command(user, "PING", NULL, NULL, "PONG");
}

static void set_and_get(acr_user *user)
{
    const char *key = acr_format(user, "user:%d", (int)acr_user_number(user));
    const char *value = acr_format(user, "%d", (int)acr_random_int(user, 0, 1000000));
    command(user, "SET", key, value, "OK");
    if (!acr_ending(user))
        command(user, "GET", key, NULL, value);
}

/* Once. Without a connection each command is a failure that says why. */
static void log_on(acr_user *user)
{
    struct client *client = ACR_STATE(struct client, user);
    acr_disconnect(client->connection);
    client->connection = acr_connect(user, NULL, 0, .timeout = 5);
    if (!acr_connected(client->connection))
        acr_log_error(user, "%s", acr_stream_why(client->connection));
}

ACR_USER(cache_user, .wait = acr_between(0.05, 0.15), .tasks = {ACR_TASK(set_and_get, .weight = 3), ACR_TASK(ping)},
         .on_start = log_on, .state_size = sizeof(struct client));
