/* SPDX-License-Identifier: MIT */
/*
 * servers_internal - what the files behind servers.h share.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Ends the program with `doing` and errno's text. */
void server_fail(const char *doing) __attribute__((noreturn));

socklen_t server_address(const char *text, uint16_t port, struct sockaddr_storage *ret_address);

/* A bound socket, or -1. *port 0: any, and then it says which. */
int server_bind(const char *address, int type, uint16_t *port);

/* As fork(2); the child dies with its parent and ignores SIGPIPE. */
pid_t server_fork(void);

/* Lets the coming close() reset the connection. */
void server_reset(int fd);
