/* SPDX-License-Identifier: MIT */
/* load - starts and stops users on the load thread, as the mail from the control thread says. */
#include "run/load.h"

#include <string.h>

#include "base/memory.h"
#include "loop/timer.h"
#include "run/internal.h"
#include "run/message.h"

/* Users started or stopped in one turn of the loop. Starting a Python user takes about 30 µs, so those that run already
 * wait for at most 8 ms. */
#define USERS_PER_TURN 256

/* Users are known by their ids, 0, 1, 2 ...; one bit each says who lives. */
struct live_set {
    uint64_t *words;
    size_t word_count;
    size_t count;
};

struct acr_load {
    struct acr_scenario *scenario;
    struct acr_mailbox *mailbox;
    struct acr_mailbox *control;
    struct acr_timer work;  /* goes off each turn while users are to be started or stopped */
    struct acr_list orders; /* SPAWN and HATCHED messages, worked off in order */
    size_t order_done;      /* users of the first order that have been started */
    struct live_set live;
    uint64_t next_id;
    uint64_t stop_cursor; /* while stopping: ids below have been told */
    bool stopping;
    bool limit_reached; /* that is why */
    bool stopping_told; /* the scenario heard of TEST_STOPPING */
    bool hatched;       /* no more users will come by themselves */
    bool ended_told;
    bool finished;
    bool closing;
    void (*on_finished)(void *context);
    void *on_finished_context;
};

static bool live_has(const struct live_set *live, uint64_t id)
{
    return id / 64 < live->word_count && (live->words[id / 64] >> (id % 64) & 1) != 0;
}

static void live_add(struct live_set *live, uint64_t id)
{
    if (id / 64 >= live->word_count) {
        size_t count = live->word_count == 0 ? 16 : 2 * live->word_count;
        live->words = acr_realloc(live->words, count * sizeof *live->words);
        memset(live->words + live->word_count, 0, (count - live->word_count) * sizeof *live->words);
        live->word_count = count;
    }
    live->words[id / 64] |= UINT64_C(1) << (id % 64);
    live->count++;
}

static void live_remove(struct live_set *live, uint64_t id)
{
    live->words[id / 64] &= ~(UINT64_C(1) << (id % 64));
    live->count--;
}

static void tell(struct acr_load *load, enum acr_message_kind kind)
{
    acr_message_post(acr_message_new(kind), load->control);
}

static void tell_scenario(struct acr_load *load, enum acr_run_event event, uint64_t value)
{
    if (load->scenario->ops->event != NULL)
        load->scenario->ops->event(load->scenario, event, value);
}

static void work_next_turn(struct acr_load *load)
{
    acr_timer_arm(&load->work, acr_loop_now(load->scenario->engine->loop));
}

static void tell_if_ended(struct acr_load *load)
{
    bool no_more = load->stopping || load->hatched;
    if (!no_more || load->ended_told || load->live.count > 0 || !acr_list_empty(&load->orders))
        return;
    load->ended_told = true;
    tell(load, ACR_MESSAGE_ENDED);
}

static void tell_stopping(struct acr_load *load)
{
    if (load->stopping_told)
        return;
    load->stopping_told = true;
    tell_scenario(load, ACR_RUN_TEST_STOPPING, 0);
}

static void drop_orders(struct acr_load *load)
{
    struct acr_list *link;
    while ((link = acr_list_take_first(&load->orders)) != NULL) {
        struct acr_message *order = acr_message_of(ACR_LIST_ENTRY(link, struct acr_mail, link));
        order->dropped = true;
        if (order->kind == ACR_MESSAGE_HATCHED && !load->closing)
            acr_message_post(order, load->control);
        else
            acr_message_free(order);
    }
    load->order_done = 0;
}

static void stop_all(struct acr_load *load)
{
    if (load->stopping)
        return;
    load->stopping = true;
    load->stop_cursor = 0;
    drop_orders(load);
    tell_stopping(load);
    work_next_turn(load);
}

/* Returns how many of `budget` are left. */
static size_t start_users(struct acr_load *load, const struct acr_message *order, size_t budget)
{
    struct acr_scenario *scenario = load->scenario;
    /* A user that ends at once may reach the request limit, which drops the order. */
    while (budget > 0 && !load->stopping && load->order_done < order->class_number_count) {
        uint64_t id = load->next_id++;
        live_add(&load->live, id);
        scenario->ops->user_start(scenario, order->class_numbers[load->order_done++], id);
        budget--;
    }
    return budget;
}

static void finish_hatching(struct acr_load *load, struct acr_message *order)
{
    tell_scenario(load, ACR_RUN_SPAWNING_COMPLETE, load->next_id);
    order->reset = order->reset && !load->stopping; /* what is over is not begun anew */
    if (order->reset)
        acr_stats_reset(load->scenario->engine->stats);
    load->hatched = true;
    acr_message_post(order, load->control);
}

static void work_off_orders(struct acr_load *load)
{
    size_t budget = USERS_PER_TURN;
    while (budget > 0 && !load->stopping && !acr_list_empty(&load->orders)) {
        struct acr_message *order = acr_message_of(ACR_LIST_ENTRY(load->orders.next, struct acr_mail, link));
        budget = order->kind == ACR_MESSAGE_SPAWN ? start_users(load, order, budget) : budget;
        if (load->stopping)
            return; /* the order is gone */
        if (order->kind == ACR_MESSAGE_SPAWN && load->order_done < order->class_number_count)
            return;
        load->order_done = 0;
        acr_list_remove(&order->mail.link);
        if (order->kind == ACR_MESSAGE_SPAWN)
            acr_message_free(order);
        else
            finish_hatching(load, order);
    }
}

