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
    ACR_MESSAGE_SHED,   /* end so many users, the newest of the classes in class_numbers */
    ACR_MESSAGE_STOP,   /* stop all users; answered by ENDED */
    ACR_MESSAGE_FINISH, /* leave the loop; answered by FINAL */
    /* There and back. */
    ACR_MESSAGE_CHANGE,   /* the number of users is about to change: what is still to be started or ended is dropped;
                             returned with who lives then (`live`). `fresh`: a new test begins with it, its statistics
                             empty. `users` and `rate` for those who ask what is wanted */
    ACR_MESSAGE_HATCHED,  /* all users have been handed over: returned when they have been started and the others have
                             ended (or when the users were stopped before that: `dropped`); then ENDED may come. `users`:
                             as many as are wanted */
    ACR_MESSAGE_PING,     /* user_count */
    ACR_MESSAGE_SNAPSHOT, /* snapshot, user_count */
    /* To the control thread. */
    ACR_MESSAGE_READY,   /* set-up is over, the loop is about to turn */
    ACR_MESSAGE_LIMIT,   /* the request limit was reached: all users are being stopped; ENDED follows */
    ACR_MESSAGE_START,   /* the script wants `users` users, at `rate` (0: as before), ends_by_rate */
    ACR_MESSAGE_HALT,    /* the script wants all users stopped */
    ACR_MESSAGE_QUIT,    /* the script wants to end the run */
    ACR_MESSAGE_LATE,    /* users that were told to end do not, and nothing can be done about it */
    ACR_MESSAGE_ENDED,   /* no user is left of `change` */
    ACR_MESSAGE_CRASHED, /* the scenario crashed (run/crash.h): FINAL follows, if the load thread comes back */
    ACR_MESSAGE_FINAL,   /* the last one: snapshot, exit_code, failed, crashed, erred, faulty */
};

struct acr_message {
    struct acr_mail mail;
    enum acr_message_kind kind;
    uint64_t change;       /* CHANGE, HATCHED, ENDED: which one, counted by the control thread */
    size_t *class_numbers; /* SPAWN, SHED: one per user; owned */
    size_t class_number_count;
    size_t *live; /* CHANGE: users of each class that have not been told to end; owned */
    size_t users;
    double rate;
    bool ends_by_rate;
    bool fresh;
    bool reset;   /* HATCHED: empty the statistics after the listeners have heard of it */
    bool dropped; /* HATCHED */
    size_t user_count;
    struct acr_snapshot *snapshot; /* owned */
    int exit_code;                 /* FINAL: the script's own, -1 = none */
    bool failed;                   /* FINAL: set_up failed or the loop broke */
    bool crashed;                  /* FINAL */
    bool erred, faulty;            /* FINAL: as in struct acr_scenario */
};

struct acr_message *acr_message_new(enum acr_message_kind kind);
/* Accepts NULL. */
void acr_message_free(struct acr_message *message);
void acr_message_post(struct acr_message *message, struct acr_mailbox *mailbox);

static inline struct acr_message *acr_message_of(struct acr_mail *mail)
{
    return ACR_CONTAINER_OF(mail, struct acr_message, mail);
}
