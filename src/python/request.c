/* SPDX-License-Identifier: MIT */
/* request - from a verb's arguments to a recorded response. */
#include "python/request.h"

#include "python/convert.h"
#include "python/draft.h"
#include "python/exceptions.h"
#include "python/greenlets.h"
#include "python/response.h"

/* Names of methods as the statistics have them; made once and owned for the life of the process. */
static struct {
    const char *text;
    PyObject *name;
} verbs[ACR_PYTHON_VERBS] = {
    [ACR_VERB_GET] = {"GET", NULL},         [ACR_VERB_POST] = {"POST", NULL},     [ACR_VERB_PUT] = {"PUT", NULL},
    [ACR_VERB_PATCH] = {"PATCH", NULL},     [ACR_VERB_DELETE] = {"DELETE", NULL}, [ACR_VERB_HEAD] = {"HEAD", NULL},
    [ACR_VERB_OPTIONS] = {"OPTIONS", NULL},
};

int acr_python_request_init(void)
{
    for (int i = 0; i < ACR_PYTHON_VERBS; i++)
        if ((verbs[i].name = PyUnicode_InternFromString(verbs[i].text)) == NULL)
            return -1;
    return 0;
}

/* A script's name for a request as the label in the statistics; NULL without an exception when it gave none. */
static PyObject *given_name(PyObject *name)
{
    bool given = false;
    if (name == NULL || name == Py_None || acr_python_truth(name, false, &given) != 0 || !given)
        return NULL;
    return PyUnicode_Check(name) ? Py_NewRef(name) : PyObject_Str(name);
}

/* The label in the statistics; a new reference, NULL with an exception. */
static PyObject *choose_name(struct acr_python_session *session, const struct acr_python_call *call,
                             struct acr_python_route *route)
{
    PyObject *name = given_name(call->name);
    if (ACR_LIKELY(name == NULL) && !PyErr_Occurred())
        name = given_name(session->request_name);
    return name != NULL || PyErr_Occurred() ? name : Py_NewRef(route->label);
}

/* The object for an answer, or for a failed exchange (answer NULL). */
static PyObject *make_response(struct acr_python_session *session, struct acr_python_draft *draft,
                               struct acr_response *answer, PyObject *error, acr_nanos time)
{
    const struct acr_python_call *call = &draft->call;
    bool context_type = draft->catching || session->generation == 2;
    struct acr_python_response *response =
        acr_python_response_make(context_type ? acr_python.context_type : acr_python.response_type);
    if (response == NULL) {
        acr_response_unref(answer);
        return NULL;
    }
    response->answer = answer;
    response->session = (struct acr_python_session *)Py_NewRef(session);
    response->method = Py_NewRef(call->method);
    response->name = choose_name(session, call, draft->route);
    response->error = Py_XNewRef(error);
    response->context = Py_XNewRef(call->context);
    response->time = time;
    response->started = draft->request.started;
    response->catching = draft->catching;
    response->route = draft->route;
    response->state = draft->state;
    response->extra_lines = draft->extra_lines;
    response->all_lines = draft->all_lines;
    response->body = draft->body;
    draft->route = NULL;
    draft->state = NULL;
    draft->extra_lines = NULL;
    draft->body = NULL;
    response->streamed = draft->request.stream;
    response->read_timeout = draft->request.read_timeout;
    response->asked = (uint8_t)call->verb;
    if (response->name == NULL || (!draft->catching && acr_python_response_report(response) != 0))
        Py_CLEAR(response);
    return (PyObject *)response;
}

/* Errors that are the script's own and are raised instead of counted (spec 3.5, decisions.md D9). */
static bool is_raised(int code)
{
    return code == ACR_ERR_MISSING_SCHEME || code == ACR_ERR_UNSUPPORTED_SCHEME || code == ACR_ERR_INVALID_URL ||
           code == ACR_ERR_INVALID_HEADER;
}

static PyObject *failed(struct acr_python_session *session, struct acr_python_draft *draft, int code, acr_nanos time)
{
    PyObject *exception =
        acr_python_request_error(code, &draft->error, (PyObject *)session, draft->call.method, draft->route->url.whole);
    if (exception == NULL)
        return NULL;
    PyObject *response = NULL;
    if (is_raised(code))
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    else
        response = make_response(session, draft, NULL, exception, time);
    Py_DECREF(exception);
    return response;
}

/* The answer, or the failure, of the exchange that `code` tells of, as a recorded response. */
static PyObject *conclude(struct acr_python_session *session, struct acr_python_draft *draft, int code,
                          struct acr_response *answer, acr_nanos started)
{
    if (ACR_LIKELY(code == 0))
        return make_response(session, draft, answer, NULL, answer->finished - answer->started);
    if (code == ACR_ERR_CANCELLED)
        return NULL; /* what was thrown into the greenlet is set already, or was put aside */
    return failed(session, draft, code, acr_loop_refresh_now(acr_python.engine->loop) - started);
}

/* A stop's kill that waited for this request: it ends the user now, or, when the response is still to be judged in a
 * `with` block, at the user's next wait. */
static PyObject *deliver_kill(struct acr_fiber *fiber, PyObject *response)
{
    if (response != NULL && ((struct acr_python_response *)response)->catching) {
        acr_python_fiber_kill_later(fiber);
        return response;
    }
    Py_XDECREF(response);
    PyErr_Clear(); /* a listener's exception, or -n's: the user ends either way */
    acr_python_fiber_raise(fiber);
    return NULL;
}

