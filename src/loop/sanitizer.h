/* SPDX-License-Identifier: MIT */
/*
 * sanitizer - tells the address or the thread sanitizer which stack is the present one; nothing in other builds.
 *
 * Their contracts are in sanitizer/common_interface_defs.h (announce a switch before, confirm it after) and
 * sanitizer/tsan_interface.h (a fiber per stack, at most some 8,000 of them).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define ACR_WITH_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define ACR_WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ACR_WITH_ASAN 1
#elif __has_feature(thread_sanitizer)
#define ACR_WITH_TSAN 1
#endif
#endif

#if defined(ACR_WITH_ASAN)

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

struct acr_sanitizer_stack {
    void *fake; /* locals that the sanitizer moved to the heap */
    const void *low;
    size_t size;
};

static inline struct acr_sanitizer_stack acr_sanitizer_stack_of(const void *low, size_t size)
{
    return (struct acr_sanitizer_stack){NULL, low, size};
}

/* From another stack. */
static inline void acr_sanitizer_stack_done(struct acr_sanitizer_stack *stack)
{
    (void)stack;
}

/* Before a switch; `for_good` when `from` ends with it. */
static inline void acr_sanitizer_leave(struct acr_sanitizer_stack *from, bool for_good,
                                       const struct acr_sanitizer_stack *to)
{
    __sanitizer_start_switch_fiber(for_good ? NULL : &from->fake, to->low, to->size);
}

/* After a switch: `present` is the stack that goes on. Learns the bounds of the one that was left into `left`, which
 * may be NULL. */
static inline void acr_sanitizer_arrive(struct acr_sanitizer_stack *present, struct acr_sanitizer_stack *left)
{
    if (left != NULL)
        __sanitizer_finish_switch_fiber(present->fake, &left->low, &left->size);
    else
        __sanitizer_finish_switch_fiber(present->fake, NULL, NULL);
}

/* A stack that is used again carries the marks of frames that never returned. */
static inline void acr_sanitizer_forget(void *low, size_t size)
{
    __asan_unpoison_memory_region(low, size);
}

#elif defined(ACR_WITH_TSAN)

#include <sanitizer/tsan_interface.h>

struct acr_sanitizer_stack {
    void *fiber;
};

static inline struct acr_sanitizer_stack acr_sanitizer_stack_of(const void *low, size_t size)
{
    (void)low;
    (void)size;
    return (struct acr_sanitizer_stack){__tsan_create_fiber(0)};
}

static inline void acr_sanitizer_stack_done(struct acr_sanitizer_stack *stack)
{
    __tsan_destroy_fiber(stack->fiber);
}

static inline void acr_sanitizer_leave(struct acr_sanitizer_stack *from, bool for_good,
                                       const struct acr_sanitizer_stack *to)
{
    (void)for_good;
    from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
}

static inline void acr_sanitizer_arrive(struct acr_sanitizer_stack *present, struct acr_sanitizer_stack *left)
{
    (void)present;
    (void)left;
}

static inline void acr_sanitizer_forget(void *low, size_t size)
{
    (void)low;
    (void)size;
}

#else

struct acr_sanitizer_stack {
    char unused;
};

static inline struct acr_sanitizer_stack acr_sanitizer_stack_of(const void *low, size_t size)
{
    (void)low;
    (void)size;
    return (struct acr_sanitizer_stack){0};
}

static inline void acr_sanitizer_stack_done(struct acr_sanitizer_stack *stack)
{
    (void)stack;
}

static inline void acr_sanitizer_leave(struct acr_sanitizer_stack *from, bool for_good,
                                       const struct acr_sanitizer_stack *to)
{
    (void)from;
    (void)for_good;
    (void)to;
}

static inline void acr_sanitizer_arrive(struct acr_sanitizer_stack *present, struct acr_sanitizer_stack *left)
{
    (void)present;
    (void)left;
}

static inline void acr_sanitizer_forget(void *low, size_t size)
{
    (void)low;
    (void)size;
}

#endif
