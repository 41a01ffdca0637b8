/* SPDX-License-Identifier: MIT */
/* descriptors - RLIMIT_NOFILE. */
#include "cli/descriptors.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>

int acr_descriptors_raise(uint64_t *ret_limit, struct acr_error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "getrlimit(RLIMIT_NOFILE)");
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    *ret_limit = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    return 0;
}

int acr_descriptors_check(uint64_t limit, size_t users, struct acr_error *error)
{
    uint64_t needed = (uint64_t)users + ACR_DESCRIPTORS_OWN;
    if (needed <= limit)
        return 0;
    return acr_error_set(
        error, ACR_ERR_LIMIT,
        "%zu users may need %" PRIu64 " open files, but this machine allows %" PRIu64
        ", and requests fail when they run out: raise the hard limit (ulimit -Hn as root, LimitNOFILE= "
        "in a service, --ulimit nofile= of a container) or take fewer users",
        users, needed, limit);
}
