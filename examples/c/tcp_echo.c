/*
 * A protocol of lines over TCP: each user keeps a connection, sends a line every half second or so and expects it back.
 *
 *     socat TCP-LISTEN:7777,fork,reuseaddr EXEC:cat
 *     acrida -f tcp_echo.c --no-web -c 100 -r 100 -t 10s -H 127.0.0.1:7777
 */
#include <string.h>

#include <acrida.h>

struct client {
    acr_stream *connection;
};

/* The one there is, or else a new one. */
static acr_stream *connect_to_server(acr_user *user)
{
    struct client *client = ACR_STATE(struct client, user);
    if (acr_connected(client->connection))
        return client->connection;
    acr_disconnect(client->connection);
    double begin = acr_now(user);
    client->connection = acr_connect(user, NULL, 0, .timeout = 5);
    if (acr_connected(client->connection))
        acr_record_success(user, "TCP", "connect", acr_now(user) - begin, 0);
    else if (!acr_ending(user))
        acr_record_failure(user, "TCP", "connect", acr_now(user) - begin, acr_stream_why(client->connection));
    return client->connection;
}

static void echo(acr_user *user)
{
    acr_stream *connection = connect_to_server(user);
    if (!acr_connected(connection))
        return;
    const char *question =
        acr_format(user, "user %d says %d", (int)acr_user_number(user), (int)acr_random_int(user, 0, 999));
    bool sent = acr_send_text(connection, acr_format(user, "%s\n", question));
    const char *answer = sent ? acr_receive_line(connection) : NULL;
    double seconds = acr_stream_elapsed(connection);
    if (answer == NULL && acr_ending(user))
        return;
    if (answer == NULL)
        acr_record_failure(user, "TCP", "echo", -1, acr_stream_why(connection));
    else if (strcmp(answer, question) != 0)
        acr_record_failure(user, "TCP", "echo", seconds, "another line came back");
    else
        acr_record_success(user, "TCP", "echo", seconds, strlen(answer) + 1);
    if (answer == NULL) { /* what comes late would be taken for the next answer */
        acr_disconnect(connection);
        ACR_STATE(struct client, user)->connection = NULL;
    }
}

ACR_USER(talker, .wait = acr_between(0.3, 0.7), .tasks = {ACR_TASK(echo)}, .state_size = sizeof(struct client));
