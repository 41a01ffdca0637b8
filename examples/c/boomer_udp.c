/*
 * A client of its own, over UDP: a question in a datagram, its answer in another, either of which may be lost. The
 * tasks block in recv(), so they run on threads (.blocking), and so does a part of on_start (acr_blocking).
 *
 * The server sends each datagram back: ncat -lku -p 7001 --exec /bin/cat
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
ACR_OPTION(port, "--echo-port", .metavar = "PORT", .otherwise = "7001", .help = "its port");

struct client {
    int socket;
    bool connected;
    unsigned number; /* of the last question */
};

/* Connected, so that nobody else's datagrams come, and an error of the server's machine does. */
static bool connect_to_server(struct client *client)
{
    const struct timeval patience = {0, 500000};
    struct addrinfo hints, *address;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_DGRAM;
    if (getaddrinfo(acr_option_text(&server), acr_option_text(&port), &hints, &address) != 0)
        return false;
    client->socket = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (client->socket >= 0) {
        setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        client->connected = connect(client->socket, address->ai_addr, address->ai_addrlen) == 0;
        if (!client->connected)
            close(client->socket);
    }
    freeaddrinfo(address);
    return client->connected;
}

/* To look the server's name up may block as well. */
static void begin_on_thread(acr_user *user, void *unused)
{
    (void)unused;
    if (connect_to_server(ACR_STATE(struct client, user)))
        return;
    acr_log_error(user, "no socket for %s port %s", acr_option_text(&server), acr_option_text(&port));
    acr_stop_user(user);
}

static void begin(acr_user *user)
{
    acr_blocking(user, begin_on_thread, NULL);
}

/* NULL, or what went wrong. Answers to earlier questions, which came too late, are passed over. */
static const char *wait_for(struct client *client, const char *question)
{
    char answer[64];
    for (;;) {
        ssize_t size = recv(client->socket, answer, sizeof answer - 1, 0);
        if (size < 0)
            return errno == EAGAIN ? "no answer within 0.5 s" : errno == ECONNREFUSED ? "nobody there" : "not received";
        answer[size] = '\0';
        if (strcmp(answer, question) == 0)
            return NULL;
    }
}

static void ask(acr_user *user)
{
    struct client *client = ACR_STATE(struct client, user);
    const char *question =
        acr_format(user, "question %u of user %u", ++client->number, (unsigned)acr_user_number(user));
    double start = acr_now(user);
    const char *error =
        send(client->socket, question, strlen(question), 0) < 0 ? "not sent" : wait_for(client, question);
    if (error == NULL)
        acr_record_success(user, "UDP", "question", acr_now(user) - start, strlen(question));
    else
        acr_record_failure(user, "UDP", "question", acr_now(user) - start, error);
}

static void end(acr_user *user)
{
    struct client *client = ACR_STATE(struct client, user);
    if (client->connected)
        close(client->socket);
}

ACR_USER(udp_user, .wait = acr_constant(0.02), .tasks = {ACR_TASK(ask, .blocking = true)}, .on_start = begin,
         .on_stop = end, .state_size = sizeof(struct client));
