/* SPDX-License-Identifier: MIT */
/* stacks - what the command line and the scenario say of them, and what became of them. */
#include "capi/stacks.h"

#include "base/log.h"
#include "capi/registry.h"

#define LOGGER "locust.runners"

#define BYTES_MIN ((size_t)16 * 1024)
#define BYTES_MAX ((size_t)1024 * 1024 * 1024)
/* A stack that was used to such a part is worth a warning. */
#define WARNING_PART 0.8

static int check(const char *what, size_t bytes, int code, struct acr_error *error)
{
    if (bytes == 0 || (bytes >= BYTES_MIN && bytes <= BYTES_MAX))
        return 0;
    return acr_error_set(error, code, "%s: a stack of %zu bytes is not possible, from 16k (%zu) to 1g (%zu) is", what,
                         bytes, BYTES_MIN, BYTES_MAX);
}

int acr_capi_stacks_open(struct acr_capi *capi, size_t asked_for, struct acr_error *error)
{
    const struct acr_registry *registry = acr_registry();
    size_t bytes = 0;
    int rc = check("option --stack-size", asked_for, ACR_ERR_USAGE, error);
    for (size_t i = 0; rc == 0 && i < registry->test_count; i++) {
        size_t wanted = registry->tests[i]->stack_size;
        rc = check("ACR_TEST.stack_size", wanted, ACR_ERR_SCRIPT, error);
        bytes = wanted > bytes ? wanted : bytes;
    }
    struct acr_coroutine_options options = {.stack_bytes = asked_for != 0 ? asked_for : bytes,
                                            .room_bytes = sizeof(acr_user)};
    return rc < 0 ? rc : acr_coroutine_pool_open(capi->scenario.engine->loop, &options, &capi->pool, error);
}

void acr_capi_stacks_tell(const struct acr_capi *capi)
{
    size_t size = acr_coroutine_pool_stack_bytes(capi->pool), used = acr_coroutine_pool_high_water(capi->pool);
    acr_log(ACR_LOG_DEBUG, LOGGER, "Stacks: %zu KiB each, %zu KiB of the fullest were used.", size / 1024, used / 1024);
    if ((double)used > WARNING_PART * (double)size)
        acr_log(ACR_LOG_WARNING, LOGGER,
                "A user has used %zu KiB of its stack of %zu KiB. Beyond that it crashes: give more, by --stack-size.",
                used / 1024, size / 1024);
}
