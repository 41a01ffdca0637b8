/* SPDX-License-Identifier: MIT */
/*
 * response - the C base of LocustResponse: an answer of the engine as a requests.Response sees it.
 *
 * Nothing is converted until a script asks: the status is an int, everything else lies in the engine's response. With
 * catch_response it also carries what will be recorded, by the rules of its session's generation.
 */
#pragma once

#include "python/record.h"
#include "python/session.h"

#include "http/response.h"

enum acr_python_verdict { ACR_VERDICT_NONE, ACR_VERDICT_SUCCESS, ACR_VERDICT_FAILURE };

struct acr_python_response {
    PyObject_HEAD struct acr_response *answer; /* NULL for the dummy of safe mode */
    struct acr_python_route *route;            /* of the first request */
    struct acr_python_session *session;        /* owned: a streamed answer needs its client */
    struct acr_python_session_state *state;    /* for request_parts(); may be NULL in a history */
    PyObject *method;                          /* str */
    PyObject *name;                            /* str: label in the statistics */
    PyObject *error;                           /* exception of a failed exchange, or NULL */
    PyObject *content;                         /* bytes once made, or NULL */
    PyObject *encoding;                        /* once asked for or set, or NULL */
    PyObject *body;                            /* bytes sent, or NULL */
    PyObject *extra_lines;                     /* bytes: header lines of this call, for request_parts(), or NULL */
    PyObject *overrides;                       /* dict of attributes a script has set, or NULL */
    PyObject *context;                         /* 2.x, or NULL */
    PyObject *verdict_error;                   /* what failure() was given, or NULL */
    struct acr_fiber *reader;                  /* waits for the body right now, or NULL */
    acr_nanos time;                            /* measured duration */
    acr_nanos read_timeout;                    /* of the call; 0: none */
    acr_nanos started;                         /* monotonic */
    uint8_t verdict;                           /* enum acr_python_verdict */
    bool catching;                             /* made with catch_response=True */
    bool entered;                              /* inside its with block */
    bool reported;                             /* counted already */
    bool streamed;                             /* made with stream=True */
    uint8_t asked;                             /* enum acr_python_verb of the call */
    bool all_lines;                            /* extra_lines has the session's, too */
};

PyTypeObject *acr_python_response_type_new(void);

/* A blank object of `type` (configure's response_type or context_type). NULL with an exception. */
struct acr_python_response *acr_python_response_make(PyObject *type);

/* Records by status and error, as without catch_response. -1 with an exception. */
int acr_python_response_report(struct acr_python_response *response);

/* When the request was begun, in seconds since the epoch. */
double acr_python_response_start_time(const struct acr_python_response *response);

/* Size for the statistics: decoded bytes, or the announced length of a streamed answer (spec 3.4). */
uint64_t acr_python_response_size(const struct acr_python_response *response);
