/* SPDX-License-Identifier: MIT */
/* coroutine - fibers on stacks of their own: start, switch, end. */
#include "loop/coroutine.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "loop/sanitizer.h"
#include "loop/stacks.h"
#include "loop/switch.h"

#define DEFAULT_MAX_COUNT ((size_t)1000 * 1000)

#define CACHE_LINE 64

/* Stacks begin at so many different cache lines of their pages: if all began at the same one, a thousand of them would
 * fight for one set of the cache (wake and resume 130 ns with one line, 95 with 8, 55 with 16). */
#define STACK_COLOURS 16

struct acr_coroutine_pool {
    struct acr_loop *loop;
    struct acr_stacks stacks;
    size_t room_bytes; /* whole lines */
    size_t alive;
    struct acr_switch loop_stack; /* the loop's, while a coroutine runs */
    struct acr_sanitizer_stack loop_sanitizer;
    _Atomic(struct acr_coroutine *) running;
    void *kept; /* ACR_COROUTINE_KEPT_BYTES that each coroutine has for itself; NULL: none */
    char kept_outside[ACR_COROUTINE_KEPT_BYTES];
};

/* Lies above its own stack, with its room behind it, so that an idle coroutine touches one page, and that what other
 * threads read of it stays readable when it has ended. What a switch needs comes first: with the fiber it fills two
 * lines of the cache. */
struct acr_coroutine {
    struct acr_fiber fiber;
    bool started;
    bool finished;
    struct acr_switch stack;
    struct acr_coroutine_pool *pool;
    _Atomic(const char *) work;
    struct acr_sanitizer_stack sanitizer;
    acr_coroutine_fn *fn;
    acr_coroutine_fn *ended;
    void *context;
    void *low; /* of the stack */
    _Atomic(const char *) owner;
    _Atomic uint64_t number;
};

static void leave(struct acr_coroutine *coroutine)
{
    struct acr_coroutine_pool *pool = coroutine->pool;
    acr_sanitizer_leave(&coroutine->sanitizer, coroutine->finished, &pool->loop_sanitizer);
    acr_switch_to(&coroutine->stack, &pool->loop_stack);
    acr_sanitizer_arrive(&coroutine->sanitizer, &pool->loop_sanitizer);
}

static void run(void *context)
{
    struct acr_coroutine *coroutine = context;
    acr_sanitizer_arrive(&coroutine->sanitizer, &coroutine->pool->loop_sanitizer);
    coroutine->fn(coroutine, coroutine->context);
    coroutine->finished = true;
    leave(coroutine);
}

static void enter(struct acr_coroutine *coroutine)
{
    struct acr_coroutine_pool *pool = coroutine->pool;
    atomic_store_explicit(&pool->running, coroutine, memory_order_release);
    acr_sanitizer_leave(&pool->loop_sanitizer, false, &coroutine->sanitizer);
    acr_switch_to(&pool->loop_stack, &coroutine->stack);
    acr_sanitizer_arrive(&pool->loop_sanitizer, NULL);
    atomic_store_explicit(&pool->running, NULL, memory_order_release);
}

/* On the loop's stack. */
static void end(struct acr_coroutine *coroutine)
{
    struct acr_coroutine_pool *pool = coroutine->pool;
    acr_fiber_done(&coroutine->fiber);
    if (coroutine->ended != NULL)
        coroutine->ended(coroutine, coroutine->context);
    acr_sanitizer_stack_done(&coroutine->sanitizer);
    if (pool->kept != NULL)
        memset(pool->kept, 0, ACR_COROUTINE_KEPT_BYTES);
    pool->alive--;
    acr_stacks_give(&pool->stacks, coroutine->low);
}

/* Not inlined, so that the frame of suspend() is as small as without it. */
__attribute__((noinline)) static void leave_keeping(struct acr_coroutine *coroutine, void *state)
{
    char kept[ACR_COROUTINE_KEPT_BYTES];
    memcpy(kept, state, sizeof kept);
    memset(state, 0, sizeof kept);
    leave(coroutine);
    memcpy(state, kept, sizeof kept);
}

static int suspend(struct acr_fiber *fiber)
{
    struct acr_coroutine *coroutine = ACR_CONTAINER_OF(fiber, struct acr_coroutine, fiber);
    fiber->stack = (char *)__builtin_frame_address(0) - CACHE_LINE; /* what acr_switch_to is about to save */
    if (ACR_LIKELY(coroutine->pool->kept == NULL))
        leave(coroutine);
    else
        leave_keeping(coroutine, coroutine->pool->kept);
    return 0;
}

static void resume(struct acr_fiber *fiber)
{
    struct acr_coroutine *coroutine = ACR_CONTAINER_OF(fiber, struct acr_coroutine, fiber);
    if (!coroutine->started && fiber->cancelled) {
        end(coroutine);
        return;
    }
    coroutine->started = true;
    enter(coroutine);
    if (coroutine->finished)
        end(coroutine);
}

static const struct acr_fiber_ops coroutine_ops = {suspend, resume};

