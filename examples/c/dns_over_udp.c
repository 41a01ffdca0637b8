/*
 * Questions to a name server over UDP: a datagram each way, and what is lost counts as a failure.
 *
 *     acrida -f dns_over_udp.c --no-web -c 100 -r 100 -t 10s -H 127.0.0.1:5353
 */
#include <string.h>

#include <acrida.h>

#define HEADER_SIZE 12
#define DATAGRAM_MAX 1232 /* what most servers keep to */

static const char *const names[] = {"www.example.com", "mail.example.com", "example.org"};

/* The header and one question: an address (A) of the Internet (IN). Returns its size. */
static size_t compose(unsigned char *out, unsigned id, const char *name)
{
    const unsigned char header[HEADER_SIZE] = {
        (unsigned char)(id >> 8), (unsigned char)id, 0x01 /* recursion */, 0, 0, 1};
    const unsigned char type_and_class[] = {0, 0, 1, 0, 1};
    size_t size = HEADER_SIZE;
    memcpy(out, header, HEADER_SIZE);
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        out[size++] = (unsigned char)label;
        memcpy(out + size, name, label);
        size += label;
        name += label + (name[label] == '.');
    }
    memcpy(out + size, type_and_class, sizeof type_and_class); /* the first zero ends the name */
    return size + sizeof type_and_class;
}

/* NULL: it is a good answer. */
static const char *what_is_wrong(acr_user *user, const unsigned char *answer, size_t size)
{
    if (size < HEADER_SIZE || (answer[2] & 0x80) == 0)
        return "this is no answer";
    unsigned code = answer[3] & 0x0f;
    if (code == 3)
        return "there is no such name";
    return code != 0 ? acr_format(user, "the server says error %u", code) : NULL;
}

/* The answer to `id`; others came too late for their own question. */
static ptrdiff_t receive_answer(acr_stream *socket, unsigned id, unsigned char *answer, size_t room)
{
    ptrdiff_t size;
    do
        size = acr_receive(socket, answer, room);
    while (size >= 2 && ((unsigned)answer[0] << 8 | answer[1]) != id);
    return size;
}

static void ask(acr_user *user)
{
    unsigned char question[DATAGRAM_MAX], answer[DATAGRAM_MAX];
    acr_stream *socket = *ACR_STATE(acr_stream *, user);
    const char *name = names[acr_random_int(user, 0, 2)];
    unsigned id = (unsigned)acr_random_int(user, 0, 0xffff);
    ptrdiff_t size = acr_send(socket, question, compose(question, id, name))
                         ? receive_answer(socket, id, answer, sizeof answer)
                         : -1;
    if (size < 0) {
        if (!acr_ending(user))
            acr_record_failure(user, "DNS", name, -1, acr_stream_why(socket));
        return;
    }
    const char *wrong = what_is_wrong(user, answer, (size_t)size);
    if (wrong != NULL)
        acr_record_failure(user, "DNS", name, acr_stream_elapsed(socket), wrong);
    else
        acr_record_success(user, "DNS", name, acr_stream_elapsed(socket), (uint64_t)size);
}

static void open_socket(acr_user *user)
{
    acr_stream *socket = acr_connect(user, NULL, 0, .timeout = 1, .udp = true);
    *ACR_STATE(acr_stream *, user) = socket;
    if (!acr_connected(socket))
        acr_log_error(user, "%s", acr_stream_why(socket));
}

ACR_USER(resolver, .wait = acr_between(0.05, 0.15), .tasks = {ACR_TASK(ask)}, .on_start = open_socket,
         .state_size = sizeof(acr_stream *));
