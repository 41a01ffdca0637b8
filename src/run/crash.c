/* SPDX-License-Identifier: MIT */
/* crash - the handler, the way out of it, and what is said about it. */
#include "run/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "run/backtrace.h"

#define LOGGER "locust.runners"

#define HANDLER_STACK_BYTES ((size_t)64 * 1024)
/* As much as the innermost calls take. */
#define COPY_BYTES ((size_t)64 * 1024)
/* Nothing that comes after a crash takes longer, unless it hangs. */
#define ALARM_SECONDS 30
/* An address that cannot be reached, so near to the stack pointer, was to be a part of the stack. */
#define STACK_REACH ((uintptr_t)64 * 1024)

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define SIGNAL_COUNT (sizeof signals / sizeof signals[0])

/* A signal handler is given no context, so what it needs is the process's. */
static struct {
    bool open;
    pid_t process;
    pthread_t load_thread;
    struct acr_scenario *scenario;
    void (*tell)(void *context);
    void *context;
    sigjmp_buf *landing; /* NULL: the load thread cannot come back */
    char *stack;         /* and above it, room for a copy of another one */
    stack_t old_stack;
    struct sigaction old_actions[SIGNAL_COUNT];

    _Atomic bool interrupted;
    _Atomic bool exiting; /* by exit() */
    _Atomic bool happened;
    _Atomic bool reported;
    /* Written once, by the handler. */
    siginfo_t signal;
    struct acr_backtrace_start start;
    bool on_load_thread;
    bool has_place;
    struct acr_run_place place;
} crash;

/* ---- the handler */

static void take_default_action(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    raise(number);
}

static void on_alarm(int number)
{
    static const char text[] = "acrida: the scenario crashed, and the report of it hangs: giving up.\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(ACR_EXIT_CRASHED);
}

static void start_alarm(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm(ALARM_SECONDS);
}

static uintptr_t stack_pointer(const ucontext_t *machine)
{
#if defined(__x86_64__)
    return (uintptr_t)machine->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)machine->uc_mcontext.sp;
#else
    (void)machine;
    return 0;
#endif
}

/* Reads memory that may not be there, from `from` or up to a stack's reach above it. Returns how much. */
static size_t copy_memory(char *to, size_t size, uintptr_t *from)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), limit = *from + STACK_REACH;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    ssize_t got = pread(memory, to, size, (off_t)*from);
    while (got <= 0 && *from < limit) {
        *from = *from / page * page + page;
        got = pread(memory, to, size, (off_t)*from);
    }
    close(memory);
    return got > 0 ? (size_t)got : 0;
}

/* The load thread's own stack is used again when the load thread is out of the crash. */
static void keep_stack(void)
{
    char *room = crash.stack + HANDLER_STACK_BYTES;
    crash.start.stack = stack_pointer(&crash.start.machine);
    crash.start.copy = room;
    crash.start.copy_size = copy_memory(room, COPY_BYTES, &crash.start.stack);
}

static void remember(const siginfo_t *info, const ucontext_t *machine)
{
    crash.signal = *info;
    crash.start.machine = *machine;
    crash.on_load_thread = pthread_equal(pthread_self(), crash.load_thread);
    crash.has_place =
        crash.scenario->ops->place(crash.scenario, &crash.place) && crash.on_load_thread != crash.place.is_beside;
    if (crash.on_load_thread && crash.landing != NULL && (!crash.has_place || crash.place.stack_low == 0))
        keep_stack();
}

static void on_crash(int number, siginfo_t *info, void *machine)
{
    if (getpid() != crash.process) {
        take_default_action(number); /* in a child that the scenario forked */
        return;
    }
    if (!atomic_exchange(&crash.happened, true)) {
        start_alarm();
        remember(info, machine);
        crash.tell(crash.context);
        if (crash.on_load_thread && crash.landing != NULL) {
            crash.scenario->ops->desert(crash.scenario);
            siglongjmp(*crash.landing, 1);
        }
    }
    for (;;)
        pause();
}

