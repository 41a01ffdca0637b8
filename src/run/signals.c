/* SPDX-License-Identifier: MIT */
/* signals - handlers that write to an eventfd. */
#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

/* The eventfd adds up what is written; each signal has half of its 64 bits. */
#define COUNT_INTERRUPT UINT64_C(1)
#define COUNT_TERMINATE (UINT64_C(1) << 32)
/* This signal kills. */
#define LAST_SIGNAL 3

struct acr_signals {
    struct acr_source source;
    int fd;
    void (*fn)(void *context, int signal_number);
    void *context;
    struct sigaction old_interrupt, old_terminate;
};

/* A signal handler is given no context, so what it needs is the process's. */
static _Atomic int handler_fd = -1;
static _Atomic int handler_calls;
static _Atomic pid_t handler_process;

static void take_default_action(int signal_number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal_number, &action, NULL);
    raise(signal_number);
}

static void on_signal(int signal_number)
{
    int saved = errno;
    int fd = handler_fd;
    if (fd < 0 || getpid() != handler_process || ++handler_calls >= LAST_SIGNAL) {
        take_default_action(signal_number);
    } else {
        uint64_t count = signal_number == SIGTERM ? COUNT_TERMINATE : COUNT_INTERRUPT;
        ssize_t written = write(fd, &count, sizeof count);
        (void)written; /* cannot fail before 2^32 signals */
    }
    errno = saved;
}

static void on_event(struct acr_source *source, uint32_t events)
{
    (void)events;
    struct acr_signals *signals = ACR_CONTAINER_OF(source, struct acr_signals, source);
    uint64_t counts;
    while (read(signals->fd, &counts, sizeof counts) == (ssize_t)sizeof counts) {
        for (uint64_t i = counts & UINT32_MAX; i > 0; i--)
            signals->fn(signals->context, SIGINT);
        for (uint64_t i = counts >> 32; i > 0; i--)
            signals->fn(signals->context, SIGTERM);
    }
}

static void install(struct acr_signals *signals)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    handler_calls = 0;
    handler_process = getpid();
    handler_fd = signals->fd;
    sigaction(SIGINT, &action, &signals->old_interrupt);
    sigaction(SIGTERM, &action, &signals->old_terminate);
}

int acr_signals_open(struct acr_loop *loop, void (*fn)(void *context, int signal_number), void *context,
                     struct acr_signals **ret_signals, struct acr_error *error)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "eventfd");
    struct acr_signals *signals = acr_alloc_zero(sizeof *signals);
    signals->fd = fd;
    signals->fn = fn;
    signals->context = context;
    int rc = acr_source_add(&signals->source, loop, fd, on_event);
    if (rc < 0) {
        acr_error_set_system(error, rc, errno, "epoll_ctl");
        close(fd);
        acr_free(signals);
        return rc;
    }
    install(signals);
    *ret_signals = signals;
    return 0;
}

void acr_signals_close(struct acr_signals *signals)
{
    if (signals == NULL)
        return;
    sigaction(SIGINT, &signals->old_interrupt, NULL);
    sigaction(SIGTERM, &signals->old_terminate, NULL);
    handler_fd = -1;
    acr_source_remove(&signals->source);
    close(signals->fd);
    acr_free(signals);
}
