/* SPDX-License-Identifier: MIT */
/* loop - the three phases of a turn on epoll, alone or inside another event loop. */
#include "loop/loop.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/fiber.h"
#include "loop/internal.h"

/* The eventfd and the timerfd are edge-triggered like all others: each write and each expiry is one event, and neither
 * is ever read. */
static void on_signal(struct acr_source *source, uint32_t events)
{
    (void)source;
    (void)events;
}

static void on_alarm(struct acr_source *source, uint32_t events)
{
    (void)events;
    source->loop->alarm = ACR_NEVER;
}

static int open_own_descriptors(struct acr_loop *loop, struct acr_error *error)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "epoll_create1");
    loop->signal_source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->signal_source.fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "eventfd");
    loop->alarm_source.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->alarm_source.fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "timerfd_create");
    if (acr_source_add_reader(&loop->signal_source, loop, loop->signal_source.fd, on_signal) < 0 ||
        acr_source_add_reader(&loop->alarm_source, loop, loop->alarm_source.fd, on_alarm) < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "epoll_ctl");
    return 0;
}

int acr_loop_open(const struct acr_clock *clock, struct acr_loop **ret_loop, struct acr_error *error)
{
    struct acr_loop *loop = acr_alloc_zero(sizeof *loop);
    loop->clock = clock;
    loop->now = clock->monotonic(clock);
    loop->alarm = ACR_NEVER;
    loop->epoll_fd = loop->signal_source.fd = loop->alarm_source.fd = -1;
    acr_list_init(&loop->ready);
    acr_list_init(&loop->resuming);
    acr_list_init(&loop->flushes);
    acr_wheel_init(&loop->wheel, loop->now);
    int rc = open_own_descriptors(loop, error);
    if (rc < 0) {
        acr_loop_close(loop);
        return rc;
    }
    *ret_loop = loop;
    return 0;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void acr_loop_close(struct acr_loop *loop)
{
    if (loop == NULL)
        return;
    close_if_open(loop->signal_source.fd);
    close_if_open(loop->alarm_source.fd);
    close_if_open(loop->epoll_fd);
    acr_wheel_done(&loop->wheel);
    acr_free(loop);
}

acr_nanos acr_loop_now(const struct acr_loop *loop)
{
    return loop->now;
}

acr_nanos acr_loop_refresh_now(struct acr_loop *loop)
{
    loop->now = loop->clock->monotonic(loop->clock);
    return loop->now;
}

const struct acr_clock *acr_loop_clock(const struct acr_loop *loop)
{
    return loop->clock;
}

bool acr_loop_in_turn(const struct acr_loop *loop)
{
    return loop->in_turn;
}

static bool has_work(const struct acr_loop *loop)
{
    return !acr_list_empty(&loop->ready) || acr_wheel_is_due(&loop->wheel);
}

/* How long phase a may block. */
static acr_nanos time_to_wait(struct acr_loop *loop, acr_nanos max_wait)
{
    if (max_wait <= 0 || has_work(loop))
        return 0;
    acr_nanos next = acr_wheel_next(&loop->wheel);
    if (next == ACR_NEVER)
        return max_wait;
    acr_nanos now = acr_loop_refresh_now(loop);
    if (next <= now)
        return 0;
    return next - now < max_wait ? next - now : max_wait;
}

/* For kernels before 5.11, in whole milliseconds: rounded up, or the loop would spin until the deadline. */
static int wait_in_millis(struct acr_loop *loop, acr_nanos wait)
{
    acr_nanos millis = wait / ACR_NANOS_PER_MILLI + (wait % ACR_NANOS_PER_MILLI != 0);
    return epoll_wait(loop->epoll_fd, loop->batch, ACR_LOOP_BATCH_MAX, millis < INT32_MAX ? (int)millis : INT32_MAX);
}

/* As epoll_wait. */
static int wait_for_events(struct acr_loop *loop, acr_nanos wait)
{
    if (wait == 0 || wait == ACR_NEVER)
        return epoll_wait(loop->epoll_fd, loop->batch, ACR_LOOP_BATCH_MAX, wait == 0 ? 0 : -1);
    if (loop->no_pwait2)
        return wait_in_millis(loop, wait);
    struct timespec timeout = {wait / ACR_NANOS_PER_SECOND, wait % ACR_NANOS_PER_SECOND};
    int count = epoll_pwait2(loop->epoll_fd, loop->batch, ACR_LOOP_BATCH_MAX, &timeout, NULL);
    /* A sandbox that does not know the call answers EPERM. */
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
        loop->no_pwait2 = true;
        return wait_in_millis(loop, wait);
    }
    return count;
}

/* Fills the batch and lets each source know where in it its event is. */
static int collect_events(struct acr_loop *loop, acr_nanos max_wait)
{
    int count = wait_for_events(loop, time_to_wait(loop, max_wait));
    if (count < 0 && errno != EINTR)
        return ACR_ERR_SYSTEM;
    loop->batch_size = count > 0 ? count : 0;
    for (int i = 0; i < loop->batch_size; i++)
        ((struct acr_source *)loop->batch[i].data.ptr)->batch_slot = i;
    return 0;
}