/* Called by exit(): in the scenario it would end the run without a report, with the code of a success perhaps. */
static void on_exit_called(void)
{
    struct acr_run_place place;
    if (!crash.open || getpid() != crash.process || crash.happened)
        return;
    bool is_user = crash.scenario->ops->place(crash.scenario, &place);
    if (pthread_equal(pthread_self(), crash.load_thread) || (is_user && place.is_beside)) {
        crash.exiting = true;
        raise(SIGABRT);
    }
}

bool acr_crash_guard(void (*fn)(void *context), void *context)
{
    sigjmp_buf landing;
    crash.landing = &landing;
    bool whole = sigsetjmp(landing, 1) == 0;
    if (whole)
        fn(context);
    crash.landing = NULL;
    return whole;
}

bool acr_crash_interrupt(void)
{
    if (!crash.open || crash.happened || atomic_exchange(&crash.interrupted, true))
        return false;
    return pthread_kill(crash.load_thread, SIGABRT) == 0;
}

bool acr_crash_happened(void)
{
    return crash.happened;
}

/* ---- what is said */

/* A coroutine's stack ends at a guard page; the thread's own ends where the kernel lets it grow no more. */
static bool is_stack_overflow(void)
{
    uintptr_t address = (uintptr_t)crash.signal.si_addr, pointer = stack_pointer(&crash.start.machine);
    uintptr_t low = crash.has_place ? crash.place.stack_low : 0;
    if (crash.signal.si_signo != SIGSEGV || crash.signal.si_code <= 0)
        return false;
    if (low != 0)
        return address < low && address >= low - (uintptr_t)sysconf(_SC_PAGESIZE);
    return address < pointer + STACK_REACH && address + STACK_REACH >= pointer;
}

static void describe_access(char *out, size_t size)
{
    if (is_stack_overflow() && crash.has_place && crash.place.stack_low != 0)
        snprintf(out, size, "stack overflow (of %zu KiB, see --stack-size)",
                 (size_t)(crash.place.stack_high - crash.place.stack_low) / 1024);
    else if (is_stack_overflow())
        snprintf(out, size, "stack overflow");
    else if (crash.signal.si_code == SI_KERNEL)
        snprintf(out, size, "invalid memory access, at no address that could be one");
    else
        snprintf(out, size, "invalid memory access at %p", crash.signal.si_addr);
}

static const char *describe_arithmetic(void)
{
    return crash.signal.si_code == FPE_INTDIV || crash.signal.si_code == FPE_FLTDIV ? "division by zero"
                                                                                    : "arithmetic error";
}

/* By acr_crash_interrupt(); a crash may have been faster. */
static bool is_interruption(void)
{
    return crash.interrupted && crash.on_load_thread && crash.signal.si_signo == SIGABRT;
}

static void describe_signal(char *out, size_t size)
{
    int number = crash.signal.si_signo;
    if (is_interruption())
        snprintf(out, size, "it did not yield to other users");
    else if (crash.exiting && number == SIGABRT)
        snprintf(out, size, "it called exit()");
    else if (crash.signal.si_code == SI_USER && crash.signal.si_pid != crash.process)
        snprintf(out, size, "SIG%s, sent by process %d", sigabbrev_np(number), (int)crash.signal.si_pid);
    else if (number == SIGSEGV)
        describe_access(out, size);
    else if (number == SIGBUS)
        snprintf(out, size, "memory at %p that the machine cannot give", crash.signal.si_addr);
    else
        snprintf(out, size, "%s",
                 number == SIGFPE   ? describe_arithmetic()
                 : number == SIGILL ? "illegal instruction"
                                    : "abort");
}

static void describe_place(char *out, size_t size)
{
    const struct acr_run_place *place = &crash.place;
    if (!crash.has_place)
        snprintf(out, size, crash.on_load_thread ? "outside of any task" : "in a thread that is not the users'");
    else if (place->class_name == NULL)
        snprintf(out, size, "in %s", place->work);
    else
        snprintf(out, size, "in %s of %s (user %llu)", place->work, place->class_name,
                 (unsigned long long)place->user_number);
}

