/* SPDX-License-Identifier: MIT */
/* work - a queue, threads that take from it, and a mailbox for what comes back. */
#include "loop/work.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "base/memory.h"

#define SIGNAL_STACK_BYTES ((size_t)64 * 1024)

struct acr_work_pool {
    struct acr_mailbox *mailbox;
    size_t thread_max;
    pthread_t *threads; /* the loop's thread's only */
    pthread_mutex_t lock;
    pthread_cond_t more; /* work, or `closing` */
    /* Guarded by the lock: */
    struct acr_list queue;
    size_t queued;
    size_t thread_count;
    size_t free; /* threads that will look at the queue before they wait, or do wait */
    bool closing;
};

/* ---- threads */

/* The next work, or NULL at the end. The lock is held. */
static struct acr_work *take(struct acr_work_pool *pool)
{
    while (acr_list_empty(&pool->queue) && !pool->closing)
        pthread_cond_wait(&pool->more, &pool->lock);
    struct acr_list *first = acr_list_take_first(&pool->queue);
    if (first == NULL)
        return NULL;
    pool->queued--;
    pool->free--;
    return ACR_LIST_ENTRY(first, struct acr_work, link);
}

/* Whoever handles an overflow of the thread's stack needs another one. Without memory for it there is none. */
static void *give_signal_stack(void)
{
    void *memory =
        mmap(NULL, SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    stack_t stack = {.ss_sp = memory, .ss_size = SIGNAL_STACK_BYTES};
    sigaltstack(&stack, NULL);
    return memory;
}

static void take_signal_stack(void *memory)
{
    static const stack_t none = {.ss_flags = SS_DISABLE};
    if (memory == NULL)
        return;
    sigaltstack(&none, NULL);
    munmap(memory, SIGNAL_STACK_BYTES);
}

static void *thread_main(void *context)
{
    struct acr_work_pool *pool = context;
    struct acr_work *work;
    void *signal_stack = give_signal_stack();
    pthread_mutex_lock(&pool->lock);
    while ((work = take(pool)) != NULL) {
        pthread_mutex_unlock(&pool->lock);
        work->run(work);
        pthread_mutex_lock(&pool->lock);
        pool->free++; /* before others hear of it and begin more */
        pthread_mutex_unlock(&pool->lock);
        acr_mailbox_post(pool->mailbox, &work->mail); /* from here on it is not this thread's any more */
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    take_signal_stack(signal_stack);
    return NULL;
}

/* Signals are for the threads that were there before. Those that a thread causes itself come to it all the same, and
 * blocking them would hide their handler from them. */
static void own_signals(sigset_t *ret_set)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(ret_set);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(own); i++)
        sigdelset(ret_set, own[i]);
}

/* The lock is held. Returns 0, or what errno says. */
static int add_thread(struct acr_work_pool *pool)
{
    sigset_t mask, old;
    own_signals(&mask);
    pool->threads = acr_realloc(pool->threads, (pool->thread_count + 1) * sizeof *pool->threads);
    pthread_sigmask(SIG_SETMASK, &mask, &old);
    int system = pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (system != 0)
        return system;
    pool->thread_count++;
    pool->free++;
    return 0;
}

/* ---- the pool */

static void on_mail(struct acr_mail *mail, void *context)
{
    struct acr_work *work = ACR_CONTAINER_OF(mail, struct acr_work, mail);
    (void)context;
    if (work->call == NULL) {
        work->over(work);
        return;
    }
    work->call(work);
    pthread_mutex_lock(&work->lock);
    work->call = NULL;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

int acr_work_pool_open(struct acr_loop *loop, size_t thread_max, struct acr_work_pool **ret_pool,
                       struct acr_error *error)
{
    struct acr_work_pool *pool = acr_alloc_zero(sizeof *pool);
    int rc = acr_mailbox_open(loop, on_mail, pool, &pool->mailbox, error);
    if (rc < 0) {
        acr_free(pool);
        return rc;
    }
    pool->thread_max = thread_max;
    acr_list_init(&pool->queue);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    *ret_pool = pool;
    return 0;
}

void acr_work_pool_close(struct acr_work_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    acr_mailbox_close(pool->mailbox);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
    acr_free(pool->threads);
    acr_free(pool);
}

size_t acr_work_pool_waiting(struct acr_work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->queued > pool->free ? pool->queued - pool->free : 0;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

/* ---- work, on the loop's thread */

void acr_work_init(struct acr_work *work, struct acr_work_pool *pool, acr_work_fn *run, acr_work_fn *over)
{
    pthread_condattr_t monotonic;
    work->pool = pool;
    acr_list_init(&work->link);
    acr_list_init(&work->mail.link);
    work->run = run;
    work->over = over;
    work->call = NULL;
    atomic_init(&work->interrupted, false);
    pthread_mutex_init(&work->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&work->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void acr_work_done(struct acr_work *work)
{
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->lock);
}

static void forget(struct acr_work_pool *pool, struct acr_work *work)
{
    acr_list_remove(&work->link);
    pool->queued--;
}

int acr_work_begin(struct acr_work *work)
{
    struct acr_work_pool *pool = work->pool;
    int system = 0;
    atomic_store(&work->interrupted, false);
    pthread_mutex_lock(&pool->lock);
    acr_list_append(&pool->queue, &work->link);
    pool->queued++;
    if (pool->queued > pool->free && pool->thread_count < pool->thread_max)
        system = add_thread(pool);
    if (pool->thread_count == 0)
        forget(pool, work);
    else
        system = 0;
    pthread_cond_signal(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    errno = system;
    return system == 0 ? 0 : ACR_ERR_SYSTEM;
}

bool acr_work_withdraw(struct acr_work *work)
{
    struct acr_work_pool *pool = work->pool;
    pthread_mutex_lock(&pool->lock);
    bool waits = acr_list_linked(&work->link);
    if (waits)
        forget(pool, work);
    pthread_mutex_unlock(&pool->lock);
    return waits;
}

void acr_work_interrupt(struct acr_work *work)
{
    pthread_mutex_lock(&work->lock);
    atomic_store(&work->interrupted, true);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

/* ---- work, on its thread */

bool acr_work_interrupted(const struct acr_work *work)
{
    return atomic_load(&work->interrupted);
}

bool acr_work_sleep(struct acr_work *work, acr_nanos span)
{
    const struct acr_clock *clock = acr_clock_system();
    acr_nanos deadline = acr_deadline_after(clock->monotonic(clock), span);
    struct timespec until = {deadline / ACR_NANOS_PER_SECOND, deadline % ACR_NANOS_PER_SECOND};
    int system = 0;
    pthread_mutex_lock(&work->lock);
    while (system == 0 && !acr_work_interrupted(work))
        system = pthread_cond_timedwait(&work->changed, &work->lock, &until);
    pthread_mutex_unlock(&work->lock);
    return !acr_work_interrupted(work);
}

void acr_work_call(struct acr_work *work, acr_work_fn *fn)
{
    pthread_mutex_lock(&work->lock);
    work->call = fn;
    acr_mailbox_post(work->pool->mailbox, &work->mail);
    while (work->call != NULL)
        pthread_cond_wait(&work->changed, &work->lock);
    pthread_mutex_unlock(&work->lock);
}
