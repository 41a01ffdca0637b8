/* SPDX-License-Identifier: MIT */
/* net_fixture - see the header. */
#include "support/net_fixture.h"

#include "support/unit.h"

#include <dirent.h>

#include "base/list.h"

#define RUN_LIMIT (20 * ACR_NANOS_PER_SECOND)
#define TURN_WAIT (2 * ACR_NANOS_PER_MILLI)

void net_fixture_open(struct net_fixture *fixture, const struct acr_net_options *options)
{
    struct acr_error error = {0};
    acr_clock_fake_init(&fixture->clock, 1000 * ACR_NANOS_PER_SECOND, 0);
    assert_int_equal(acr_loop_open(&fixture->clock.clock, &fixture->loop, &error), 0);
    assert_int_equal(acr_coroutine_pool_open(fixture->loop, &(struct acr_coroutine_options){.stack_bytes = 256 * 1024},
                                             &fixture->pool, &error),
                     0);
    assert_int_equal(acr_net_open(fixture->loop, options, &fixture->net, &error), 0);
}

void net_fixture_close(struct net_fixture *fixture)
{
    acr_net_close(fixture->net);
    acr_coroutine_pool_close(fixture->pool);
    acr_loop_close(fixture->loop);
}

/* Bytes below the frame that suspends which the switch itself may use. */
#define SWITCH_FRAMES 4096

/*
 * A coroutine whose stack is not there while it waits, like a greenlet's (fiber.h, rule 1): it is copied away and
 * overwritten. Whatever then reaches into it from outside reads nonsense, and what it writes there is lost.
 */
struct actor {
    struct acr_list link;
    struct acr_fiber *fiber;
    const struct acr_fiber_ops *ops;
    acr_coroutine_fn *fn;
    void *context;
    char *low, *high; /* the part of the stack that is in use */
    char *saved;      /* NULL while it is in place */
    bool running, ended;
};

/* The ops of a fiber have no context to find its actor by. */
static struct acr_list actors = {&actors, &actors};

static struct actor *actor_of(const struct acr_fiber *fiber)
{
    struct acr_list *link = actors.next;
    while (ACR_LIST_ENTRY(link, struct actor, link)->fiber != fiber)
        link = link->next;
    return ACR_LIST_ENTRY(link, struct actor, link);
}

static void actor_free(struct actor *actor)
{
    acr_list_remove(&actor->link);
    acr_free(actor->saved);
    acr_free(actor);
}

/* Byte by byte, because a stack has places that the address sanitizer forbids. */
__attribute__((no_sanitize("address"))) static void move_stack(volatile char *to, const volatile char *from,
                                                               size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = from[i];
}

__attribute__((no_sanitize("address"))) static void spoil_stack(volatile char *stack, size_t size)
{
    for (size_t i = 0; i < size; i++)
        stack[i] = (char)0xa5;
}

static void take_stack_away(struct actor *actor)
{
    size_t size = (size_t)(actor->high - actor->low);
    actor->saved = acr_alloc(size);
    move_stack(actor->saved, actor->low, size);
    spoil_stack(actor->low, size);
}

static void put_stack_back(struct actor *actor)
{
    if (actor->saved == NULL)
        return;
    move_stack(actor->low, actor->saved, (size_t)(actor->high - actor->low));
    acr_free(actor->saved);
    actor->saved = NULL;
}

static int actor_suspend(struct acr_fiber *fiber)
{
    struct actor *actor = actor_of(fiber);
    actor->low = (char *)__builtin_frame_address(0) - SWITCH_FRAMES;
    return actor->ops->suspend(fiber);
}

static void actor_resume(struct acr_fiber *fiber)
{
    struct actor *actor = actor_of(fiber);
    put_stack_back(actor);
    actor->running = true;
    actor->ops->resume(fiber);
    actor->running = false;
    if (actor->ended)
        actor_free(actor);
    else
        take_stack_away(actor);
}

static const struct acr_fiber_ops actor_ops = {.suspend = actor_suspend, .resume = actor_resume};

static void actor_run(struct acr_coroutine *coroutine, void *context)
{
    struct actor *actor = context;
    actor->high = __builtin_frame_address(0);
    actor->fn(coroutine, actor->context);
    actor->high = NULL; /* also keeps the call from becoming a jump, which would put its frame above `high` */
}

