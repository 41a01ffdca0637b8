/* SPDX-License-Identifier: MIT */
/*
 * class - what the engine knows of a user class, and how many users each class gets.
 *
 * Front ends fill these in from their own language; strings are borrowed from the scenario that holds them.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/random.h"

struct acr_user_class {
    const char *name;
    const char *host;     /* NULL: none */
    double weight;        /* > 0 */
    unsigned fixed_count; /* > 0: exactly so many users, weight does not matter */
};

/* Shares `amount` users among the classes: exactly `amount` in all (decisions.md D18, D19); fixed counts first, the
 * rest by weight with the largest remainder, ties to the class declared first. ret_counts has class_count places. */
void acr_user_shares(const struct acr_user_class *classes, size_t class_count, size_t amount, size_t *ret_counts);

/* A random order in which to start them: ret_order has the sum of `counts` places and gets class numbers. */
void acr_user_start_order(const size_t *counts, size_t class_count, struct acr_random *random, size_t *ret_order);
