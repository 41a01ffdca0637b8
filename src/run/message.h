/* SPDX-License-Identifier: MIT */
/*
 * message - all that the load thread and the control thread say to each other.
 *
 * A message belongs to its receiver once posted. Those that go "there and back" are returned by the load thread with
 * the answer in them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/mailbox.h"
#include "stats/snapshot.h"

enum acr_message_kind {
    /* To the load thread. */
    ACR_MESSAGE_SPAWN,  /* start the users in class_numbers */
    ACR_MESSAGE_STOP,   /* stop all users; answered by ENDED */
    ACR_MESSAGE_FINISH, /* leave the loop; answered by FINAL */
    /* There and back. */
    ACR_MESSAGE_HATCHED,  /* all users have been handed over: returned when they have been started (or when the users
                             were stopped before that: `dropped`); then ENDED may come */
    ACR_MESSAGE_PING,     /* user_count */
    ACR_MESSAGE_SNAPSHOT, /* snapshot, user_count */
    /* To the control thread. */
    ACR_MESSAGE_READY, /* set-up is over, the loop is about to turn */
    ACR_MESSAGE_LIMIT, /* the request limit was reached: all users are being stopped; ENDED follows */
    ACR_MESSAGE_QUIT,  /* the script wants to end the test */
    ACR_MESSAGE_ENDED, /* no user is left */
    ACR_MESSAGE_FINAL, /* the last one: snapshot, exit_code, failed */
};

struct acr_message {
    struct acr_mail mail;
    enum acr_message_kind kind;
    const size_t *class_numbers; /* SPAWN: borrowed, lives as long as the run */
    size_t class_number_count;
    bool reset;   /* HATCHED: empty the statistics after the listeners have heard of it */
    bool dropped; /* HATCHED */
    size_t user_count;
    struct acr_snapshot *snapshot; /* owned */
    int exit_code;                 /* FINAL: the script's own, -1 = none */
    bool failed;                   /* FINAL: set_up failed or the loop broke */
};

struct acr_message *acr_message_new(enum acr_message_kind kind);
/* Accepts NULL. */
void acr_message_free(struct acr_message *message);
void acr_message_post(struct acr_message *message, struct acr_mailbox *mailbox);

static inline struct acr_message *acr_message_of(struct acr_mail *mail)
{
    return ACR_CONTAINER_OF(mail, struct acr_message, mail);
}