static void actor_ended(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    struct actor *actor = context;
    actor->ended = true;
    if (!actor->running)
        actor_free(actor);
}

struct acr_coroutine *net_fixture_start(struct net_fixture *fixture, acr_coroutine_fn *fn, void *context)
{
    struct acr_coroutine *coroutine;
    struct actor *actor = acr_alloc_zero(sizeof *actor);
    acr_list_init(&actor->link);
    acr_list_append(&actors, &actor->link);
    actor->fn = fn;
    actor->context = context;
    assert_int_equal(acr_coroutine_start(fixture->pool, actor_run, actor_ended, actor, &coroutine), 0);
    actor->fiber = acr_coroutine_fiber(coroutine);
    actor->ops = actor->fiber->ops;
    actor->fiber->ops = &actor_ops;
    return coroutine;
}

void net_fixture_run_until(struct net_fixture *fixture, bool (*condition)(void *context), void *context)
{
    const struct acr_clock *clock = acr_clock_system();
    acr_nanos limit = clock->monotonic(clock) + RUN_LIMIT;
    while (!condition(context)) {
        assert_int_equal(acr_loop_turn(fixture->loop, TURN_WAIT), 0);
        assert_true(clock->monotonic(clock) < limit);
    }
}

static bool all_ended(void *context)
{
    const struct net_fixture *fixture = context;
    return acr_coroutine_pool_count(fixture->pool) == 0;
}

void net_fixture_run(struct net_fixture *fixture)
{
    net_fixture_run_until(fixture, all_ended, fixture);
}

void net_fixture_turn(struct net_fixture *fixture)
{
    for (int i = 0; i < 5; i++)
        assert_int_equal(acr_loop_turn(fixture->loop, TURN_WAIT), 0);
}

void net_fixture_advance(struct net_fixture *fixture, acr_nanos by)
{
    fixture->clock.monotonic_now += by;
}

size_t net_fixture_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* A coroutine's fiber whose waits are counted, and one of them cancelled. */
struct cancelling {
    struct net_fixture *fixture;
    net_fixture_operation_fn *fn;
    void *context;
    const struct acr_fiber_ops *ops;
    unsigned waits;
    unsigned victim; /* number of the wait to be cancelled, from 1 */
    bool late;       /* cancel it after it was woken */
    int result;
};

/* The ops table has no context; tests have one such run at a time. */
static struct cancelling *current;

static int suspend(struct acr_fiber *fiber)
{
    bool hit = ++current->waits == current->victim;
    if (hit && !current->late)
        acr_fiber_cancel(fiber);
    int code = current->ops->suspend(fiber);
    if (hit && current->late)
        acr_fiber_cancel(fiber);
    return code;
}

static const struct acr_fiber_ops cancelling_ops = {.suspend = suspend, .resume = actor_resume};

static void run_operation(struct acr_coroutine *coroutine, void *context)
{
    struct cancelling *cancelling = context;
    struct acr_fiber *fiber = acr_coroutine_fiber(coroutine);
    cancelling->ops = fiber->ops;
    fiber->ops = &cancelling_ops;
    cancelling->result = cancelling->fn(cancelling->fixture, fiber, cancelling->context);
    fiber->ops = cancelling->ops;
}

/* A DNS query goes on without the one who asked, and has its descriptors until then. */
static bool has_settled(void *context)
{
    return net_fixture_descriptors() <= *(const size_t *)context;
}

unsigned net_fixture_cancel_each_wait(struct net_fixture *fixture, net_fixture_operation_fn *fn, void *context)
{
    for (unsigned victim = 1;; victim++)
        for (int late = 0; late < 2; late++) {
            struct cancelling cancelling = {fixture, fn, context, .victim = victim, .late = late};
            size_t before = net_fixture_descriptors();
            current = &cancelling;
            net_fixture_start(fixture, run_operation, &cancelling);
            net_fixture_run(fixture);
            if (cancelling.waits < victim) {
                assert_int_equal(cancelling.result, 0);
                return cancelling.waits;
            }
            assert_int_equal(cancelling.result, ACR_ERR_CANCELLED);
            net_fixture_run_until(fixture, has_settled, &before);
        }
}
