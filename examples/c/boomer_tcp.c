/*
 * A client of its own, over TCP: what a program has that was written for boomer, or long before a load test was thought
 * of. It blocks in connect(), send() and recv(), so its tasks run on threads (.blocking); it measures and counts by
 * itself. Each user keeps a connection.
 *
 * The server sends back what it gets: ncat -lk -p 7000 --exec /bin/cat
 */
#define _POSIX_C_SOURCE 200809L

#include <acrida.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

ACR_OPTION(server, "--echo-host", .metavar = "HOST", .otherwise = "127.0.0.1", .help = "where the server is");
ACR_OPTION(port, "--echo-port", .metavar = "PORT", .otherwise = "7000", .help = "its port");

/* ---- the client there was before: its functions return NULL, or what went wrong */

#define LINE_MAX_SIZE 4096

struct client {
    int socket;
    bool connected;
    char answer[LINE_MAX_SIZE];
};

static void client_close(struct client *client)
{
    if (client->connected)
        close(client->socket);
    client->connected = false;
}

static const char *client_connect(struct client *client, const char *host, const char *service)
{
    const struct timeval patience = {2, 0};
    struct addrinfo hints, *address;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, service, &hints, &address) != 0)
        return "unknown host";
    client->socket = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket >= 0) {
        setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(client->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        client->connected = connect(client->socket, address->ai_addr, address->ai_addrlen) == 0;
        if (!client->connected)
            close(client->socket);
    }
    freeaddrinfo(address);
    return client->connected ? NULL : "no connection";
}

/* Sends a line and waits for the one that comes back. */
static const char *client_ask(struct client *client, const char *line, size_t size)
{
    size_t sent = 0, got = 0;
    while (sent < size) {
        ssize_t now = send(client->socket, line + sent, size - sent, MSG_NOSIGNAL);
        if (now <= 0)
            return "not sent";
        sent += (size_t)now;
    }
    while (got < size) {
        ssize_t now = recv(client->socket, client->answer + got, size - got, 0);
        if (now == 0)
            return "closed by the server";
        if (now < 0)
            return errno == EAGAIN ? "no answer within 2 s" : "connection lost";
        got += (size_t)now;
    }
    return memcmp(client->answer, line, size) == 0 ? NULL : "another line came back";
}

/* ---- the tasks */

static void record(acr_user *user, const char *name, double start, size_t size, const char *error)
{
    if (error == NULL)
        acr_record_success(user, "TCP", name, acr_now(user) - start, size);
    else
        acr_record_failure(user, "TCP", name, acr_now(user) - start, error);
}

static bool is_connected(acr_user *user, struct client *client)
{
    double start = acr_now(user);
    if (client->connected)
        return true;
    const char *error = client_connect(client, acr_option_text(&server), acr_option_text(&port));
    record(user, "connect", start, 0, error);
    if (error != NULL)
        acr_sleep(user, 1); /* not again at once */
    return client->connected;
}

static void ask(acr_user *user, const char *name, size_t size)
{
    struct client *client = ACR_STATE(struct client, user);
    char line[LINE_MAX_SIZE];
    if (!is_connected(user, client))
        return;
    memset(line, 'a' + (int)acr_random_int(user, 0, 25), size - 1);
    line[size - 1] = '\n';
    double start = acr_now(user);
    const char *error = client_ask(client, line, size);
    record(user, name, start, size, error);
    if (error != NULL)
        client_close(client);
}

static void short_line(acr_user *user)
{
    ask(user, "short line", 16);
}

static void long_line(acr_user *user)
{
    ask(user, "long line", LINE_MAX_SIZE);
}

static void hang_up(acr_user *user)
{
    client_close(ACR_STATE(struct client, user));
}

ACR_USER(tcp_user, .wait = acr_between(0.01, 0.05),
         .tasks = {ACR_TASK(short_line, .weight = 3, .blocking = true), ACR_TASK(long_line, .blocking = true)},
         .on_stop = hang_up, .state_size = sizeof(struct client));
