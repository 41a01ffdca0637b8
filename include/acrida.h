/* SPDX-License-Identifier: MIT */
/*
 * acrida - load tests written in C11, or in C++20.
 *
 * A scenario says what one user does; Acrida runs many of them at once and measures:
 *
 *     #include <acrida.h>
 *
 *     static void index_page(acr_user *user)
 *     {
 *         acr_get(user, "/");
 *     }
 *
 *     static void about(acr_user *user)
 *     {
 *         acr_response *page = acr_get(user, "/about/", .name = "about", .catch_response = true);
 *         if (!acr_body_contains(page, "team"))
 *             acr_failure(page, "no team on the page");
 *     }
 *
 *     ACR_USER(visitor, .wait = acr_between(1, 5), .tasks = {ACR_TASK(index_page, .weight = 2), ACR_TASK(about)});
 *
 * `acrida -f that.c --no-web -c 100 -r 10 -t 1m -H http://...` compiles and runs it.
 *
 * Rules
 *
 * - Each user has a stack of its own (60 KiB) on one thread: what a task calls of this header may wait, and others run
 *   meanwhile; between two such calls a task has the thread for itself, so shared data needs no locks. A task that
 *   calls something else that blocks (read(), sleep()) holds all users up, but for what acr_blocking() is for.
 * - A user that is to end is told at the call it waits in, which returns at once without a result (acr_ending() says
 *   so). The task then has to return; one that goes on and waits again and again is cut off.
 * - Whatever a task gets from this header (responses, texts) is valid until that task returns; what on_start gets,
 *   until on_start returns. Copy what is to last into the user's state.
 * - Options are written like keyword arguments, in the order in which they are declared here (C++ insists on it). What
 *   is left out is zero, which always means the default. Times are seconds, sizes bytes, texts UTF-8 that ends with a
 *   zero byte.
 */
#ifndef ACRIDA_H
#define ACRIDA_H

/* Fields that are left out are meant to be zero: compilers, g++ above all, shall not warn of each. What they find in a
 * scenario's own lines they still tell. */
#pragma GCC system_header

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the user */

/* One simulated user, as whom all is done; a pointer to it is valid until its on_stop has returned. */
typedef struct acr_user acr_user;

/* ---- waits */

/* A wait of a scenario's own, in seconds; see acr_wait_by(). */
typedef double acr_wait_fn(acr_user *user);

/* How long a user pauses between two tasks; made by one of the following. Zeroed: not at all. */
typedef struct acr_wait_time {
    int kind;
    double low, high;
    acr_wait_fn *fn;
} acr_wait_time;

/* clang-format off: initializers, each on a line. */
/* Between `low` and `high` seconds, each as likely. */
#define acr_between(low, high)                     \
    {                                              \
        ACR_WAIT_KIND_BETWEEN, (low), (high), NULL \
    }
/* Always `seconds`. */
#define acr_constant(seconds)                      \
    {                                              \
        ACR_WAIT_KIND_CONSTANT, (seconds), 0, NULL \
    }
/* So that a task begins every `seconds`, or at once when the one before took longer. */
#define acr_constant_pacing(seconds)             \
    {                                            \
        ACR_WAIT_KIND_PACING, (seconds), 0, NULL \
    }
/* At most `runs` tasks per second and user. */
#define acr_constant_throughput(runs)               \
    {                                               \
        ACR_WAIT_KIND_PACING, 1.0 / (runs), 0, NULL \
    }
/* What `function` returns, in seconds; it is called after each task and must not wait itself. */
#define acr_wait_by(function)                    \
    {                                            \
        ACR_WAIT_KIND_FUNCTION, 0, 0, (function) \
    }
/* clang-format on */

/* ---- tasks */

/* A task, an on_start or an on_stop: does something as a user, and returns. */
typedef void acr_task_fn(acr_user *user);

typedef struct acr_task_set acr_task_set;

/* Something a user does: an element of .tasks, made by ACR_TASK or ACR_SUBSET, which set the first three fields. */
typedef struct acr_task {
    acr_task_fn *run;        /* NULL: it is a set */
    const acr_task_set *set; /* NULL: it is a function */
    const char *function;    /* the name it has in the source */
    unsigned weight;         /* relative to the other tasks beside it; 0 = 1. In a sequence: how often in a row */
    const char *name;        /* shown instead of the function's */
    void *data;              /* what acr_task_data() gives to the function */
    bool blocking;           /* runs on a thread of its own; see acr_blocking() */
    int end_;                /* not to be set */
} acr_task;

