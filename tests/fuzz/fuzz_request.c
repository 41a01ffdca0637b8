/* SPDX-License-Identifier: MIT */
/* fuzz_request - requests as a hostile client sends them to the target; the first byte says how they are cut. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target/internal.h"

static void check_parser(const char *data, size_t size)
{
    struct acr_target_request request;
    int status = 0;
    int error = acr_target_request_parse(data, size, &request, &status);
    assert(error == 0 || error == ACR_ERR_AGAIN || (error == ACR_ERR_INVALID && status >= 400 && status < 600));
    if (error != 0)
        return;
    assert(request.head_size > 0 && request.head_size <= size && request.field_count <= ACR_TARGET_FIELDS_MAX);
    assert(request.path.size > 0 && !(request.chunked && request.has_length));
    /* The same head without what follows it, and then a byte less. */
    size_t head_size = request.head_size;
    error = acr_target_request_parse(data, head_size, &request, &status);
    assert(error == 0 && request.head_size == head_size);
    error = acr_target_request_parse(data, head_size - 1, &request, &status);
    assert(error == ACR_ERR_AGAIN);
}

static void turn(struct acr_loop *loop)
{
    if (acr_loop_turn(loop, 0) != 0)
        abort();
}

static void serve(struct acr_loop *loop, struct acr_target *target, const char *data, size_t size, size_t step)
{
    static char sink[256 * 1024];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        abort();
    if (acr_target_adopt(target, ends[1]) != 0)
        abort();
    for (size_t at = 0; at < size;) {
        ssize_t sent = send(ends[0], data + at, step < size - at ? step : size - at, MSG_NOSIGNAL);
        turn(loop);
        if (sent <= 0 && recv(ends[0], sink, sizeof sink, 0) <= 0)
            break;
        at += sent > 0 ? (size_t)sent : 0;
    }
    close(ends[0]);
    turn(loop);
    turn(loop);
}

/* Opening one takes a hundred times as long as a request, so it serves all inputs. */
static void open_target(struct acr_loop **ret_loop, struct acr_target **ret_target)
{
    static struct acr_clock_fake clock;
    struct acr_target_options options;
    acr_clock_fake_init(&clock, ACR_NANOS_PER_SECOND, 0);
    acr_target_options_init(&options);
    options.port = 0;
    options.seed = 1;
    if (acr_loop_open(&clock.clock, ret_loop, NULL) != 0 || acr_target_open(*ret_loop, &options, ret_target, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acr_loop *loop;
    static struct acr_target *target;
    if (loop == NULL)
        open_target(&loop, &target);
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 1;
    check_parser(text, size - 1);
    serve(loop, target, text, size - 1, data[0] + 1u);
    return 0;
}
