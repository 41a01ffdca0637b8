/* SPDX-License-Identifier: MIT */
/*
 * session - the C base of HttpSession: one user's HTTP client as a requests.Session sees it.
 *
 * Plain use never enters requests. The state a requests.Session would carry (headers, cookies, auth ...) is made when a
 * script touches it; what it means for requests is asked of the Python half once per change (struct
 * acr_python_session_state).
 */
#pragma once

#include "python/site.h"

#include "http/client.h"

struct acr_python_session {
    PyObject_HEAD struct acr_client *client; /* NULL until the first request */
    struct acr_python_site *site;            /* NULL until __init__ */
    struct acr_python_session_state *state;  /* NULL: to be asked for; shared with the site while untouched */
    PyObject *base_url;                      /* str */
    PyObject *user;                          /* or NULL */
    PyObject *request_name;                  /* or NULL */
    PyObject *attributes;                    /* dict of what was touched, or NULL */
    uint64_t native_count;
    int generation;  /* 9 or 2 */
    bool ask_always; /* holds containers whose changes cannot be seen */
};

/* Creates the type; NULL with an exception. */
PyTypeObject *acr_python_session_type_new(void);

/* The client, made when first needed. */
struct acr_client *acr_python_session_client(struct acr_python_session *session);

/* The state for the next request, borrowed; NULL with an exception. */
struct acr_python_session_state *acr_python_session_state(struct acr_python_session *session);

/* Has it asked for again before the next request. */
void acr_python_session_forget_state(struct acr_python_session *session);

/* Methods about cookies (session_cookies.c). */
PyObject *acr_python_session_cookie_list(PyObject *self, PyObject *unused);
PyObject *acr_python_session_cookie_set(PyObject *self, PyObject *args);
PyObject *acr_python_session_cookie_remove(PyObject *self, PyObject *args);
PyObject *acr_python_session_cookie_version(PyObject *self, PyObject *unused);