/* So many tasks beside each other, at most. */
#define ACR_TASKS_MAX 32

/* g++ warns of fields that an element of an array leaves out, unless the element says itself what it is. */
#ifdef __cplusplus
#define ACR_TYPED_(type) type
#else
#define ACR_TYPED_(type)
#endif

/* clang-format off: initializers, each on a line. */
/* ACR_TASK(function, .weight = 2): a function as a task. */
#define ACR_TASK(...) ACR_TASK_(__VA_ARGS__, .end_ = 0)
#define ACR_TASK_(fn, ...)                                     \
    ACR_TYPED_(acr_task)                                       \
    {                                                          \
        .run = (fn), .set = NULL, .function = #fn, __VA_ARGS__ \
    }
/* ACR_SUBSET(task_set, .weight = 10): a task set as a task; it runs until one of its tasks calls acr_interrupt(). */
#define ACR_SUBSET(...) ACR_SUBSET_(__VA_ARGS__, .end_ = 0)
#define ACR_SUBSET_(set_, ...)                                      \
    ACR_TYPED_(acr_task)                                            \
    {                                                               \
        .run = NULL, .set = &(set_), .function = #set_, __VA_ARGS__ \
    }
/* clang-format on */

/* Some tasks of which one after the other is run, chosen by weight, with a wait after each. */
struct acr_task_set {
    acr_task tasks[ACR_TASKS_MAX]; /* {ACR_TASK(...), ACR_SUBSET(...), ...} */
    bool sequence;                 /* in the order in which they are written, round and round */
    acr_wait_time wait;            /* none: the user's */
    acr_task_fn *on_start;         /* each time it is entered */
    acr_task_fn *on_stop;          /* each time it ends, unless its task had to be cut off */
};

/* ACR_TASK_SET(name, .tasks = {...}, ...): at file level, before the user or the set that has it. */
#define ACR_TASK_SET(name, ...) static const acr_task_set name = {__VA_ARGS__}

/* ---- users */

/* A user class: what ACR_USER takes. */
typedef struct acr_user_definition {
    const char *name;              /* set by ACR_USER */
    const char *host;              /* "http://..."; --host overrides it */
    double weight;                 /* share among the user classes; 0 = 1 */
    unsigned fixed_count;          /* exactly so many of this class instead of a share */
    acr_wait_time wait;            /* between tasks; none: no wait */
    acr_task tasks[ACR_TASKS_MAX]; /* {ACR_TASK(...), ACR_SUBSET(...), ...}; at least one */
    const acr_task *task_list;     /* instead of .tasks, when they are known at run time only: ... */
    size_t task_count;             /* ... so many */
    bool sequence;                 /* the tasks in the order in which they are written */
    acr_task_fn *on_start;         /* once, before the first task */
    acr_task_fn *on_stop;          /* once, at the end */
    size_t state_size;             /* of what acr_state() gives: zeroed memory of the user's own */
} acr_user_definition;

