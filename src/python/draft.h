/* SPDX-License-Identifier: MIT */
/*
 * draft - what one native request is made of, from the arguments of its call.
 *
 * Memory that must live until the answer is there, beside the engine's struct. Not on the stack: a waiting greenlet's
 * stack is copied away and back, byte by byte.
 */
#pragma once

#include "python/call.h"
#include "python/session.h"

#include "http/client.h"

struct acr_python_draft {
    struct acr_python_draft *next_spare;
    struct acr_error error;
    struct acr_python_call call;
    struct acr_request request;
    struct acr_python_route *route;
    struct acr_python_session_state *state;
    struct acr_buffer lines; /* header lines when the call has some of its own */
    struct acr_buffer authorization;
    struct acr_buffer query_url; /* URL with params */
    PyObject *method;            /* owned, when it had to be made */
    PyObject *body;              /* owned bytes or str */
    PyObject *prepared;          /* owned answer of prepare() */
    PyObject *extra_lines;       /* owned bytes, for response.request; with headers of the call the session's, too */
    bool all_lines;
    bool catching; /* catch_response */
    struct acr_buffer form;
};

/* A blank one for this call, whose objects it borrows. */
struct acr_python_draft *acr_python_draft_new(const struct acr_python_call *call);
void acr_python_draft_free(struct acr_python_draft *draft);

/* Takes the arguments apart into draft->request; `call` may be replaced by a plainer one. 1: only requests itself can
 * do it, -1 with an exception. */
int acr_python_draft_make(struct acr_python_session *session, struct acr_python_call *call,
                          struct acr_python_draft *draft);

/* The steps of it that are about header lines (draft_headers.c). 0, or -1 with an exception; 1: a header that requests
 * must judge. */
int acr_python_draft_headers(PyObject *headers, struct acr_python_draft *draft);
int acr_python_draft_auth(PyObject *auth, struct acr_python_draft *draft);
int acr_python_draft_note_lines(struct acr_python_draft *draft);
