/* SPDX-License-Identifier: MIT */
/* mailbox - a locked list and an eventfd that is watched by the receiving loop. */
#include "loop/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/internal.h"

struct acr_mailbox {
    struct acr_source source; /* the eventfd; edge-triggered, so it is never read */
    acr_mailbox_fn *deliver;
    void *context;
    struct acr_list delivering; /* the receiver's only */
    bool in_delivery;
    bool closed; /* by `deliver` itself */
    pthread_mutex_t lock;
    struct acr_list queue; /* guarded by lock */
};

static void deliver_all(struct acr_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    acr_list_splice(&mailbox->queue, &mailbox->delivering);
    pthread_mutex_unlock(&mailbox->lock);
    struct acr_list *link;
    while ((link = acr_list_take_first(&mailbox->delivering)) != NULL)
        mailbox->deliver(ACR_LIST_ENTRY(link, struct acr_mail, link), mailbox->context);
}

static void free_mailbox(struct acr_mailbox *mailbox)
{
    close(mailbox->source.fd);
    pthread_mutex_destroy(&mailbox->lock);
    acr_free(mailbox);
}

static void on_post(struct acr_source *source, uint32_t events)
{
    (void)events;
    struct acr_mailbox *mailbox = ACR_CONTAINER_OF(source, struct acr_mailbox, source);
    mailbox->in_delivery = true;
    deliver_all(mailbox);
    mailbox->in_delivery = false;
    if (mailbox->closed)
        free_mailbox(mailbox);
}

int acr_mailbox_open(struct acr_loop *loop, acr_mailbox_fn *deliver, void *context, struct acr_mailbox **ret_mailbox,
                     struct acr_error *error)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "eventfd");
    struct acr_mailbox *mailbox = acr_alloc_zero(sizeof *mailbox);
    mailbox->deliver = deliver;
    mailbox->context = context;
    acr_list_init(&mailbox->delivering);
    acr_list_init(&mailbox->queue);
    pthread_mutex_init(&mailbox->lock, NULL);
    if (acr_source_add_reader(&mailbox->source, loop, fd, on_post) < 0) {
        int system = errno;
        mailbox->source.fd = fd;
        free_mailbox(mailbox);
        return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "epoll_ctl");
    }
    *ret_mailbox = mailbox;
    return 0;
}

void acr_mailbox_close(struct acr_mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    acr_source_remove(&mailbox->source);
    deliver_all(mailbox);
    if (mailbox->in_delivery)
        mailbox->closed = true;
    else
        free_mailbox(mailbox);
}

/* The write is inside the lock, so that a receiver who closes on the last mail cannot pull the descriptor away. */
void acr_mailbox_post(struct acr_mailbox *mailbox, struct acr_mail *mail)
{
    uint64_t one = 1;
    pthread_mutex_lock(&mailbox->lock);
    if (acr_list_empty(&mailbox->queue)) {
        ssize_t written = write(mailbox->source.fd, &one, sizeof one);
        (void)written; /* cannot fail before 2^64 - 1 writes */
    }
    acr_list_append(&mailbox->queue, &mail->link);
    pthread_mutex_unlock(&mailbox->lock);
}