/* ACR_USER(name, .wait = ..., .tasks = {...}): at file level; makes a user class that can be run. */
#define ACR_USER(class_name, ...)                                                                  \
    static const acr_user_definition class_name##_definition = {.name = #class_name, __VA_ARGS__}; \
    __attribute__((constructor)) static void class_name##_register(void)                           \
    {                                                                                              \
        acr_register_user(ACR_ABI, &class_name##_definition);                                      \
    }                                                                                              \
    struct class_name##_ends_with_a_semicolon

/* The user's own memory, of its class's state_size bytes; zeroed at its start and freed after its on_stop. */
void *acr_state(acr_user *user);
/* ACR_STATE(struct visitor, user)->visits++; */
#define ACR_STATE(type, user) ((type *)acr_state(user))

/* 1, 2, ... in order of start; given again after a user has ended. */
uint64_t acr_user_number(const acr_user *user);

/* .data of the task that runs; NULL in on_start and on_stop. */
void *acr_task_data(const acr_user *user);

/* The name of its class. */
const char *acr_class_name(const acr_user *user);

/* As --host (-H) or .host has it; NULL: neither does. */
const char *acr_host(const acr_user *user);

/* Is the user being ended? */
bool acr_ending(const acr_user *user);

/* Pauses. False when the user is being ended. */
bool acr_sleep(acr_user *user, double seconds);

/* Seconds of a clock that only goes forward. */
double acr_now(const acr_user *user);

/* Random whole number in low ... high; 0 ... 1. Seeded alike (ACRIDA_SEED), users choose alike. */
int64_t acr_random_int(acr_user *user, int64_t low, int64_t high);
double acr_random_real(acr_user *user);

/* When the task that runs returns, its task set ends and the one around it goes on, after its wait or `at_once`. Of a
 * user's own tasks: the user ends. */
void acr_interrupt(acr_user *user, bool at_once);

/* When the task that runs returns, the user ends. */
void acr_stop_user(acr_user *user);

/* Ends the test as if its time were up. `user` may be NULL. */
void acr_quit(acr_user *user);

/* `size` zeroed bytes that live as long as the task: more than a stack of 64 KiB has room for, and nothing to free. */
void *acr_memory(acr_user *user, size_t size);

/* printf() into memory that lives as long as the task. */
const char *acr_format(acr_user *user, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "a=1&b=%20": percent-encoded pairs of a name and a value, ended by NULL; lives as long as the task. */
const char *acr_form(acr_user *user, ...) __attribute__((sentinel));

/* A record in the log, with the class's name as its logger; without a user (NULL) "scenario". */
void acr_log_debug(acr_user *user, const char *format, ...) __attribute__((format(printf, 2, 3)));
void acr_log_info(acr_user *user, const char *format, ...) __attribute__((format(printf, 2, 3)));
void acr_log_warning(acr_user *user, const char *format, ...) __attribute__((format(printf, 2, 3)));
void acr_log_error(acr_user *user, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- test data */

/* Rows of texts that all users share, read before the first user starts. */
typedef struct acr_row acr_row;

/* In which order acr_next_row() gives the rows of a feeder. */
typedef enum acr_order {
    ACR_CYCLIC,   /* row after row, and from the first again; to whoever asks */
    ACR_ONCE,     /* row after row, each to one user only; then there is none */
    ACR_RECYCLED, /* each is one user's at a time, until it gives it back or ends; who finds none waits for one */
    ACR_RANDOM,   /* each as likely, again and again */
} acr_order;

/* Exactly one of `csv`, `lines` and `text`. A relative path begins in the folder of the scenario's source or .so, in a
 * program of one's own in the working directory. */
typedef struct acr_feeder {
    const char *name;              /* set by ACR_FEEDER, for messages */
    const char *csv;               /* a CSV file (RFC 4180, UTF-8), whose first line names the columns */
    const char *lines;             /* a file of which each line is a row, of one column */
    const char *text;              /* CSV that stands in the source: "name,password\nann,secret\n" */
    const char *headings;          /* "name,password": of CSV that begins with a row already */
    char separator;                /* between the fields of CSV; 0: a comma */
    acr_order order;               /* ACR_CYCLIC unless told */
    struct acr_capi_feeder *rows_; /* not to be set */
} acr_feeder;

/* ACR_FEEDER(accounts, .csv = "accounts.csv", .order = ACR_ONCE): at file level. The run does not begin (exit code 1)
 * when the file is missing, has no rows, or a row has not as many fields as there are headings. Empty lines are no
 * rows. */
#define ACR_FEEDER(feeder_name, ...)                                             \
    static acr_feeder feeder_name = {.name = #feeder_name, __VA_ARGS__};         \
    __attribute__((constructor)) static void feeder_name##_register_feeder(void) \
    {                                                                            \
        acr_register_feeder(ACR_ABI, &feeder_name);                              \
    }                                                                            \
    struct feeder_name##_ends_with_a_semicolon

/* The next row, in the feeder's order; it and its fields are valid as long as the run. Waits only for a row of
 * ACR_RECYCLED when others have them all, but not in the on_stop of a user that was told to end. NULL: all are used up
 * (ACR_ONCE), there is none to wait for, or the user is being ended. */
const acr_row *acr_next_row(acr_user *user, const acr_feeder *feeder);

/* The field in the column of that heading, as it stands in the file, without its quotes. NULL when there is no such
 * column, which is logged once, and for the row NULL. */
const char *acr_field(const acr_row *row, const char *heading);

/* The field in column 0, 1, ... */
const char *acr_column(const acr_row *row, size_t number);

/* The user does not need this row of ACR_RECYCLED any more: another one may have it. Rows of other orders, and NULL,
 * need not be given back; then it has no effect. */
void acr_give_back(acr_user *user, const acr_row *row);

/* ---- rendezvous */

/* Where users wait for each other. */
typedef struct acr_rendezvous {
    const char *name; /* set by ACR_RENDEZVOUS, for messages */
    unsigned users;   /* so many go on together; 0: all users there are, once all that are wanted have been started */
    double timeout;   /* seconds since the first came, after which those that wait go on without the others; 0: none */
    struct acr_capi_rendezvous *place_; /* not to be set */
} acr_rendezvous;

/* ACR_RENDEZVOUS(checkout, .users = 100, .timeout = 30): at file level. */
#define ACR_RENDEZVOUS(...) ACR_RENDEZVOUS_(__VA_ARGS__, .place_ = NULL)
#define ACR_RENDEZVOUS_(rendezvous_name, ...)                                            \
    static acr_rendezvous rendezvous_name = {.name = #rendezvous_name, __VA_ARGS__};     \
    __attribute__((constructor)) static void rendezvous_name##_register_rendezvous(void) \
    {                                                                                    \
        acr_register_rendezvous(ACR_ABI, &rendezvous_name);                              \
    }                                                                                    \
    struct rendezvous_name##_ends_with_a_semicolon

/* Waits for the others; then all go on in the same turn of the loop, so that what they ask for next is sent at the same
 * moment. A user that ends meanwhile is not waited with. False: the timeout (counted; the log tells at the first one,
 * and at the end how many there were), or the user is being ended, also in the on_stop of one that was told to end. */
bool acr_meet(acr_user *user, const acr_rendezvous *rendezvous);

/* ---- requests */

/* One answer, or that there was none. */
typedef struct acr_answer acr_response;

/* How a request is made, by name: acr_get(user, "/", .name = "index", .timeout = 5). */
typedef struct acr_options {
    const char *name;                 /* what the request is counted under, instead of its path */
    const char *params;               /* "a=1&b=2", added to the path's own; see acr_form() */
    const char *headers;              /* "Name: value", a line each; Content-Length is always that of the body */
    const char *body;                 /* one of .body, .json, .form; Content-Type only if among the headers */
    size_t body_size;                 /* 0: up to the zero byte */
    const char *json;                 /* a body of JSON */
    const char *form;                 /* a body of a form: "a=1&b=2"; see acr_form() */
    const char *user_name, *password; /* basic authentication */
    double timeout;                   /* seconds to connect, and of silence of the server; none by default */
    bool catch_response; /* counted when the task says how (acr_success, acr_failure), or returns: then by the status */
    bool keep_redirects; /* give answers 301 ... 308 back instead of following them */
    bool any_certificate; /* https without verification */
    int end_;             /* not to be set */
} acr_options;

/* Sends a request and waits for its answer, redirects followed. `url`: a path on the user's host, or a whole URL. It is
 * counted as a success if the status is below 400. Never NULL: without an answer the status is 0. `options` may be
 * NULL: none. */
acr_response *acr_request_with(acr_user *user, const char *method, const char *url, const acr_options *options);

/* acr_get(user, "/", .name = "index"): the same with that method, the fields of acr_options written as arguments. */
#define acr_get(...) ACR_REQUEST_("GET", __VA_ARGS__, .end_ = 0)
#define acr_post(...) ACR_REQUEST_("POST", __VA_ARGS__, .end_ = 0)
#define acr_put(...) ACR_REQUEST_("PUT", __VA_ARGS__, .end_ = 0)
#define acr_patch(...) ACR_REQUEST_("PATCH", __VA_ARGS__, .end_ = 0)
#define acr_delete(...) ACR_REQUEST_("DELETE", __VA_ARGS__, .end_ = 0)
#define acr_head(...) ACR_REQUEST_("HEAD", __VA_ARGS__, .end_ = 0)
#define acr_options_of(...) ACR_REQUEST_("OPTIONS", __VA_ARGS__, .end_ = 0)
#ifdef __cplusplus
#define ACR_REQUEST_(method, user, url, ...) acr_request_cxx(user, method, url, acr_options{__VA_ARGS__})
#else
#define ACR_REQUEST_(method, user, url, ...) acr_request_with(user, method, url, &(const acr_options){__VA_ARGS__})
#endif

/* 0: there was no answer; acr_why() says why. */
int acr_status(const acr_response *response);
/* Why there was no answer, as in the error report; "" when there was one. */
const char *acr_why(const acr_response *response);
/* The decoded body, ended by a zero byte that does not count. */
const char *acr_body(acr_response *response);
size_t acr_body_size(const acr_response *response);
bool acr_body_contains(acr_response *response, const char *text);
/* The value of the first field of that name, in any case; NULL: none. */
const char *acr_header(acr_response *response, const char *name);
/* Seconds from the send to the last byte, redirects included. */
double acr_elapsed(const acr_response *response);

/* What stands between two texts in the body, each searched after the one before; NULL: not there. */
const char *acr_find_between(acr_response *response, const char *left, const char *right);
/* What the first group of a regular expression (Perl's kind, PCRE2: "id=(\\d+)", "<b>(.*?)</b>") matched in the body,
 * or all of it without a group; NULL: nothing. What is no expression, and one that takes too long (some 20 ms, in which
 * all users wait) or more than 32 MiB of memory, is logged once; in work that blocks, each time. */
const char *acr_find_regex(acr_response *response, const char *pattern);
/* The value at a JSON pointer ("/items/0/id", RFC 6901) of the body: a string as it is, all else as JSON, in which
 * numbers are written anew (10.50 becomes "10.5"). NULL: there is none, or the body is no JSON, nor is it one with a
 * number that fits into neither 64 bits nor a double. */
const char *acr_json(acr_response *response, const char *pointer);

/* For a response with .catch_response: counts it, at the first call. For others nothing, which is logged once. */
void acr_success(acr_response *response);
void acr_failure(acr_response *response, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- cookies */

/* A user keeps those it is given and sends them back, like a browser. */

/* The value of the cookie of that name which the user's host would get (of several paths, the longest); NULL: none. */
const char *acr_cookie(acr_user *user, const char *name);
/* Stores a cookie for all paths of the user's host; value NULL: drops those of that name. False, with a line in the
 * log, when a header cannot carry it. */
bool acr_set_cookie(acr_user *user, const char *name, const char *value);
/* Drops all. */
void acr_clear_cookies(acr_user *user);

/* ---- streams */

/* Raw connections, for other protocols than HTTP. */

/* A connection, or a socket for datagrams. It belongs to the user that made it, which alone may use it; it may be kept
 * in the user's state from task to task. It stays until acr_disconnect(), also when it could not be connected or was
 * broken, and is closed at its user's end at the latest.
 *
 * A user that is to end in the middle of a call has two seconds for it, as in a request; then the call fails, and
 * nothing went wrong with the peer: look at acr_ending() before a failure is recorded. All functions take NULL for a
 * stream that is not connected. */
typedef struct acr_capi_stream acr_stream;

/* The options of acr_connect() and acr_start_tls(). */
typedef struct acr_connect_options {
    bool tls;             /* verified against the system's authorities and the host's name */
    bool any_certificate; /* TLS without verification */
    double timeout;       /* seconds to connect, and of silence of the peer in each wait after; none by default */
    bool udp;             /* datagrams instead of TCP */
    const char *ca;       /* TLS: a PEM file or folder of those to trust, instead of the system's */
    const char *certificate, *key; /* TLS: the client's own, PEM files; no key: it is in the file of the certificate */
    int end_;                      /* not to be set */
} acr_connect_options;

/* acr_connect(user, "host", port, .timeout = 5): resolves the name and connects. `host` NULL: where acr_host() points
 * to, "10.0.0.1:6379" or "redis://10.0.0.1:6379"; port 0: the one that stands there. Never NULL: ask acr_connected(). A
 * name with several addresses is tried on all of them; over UDP, where nobody answers yet, on the first. */
#define acr_connect(...) ACR_CONNECT_(__VA_ARGS__, .end_ = 0)
acr_stream *acr_connect_with(acr_user *user, const char *host, unsigned port, const acr_connect_options *options);

/* acr_start_tls(stream, .any_certificate = true): goes on in TLS, for protocols that begin without (STARTTLS). The name
 * to be verified is the host it was connected to. Of the options all for TLS count, and .timeout if it is set. */
#define acr_start_tls(...) ACR_START_TLS_(__VA_ARGS__, .end_ = 0)
bool acr_start_tls_with(acr_stream *stream, const acr_connect_options *options);

#ifdef __cplusplus
#define ACR_CONNECT_(user, host, port, ...) acr_connect_cxx(user, host, port, acr_connect_options{__VA_ARGS__})
#define ACR_START_TLS_(stream, ...) acr_start_tls_cxx(stream, acr_connect_options{__VA_ARGS__})
#else
#define ACR_CONNECT_(user, host, port, ...) \
    acr_connect_with(user, host, port, &(const acr_connect_options){__VA_ARGS__})
#define ACR_START_TLS_(stream, ...) acr_start_tls_with(stream, &(const acr_connect_options){__VA_ARGS__})
#endif

/* Can it be used, as far as is known? Not so when the peer was seen to have ended it, which only receiving shows. */
bool acr_connected(const acr_stream *stream);
/* Why the last call failed, as for the error report; "" when it did not. Valid until the next call. */
const char *acr_stream_why(const acr_stream *stream);

/* Sends all of it; over UDP as one datagram. False: the connection is closed, because it may have been sent in part;
 * over UDP the datagram was not sent, perhaps because one before it was refused. A user that is being ended sends
 * nothing. */
bool acr_send(acr_stream *stream, const void *bytes, size_t size);
/* The same up to the zero byte, which is not sent. */
bool acr_send_text(acr_stream *stream, const char *text);
/* Says that nothing more will be sent (not over UDP); receiving goes on. */
bool acr_send_end(acr_stream *stream);

/* What is there, or else comes next: how many bytes, at most `size`. 0: the peer has ended. -1: it failed, by a
 * time-out after which one may go on, or for good (acr_connected()). Over UDP one datagram, which may have 0 bytes; one
 * that is longer than `size` is an error and gone; "connection refused" tells of a datagram sent before, and one may go
 * on. */
ptrdiff_t acr_receive(acr_stream *stream, void *buffer, size_t size);
/* So many bytes, not less. When it fails, those that came are lost. Not over UDP. */
bool acr_receive_all(acr_stream *stream, void *buffer, size_t size);
/* What stands before the next `end`, which may have several bytes and is taken but not part of it; ended by a zero
 * byte, `ret_size` (which may be NULL) without. At most ACR_RECEIVE_UNTIL_MAX bytes. NULL: it failed, and what came can
 * still be received. Not over UDP. */
const char *acr_receive_until(acr_stream *stream, const char *end, size_t *ret_size);
/* The next line, without its "\n" or "\r\n". As acr_receive_until(). */
const char *acr_receive_line(acr_stream *stream);
#define ACR_RECEIVE_UNTIL_MAX (1 << 20)

/* From the first byte sent since the last answer to the arrival of what was received last, in seconds. The engine notes
 * both times itself, so that the tasks of other users do not count, as they do in differences of acr_now(). */
double acr_stream_elapsed(const acr_stream *stream);

/* From now on: seconds of silence of the peer in each wait; 0: none. */
void acr_stream_timeout(acr_stream *stream, double seconds);

/* Closes it if it is open, and frees it. */
void acr_disconnect(acr_stream *stream);

/* ---- other protocols */

/* Counts a request that was made by other means; seconds < 0: without a time. */
void acr_record_success(acr_user *user, const char *type, const char *name, double seconds, uint64_t bytes);
void acr_record_failure(acr_user *user, const char *type, const char *name, double seconds, const char *error);

/* What acr_blocking() runs. */
typedef void acr_blocking_fn(acr_user *user, void *argument);

/* So many users at once can do work that blocks, if the system has as many threads; others wait for their turn. */
#define ACR_BLOCKING_MAX 4096

/* Runs fn(user, argument), which may block (a client of one's own, a library's calls), on a thread of a pool, while all
 * other users go on; returns when it has returned. False when the user is being ended: then `fn` may not have run.
 * ACR_TASK(fn, .blocking = true) runs a whole task so.
 *
 * `fn` may call: acr_record_success(), acr_record_failure() (counted in order, when it returns or 0.1 s later),
 * acr_now(), acr_sleep(), acr_ending(), acr_state(), acr_user_number(), acr_task_data(), acr_random_...(),
 * acr_format(), acr_form(), acr_log_...(), acr_option_...(), acr_stop_user(), acr_interrupt(), acr_quit(), and what
 * reads a response or a row. All else does nothing there, and that is logged. Memory that it shares with other users
 * needs locks.
 *
 * A user that is to end is not taken away from it: acr_ending() is true then and acr_sleep() returns, and the end of
 * the user, and of the test, waits until `fn` returns: for 30 seconds, or for --stop-timeout. */
bool acr_blocking(acr_user *user, acr_blocking_fn *fn, void *argument);

/* ---- the test */

/* One request as it was counted. Its texts are valid while the listener runs. */
typedef struct acr_request_record {
    const char *type;       /* "GET", or what acr_record_success() was given */
    const char *name;       /* as in the tables */
    double seconds;         /* < 0: without a time */
    uint64_t bytes;         /* of a failure 0 */
    const char *error;      /* NULL: a success */
    acr_user *user;         /* who made it */
    acr_response *response; /* NULL for what acr_record_success() or acr_record_failure() counted */
} acr_request_record;

/* Listeners: what ACR_TEST takes. They must not wait: what waits of this header returns at once there, without a
 * result, and that is logged. */
typedef void acr_test_fn(void);
typedef void acr_users_fn(size_t users);
typedef void acr_request_fn(const acr_request_record *record);
typedef void acr_exit_fn(int exit_code);

/* The listeners of a file, called in this order. */
typedef struct acr_test_definition {
    acr_test_fn *on_init;               /* all files are loaded; nothing has been started */
    acr_test_fn *on_start;              /* before the first user of a test */
    acr_users_fn *on_spawning_complete; /* the number of users that was wanted is there */
    acr_request_fn *on_request;         /* a request was counted; not for those that it counts itself */
    acr_test_fn *on_stopping;           /* before users are ended */
    acr_test_fn *on_stop;               /* after the last one */
    acr_test_fn *on_quitting;           /* before the final report: the last moment for acr_set_exit_code() */
    acr_exit_fn *on_quit;               /* everything has been printed */
    size_t stack_size;                  /* bytes, of each user's stack: 16 KiB ... 1 GiB; --stack-size overrides it.
                                           0: 60 KiB. Of several files, the largest */
} acr_test_definition;

/* ACR_TEST(.on_start = fn, .on_stop = fn): at file level, at most once in a file. */
#define ACR_TEST(...)                                                          \
    static const acr_test_definition acr_test_definition_here = {__VA_ARGS__}; \
    __attribute__((constructor)) static void acr_test_register_here(void)      \
    {                                                                          \
        acr_register_test(ACR_ABI, &acr_test_definition_here);                 \
    }                                                                          \
    struct acr_test_ends_with_a_semicolon

/* A listener of an event of one's own. It must not wait either. */
typedef void acr_listener_fn(acr_user *user, void *argument);

/* ACR_LISTENER("order placed", fn): at file level; fn(user, argument) is called by each acr_fire() of that event, also
 * from other files. Listeners are called in the order in which they are written and their files were named. */
#define ACR_LISTENER(event, fn) ACR_LISTENER_(event, fn, __LINE__)
#define ACR_LISTENER_(event, fn, line) ACR_LISTENER_AT_(event, fn, line)
#define ACR_LISTENER_AT_(event, fn, line)                                              \
    __attribute__((constructor)) static void acr_listener_##fn##_register_##line(void) \
    {                                                                                  \
        acr_register_listener(ACR_ABI, event, fn);                                     \
    }                                                                                  \
    struct acr_listener_##fn##_ends_with_a_semicolon

/* Calls the event's listeners, if there are any, and returns after the last of them. `user` and `argument` are passed
 * on as they are; both may be NULL. */
void acr_fire(acr_user *user, const char *event, void *argument);

/* What has been counted so far, since the start of the test or the last reset (--reset-stats). Times as in the tables:
 * those of successes, in seconds. */
typedef struct acr_summary {
    uint64_t successes, failures;          /* requests */
    double average, median, p95, p99, max; /* response times */
    double requests_per_second;            /* successes, over all the time so far */
} acr_summary;

/* Of one name (as in the tables: "GET", "/about/"), or of everything (NULL, NULL). False, and a summary of zeros, when
 * nothing has been counted under it. */
bool acr_totals(const char *type, const char *name, acr_summary *ret);

/* Users that are alive, those about to end included. */
size_t acr_user_count(void);

/* What the program ends with, 0 ... 255, whatever else happened; the last call counts. */
void acr_set_exit_code(int exit_code);

/* ---- options of one's own */

/* What the value of an option is: any text; a number; nothing, it is there or not. */
#define ACR_TEXT 0
#define ACR_NUMBER 1
#define ACR_FLAG 2

/* Made by ACR_OPTION. */
typedef struct acr_own_option {
    const char *name;        /* "--depth" */
    const char *metavar;     /* what --help calls the value; NULL: the name in capitals */
    const char *otherwise;   /* the value unless one is given; NULL: none */
    const char *help;        /* what --help says */
    int kind;                /* ACR_TEXT, ACR_NUMBER or ACR_FLAG, which has no value */
    const char *environment; /* a variable that gives the value when the command line does not; NULL: none */
    int end_;                /* this and the following: not to be set */
    const char *value_;
    bool given_;
} acr_own_option;

/* ACR_OPTION(depth, "--depth", .otherwise = "3", .help = "how deep to go", .kind = ACR_NUMBER): at file level; an
 * option of the command line, read as acr_option_number(&depth). Files that declare the same option share its value.
 * Values are there from .on_init on. What is wrong on the command line is said before the test. */
#define ACR_OPTION(...) ACR_OPTION_(__VA_ARGS__, .end_ = 0)
#define ACR_OPTION_(variable, option_name, ...)                                \
    static acr_own_option variable = {.name = (option_name), __VA_ARGS__};     \
    __attribute__((constructor)) static void variable##_register_option_(void) \
    {                                                                          \
        acr_register_option(ACR_ABI, &(variable));                             \
    }                                                                          \
    struct variable##_ends_with_a_semicolon

/* The value as it was given, or .otherwise; NULL: neither. Valid to the end of the run; "" of a flag that is set. */
const char *acr_option_text(const acr_own_option *option);
/* The same as a number; 0: there is no value. */
double acr_option_number(const acr_own_option *option);
/* Was it given, on the command line or by the variable? Of a flag: is it set? */
bool acr_option_given(const acr_own_option *option);

/* ---- a program of one's own */

/*
 * A program with a main of its own, linked with libacrida (`pkg-config --cflags --libs acrida`), becomes a load
 * generator by `return acr_run(argc, argv);`.
 *
 * Both functions do what `acrida` does with its options and names of classes, for as long as the test takes, on the
 * thread that calls. There is no -f, and the test begins at once, without --no-web. They return the exit code: 0; 1
 * when requests failed, or what kept the test from being held has been said on standard error; 2 for wrong options.
 *
 * The process is the caller's again when they return: signals, the limit of open files, the log. Another run may
 * follow, but not begin meanwhile. Only when a user crashes or never gives way (exit code 3), and when users do not end
 * although they were given up (--stop-timeout, a second Ctrl-C), do they end the process, after the last table.
 */

/* Runs the user classes of the program: those of ACR_USER in its sources, and those it has registered by
 * acr_register_user(ACR_ABI, &definition); a definition must stay as it is to the end. */
int acr_run(int argc, char **argv);

/* Runs users that have nothing but these tasks, chosen by weight, without a wait; their class is called "user". For
 * tasks that are known at run time only: tasks[i].run and .name are enough; see acr_task_data().
 * What `tasks` holds must stay as it is until the function returns. */
int acr_run_tasks(int argc, char **argv, const acr_task *tasks, size_t count);

/* ---- for the macros */

/* The kind of an acr_wait_time. */
#define ACR_WAIT_KIND_NONE 0
#define ACR_WAIT_KIND_BETWEEN 1
#define ACR_WAIT_KIND_CONSTANT 2
#define ACR_WAIT_KIND_PACING 3
#define ACR_WAIT_KIND_FUNCTION 4

/* Changes when a scenario that was compiled before would not fit any more. */
#define ACR_ABI 2
void acr_register_user(unsigned abi, const acr_user_definition *definition);
void acr_register_test(unsigned abi, const acr_test_definition *definition);
void acr_register_option(unsigned abi, acr_own_option *option);
void acr_register_listener(unsigned abi, const char *event, acr_listener_fn *fn);
void acr_register_feeder(unsigned abi, acr_feeder *feeder);
void acr_register_rendezvous(unsigned abi, acr_rendezvous *rendezvous);

#ifdef __cplusplus
}
static inline acr_response *acr_request_cxx(acr_user *user, const char *method, const char *url,
                                            const acr_options &options)
{
    return acr_request_with(user, method, url, &options);
}
static inline acr_stream *acr_connect_cxx(acr_user *user, const char *host, unsigned port,
                                          const acr_connect_options &options)
{
    return acr_connect_with(user, host, port, &options);
}
static inline bool acr_start_tls_cxx(acr_stream *stream, const acr_connect_options &options)
{
    return acr_start_tls_with(stream, &options);
}
#endif

#endif
