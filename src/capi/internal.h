/* SPDX-License-Identifier: MIT */
/*
 * internal - what the files of src/capi share: a user of a scenario in C, and what belongs to it.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include <acrida.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "http/client.h"
#include "loop/coroutine.h"
#include "loop/work.h"
#include "run/scenario.h"
#include "user/gate.h"
#include "user/wait.h"

/* Paths kept per user class: those with ids in them must not fill the memory. */
#define ACR_CAPI_ROUTES_MAX 4096
/* Methods that have a function of their own, acr_get() and its like. */
#define ACR_CAPI_METHODS 7

/* A URL as scenarios write it, taken apart; a class keeps those it has met. */
struct acr_capi_route {
    struct acr_url url;
    uint64_t number; /* 1, 2, ...; never given again */
    bool kept;       /* by the class; else it is freed with its answer */
    struct {
        struct acr_stats_entry *entry;
        uint64_t epoch; /* acr_stats_epoch() the entry is of; 0: none */
    } entries[ACR_CAPI_METHODS];
};

struct acr_capi_class {
    const acr_user_definition *definition;
    const char *host; /* --host or the definition's; NULL: none */
    struct acr_map routes;
};

struct acr_capi {
    struct acr_scenario scenario;
    struct acr_object **objects;
    size_t object_count;
    bool is_own;                     /* the classes are the process's own and stay registered */
    const acr_user_definition *only; /* instead of what is registered; NULL */
    struct acr_capi_once *once;      /* --run-tasks; NULL */
    char *host;                      /* --host */
    struct acr_coroutine_pool *pool;
    struct acr_work_pool *threads;  /* for work that blocks */
    struct acr_capi_class *classes; /* as many as scenario.classes, in that order */
    acr_user **users;               /* by the number that the run gives them */
    size_t user_capacity;
    uint64_t seed;
    uint64_t routes_made;
    struct acr_limits limits;
    struct acr_gate gate;    /* tasks begin here, if anything limits them */
    struct acr_map patterns; /* of acr_find_regex() */
    struct acr_capi_feeder *feeders;
    size_t feeder_count;
    struct acr_capi_rendezvous *places;
    size_t place_count;
    struct acr_capi_json *json;
    const struct acr_tls_settings *any_certificate;
    _Atomic(const char *) moment; /* whose listeners of the test are being called; NULL: none */
    unsigned listening;           /* calls of listeners that are under way: then nothing waits (events.h) */
    bool initialised;             /* listeners were told that everything is loaded */
    bool has_request_listeners;
    bool telling_request; /* what listeners count themselves is not told */
    bool wait_refused;    /* to a listener; it is said once */
    bool told_of_uncaught;
    bool host_missed;           /* by a request: the run is being ended; said once */
    bool told_of_stranger;      /* at a user's stream */
    bool told_late, told_short; /* of work that blocks; both are said once */
    bool told_no_stack;         /* of users that could not be started */
};

/* A piece of memory that lives as long as a task. */
struct acr_capi_text {
    struct acr_capi_text *next;
    char data[];
};

/* A set of tasks as it is being run. */
struct acr_capi_set {
    const acr_task *tasks;
    size_t task_count;
    uint64_t weight;           /* of all tasks together */
    size_t position, repeated; /* of a sequence: the task whose turn it is, and how often it had it */
    bool sequence;
    bool interrupted, at_once; /* by acr_interrupt() */
    struct acr_wait wait;
    bool has_wait;
    acr_wait_fn *wait_fn;
    struct acr_wait_state wait_state;
};

struct acr_user {
    /* Touched between a wait and the next one, and fetched ahead of it (acr_coroutine_room()). */
    struct acr_capi *capi;
    struct acr_fiber *fiber;
    struct acr_capi_text *texts;
    acr_response *answers; /* of the task that runs, newest first */
    struct acr_capi_set *set;
    const acr_task *task; /* the one that runs; NULL: on_start or on_stop */
    unsigned late_waits;  /* calls that would have waited, since the user is being ended */
    bool ending;
    bool leaving;    /* acr_stop_user() */
    bool in_request; /* which is finished before the user ends, within limits */
    bool end_wanted; /* after the request */
    bool waited;     /* since the task began: then nobody starves */
    bool in_work;    /* that blocks: on a thread, which has this user to itself (blocking.h) */
    struct acr_random random;
    struct acr_capi_class *class;
    struct acr_client *client; /* NULL until the first request */

    uint64_t id;
    struct acr_coroutine *coroutine;
    void *state;
    jmp_buf *top;               /* where a task that does not return is cut off */
    struct acr_capi_work *work; /* NULL until the first */
    struct acr_list streams;
    unsigned stream_count;
    size_t unpaused; /* what it did with streams since its last wait */
    struct acr_timer patience;
    struct acr_gate_place place; /* while it waits to begin a task */
    struct acr_list rows;        /* of ACR_RECYCLED that it has (feeder.c) */
    struct acr_list queued;      /* while it waits for a row, or at a rendezvous */
    const acr_row *row;          /* that it was given while it waited; NULL: none */
    bool met;                    /* all came to the rendezvous it waited at */
    bool told;                   /* by the run to end: no cancel comes any more, so it waits for no other user */
};