static const char *say_how(void)
{
    return is_interruption() ? "was cut off" : crash.exiting ? "ended" : "crashed";
}

void acr_crash_report_briefly(void)
{
    char what[128], where[256];
    if (!crash.happened || atomic_exchange(&crash.reported, true))
        return;
    describe_signal(what, sizeof what);
    describe_place(where, sizeof where);
    acr_log(ACR_LOG_CRITICAL, LOGGER, "The scenario %s %s: %s.", say_how(), where, what);
}

void acr_crash_report(void)
{
    struct acr_buffer calls = {0};
    if (!crash.happened || crash.reported)
        return;
    acr_crash_report_briefly();
    if (acr_backtrace(&crash.start, &calls) == 0 && calls.size > 0)
        acr_log(ACR_LOG_CRITICAL, LOGGER, "The innermost calls:%.*s", ACR_STR_ARGS(acr_buffer_str(&calls)));
    acr_buffer_done(&calls);
}

/* ---- the end of the process */

/* Brings the registers of the crash back, so that it happens again, and now for good. */
static void on_return(int number, siginfo_t *info, void *machine)
{
    (void)number;
    (void)info;
#if defined(__x86_64__)
    memcpy(((ucontext_t *)machine)->uc_mcontext.gregs, crash.start.machine.uc_mcontext.gregs,
           sizeof crash.start.machine.uc_mcontext.gregs);
#elif defined(__aarch64__)
    mcontext_t *registers = &((ucontext_t *)machine)->uc_mcontext;
    memcpy(registers->regs, crash.start.machine.uc_mcontext.regs, sizeof registers->regs);
    registers->sp = crash.start.machine.uc_mcontext.sp;
    registers->pc = crash.start.machine.uc_mcontext.pc;
#else
    (void)machine;
    take_default_action(crash.signal.si_signo);
#endif
}

/* A second life of the crash leaves a core dump that shows it: its stack is still there. */
static void crash_again(void)
{
    struct sigaction action = {.sa_sigaction = on_return, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    if (!crash.on_load_thread || !pthread_equal(pthread_self(), crash.load_thread) || crash.signal.si_code == SI_USER)
        take_default_action(crash.signal.si_signo);
    sigaction(crash.signal.si_signo, &by_default, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

void acr_crash_exit(void)
{
    const char *core = getenv("ACRIDA_CORE");
    fflush(stdout);
    if (core != NULL && strcmp(core, "1") == 0)
        crash_again();
    _exit(ACR_EXIT_CRASHED);
}

/* ---- life cycle */

static int make_stack(struct acr_error *error)
{
    void *stack = mmap(NULL, HANDLER_STACK_BYTES + COPY_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "mmap of a stack for signals");
    stack_t alternate = {.ss_sp = stack, .ss_size = HANDLER_STACK_BYTES};
    if (sigaltstack(&alternate, &crash.old_stack) != 0) {
        int system = errno;
        munmap(stack, HANDLER_STACK_BYTES + COPY_BYTES);
        return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "sigaltstack");
    }
    crash.stack = stack;
    return 0;
}

int acr_crash_open(struct acr_scenario *scenario, void (*tell)(void *context), void *context, struct acr_error *error)
{
    memset(&crash, 0, sizeof crash);
    int rc = make_stack(error);
    if (rc < 0)
        return rc;
    crash.process = getpid();
    crash.load_thread = pthread_self();
    crash.scenario = scenario;
    crash.tell = tell;
    crash.context = context;
    crash.open = true;
    static bool listening;
    if (!listening)
        listening = atexit(on_exit_called) == 0 && at_quick_exit(on_exit_called) == 0;
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &action, &crash.old_actions[i]);
    return 0;
}

void acr_crash_close(void)
{
    if (!crash.open)
        return;
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &crash.old_actions[i], NULL);
    sigaltstack(&crash.old_stack, NULL);
    munmap(crash.stack, HANDLER_STACK_BYTES + COPY_BYTES);
    crash.open = false;
}
