/* SPDX-License-Identifier: MIT */
/*
 * shortage - says in the log that this machine, and not the target, is the limit of a test: when it first ran out of
 * ports or descriptors, and at the end how often. The failed requests are counted like others, under a text of their
 * own.
 */
#pragma once

#include <stdbool.h>

#include "net/net.h"

struct acr_shortage { /* zeroed at the start */
    bool ports_told, descriptors_told;
};

/* To be called now and then. */
void acr_shortage_look(struct acr_shortage *told, const struct acr_net_shortage *shortage);
/* At the end of the run. */
void acr_shortage_sum_up(struct acr_shortage *told, const struct acr_net_shortage *shortage);
