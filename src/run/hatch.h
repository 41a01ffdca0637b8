/* SPDX-License-Identifier: MIT */
/*
 * hatch - when users start: number k (from 0) at k / rate, as in Locust 0.9.
 */
#pragma once

#include <stddef.h>

#include "base/time.h"

/* Nanoseconds from the start of hatching until user `number` is due; ACR_NEVER when past counting. */
acr_nanos acr_hatch_time(double rate, size_t number);

/* How many of `users` are due `elapsed` nanoseconds after the start; agrees with acr_hatch_time() to the nanosecond. */
size_t acr_hatch_due(double rate, acr_nanos elapsed, size_t users);
