/*
 * A protocol like that of Redis (RESP): commands are arrays of strings, answers begin with a byte that says what they
 * are. The client is a small one of its own, on stdio; it blocks, so the tasks run on threads (.blocking).
 *
 * The server: redis-server, or whatever understands SET and GET.
 */
#define _POSIX_C_SOURCE 200809L

#include <acrida.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

ACR_OPTION(server, "--redis-host", .metavar = "HOST", .otherwise = "127.0.0.1", .help = "where the server is");
ACR_OPTION(port, "--redis-port", .metavar = "PORT", .otherwise = "6379", .help = "its port");
ACR_OPTION(keys, "--keys", .otherwise = "1000", .help = "how many different ones", .kind = ACR_NUMBER);

/* ---- the client there was before */

struct client {
    FILE *in, *out; /* NULL: not connected */
    char answer[1024];
};

static void client_close(struct client *client)
{
    if (client->in != NULL)
        fclose(client->in);
    if (client->out != NULL)
        fclose(client->out);
    client->in = client->out = NULL;
}

static int open_socket(const char *host, const char *service)
{
    const struct timeval patience = {2, 0};
    struct addrinfo hints, *address;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, service, &hints, &address) != 0)
        return -1;
    int made = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0)
        setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (made >= 0 && connect(made, address->ai_addr, address->ai_addrlen) != 0) {
        close(made);
        made = -1;
    }
    freeaddrinfo(address);
    return made;
}

static bool client_connect(struct client *client, const char *host, const char *service)
{
    int made = open_socket(host, service), second = made >= 0 ? dup(made) : -1;
    if (made < 0)
        return false;
    client->in = fdopen(made, "r");
    client->out = second >= 0 ? fdopen(second, "w") : NULL;
    if (client->in != NULL && client->out != NULL)
        return true;
    client_close(client);
    return false;
}

static void put_word(struct client *client, const char *word)
{
    fprintf(client->out, "$%zu\r\n%s\r\n", strlen(word), word);
}

/* The answer without its end of line; of a string in two parts ("$3", "abc") the second. NULL: none came. */
static const char *get_answer(struct client *client)
{
    char *answer = client->answer;
    if (fgets(answer, sizeof client->answer, client->in) == NULL)
        return NULL;
    bool has_more = answer[0] == '$' && answer[1] != '-';
    if (has_more && fgets(answer, sizeof client->answer, client->in) == NULL)
        return NULL;
    answer[strcspn(answer, "\r\n")] = '\0';
    return answer;
}

static const char *client_ask(struct client *client, const char *command, const char *key, const char *value)
{
    fprintf(client->out, "*%d\r\n", value != NULL ? 3 : 2);
    put_word(client, command);
    put_word(client, key);
    if (value != NULL)
        put_word(client, value);
    return fflush(client->out) == 0 ? get_answer(client) : NULL;
}

/* ---- the tasks */

static void ask(acr_user *user, const char *command, const char *value)
{
    struct client *client = ACR_STATE(struct client, user);
    const char *key = acr_format(user, "key-%d", (int)acr_random_int(user, 1, (int64_t)acr_option_number(&keys)));
    double start = acr_now(user);
    bool connected = client->in != NULL || client_connect(client, acr_option_text(&server), acr_option_text(&port));
    const char *answer = connected ? client_ask(client, command, key, value) : NULL;
    double seconds = acr_now(user) - start;
    if (answer != NULL && answer[0] != '-') {
        acr_record_success(user, "RESP", command, seconds, strlen(answer));
        return;
    }
    acr_record_failure(user, "RESP", command, seconds,
                       answer != NULL ? answer + 1
                       : connected    ? "no answer"
                                      : "no connection");
    if (answer == NULL) {
        client_close(client);
        acr_sleep(user, 1); /* not again at once */
    }
}

static void get(acr_user *user)
{
    ask(user, "GET", NULL);
}

static void set(acr_user *user)
{
    ask(user, "SET", acr_format(user, "by-%d", (int)acr_user_number(user)));
}

static void leave(acr_user *user)
{
    client_close(ACR_STATE(struct client, user));
}

ACR_USER(redis_user, .wait = acr_constant(0.01),
         .tasks = {ACR_TASK(get, .weight = 4, .blocking = true), ACR_TASK(set, .blocking = true)}, .on_stop = leave,
         .state_size = sizeof(struct client));
