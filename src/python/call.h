/* SPDX-License-Identifier: MIT */
/*
 * call - the arguments of one verb call, as objects.
 */
#pragma once

#include "python/site.h"

/* Every keyword of Session.request() with its default left NULL. All borrowed. */
#define ACR_PYTHON_KEYWORDS(X) \
    X(name)                    \
    X(catch_response)          \
    X(context)                 \
    X(params)                  \
    X(data)                    \
    X(json)                    \
    X(headers)                 \
    X(cookies)                 \
    X(files)                   \
    X(auth)                    \
    X(timeout)                 \
    X(allow_redirects)         \
    X(proxies)                 \
    X(hooks)                   \
    X(stream)                  \
    X(verify)                  \
    X(cert)

struct acr_python_call {
    enum acr_python_verb verb;
    PyObject *method; /* str */
    PyObject *url;
#define X(name) PyObject *name;
    ACR_PYTHON_KEYWORDS(X)
#undef X
};

/* Takes one keyword; 1: unknown name, -1 with an exception. Passing None is as good as not passing, as in requests,
 * but for allow_redirects, where it means no. */
int acr_python_call_keyword(struct acr_python_call *call, PyObject *name, PyObject *value);

/* All keywords that were given, as a dict of new references, without name, catch_response and context; NULL with an
 * exception. */
PyObject *acr_python_call_keywords(const struct acr_python_call *call);
