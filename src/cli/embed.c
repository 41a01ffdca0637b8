/* SPDX-License-Identifier: MIT */
/* embed - runs for a program with a main of its own, which gets its process back as it was. */
#include <acrida.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/program.h"

#define EXIT_FAILED 1

/* What a run changes of the process and does not put back itself. */
struct process {
    struct sigaction pipe;
    struct rlimit files;
    bool has_files;
    int log_level;
};

static void process_take(struct process *process)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, &process->pipe);
    process->has_files = getrlimit(RLIMIT_NOFILE, &process->files) == 0;
    process->log_level = acr_log_level();
}

static void process_give(const struct process *process)
{
    sigaction(SIGPIPE, &process->pipe, NULL);
    if (process->has_files)
        setrlimit(RLIMIT_NOFILE, &process->files);
    acr_log_set_level(process->log_level);
}

static int run(int argc, char **argv, const acr_user_definition *only)
{
    /* Signals, the log and the limits are the process's, so one run has them at a time. */
    static atomic_flag running = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&running)) {
        fputs("acrida: error: a run is under way in this process: there can be another one when it is over\n", stderr);
        return EXIT_FAILED;
    }
    struct process process;
    process_take(&process);
    int result = acr_program_run_own(argc, argv, only);
    process_give(&process);
    atomic_flag_clear(&running);
    return result;
}

int acr_run(int argc, char **argv)
{
    return run(argc, argv, NULL);
}

int acr_run_tasks(int argc, char **argv, const acr_task *tasks, size_t count)
{
    const acr_user_definition user = {.name = "user", .task_list = tasks, .task_count = count};
    return run(argc, argv, &user);
}
