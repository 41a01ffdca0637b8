/* SPDX-License-Identifier: MIT */
/* message - makes, frees and posts them. */
#include "run/message.h"

struct acr_message *acr_message_new(enum acr_message_kind kind)
{
    struct acr_message *message = acr_alloc_zero(sizeof *message);
    acr_list_init(&message->mail.link);
    message->kind = kind;
    message->exit_code = -1;
    return message;
}

void acr_message_free(struct acr_message *message)
{
    if (message == NULL)
        return;
    acr_snapshot_unref(message->snapshot);
    acr_free(message->class_numbers);
    acr_free(message->live);
    acr_free(message);
}

void acr_message_post(struct acr_message *message, struct acr_mailbox *mailbox)
{
    acr_mailbox_post(mailbox, &message->mail);
}
