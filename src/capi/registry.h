/* SPDX-License-Identifier: MIT */
/*
 * registry - what scenarios register of themselves when they are loaded (ACR_USER, ACR_TEST ...), in that order.
 *
 * One per process; for the thread that loads.
 */
#pragma once

#include <stddef.h>

#include <acrida.h>

#include "base/error.h"

struct acr_registered_user {
    const acr_user_definition *definition;
    const char *file; /* as acr_registry_begin_file() was told */
};

struct acr_registered_listener {
    const char *event;
    acr_listener_fn *fn;
};

struct acr_registered_option {
    acr_own_option *option;
    const char *file;
};

struct acr_registered_feeder {
    acr_feeder *definition;
    const char *file; /* as acr_registry_begin_file() was told; NULL: the program itself has it */
};

struct acr_registry {
    struct acr_registered_user *users;
    size_t user_count;
    const acr_test_definition **tests;
    size_t test_count;
    struct acr_registered_listener *listeners;
    size_t listener_count;
    struct acr_registered_option *options;
    size_t option_count;
    struct acr_registered_feeder *feeders;
    size_t feeder_count;
    acr_rendezvous **rendezvous;
    size_t rendezvous_count;
};

/* What is there, to be read. */
const struct acr_registry *acr_registry(void);

/* Whatever is registered from now on is of that file; the name is borrowed. Before the first call: of the program. */
void acr_registry_begin_file(const char *file);

/* ACR_ERR_SCRIPT when something was compiled for another version of this library, or two classes have one name. */
ACR_MUST_CHECK int acr_registry_check(struct acr_error *error);

/* Forgets everything, before the objects are unloaded. */
void acr_registry_clear(void);
