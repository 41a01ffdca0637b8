/* SPDX-License-Identifier: MIT */
/* load - starts and stops users on the load thread, as the mail from the control thread says. */
#include "run/load.h"

#include "base/memory.h"
#include "loop/timer.h"
#include "run/crash.h"
#include "run/internal.h"
#include "run/message.h"
#include "run/roster.h"
#include "run/shortage.h"

/* Users started or stopped in one turn of the loop. Starting a Python user takes about 30 µs, so those that run already
 * wait for at most 8 ms. */
#define USERS_PER_TURN 256

struct acr_load {
    struct acr_scenario *scenario;
    struct acr_mailbox *mailbox;
    struct acr_mailbox *control;
    struct acr_timer work;  /* goes off each turn while users are to be started or stopped */
    struct acr_list orders; /* SPAWN, SHED and HATCHED messages, worked off in order */
    size_t order_done;      /* users of the first order that have been started or told to end */
    struct acr_roster roster;
    struct acr_run_status status;
    struct acr_shortage shortage;
    bool start_requested;        /* and the control thread has not answered yet */
    uint64_t change;             /* the latest one heard of */
    struct acr_message *crashed; /* made ahead: there may be no memory to be had then; NULL: posted */
    bool testing;                /* TEST_START was told, TEST_STOP was not */
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

static void tell(struct acr_load *load, enum acr_message_kind kind)
{
    acr_message_post(acr_message_new(kind), load->control);
}

static void tell_scenario(struct acr_load *load, enum acr_run_event event, uint64_t value)
{
    if (load->scenario->ops->event != NULL && !acr_crash_happened())
        load->scenario->ops->event(load->scenario, event, value);
}

static void set_status(struct acr_load *load, enum acr_run_state state)
{
    load->status.state = state;
    if (load->scenario->ops->status != NULL)
        load->scenario->ops->status(load->scenario, &load->status);
}

static void work_next_turn(struct acr_load *load)
{
    acr_timer_arm(&load->work, acr_loop_now(load->scenario->engine->loop));
}

/* ---- tests: each begins with TEST_START and ends with TEST_STOP */

static void begin_test(struct acr_load *load)
{
    load->testing = true;
    load->stopping = load->stopping_told = false;
    acr_stats_clear(load->scenario->engine->stats);
    tell_scenario(load, ACR_RUN_TEST_START, 0);
}

static void tell_stopping(struct acr_load *load)
{
    if (!load->testing || load->stopping_told)
        return;
    load->stopping_told = true;
    tell_scenario(load, ACR_RUN_TEST_STOPPING, 0);
}

static void end_test(struct acr_load *load)
{
    if (!load->testing)
        return;
    tell_stopping(load);
    load->testing = false;
    set_status(load, ACR_RUN_STOPPED);
    tell_scenario(load, ACR_RUN_TEST_STOP, 0);
}

static void tell_if_ended(struct acr_load *load)
{
    bool no_more = load->stopping || load->hatched;
    if (!no_more || load->ended_told || load->roster.count > 0 || !acr_list_empty(&load->orders))
        return;
    load->ended_told = true;
    if (load->stopping)
        end_test(load);
    struct acr_message *ended = acr_message_new(ACR_MESSAGE_ENDED);
    ended->change = load->change;
    acr_message_post(ended, load->control);
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
    load->start_requested = false;
    drop_orders(load);
    tell_stopping(load);
    set_status(load, ACR_RUN_CLEANUP);
    work_next_turn(load);
}

/* ---- orders */

/* Starts or ends one user of the class. */
static void carry_out(struct acr_load *load, enum acr_message_kind kind, size_t class_number)
{
    struct acr_scenario *scenario = load->scenario;
    uint64_t id;
    if (kind == ACR_MESSAGE_SPAWN)
        scenario->ops->user_start(scenario, class_number, acr_roster_add(&load->roster, class_number));
    else if (acr_roster_dismiss(&load->roster, class_number, &id))
        scenario->ops->user_stop(scenario, id);
}

/* Returns how many of `budget` are left. */
static size_t carry_out_some(struct acr_load *load, const struct acr_message *order, size_t budget)
{
    /* A user that ends at once may reach the request limit, which drops the order. */
    while (budget > 0 && !load->stopping && load->order_done < order->class_number_count) {
        carry_out(load, order->kind, order->class_numbers[load->order_done++]);
        budget--;
    }
    return budget;
}

static void finish_hatching(struct acr_load *load, struct acr_message *order)
{
    tell_scenario(load, ACR_RUN_SPAWNING_COMPLETE, order->users);
    order->reset = order->reset && !load->stopping; /* what is over is not begun anew */
    if (order->reset)
        acr_stats_reset(load->scenario->engine->stats);
    load->hatched = true;
    if (!load->stopping && !load->start_requested)
        set_status(load, ACR_RUN_RUNNING);
    acr_message_post(order, load->control);
}

static struct acr_message *first_order(const struct acr_load *load)
{
    if (acr_list_empty(&load->orders))
        return NULL;
    return acr_message_of(ACR_LIST_ENTRY(load->orders.next, struct acr_mail, link));
}

/* The change is complete when those that were told to end are gone. */
static bool can_go_on(const struct acr_load *load)
{
    const struct acr_message *order = first_order(load);
    return order != NULL && (order->kind != ACR_MESSAGE_HATCHED || load->roster.leaving == 0);
}

static void work_off_orders(struct acr_load *load)
{
    size_t budget = USERS_PER_TURN;
    while (budget > 0 && !load->stopping && can_go_on(load)) {
        struct acr_message *order = first_order(load);
        budget = order->kind == ACR_MESSAGE_HATCHED ? budget : carry_out_some(load, order, budget);
        if (load->stopping)
            return; /* the order is gone */
        if (order->kind != ACR_MESSAGE_HATCHED && load->order_done < order->class_number_count)
            return;
        load->order_done = 0;
        acr_list_remove(&order->mail.link);
        if (order->kind == ACR_MESSAGE_HATCHED)
            finish_hatching(load, order);
        else
            acr_message_free(order);
    }
}

static void stop_some(struct acr_load *load)
{
    struct acr_scenario *scenario = load->scenario;
    uint64_t id;
    for (size_t told = 0; told < USERS_PER_TURN && acr_roster_dismiss_any(&load->roster, &id); told++)
        scenario->ops->user_stop(scenario, id);
}

static bool has_work(const struct acr_load *load)
{
    return load->stopping ? load->roster.leaving < load->roster.count : can_go_on(load);
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

static void begin_change(struct acr_load *load, struct acr_message *message)
{
    size_t class_count = load->scenario->class_count;
    drop_orders(load);
    load->change = message->change;
    load->hatched = load->ended_told = load->start_requested = false;
    load->status.users = message->users;
    load->status.rate = message->rate;
    if (message->fresh)
        begin_test(load);
    if (!load->stopping)
        set_status(load, ACR_RUN_HATCHING);
    message->live = acr_alloc_zero((class_count + 1) * sizeof *message->live);
    for (size_t i = 0; i < class_count; i++)
        message->live[i] = acr_roster_staying(&load->roster, i);
    acr_message_post(message, load->control);
    tell_if_ended(load);
}

static void answer(struct acr_load *load, struct acr_message *message)
{
    message->user_count = load->roster.count;
    if (message->kind == ACR_MESSAGE_SNAPSHOT) {
        message->snapshot = acr_snapshot_take(load->scenario->engine->stats);
        acr_shortage_look(&load->shortage, acr_net_shortage(load->scenario->engine->net));
    }
    acr_message_post(message, load->control);
}

static void finish(struct acr_load *load)
{
    if (load->finished)
        return;
    load->finished = true;
    if (!load->testing)
        set_status(load, ACR_RUN_STOPPED); /* whatever was asked for meanwhile */
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
    case ACR_MESSAGE_SHED:
    case ACR_MESSAGE_HATCHED:
        take_order(load, message);
        return;
    case ACR_MESSAGE_PING:
    case ACR_MESSAGE_SNAPSHOT:
        answer(load, message);
        return;
    case ACR_MESSAGE_CHANGE:
        begin_change(load, message);
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
    if (!acr_roster_remove(&load->roster, id))
        return;
    check_limit(load);
    if (load->roster.leaving == 0 && !load->stopping && can_go_on(load))
        work_next_turn(load);
    tell_if_ended(load);
}

/* ---- requests */

void acr_load_request_start(struct acr_load *load, size_t users, double rate, bool ends_by_rate)
{
    if (load->finished)
        return;
    struct acr_message *start = acr_message_new(ACR_MESSAGE_START);
    start->users = users;
    start->rate = rate;
    start->ends_by_rate = ends_by_rate;
    acr_message_post(start, load->control);
    load->status.users = users;
    load->status.rate = rate > 0 ? rate : load->status.rate;
    load->start_requested = true;
    set_status(load, load->stopping && load->testing ? ACR_RUN_CLEANUP : ACR_RUN_HATCHING);
}

void acr_load_request_stop(struct acr_load *load)
{
    tell(load, ACR_MESSAGE_HALT);
}

void acr_load_request_quit(struct acr_load *load)
{
    tell(load, ACR_MESSAGE_QUIT);
}

void acr_load_give_up(struct acr_load *load)
{
    tell(load, ACR_MESSAGE_LATE);
}

const struct acr_run_status *acr_load_status(const struct acr_load *load)
{
    return &load->status;
}

size_t acr_load_user_count(const struct acr_load *load)
{
    return load->roster.count;
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
    load->crashed = acr_message_new(ACR_MESSAGE_CRASHED);
    acr_list_init(&load->orders);
    acr_roster_init(&load->roster, scenario->class_count);
    acr_timer_init(&load->work, scenario->engine->loop, on_work);
    int rc = acr_mailbox_open(scenario->engine->loop, on_mail, load, &load->mailbox, error);
    if (rc < 0) {
        acr_message_free(load->crashed);
        acr_roster_done(&load->roster);
        acr_free(load);
        return rc;
    }
    scenario->load = load;
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
    acr_message_free(load->crashed);
    acr_mailbox_close(load->mailbox);
    acr_roster_done(&load->roster);
    load->scenario->load = NULL;
    acr_free(load);
}

struct acr_mailbox *acr_load_mailbox(struct acr_load *load)
{
    return load->mailbox;
}

void acr_load_connect(struct acr_load *load, struct acr_mailbox *control, size_t users, double rate)
{
    load->control = control;
    load->status = (struct acr_run_status){.state = ACR_RUN_READY, .users = users, .rate = rate};
}

static void tell_final(struct acr_load *load, bool failed)
{
    const struct acr_scenario *scenario = load->scenario;
    acr_shortage_sum_up(&load->shortage, acr_net_shortage(scenario->engine->net));
    struct acr_message *final = acr_message_new(ACR_MESSAGE_FINAL);
    final->snapshot = acr_snapshot_take(scenario->engine->stats);
    final->user_count = load->roster.count;
    final->exit_code = scenario->exit_code;
    final->erred = scenario->erred;
    final->faulty = scenario->faulty;
    final->failed = failed;
    final->crashed = acr_crash_happened();
    acr_message_post(final, load->control);
}

static int set_up(struct acr_load *load)
{
    struct acr_scenario *scenario = load->scenario;
    set_status(load, ACR_RUN_READY);
    begin_test(load);
    if (scenario->ops->set_up != NULL && scenario->ops->set_up(scenario) != 0)
        return ACR_ERR_SCRIPT;
    return 0;
}

struct whole {
    struct acr_load *load;
    struct acr_error *error;
    int rc;
};

/* From the first to the last line of the scenario. */
static void hold_whole(void *context)
{
    struct whole *whole = context;
    struct acr_load *load = whole->load;
    whole->rc = set_up(load);
    if (whole->rc == 0) {
        tell(load, ACR_MESSAGE_READY);
        whole->rc = load->scenario->ops->run(load->scenario, whole->error);
    }
    end_test(load);
    tell_scenario(load, ACR_RUN_QUITTING, 0);
}

void acr_load_tell_crash(struct acr_load *load)
{
    struct acr_message *crashed = load->crashed;
    load->crashed = NULL;
    acr_message_post(crashed, load->control);
}

int acr_load_run(struct acr_load *load, struct acr_error *error)
{
    struct whole whole = {load, error, 0};
    if (!acr_crash_guard(hold_whole, &whole) || acr_crash_happened())
        whole.rc = ACR_ERR_SCRIPT;
    acr_crash_report();
    tell_final(load, whole.rc < 0);
    return whole.rc;
}
