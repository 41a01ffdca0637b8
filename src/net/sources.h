/* SPDX-License-Identifier: MIT */
/*
 * sources - addresses of this machine that connections are made from, in turn.
 *
 * One address has some 28,000 ports for one address and port of the target; each further one gives as many again.
 */
#pragma once

#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/net.h"

/* A guard against slips: more ports than one machine has connections. */
#define ACR_SOURCES_MAX 4096

struct acr_sources { /* zeroed: none, the system chooses */
    struct acr_net_address *list;
    size_t count;
    size_t turn;
};

/* Adds what `text` lists: addresses and ranges of IPv4 addresses, "127.0.0.2,10.0.0.10-10.0.0.19,::1". Each must be one
 * of this machine. ACR_ERR_INVALID, with the word that is wrong; then nothing was added. */
ACR_MUST_CHECK int acr_sources_add(struct acr_sources *sources, const char *text, struct acr_error *error);
void acr_sources_done(struct acr_sources *sources);

/* Binds a socket of that family to the next of them, without choosing its port: connect() does, and may then share it
 * among targets. Nothing to be done when none is of the family. 0 or the number of the error. */
int acr_sources_bind(struct acr_sources *sources, int fd, sa_family_t family);
