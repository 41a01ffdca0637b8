/* SPDX-License-Identifier: MIT */
/*
 * scenario - what a front end makes of a locustfile, and how the run drives it.
 *
 * The front end (src/python now, src/capi later) fills in a struct acr_scenario. All calls come on the load thread. The
 * run starts and stops users through it and is told of their ends by acr_load_user_ended() (load.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "run/engine.h"
#include "user/class.h"
#include "user/limiter.h"

struct acr_load;
struct acr_scenario;

/* Moments a scenario's listeners may want to know of. */
enum acr_run_event {
    ACR_RUN_TEST_START, /* before the first user of a test starts; 0.9 locust_start_hatching, 2.x test_start; `value`
                           unused */
    ACR_RUN_SPAWNING_COMPLETE, /* after each change of their number; value = users wanted */
    ACR_RUN_TEST_STOPPING,     /* before users are stopped */
    ACR_RUN_TEST_STOP,         /* all users are gone */
    ACR_RUN_QUITTING,          /* the run is over, statistics still open */
    ACR_RUN_QUIT,              /* everything has been printed; value = exit code */
};

/* What a script may ask of the run at any time (runner.state and its like). */
enum acr_run_state {
    ACR_RUN_READY, /* no user has been started yet */
    ACR_RUN_HATCHING,
    ACR_RUN_RUNNING,
    ACR_RUN_CLEANUP, /* users are being stopped */
    ACR_RUN_STOPPED,
};

struct acr_run_status {
    enum acr_run_state state;
    size_t users; /* wanted */
    double rate;
};

/* Whose code runs, and where. */
struct acr_run_place {
    const char *class_name;          /* NULL: not a user's */
    uint64_t user_number;            /* from 1 */
    const char *work;                /* a task's function, or another word for it; as long as the run */
    uintptr_t stack_low, stack_high; /* 0: the thread's own stack */
    bool is_beside;                  /* it is the calling thread that runs it, and that is not the load thread */
};

struct acr_scenario_ops {
    /* Begins one user of classes[class_number]; it runs by itself from a later phase b on. `id` names it until
     * acr_load_user_ended(). A user that cannot even be made is reported ended at once. */
    void (*user_start)(struct acr_scenario *scenario, size_t class_number, uint64_t id);
    /* Ends one user: its wait is cancelled, on_stop runs, then it is reported ended. Some time later; not at once. */
    void (*user_stop)(struct acr_scenario *scenario, uint64_t id);
    /* Runs the load thread's loop (in its own event loop if it has one) until acr_load_finished(). A negative code when
     * the loop broke. */
    int (*run)(struct acr_scenario *scenario, struct acr_error *error);
    /* Once per process before the first user starts (0.9's setup methods, decisions.md D4), after TEST_START and before
     * run(), outside of a turn: it may wait. Not 0: the run ends with exit code 1; the scenario has logged why. NULL:
     * nothing to do. */
    int (*set_up)(struct acr_scenario *scenario);
    /* The first TEST_START comes before run(), QUITTING and QUIT after it: listeners may wait. The others may come
     * within a turn and then must not. NULL: nobody listens. */
    void (*event)(struct acr_scenario *scenario, enum acr_run_event event, uint64_t value);
    /* Appends how often each task will run, for --show-task-ratio(-json), as lines or as one line of JSON.
     * ACR_ERR_SCRIPT with a sentence when a task set has no tasks. */
    int (*task_ratio)(struct acr_scenario *scenario, bool as_json, struct acr_buffer *out, struct acr_error *error);
    /* The status is another one; also once before anything else. Within a turn or not. NULL: nobody asks. */
    void (*status)(struct acr_scenario *scenario, const struct acr_run_status *status);
    /* Appends what --help says of the options that the locustfile has; nothing when it has none. NULL: it cannot have
     * any. */
    int (*options_help)(struct acr_scenario *scenario, struct acr_buffer *out, struct acr_error *error);
    /* For scenarios of compiled code, whose crashes are caught (run/crash.h); else NULL. What runs now; false: none of
     * the scenario's code. From any thread during the run, and from a signal handler. */
    bool (*place)(const struct acr_scenario *scenario, struct acr_run_place *ret_place);
    /* With `place`: the signal handler on the load thread is about to leave the code that runs for good, and all others
     * of the scenario with it. */
    void (*desert)(struct acr_scenario *scenario);
    /* Frees the scenario and its engine. */
    void (*close)(struct acr_scenario *scenario);
};

/* How a script wants the run to be reported. */
struct acr_scenario_report {
    acr_nanos csv_interval, table_interval;
    unsigned name_width; /* at most ACR_CONSOLE_NAME_WIDTH_MAX */
};

struct acr_scenario {
    const struct acr_scenario_ops *ops;
    struct acr_engine *engine;
    struct acr_user_class *classes; /* those that will run, in order of declaration */
    size_t class_count;
    struct acr_scenario_report report;
    struct acr_load *load; /* while a run is held; set by the run */
    /* With ops->place: how long a user's code may hold the load thread up when the run is to end; then the run ends
     * without it. 0: as long as it likes. */
    acr_nanos silence_max;
    /* Set by the front end until QUITTING returns. */
    int exit_code; /* of a script that wants one of its own (process_exit_code), -1 = none */
    bool erred;    /* something failed that counts like a failed request (2.x: an exception in a task) */
    bool faulty;   /* the script itself failed (2.x: a listener raised): exit code 2 when nothing else sets one */
};

/* What the program asks of a front end. Strings are borrowed for the call. */
struct acr_scenario_request {
    const char *const *paths; /* absolute ones of the locustfile (or package directory); of C there may be several */
    size_t path_count;
    const char *host;         /* --host, overrides every class's; NULL: none */
    const char *const *known; /* the program's own options, as they were given */
    size_t known_count;
    const char *const *rest; /* names of the classes wanted (none = all), and options of the locustfile's own */
    size_t rest_count;
    /* Is that name, or what it begins, an option of the program? NULL: none is. */
    bool (*has_option)(const char *name);
    bool has_tags;            /* tags of tasks are among the options */
    bool may_be_empty;        /* only looked at, as by --list: names do not count, and no class at all is no error */
    struct acr_limits limits; /* of tasks of all users together */
    const char *run_tasks;    /* names of tasks to run once instead of users (--run-tasks); NULL: users */
    size_t stack_size;        /* bytes, of each user in a scenario in C; 0: as it likes */
    int log_level;
    const char *log_file; /* NULL: standard error */
    int argc;             /* the program's own arguments: sys.argv */
    char **argv;
};

/* Loads a locustfile. The scenario has at least one class, unless it may be empty. ACR_ERR_SCRIPT: the file raised (its
 * traceback was printed), has no user class, or a name is unknown; ACR_ERR_USAGE: an option in `rest` is wrong. `error`
 * says what in a sentence. */
typedef int acr_scenario_load_fn(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                                 struct acr_error *error);