static void call_sources(struct acr_loop *loop)
{
    for (int i = 0; i < loop->batch_size; i++) {
        struct acr_source *source = loop->batch[i].data.ptr;
        if (source == NULL)
            continue;
        source->batch_slot = -1;
        source->fn(source, loop->batch[i].events);
    }
    loop->batch_size = 0;
}

/* Only the fibers woken up to here: two that wake each other take turns with everything else. */
static void resume_fibers(struct acr_loop *loop)
{
    if (acr_list_empty(&loop->ready))
        return;
    acr_loop_refresh_now(loop);
    acr_list_splice(&loop->ready, &loop->resuming);
    struct acr_list *link;
    while ((link = acr_list_take_first(&loop->resuming)) != NULL) {
        struct acr_fiber *fiber = ACR_LIST_ENTRY(link, struct acr_fiber, ready);
        fiber->ops->resume(fiber);
    }
}

static void run_flushes(struct acr_loop *loop)
{
    if (acr_list_empty(&loop->flushes))
        return;
    acr_loop_refresh_now(loop);
    struct acr_list *link;
    while ((link = acr_list_take_first(&loop->flushes)) != NULL) {
        struct acr_flush *flush = ACR_LIST_ENTRY(link, struct acr_flush, link);
        flush->fn(flush);
    }
}

int acr_loop_turn(struct acr_loop *loop, acr_nanos max_wait)
{
    if (loop->in_turn)
        return ACR_ERR_INVALID;
    loop->in_turn = true;
    loop->signalled = false;
    int rc = collect_events(loop, max_wait);
    if (rc == 0) {
        acr_loop_refresh_now(loop);
        call_sources(loop);
        acr_wheel_fire(&loop->wheel, loop->now);
        resume_fibers(loop);
        run_flushes(loop);
    }
    loop->in_turn = false;
    if (loop->embedded)
        acr_loop_update_fd(loop);
    return rc;
}

int acr_loop_run(struct acr_loop *loop)
{
    int rc = 0;
    loop->stopped = false;
    while (rc == 0 && !loop->stopped)
        rc = acr_loop_turn(loop, ACR_NEVER);
    return rc;
}

void acr_loop_stop(struct acr_loop *loop)
{
    loop->stopped = true;
}

static void signal_work(struct acr_loop *loop)
{
    if (loop->signalled)
        return;
    loop->signalled = true;
    uint64_t one = 1;
    ssize_t written = write(loop->signal_source.fd, &one, sizeof one);
    (void)written; /* cannot fail before 2^64 - 1 writes */
}

/* An alarm that is not needed any more is left to ring: one idle turn is cheaper than a system call per timer. */
static void set_alarm(struct acr_loop *loop, acr_nanos deadline)
{
    bool rang = loop->alarm <= loop->now;
    if (deadline == ACR_NEVER || (deadline >= loop->alarm && !rang))
        return;
    acr_nanos wait = deadline - loop->clock->monotonic(loop->clock);
    if (wait <= 0)
        wait = 1; /* 0 would switch it off */
    struct itimerspec setting = {.it_value = {wait / ACR_NANOS_PER_SECOND, wait % ACR_NANOS_PER_SECOND}};
    if (timerfd_settime(loop->alarm_source.fd, 0, &setting, NULL) == 0)
        loop->alarm = deadline;
}

void acr_loop_update_fd(struct acr_loop *loop)
{
    if (!loop->embedded || loop->in_turn)
        return;
    if (has_work(loop))
        signal_work(loop);
    else
        set_alarm(loop, acr_wheel_next(&loop->wheel));
}

int acr_loop_fd(struct acr_loop *loop)
{
    if (!loop->embedded) {
        loop->embedded = true;
        acr_loop_update_fd(loop);
    }
    return loop->epoll_fd;
}

static int add_source(struct acr_source *source, struct acr_loop *loop, int fd, uint32_t events, acr_source_fn *fn)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return ACR_ERR_SYSTEM;
    source->loop = loop;
    source->fn = fn;
    source->fd = fd;
    source->batch_slot = -1;
    return 0;
}

int acr_source_add(struct acr_source *source, struct acr_loop *loop, int fd, acr_source_fn *fn)
{
    return add_source(source, loop, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, fn);
}

int acr_source_add_reader(struct acr_source *source, struct acr_loop *loop, int fd, acr_source_fn *fn)
{
    return add_source(source, loop, fd, EPOLLIN | EPOLLET, fn);
}

void acr_source_remove(struct acr_source *source)
{
    struct acr_loop *loop = source->loop;
    if (loop == NULL)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL); /* fails if closed already: then it is gone as well */
    if (source->batch_slot >= 0)
        loop->batch[source->batch_slot].data.ptr = NULL;
    source->batch_slot = -1;
    source->loop = NULL;
}

void acr_flush_init(struct acr_flush *flush, acr_flush_fn *fn)
{
    acr_list_init(&flush->link);
    flush->fn = fn;
}

void acr_flush_later(struct acr_flush *flush, struct acr_loop *loop)
{
    if (!loop->in_turn)
        flush->fn(flush);
    else if (!acr_list_linked(&flush->link))
        acr_list_append(&loop->flushes, &flush->link);
}

void acr_flush_cancel(struct acr_flush *flush)
{
    acr_list_remove(&flush->link);
}
