/* SPDX-License-Identifier: MIT */
/* shortage - a record for each kind, once. */
#include "run/shortage.h"

#include <inttypes.h>

#include "base/log.h"

void acr_shortage_look(struct acr_shortage *told, const struct acr_net_shortage *shortage)
{
    if (shortage->ports > 0 && !told->ports_told)
        acr_log(ACR_LOG_ERROR, "locust.runners",
                "This machine, not the target, is the limit: no local port is free for another connection. Keep "
                "connections open, connect from more addresses (--source-ips), or use more machines.");
    if (shortage->descriptors > 0 && !told->descriptors_told)
        acr_log(
            ACR_LOG_ERROR, "locust.runners",
            "This machine, not the target, is the limit: it has no descriptor (or no memory) for another "
            "connection. Raise the hard limit: ulimit -Hn as root, LimitNOFILE= in a service, --ulimit nofile= of a "
            "container.");
    told->ports_told = shortage->ports > 0;
    told->descriptors_told = shortage->descriptors > 0;
}

void acr_shortage_sum_up(struct acr_shortage *told, const struct acr_net_shortage *shortage)
{
    acr_shortage_look(told, shortage);
    if (shortage->ports + shortage->descriptors > 0)
        acr_log(ACR_LOG_WARNING, "locust.runners",
                "%" PRIu64 " connections were not made for want of a local port and %" PRIu64
                " for want of a descriptor: these failures are this machine's, not the target's.",
                shortage->ports, shortage->descriptors);
}
