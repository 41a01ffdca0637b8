/* SPDX-License-Identifier: MIT */
/*
 * mailbox - hand something to another thread's loop.
 *
 * Any thread may post; the mail is delivered in phase a of the receiving loop, in order per sender. One eventfd per
 * mailbox, written only when the queue was empty. The mail belongs to the mailbox from post to delivery and to the
 * receiver from then on. What is still queued at close is handed to `deliver` as well, so nothing leaks.
 */
#pragma once

#include "base/error.h"
#include "base/list.h"
#include "loop/loop.h"

struct acr_mailbox;

/* Embed it in the message. */
struct acr_mail {
    struct acr_list link;
};

typedef void acr_mailbox_fn(struct acr_mail *mail, void *context);

ACR_MUST_CHECK int acr_mailbox_open(struct acr_loop *loop, acr_mailbox_fn *deliver, void *context,
                                    struct acr_mailbox **ret_mailbox, struct acr_error *error);

/* No sender may post any more. Accepts NULL. */
void acr_mailbox_close(struct acr_mailbox *mailbox);

/* Thread-safe. Never fails, never blocks for longer than the queue's lock. */
void acr_mailbox_post(struct acr_mailbox *mailbox, struct acr_mail *mail);
