/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <poll.h>
#include <pthread.h>

#include "base/time.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

#define SENDERS 4
#define MAILS 5000

static struct acr_loop *loop;
static struct acr_mailbox *mailbox;

struct letter {
    struct acr_mail mail;
    int sender;
    int number;
};

/* What arrived, by sender. */
static int received[SENDERS];
static int total;
static bool closes_on_last;

static void deliver(struct acr_mail *mail, void *context)
{
    struct letter *letter = ACR_CONTAINER_OF(mail, struct letter, mail);
    assert_ptr_equal(context, &total);
    assert_int_equal(letter->number, received[letter->sender]);
    received[letter->sender]++;
    acr_free(letter);
    if (++total == SENDERS * MAILS && closes_on_last) {
        acr_mailbox_close(mailbox);
        mailbox = NULL;
    }
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < SENDERS; i++)
        received[i] = 0;
    total = 0;
    closes_on_last = false;
    if (acr_loop_open(acr_clock_system(), &loop, NULL) < 0)
        return -1;
    return acr_mailbox_open(loop, deliver, &total, &mailbox, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_mailbox_close(mailbox);
    acr_loop_close(loop);
    return 0;
}

static void post(int sender, int number)
{
    struct letter *letter = acr_alloc_zero(sizeof *letter);
    letter->sender = sender;
    letter->number = number;
    acr_mailbox_post(mailbox, &letter->mail);
}

static void *send_all(void *argument)
{
    for (int i = 0; i < MAILS; i++)
        post((int)(intptr_t)argument, i);
    return NULL;
}

static void receive_from_threads(void)
{
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, (void *)(intptr_t)i), 0);
    while (total < SENDERS * MAILS)
        assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(received[i], MAILS);
    }
}

static void test_mails_of_several_threads_arrive_all_and_in_order_per_sender(void **state)
{
    (void)state;
    receive_from_threads();
}

static void test_the_receiver_may_close_on_the_last_mail(void **state)
{
    (void)state;
    closes_on_last = true;
    receive_from_threads();
    assert_null(mailbox);
}

static void test_a_mail_is_delivered_in_the_next_turn_and_not_twice(void **state)
{
    (void)state;
    post(0, 0);
    post(0, 1);
    assert_int_equal(total, 0);
    assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    assert_int_equal(total, 2);
    assert_int_equal(acr_loop_turn(loop, 0), 0);
    assert_int_equal(total, 2);
    post(0, 2);
    assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    assert_int_equal(total, 3);
}

static void test_what_is_still_queued_at_close_is_delivered(void **state)
{
    (void)state;
    post(0, 0);
    post(1, 0);
    acr_mailbox_close(mailbox);
    mailbox = NULL;
    assert_int_equal(total, 2);
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void test_a_mail_makes_the_descriptor_of_an_embedded_loop_readable(void **state)
{
    (void)state;
    struct pollfd watched = {.fd = acr_loop_fd(loop), .events = POLLIN};
    assert_int_equal(acr_loop_turn(loop, 0), 0);
    assert_int_equal(poll(&watched, 1, 0), 0);
    post(0, 0);
    assert_int_equal(poll(&watched, 1, 0), 1);
    assert_int_equal(acr_loop_turn(loop, 0), 0);
    assert_int_equal(total, 1);
    assert_int_equal(poll(&watched, 1, 0), 0);
}
