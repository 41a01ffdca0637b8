/* SPDX-License-Identifier: MIT */
/*
 * events - tells the scenario's listeners what happens.
 *
 * While one is being called nothing waits (acr_capi_may_wait()): it may be on the stack of any user, or on none's.
 */
#pragma once

#include "capi/internal.h"

/* A moment of the run, of enum acr_run_event. Before the first one listeners hear that everything is loaded. */
void acr_capi_tell(struct acr_capi *capi, enum acr_run_event event, uint64_t value);

/* Is there anybody to call acr_capi_tell_request() for? */
static inline bool acr_capi_has_request_listeners(const struct acr_capi *capi)
{
    return ACR_UNLIKELY(capi->has_request_listeners);
}

/* A request was counted, not by a listener. */
void acr_capi_tell_request(const acr_request_record *record);

/* A listener asked for something that waits. */
void acr_capi_refuse_wait(struct acr_capi *capi);
