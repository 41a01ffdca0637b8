/* SPDX-License-Identifier: MIT */
/* net - the object that holds what the connections of one loop share. */
#include <ares.h>
#include <errno.h>
#include <netinet/tcp.h>

#include "base/memory.h"
#include "net/internal.h"

#define HAPPY_EYEBALLS_DELAY_DEFAULT (250 * ACR_NANOS_PER_MILLI)

int acr_net_open(struct acr_loop *loop, const struct acr_net_options *options, struct acr_net **ret_net,
                 struct acr_error *error)
{
    static const struct acr_net_options defaults = {0};
    if (options == NULL)
        options = &defaults;
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status != ARES_SUCCESS)
        return acr_error_set(error, ACR_ERR_SYSTEM, "c-ares: %s", ares_strerror(status));
    struct acr_net *net = acr_alloc_zero(sizeof *net);
    net->loop = loop;
    net->happy_eyeballs_delay =
        options->happy_eyeballs_delay != 0 ? options->happy_eyeballs_delay : HAPPY_EYEBALLS_DELAY_DEFAULT;
    net->resolver = acr_resolver_new(loop, options);
    net->tls = acr_tls_new();
    *ret_net = net;
    return 0;
}

void acr_net_close(struct acr_net *net)
{
    if (net == NULL)
        return;
    acr_sources_done(&net->sources);
    acr_tls_free(net->tls);
    acr_resolver_free(net->resolver);
    acr_free(net);
    ares_library_cleanup();
}

int acr_net_connect_from(struct acr_net *net, const char *addresses, struct acr_error *error)
{
    return acr_sources_add(&net->sources, addresses, error);
}

const struct acr_net_shortage *acr_net_shortage(const struct acr_net *net)
{
    return &net->shortage;
}

struct acr_loop *acr_net_loop(const struct acr_net *net)
{
    return net->loop;
}

int acr_net_resolve(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host, acr_nanos deadline,
                    struct acr_net_addresses *ret_addresses, struct acr_error *error)
{
    return acr_resolver_find(net->resolver, fiber, host, deadline, ret_addresses, error);
}

int acr_net_adopt(struct acr_net *net, int fd, struct acr_stream **ret_stream, struct acr_error *error)
{
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* not for a local socket */
    int code = acr_tcp_open(net->loop, fd, NULL, NULL, ret_stream);
    return code == 0 ? 0 : acr_error_set_system(error, code, errno, "watching a socket");
}
