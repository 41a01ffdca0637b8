/* SPDX-License-Identifier: MIT */
/*
 * thread_fiber - a fiber that is no coroutine: a thread that runs only while the loop's thread waits for it.
 *
 * It shows that code written against loop/fiber.h needs nothing of loop/coroutine.h, and it can be resumed
 * behind the loop's back (thread_fiber_switch), as a stray switch resumes a greenlet.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include "base/memory.h"
#include "loop/fiber.h"

struct thread_fiber {
    struct acr_fiber fiber;
    void (*fn)(struct thread_fiber *fiber);
    void *context;
    pthread_t thread;
    sem_t to_fiber;
    sem_t to_loop;
    bool finished;
};

static inline void thread_fiber_switch(struct thread_fiber *self)
{
    sem_post(&self->to_fiber);
    sem_wait(&self->to_loop);
}

static inline int thread_fiber_suspend(struct acr_fiber *fiber)
{
    struct thread_fiber *self = ACR_CONTAINER_OF(fiber, struct thread_fiber, fiber);
    sem_post(&self->to_loop);
    sem_wait(&self->to_fiber);
    return 0;
}

static inline void thread_fiber_resume(struct acr_fiber *fiber)
{
    thread_fiber_switch(ACR_CONTAINER_OF(fiber, struct thread_fiber, fiber));
}

static inline void *thread_fiber_main(void *argument)
{
    struct thread_fiber *self = argument;
    sem_wait(&self->to_fiber);
    self->fn(self);
    self->finished = true;
    sem_post(&self->to_loop);
    return NULL;
}

/* Runs `fn` in the next phase b. */
static inline struct thread_fiber *thread_fiber_new(struct acr_loop *loop, void (*fn)(struct thread_fiber *fiber),
                                                    void *context)
{
    static const struct acr_fiber_ops ops = {thread_fiber_suspend, thread_fiber_resume};
    struct thread_fiber *self = acr_alloc_zero(sizeof *self);
    self->fn = fn;
    self->context = context;
    acr_fiber_init(&self->fiber, loop, &ops);
    sem_init(&self->to_fiber, 0, 0);
    sem_init(&self->to_loop, 0, 0);
    pthread_create(&self->thread, NULL, thread_fiber_main, self);
    acr_fiber_schedule(&self->fiber);
    return self;
}

/* `fn` must have returned. */
static inline void thread_fiber_free(struct thread_fiber *self)
{
    pthread_join(self->thread, NULL);
    acr_fiber_done(&self->fiber);
    sem_destroy(&self->to_fiber);
    sem_destroy(&self->to_loop);
    acr_free(self);
}