static size_t whole_lines(size_t bytes)
{
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

int acr_coroutine_pool_open(struct acr_loop *loop, const struct acr_coroutine_options *options,
                            struct acr_coroutine_pool **ret_pool, struct acr_error *error)
{
    const struct acr_coroutine_options defaults = {0};
    if (options == NULL)
        options = &defaults;
    struct acr_coroutine_pool *pool = acr_alloc_zero(sizeof *pool);
    pool->loop = loop;
    pool->room_bytes = whole_lines(options->room_bytes);
    size_t max_count = options->max_count != 0 ? options->max_count : DEFAULT_MAX_COUNT;
    int rc = acr_stacks_open(&pool->stacks, options->stack_bytes, max_count, options->max_count == 0, error);
    if (rc < 0) {
        acr_free(pool);
        return rc;
    }
    *ret_pool = pool;
    return 0;
}

void acr_coroutine_pool_close(struct acr_coroutine_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->kept != NULL)
        memcpy(pool->kept, pool->kept_outside, sizeof pool->kept_outside);
    acr_stacks_close(&pool->stacks);
    acr_free(pool);
}

void acr_coroutine_pool_keep(struct acr_coroutine_pool *pool, void *state)
{
    pool->kept = state;
    memcpy(pool->kept_outside, state, sizeof pool->kept_outside);
    memset(state, 0, sizeof pool->kept_outside);
}

size_t acr_coroutine_pool_count(const struct acr_coroutine_pool *pool)
{
    return pool->alive;
}

size_t acr_coroutine_pool_high_water(const struct acr_coroutine_pool *pool)
{
    return acr_stacks_high_water(&pool->stacks);
}

size_t acr_coroutine_pool_stack_bytes(const struct acr_coroutine_pool *pool)
{
    return acr_stacks_usable(&pool->stacks);
}

bool acr_coroutine_pool_guarded(const struct acr_coroutine_pool *pool)
{
    return !pool->stacks.unguarded;
}

/* Keeps the room on a line of its own. */
#define COROUTINE_BYTES ((sizeof(struct acr_coroutine) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE)

/* Bytes of the slot below the struct. */
static size_t stack_size(const struct acr_coroutine_pool *pool, const char *low)
{
    size_t slot = (size_t)(low - pool->stacks.base) / pool->stacks.slot_bytes;
    size_t above = COROUTINE_BYTES + pool->room_bytes + slot % STACK_COLOURS * CACHE_LINE;
    return (acr_stacks_usable(&pool->stacks) - above) / CACHE_LINE * CACHE_LINE;
}

static void init_room(const struct acr_coroutine_pool *pool, struct acr_coroutine *coroutine)
{
    if (pool->room_bytes == 0)
        return;
    coroutine->fiber.data = memset(acr_coroutine_room(coroutine), 0, pool->room_bytes);
}

int acr_coroutine_start(struct acr_coroutine_pool *pool, acr_coroutine_fn *fn, acr_coroutine_fn *ended, void *context,
                        struct acr_coroutine **ret_coroutine)
{
    char *low = acr_stacks_take(&pool->stacks);
    if (low == NULL)
        return ACR_ERR_LIMIT;
    acr_sanitizer_forget(low, acr_stacks_usable(&pool->stacks));
    size_t size = stack_size(pool, low);
    struct acr_coroutine *coroutine = (struct acr_coroutine *)(void *)(low + size);
    *coroutine = (struct acr_coroutine){.pool = pool, .fn = fn, .ended = ended, .context = context, .low = low};
    coroutine->sanitizer = acr_sanitizer_stack_of(low, size);
    acr_fiber_init(&coroutine->fiber, pool->loop, &coroutine_ops);
    init_room(pool, coroutine);
    acr_switch_init(&coroutine->stack, low, size, run, coroutine);
    pool->alive++;
    acr_fiber_schedule(&coroutine->fiber);
    if (ret_coroutine != NULL)
        *ret_coroutine = coroutine;
    return 0;
}

void acr_coroutine_cancel(struct acr_coroutine *coroutine)
{
    acr_fiber_cancel(&coroutine->fiber);
}

void *acr_coroutine_room(struct acr_coroutine *coroutine)
{
    return (char *)coroutine + COROUTINE_BYTES;
}

struct acr_fiber *acr_coroutine_fiber(struct acr_coroutine *coroutine)
{
    return &coroutine->fiber;
}

void acr_coroutine_set_owner(struct acr_coroutine *coroutine, const char *owner, uint64_t number)
{
    atomic_store_explicit(&coroutine->owner, owner, memory_order_relaxed);
    atomic_store_explicit(&coroutine->number, number, memory_order_relaxed);
}

void acr_coroutine_set_work(struct acr_fiber *fiber, const char *work)
{
    struct acr_coroutine *coroutine = ACR_CONTAINER_OF(fiber, struct acr_coroutine, fiber);
    atomic_store_explicit(&coroutine->work, work, memory_order_relaxed);
}

bool acr_coroutine_pool_running(const struct acr_coroutine_pool *pool, struct acr_coroutine_running *ret_running)
{
    const struct acr_coroutine *running = atomic_load_explicit(&pool->running, memory_order_acquire);
    if (running == NULL)
        return false;
    *ret_running = (struct acr_coroutine_running){
        .owner = atomic_load_explicit(&running->owner, memory_order_relaxed),
        .number = atomic_load_explicit(&running->number, memory_order_relaxed),
        .work = atomic_load_explicit(&running->work, memory_order_relaxed),
        .stack_low = (uintptr_t)running->low,
        .stack_high = (uintptr_t)running->low + acr_stacks_usable(&pool->stacks),
    };
    return true;
}

void acr_coroutine_pool_desert(struct acr_coroutine_pool *pool)
{
    struct acr_coroutine *running = atomic_load_explicit(&pool->running, memory_order_relaxed);
    if (running == NULL)
        return;
    acr_sanitizer_leave(&running->sanitizer, true, &pool->loop_sanitizer);
    acr_sanitizer_arrive(&pool->loop_sanitizer, NULL);
}