/* One answer, or none. */
struct acr_answer {
    acr_user *user;
    acr_response *next;
    struct acr_response *http;    /* NULL: there was no answer */
    struct acr_capi_route *route; /* NULL: the URL was none */
    int method_number;            /* ACR_CAPI_METHODS: another one */
    const char *method;
    const char *name; /* what it is counted under instead of the route's target; NULL */
    acr_nanos time;
    uint64_t json_number; /* of its body, while capi->json has it */
    bool json_refused;    /* its body is no JSON */
    bool open;            /* caught, and not counted yet */
    bool uncaught;        /* counted by its status at once */
    const char *why;
};

/* scenario.c: the scenario that is loaded; NULL: none. */
struct acr_capi *acr_capi_current(void);

/* A request to be counted. */
struct acr_capi_count {
    acr_user *user;
    struct acr_stats_entry *entry;
    acr_nanos time;         /* < 0: none */
    uint64_t bytes;         /* if it is a success */
    acr_response *response; /* NULL: it was made by other means */
};

static inline bool acr_capi_is_task(const acr_task *task)
{
    return task->run != NULL || task->set != NULL;
}

/* Tasks beside each other. */
struct acr_capi_tasks {
    const acr_task *items;
    size_t count;
};

/* `tasks`: ACR_TASKS_MAX, the first of them in use. */
static inline struct acr_capi_tasks acr_capi_tasks_of(const acr_task *tasks)
{
    size_t count = 0;
    while (count < ACR_TASKS_MAX && acr_capi_is_task(&tasks[count]))
        count++;
    return (struct acr_capi_tasks){tasks, count};
}

static inline struct acr_capi_tasks acr_capi_user_tasks(const acr_user_definition *user)
{
    return user->task_list != NULL ? (struct acr_capi_tasks){user->task_list, user->task_count}
                                   : acr_capi_tasks_of(user->tasks);
}

static inline const char *acr_capi_task_name(const acr_task *task)
{
    return task->name != NULL ? task->name : task->function;
}

static inline unsigned acr_capi_task_weight(const acr_task *task)
{
    return task->weight > 0 ? task->weight : 1;
}

/* The function that runs, for the log. */
static inline const char *acr_capi_what_runs(const acr_user *user)
{
    return user->task != NULL ? acr_capi_task_name(user->task) : "on_start or on_stop";
}

/* user.c */

/* A user of the class, who begins to run in a later turn. */
void acr_capi_user_start(struct acr_capi *capi, size_t class_number, uint64_t id);
/* Ends it: at the call it waits in, but a request on its way is finished first, within two seconds. */
void acr_capi_user_stop(acr_user *user);

/* After a wait that returned `code`, or instead of one when the user is being ended already: false when it is. */
bool acr_capi_may_go_on(acr_user *user, int code);

/* Must stand before each wait. Does not return for a task that goes on and on although its user is being ended. */
bool acr_capi_may_wait(acr_user *user);

/* A child that the scenario forks may not go on as a user: it is watched for, and ended where it waits or returns. */
ACR_MUST_CHECK int acr_capi_children_open(void);
void acr_capi_end_child(void);

/* What a task, an on_start or an on_stop was given ends with it. */
void acr_capi_call_end(acr_user *user);

/* task_loop.c: a user's tasks, until it ends. */
void acr_capi_run_tasks(acr_user *user);

/* text.c */

/* `size` bytes and a zero byte behind them, for as long as the task runs. */
char *acr_capi_text_new(acr_user *user, size_t size);
const char *acr_capi_text_copy(acr_user *user, struct acr_str str);
void acr_capi_texts_free(acr_user *user);

/* answer.c */
void acr_capi_patterns_free(struct acr_capi *capi);

/* Counts what was caught and not judged, and frees all answers of the task. */
void acr_capi_answers_end(acr_user *user);
/* Counts it: as a failure with `error` unless that is empty. */
void acr_capi_answer_count(acr_response *answer, struct acr_str error);
/* Counts a request of any kind, tells listeners, and looks at the limit of -n. A failure if `error` is not empty. */
void acr_capi_count(const struct acr_capi_count *count, struct acr_str error);
/* The user that recorded the last request of -n is being ended: it sends no other. */
void acr_capi_check_limit(acr_user *user);
/* By its status. */
void acr_capi_answer_judge(acr_response *answer);

/* feeder.c */
/* Reads what feeders have registered. ACR_ERR_SCRIPT, ACR_ERR_NOT_FOUND and the like: `error` says which and why. */
ACR_MUST_CHECK int acr_capi_feeders_open(struct acr_capi *capi, struct acr_error *error);
void acr_capi_feeders_close(struct acr_capi *capi);
/* Whatever rows it has are free again. */
void acr_capi_rows_end(acr_user *user);

/* rendezvous.c */
ACR_MUST_CHECK int acr_capi_places_open(struct acr_capi *capi, struct acr_error *error);
void acr_capi_places_close(struct acr_capi *capi);
/* The number of users is another one, or has become final: those that wait for "all" may be complete. */
void acr_capi_places_check(struct acr_capi *capi);
/* Logs how many meetings timed out, if any. */
void acr_capi_places_report(struct acr_capi *capi);

/* request.c */
/* The entry under which the answer is counted when it has no name of its own. */
struct acr_stats_entry *acr_capi_route_entry(const acr_response *answer, struct acr_stats *stats);
void acr_capi_routes_free(struct acr_capi_class *class);
void acr_capi_route_free(struct acr_capi_route *route);
/* Made when it is first wanted. */
struct acr_client *acr_capi_client_get(acr_user *user);

/* stream.c: closes all that it has. */
void acr_capi_streams_free(acr_user *user);