static PyObject *perform(struct acr_python_session *session, struct acr_python_draft *draft)
{
    struct acr_client *client = acr_python_session_client(session);
    struct acr_fiber *fiber = acr_python_fiber_take();
    if (fiber == NULL)
        return NULL;
    struct acr_response *answer = NULL;
    acr_nanos started = acr_loop_refresh_now(acr_python.engine->loop);
    draft->request.started = started;
    session->native_count++;
    acr_python_fiber_shield(fiber);
    int code = acr_client_request(client, fiber, &draft->request, &answer, &draft->error);
    bool killed = acr_python_fiber_unshield(fiber);
    PyObject *response = conclude(session, draft, code, answer, started);
    if (ACR_UNLIKELY(killed))
        response = deliver_kill(fiber, response);
    acr_python_fiber_give(fiber);
    return response;
}

static PyObject *call_fallback(struct acr_python_session *session, const struct acr_python_call *call)
{
    struct acr_python_call given = *call;
    if (given.verb == ACR_VERB_HEAD && given.allow_redirects == NULL)
        given.allow_redirects = Py_False; /* Session.request() would follow them */
    PyObject *keywords = acr_python_call_keywords(&given);
    if (keywords == NULL)
        return NULL;
    PyObject *response = PyObject_CallFunctionObjArgs(acr_python.fallback, (PyObject *)session, call->method, call->url,
                                                      call->name != NULL ? call->name : Py_None,
                                                      call->catch_response != NULL ? call->catch_response : Py_False,
                                                      call->context != NULL ? call->context : Py_None, keywords, NULL);
    Py_DECREF(keywords);
    return response;
}

static PyObject *run_call(struct acr_python_session *session, const struct acr_python_call *call)
{
    if (session->site == NULL || acr_python.response_type == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the session's __init__ was not called");
        return NULL;
    }
    if (ACR_UNLIKELY(!acr_python_in_load_thread()))
        return call_fallback(session, call); /* a real thread of the script's own: requests can wait there */
    struct acr_python_draft *draft = acr_python_draft_new(call);
    int way = acr_python_draft_make(session, &draft->call, draft);
    PyObject *response = way == 0 ? perform(session, draft) : way == 1 ? call_fallback(session, call) : NULL;
    acr_python_draft_free(draft);
    return response;
}

static int take_keywords(struct acr_python_call *call, PyObject *const *values, PyObject *names)
{
    Py_ssize_t count = names != NULL ? PyTuple_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        int code = acr_python_call_keyword(call, PyTuple_GET_ITEM(names, i), values[i]);
        if (code > 0)
            PyErr_Format(PyExc_TypeError, "Session.request() got an unexpected keyword argument '%U'",
                         PyTuple_GET_ITEM(names, i));
        if (code != 0)
            return -1;
    }
    return 0;
}

/* One verb: url, then data, then json may be given by position, `most` of them. */
static PyObject *call_verb(PyObject *self, enum acr_python_verb verb, PyObject *const *args, Py_ssize_t count,
                           PyObject *names, Py_ssize_t most)
{
    struct acr_python_call call = {.verb = verb, .method = verbs[verb].name};
    if (count > most) {
        PyErr_Format(PyExc_TypeError, "%s() takes %zd positional argument%s but %zd were given", verbs[verb].text, most,
                     most == 1 ? "" : "s", count);
        return NULL;
    }
    call.url = count > 0 ? args[0] : NULL;
    if (count > 1 && args[1] != Py_None)
        call.data = args[1];
    if (count > 2 && args[2] != Py_None)
        call.json = args[2];
    if (take_keywords(&call, args + count, names) != 0)
        return NULL;
    if (call.url == NULL) {
        PyErr_Format(PyExc_TypeError, "%s() missing 1 required positional argument: 'url'", verbs[verb].text);
        return NULL;
    }
    return run_call((struct acr_python_session *)self, &call);
}

ACR_PYTHON_VERB(get)
{
    return call_verb(session, ACR_VERB_GET, args, count, keywords, 1);
}

ACR_PYTHON_VERB(options)
{
    return call_verb(session, ACR_VERB_OPTIONS, args, count, keywords, 1);
}

ACR_PYTHON_VERB(head)
{
    return call_verb(session, ACR_VERB_HEAD, args, count, keywords, 1);
}

ACR_PYTHON_VERB(delete)
{
    return call_verb(session, ACR_VERB_DELETE, args, count, keywords, 1);
}

ACR_PYTHON_VERB(post)
{
    return call_verb(session, ACR_VERB_POST, args, count, keywords, 3);
}

ACR_PYTHON_VERB(put)
{
    return call_verb(session, ACR_VERB_PUT, args, count, keywords, 2);
}

ACR_PYTHON_VERB(patch)
{
    return call_verb(session, ACR_VERB_PATCH, args, count, keywords, 2);
}

/* request(method, url, name=None, catch_response=False, **kwargs); redirects are followed as in requests, also for
 * HEAD. */
ACR_PYTHON_VERB(request)
{
    struct acr_python_call call = {.verb = ACR_VERB_OTHER};
    if (count > 4) {
        PyErr_Format(PyExc_TypeError, "request() takes from 2 to 4 positional arguments but %zd were given", count);
        return NULL;
    }
    call.method = count > 0 ? args[0] : NULL;
    call.url = count > 1 ? args[1] : NULL;
    call.name = count > 2 && args[2] != Py_None ? args[2] : NULL;
    call.catch_response = count > 3 ? args[3] : NULL;
    if (take_keywords(&call, args + count, keywords) != 0)
        return NULL;
    if (call.method == NULL || call.url == NULL) {
        PyErr_Format(PyExc_TypeError, "request() missing a required argument: '%s'",
                     call.method == NULL ? "method" : "url");
        return NULL;
    }
    return run_call((struct acr_python_session *)session, &call);
}