static void stop_some(struct acr_load *load)
{
    struct acr_scenario *scenario = load->scenario;
    for (size_t told = 0; told < USERS_PER_TURN && load->stop_cursor < load->next_id; load->stop_cursor++) {
        if (!live_has(&load->live, load->stop_cursor))
            continue;
        scenario->ops->user_stop(scenario, load->stop_cursor);
        told++;
    }
}

static bool has_work(const struct acr_load *load)
{
    return load->stopping ? load->stop_cursor < load->next_id : !acr_list_empty(&load->orders);
}

static void on_work(struct acr_timer *timer)
{
    struct acr_load *load = ACR_CONTAINER_OF(timer, struct acr_load, work);
    if (load->stopping)
        stop_some(load);
    else
        work_off_orders(load);
    if (has_work(load))
        work_next_turn(load);
    tell_if_ended(load);
}

static void take_order(struct acr_load *load, struct acr_message *order)
{
    if (load->limit_reached && order->kind == ACR_MESSAGE_HATCHED) {
        finish_hatching(load, order);
        return;
    }
    acr_list_append(&load->orders, &order->mail.link);
    if (load->stopping)
        drop_orders(load);
    else
        work_next_turn(load);
}

static void answer(struct acr_load *load, struct acr_message *message)
{
    message->user_count = load->live.count;
    if (message->kind == ACR_MESSAGE_SNAPSHOT)
        message->snapshot = acr_snapshot_take(load->scenario->engine->stats);
    acr_message_post(message, load->control);
}

static void finish(struct acr_load *load)
{
    if (load->finished)
        return;
    load->finished = true;
    if (load->on_finished != NULL)
        load->on_finished(load->on_finished_context);
}

static void on_mail(struct acr_mail *mail, void *context)
{
    struct acr_load *load = context;
    struct acr_message *message = acr_message_of(mail);
    if (load->closing) {
        acr_message_free(message);
        return;
    }
    switch (message->kind) {
    case ACR_MESSAGE_SPAWN:
    case ACR_MESSAGE_HATCHED:
        take_order(load, message);
        return;
    case ACR_MESSAGE_PING:
    case ACR_MESSAGE_SNAPSHOT:
        answer(load, message);
        return;
    case ACR_MESSAGE_STOP:
        stop_all(load);
        break;
    case ACR_MESSAGE_FINISH:
        finish(load);
        break;
    default:
        break;
    }
    acr_message_free(message);
}

/* The limit ends the test, not only the user that reached it: no request is sent beyond it, and nobody waits for users
 * that pause. */
static void check_limit(struct acr_load *load)
{
    const struct acr_engine *engine = load->scenario->engine;
    if (engine->request_limit == 0 || load->stopping)
        return;
    if (acr_stats_request_count(engine->stats) < engine->request_limit)
        return;
    load->limit_reached = true;
    tell(load, ACR_MESSAGE_LIMIT);
    stop_all(load);
}

void acr_load_user_ended(struct acr_load *load, uint64_t id)
{
    if (!live_has(&load->live, id))
        return;
    live_remove(&load->live, id);
    check_limit(load);
    tell_if_ended(load);
}

void acr_load_request_quit(struct acr_load *load)
{
    tell(load, ACR_MESSAGE_QUIT);
}

size_t acr_load_user_count(const struct acr_load *load)
{
    return load->live.count;
}

bool acr_load_finished(const struct acr_load *load)
{
    return load->finished;
}

void acr_load_on_finished(struct acr_load *load, void (*fn)(void *context), void *context)
{
    load->on_finished = fn;
    load->on_finished_context = context;
}

int acr_load_open(struct acr_scenario *scenario, struct acr_load **ret_load, struct acr_error *error)
{
    struct acr_load *load = acr_alloc_zero(sizeof *load);
    load->scenario = scenario;
    acr_list_init(&load->orders);
    acr_timer_init(&load->work, scenario->engine->loop, on_work);
    int rc = acr_mailbox_open(scenario->engine->loop, on_mail, load, &load->mailbox, error);
    if (rc < 0) {
        acr_free(load);
        return rc;
    }
    *ret_load = load;
    return 0;
}

void acr_load_close(struct acr_load *load)
{
    if (load == NULL)
        return;
    load->closing = true;
    acr_timer_disarm(&load->work);
    drop_orders(load);
    acr_mailbox_close(load->mailbox);
    acr_free(load->live.words);
    acr_free(load);
}

struct acr_mailbox *acr_load_mailbox(struct acr_load *load)
{
    return load->mailbox;
}

void acr_load_connect(struct acr_load *load, struct acr_mailbox *control)
{
    load->control = control;
}

static void tell_final(struct acr_load *load, bool failed)
{
    struct acr_message *final = acr_message_new(ACR_MESSAGE_FINAL);
    final->snapshot = acr_snapshot_take(load->scenario->engine->stats);
    final->user_count = load->live.count;
    final->exit_code = load->scenario->exit_code;
    final->failed = failed;
    acr_message_post(final, load->control);
}

static int set_up(struct acr_load *load)
{
    struct acr_scenario *scenario = load->scenario;
    acr_stats_clear(scenario->engine->stats);
    tell_scenario(load, ACR_RUN_TEST_START, 0);
    if (scenario->ops->set_up != NULL && scenario->ops->set_up(scenario) != 0)
        return ACR_ERR_SCRIPT;
    return 0;
}

int acr_load_run(struct acr_load *load, struct acr_error *error)
{
    int rc = set_up(load);
    if (rc == 0) {
        tell(load, ACR_MESSAGE_READY);
        rc = load->scenario->ops->run(load->scenario, load, error);
    }
    tell_stopping(load);
    tell_scenario(load, ACR_RUN_TEST_STOP, 0);
    tell_scenario(load, ACR_RUN_QUITTING, 0);
    tell_final(load, rc < 0);
    return rc;
}
