/* SPDX-License-Identifier: MIT */
/* draft - decides which way a call goes and takes its arguments apart. */
#include "python/draft.h"

#include <unistd.h>

#include "base/memory.h"
#include "python/convert.h"

/* Kept for reuse: each request needs one, and they are large. As many as there were requests at a time. */
static struct acr_python_draft *spare_drafts;

struct acr_python_draft *acr_python_draft_new(const struct acr_python_call *call)
{
    struct acr_python_draft *draft = spare_drafts;
    if (draft != NULL)
        spare_drafts = draft->next_spare;
    else
        draft = acr_alloc_zero(sizeof *draft);
    draft->call = *call;
    return draft;
}

void acr_python_draft_free(struct acr_python_draft *draft)
{
    acr_python_route_unref(draft->route);
    acr_python_session_state_unref(draft->state);
    acr_buffer_done(&draft->lines);
    acr_buffer_done(&draft->authorization);
    acr_buffer_done(&draft->query_url);
    acr_buffer_done(&draft->form);
    Py_XDECREF(draft->method);
    Py_XDECREF(draft->body);
    Py_XDECREF(draft->prepared);
    Py_XDECREF(draft->extra_lines);
    /* The error's text is only read after it was written. */
    memset(&draft->request, 0, sizeof *draft - offsetof(struct acr_python_draft, request));
    draft->error.code = 0;
    draft->error.system = 0;
    draft->error.detail[0] = '\0';
    draft->next_spare = spare_drafts;
    spare_drafts = draft;
}

static int no_memory(void)
{
    acr_python_no_memory();
    return -1;
}

/*
 * Which way. What is of a kind that the engine knows for sure is taken apart here; everything else is requests' to
 * accept or to refuse, so that its result or its exception is the script's. Nothing of it may be read before that is
 * decided.
 */

static bool is_text(PyObject *object)
{
    return PyUnicode_Check(object) || PyBytes_Check(object);
}

static bool is_fields(PyObject *object)
{
    return is_text(object) || PyDict_CheckExact(object) || PyList_CheckExact(object) || PyTuple_CheckExact(object);
}

static bool is_basic_auth(PyObject *auth)
{
    return PyTuple_Check(auth) && PyTuple_GET_SIZE(auth) == 2 && is_text(PyTuple_GET_ITEM(auth, 0)) &&
           is_text(PyTuple_GET_ITEM(auth, 1));
}

/* Does the call need the Python half to take its arguments apart? */
static bool is_odd(const struct acr_python_call *call)
{
    return call->files != NULL || call->cookies != NULL || (call->data != NULL && !is_fields(call->data)) ||
           (call->params != NULL && (!is_fields(call->params) || PyBytes_Check(call->params))) ||
           (call->headers != NULL && !PyDict_CheckExact(call->headers)) ||
           (call->auth != NULL && !is_basic_auth(call->auth)) || !is_text(call->url);
}

/* A number of seconds that can be waited, or None. */
static bool is_seconds(PyObject *object)
{
    if (PyFloat_Check(object))
        return PyFloat_AS_DOUBLE(object) > 0;
    if (!PyLong_Check(object) || PyBool_Check(object))
        return object == Py_None;
    int overflow;
    return PyLong_AsLongAndOverflow(object, &overflow) > 0;
}

static bool is_timeout(PyObject *timeout)
{
    if (!PyTuple_Check(timeout))
        return is_seconds(timeout);
    return PyTuple_GET_SIZE(timeout) == 2 && is_seconds(PyTuple_GET_ITEM(timeout, 0)) &&
           is_seconds(PyTuple_GET_ITEM(timeout, 1));
}

/* A file that is there, or an object that will name one. */
static bool is_path(PyObject *object)
{
    if (!PyUnicode_Check(object))
        return PyObject_HasAttrString(object, "__fspath__");
    struct acr_str path;
    if (acr_python_str(object, &path) != 0) {
        PyErr_Clear();
        return false;
    }
    return strlen(path.data) == path.size && access(path.data, F_OK) == 0;
}

static bool is_verify(PyObject *verify)
{
    return PyLong_Check(verify) || is_path(verify);
}

static bool is_cert(PyObject *cert)
{
    if (!PyTuple_Check(cert) && !PyList_Check(cert))
        return is_path(cert);
    return PySequence_Fast_GET_SIZE(cert) == 2 && is_path(PySequence_Fast_GET_ITEM(cert, 0)) &&
           is_path(PySequence_Fast_GET_ITEM(cert, 1));
}

/* Can only requests itself do what this call wants? */
static bool needs_fallback(const struct acr_python_session_state *state, const struct acr_python_call *call)
{
    return !state->plain || call->hooks != NULL || call->proxies != NULL ||
           (call->timeout != NULL && !is_timeout(call->timeout)) ||
           (call->verify != NULL && !is_verify(call->verify)) || (call->cert != NULL && !is_cert(call->cert));
}

/* A URL that does not begin with the session's base URL. */
static bool leaves_base(const struct acr_python_session *session, PyObject *url)
{
    struct acr_str text;
    if (!PyUnicode_Check(url) || acr_python_str(url, &text) != 0) {
        PyErr_Clear();
        return true; /* requests will see */
    }
    return (acr_str_starts_nocase(text, ACR_STR("http://")) || acr_str_starts_nocase(text, ACR_STR("https://"))) &&
           !acr_str_starts_nocase(text, session->site->base_url);
}

/* Body */

static int take_data(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    if (is_text(call->data)) {
        draft->body = Py_NewRef(call->data);
    } else {
        int code = acr_python_form(call->data, &draft->form);
        if (code != 0)
            return code;
        draft->body = PyBytes_FromStringAndSize(draft->form.data, (Py_ssize_t)draft->form.size);
        draft->request.content_type = ACR_STR("application/x-www-form-urlencoded");
    }
    return draft->body != NULL ? acr_python_bytes(draft->body, "data", &draft->request.body) : -1;
}

/* 1: it is no JSON. */
static int take_json(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    draft->body = PyObject_CallOneArg(acr_python.encode_json, call->json);
    if (draft->body == NULL)
        return -1;
    if (draft->body == Py_None)
        return 1;
    draft->request.content_type = ACR_STR("application/json");
    return acr_python_bytes(draft->body, "encode_json's answer", &draft->request.body);
}

static int take_body(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    int code = 0;
    bool has_data = false;
    if (acr_python_truth(call->data, false, &has_data) != 0)
        return -1;
    if (has_data) {
        code = take_data(call, draft);
    } else if (call->json != NULL) {
        code = take_json(call, draft);
    }
    draft->request.has_body = draft->body != NULL || (call->verb != ACR_VERB_GET && call->verb != ACR_VERB_HEAD &&
                                                      !acr_str_equal(draft->request.method, ACR_STR("GET")) &&
                                                      !acr_str_equal(draft->request.method, ACR_STR("HEAD")));
    return code;
}

/* URL */

static int join_params(PyObject *params, struct acr_str url, struct acr_buffer *out)
{
    struct acr_buffer query = {0};
    struct acr_str text;
    int code = 0;
    if (is_text(params)) {
        code = acr_python_bytes(params, "params", &text);
        if (code == 0 && acr_buffer_append_str(&query, text) != 0)
            code = no_memory();
    } else {
        code = acr_python_form(params, &query);
    }
    /* The query goes before a fragment. */
    ptrdiff_t hash = acr_str_find_char(url, '#');
    struct acr_str front = {url.data, hash >= 0 ? (size_t)hash : url.size};
    struct acr_str fragment = {url.data + front.size, url.size - front.size};
    ptrdiff_t mark = acr_str_find_char(front, '?');
    struct acr_str joint = mark < 0 ? ACR_STR("?") : (size_t)mark + 1 == front.size ? ACR_STR("") : ACR_STR("&");
    if (code == 0 && (acr_buffer_append_str(out, front) != 0 ||
                      (query.size > 0 && (acr_buffer_append_str(out, joint) != 0 ||
                                          acr_buffer_append_str(out, acr_buffer_str(&query)) != 0)) ||
                      acr_buffer_append_str(out, fragment) != 0))
        code = no_memory();
    acr_buffer_done(&query);
    return code;
}

static int take_url(struct acr_python_session *session, const struct acr_python_call *call,
                    struct acr_python_draft *draft)
{
    struct acr_str text;
    if (acr_python_bytes(call->url, "url", &text) != 0) {
        PyErr_Clear();
        return 1; /* half a surrogate pair */
    }
    if (call->params != NULL) {
        int code = join_params(call->params, text, &draft->query_url);
        if (code != 0)
            return code;
        text = acr_buffer_str(&draft->query_url);
    }
    draft->route = acr_python_route_get(session->site, text);
    if (draft->route == NULL)
        return PyErr_Occurred() ? -1 : 1;
    draft->request.url = &draft->route->url;
    return 0;
}

/* The rest */

static int take_timeout(PyObject *timeout, struct acr_request *request)
{
    if (!PyTuple_Check(timeout)) {
        if (acr_python_seconds(timeout, "timeout", &request->read_timeout) != 0)
            return -1;
        request->connect_timeout = request->read_timeout;
        return 0;
    }
    if (acr_python_seconds(PyTuple_GET_ITEM(timeout, 0), "connect timeout", &request->connect_timeout) != 0)
        return -1;
    return acr_python_seconds(PyTuple_GET_ITEM(timeout, 1), "read timeout", &request->read_timeout);
}

/* A path for TLS as text, kept alive by `owned`: str or what os.fspath() takes. -1 with an exception. */
static int path_text(PyObject *path, PyObject **owned, const char **ret_text)
{
    PyObject *text = PyOS_FSPath(path);
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    Py_XSETREF(*owned, text);
    if (utf8 == NULL)
        return -1;
    *ret_text = utf8;
    return 0;
}

/* True, False, or the path of certificates to trust. */
static int take_verify(PyObject *verify, PyObject **owned, struct acr_tls_settings *tls)
{
    bool wanted = true;
    if (acr_python_truth(verify, true, &wanted) != 0)
        return -1;
    tls->insecure = !wanted;
    if (!wanted || PyBool_Check(verify) || PyLong_Check(verify))
        return 0;
    return path_text(verify, owned, &tls->ca_path);
}

/* The path of a certificate with its key, or of both. */
static int take_cert(PyObject *cert, PyObject *owned[2], struct acr_tls_settings *tls)
{
    tls->key_path = NULL;
    if (!PyTuple_Check(cert) && !PyList_Check(cert))
        return path_text(cert, &owned[0], &tls->cert_path);
    if (path_text(PySequence_Fast_GET_ITEM(cert, 0), &owned[0], &tls->cert_path) != 0)
        return -1;
    return path_text(PySequence_Fast_GET_ITEM(cert, 1), &owned[1], &tls->key_path);
}

static int take_tls(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    struct acr_tls_settings tls = draft->state->tls != NULL ? *draft->state->tls : (struct acr_tls_settings){0};
    PyObject *owned[3] = {NULL, NULL, NULL};
    int code = call->verify != NULL ? take_verify(call->verify, &owned[0], &tls) : 0;
    if (code == 0 && call->cert != NULL)
        code = take_cert(call->cert, owned + 1, &tls);
    if (code == 0)
        draft->request.tls = acr_http_tls(acr_python.engine->http, &tls); /* copies */
    for (size_t i = 0; i < ACR_ARRAY_SIZE(owned); i++)
        Py_XDECREF(owned[i]);
    return code;
}

/* Asks the Python half to make an odd call plain. 1: use the fallback. */
static int prepare(struct acr_python_session *session, struct acr_python_call *call, struct acr_python_draft *draft)
{
    PyObject *keywords = acr_python_call_keywords(call);
    if (keywords == NULL)
        return -1;
    draft->prepared =
        PyObject_CallFunctionObjArgs(acr_python.prepare, (PyObject *)session, call->method, call->url, keywords, NULL);
    Py_DECREF(keywords);
    if (draft->prepared == NULL)
        return -1;
    if (draft->prepared == Py_None)
        return 1;
    PyObject *url, *content_type, *body, *cookies, *rest;
    if (!PyArg_ParseTuple(draft->prepared, "OOOOO!;prepare's answer", &url, &content_type, &body, &cookies,
                          &PyDict_Type, &rest))
        return -1;
    struct acr_python_call plain = {.verb = call->verb,
                                    .method = call->method,
                                    .url = url,
                                    .name = call->name,
                                    .catch_response = call->catch_response,
                                    .context = call->context};
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (PyDict_Next(rest, &position, &name, &value))
        if (acr_python_call_keyword(&plain, name, value) != 0)
            return PyErr_Occurred() ? -1 : 1;
    if (body != Py_None) {
        plain.data = body;
        plain.json = NULL;
    }
    if (plain.auth != NULL && !is_basic_auth(plain.auth))
        return 1;
    if (content_type != Py_None && acr_python_bytes(content_type, "content type", &draft->request.content_type) != 0)
        return -1;
    if (cookies != Py_None && acr_python_bytes(cookies, "cookies", &draft->request.cookies) != 0)
        return -1;
    *call = plain;
    return 0;
}

/* Sent in capitals, as requests does; the statistics keep the script's spelling (spec 3.4). 1: it is no method. */
static int take_method(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    if (call->verb != ACR_VERB_OTHER)
        return acr_python_str(call->method, &draft->request.method);
    if (!PyUnicode_CheckExact(call->method) || !PyUnicode_IS_ASCII(call->method))
        return 1;
    draft->method = PyObject_CallMethod(call->method, "upper", NULL);
    if (draft->method == NULL || acr_python_str(draft->method, &draft->request.method) != 0)
        return -1;
    return acr_request_is_name(draft->request.method) ? 0 : 1;
}

/* Might a header say who asks? To requests the user name in a URL matters more. */
static bool has_own_token(const struct acr_python_call *call, const struct acr_python_session_state *state)
{
    return call->auth == NULL && (call->headers != NULL || state->authorization.size > 0);
}

/* Method, URL and body. A URL that the engine does not take is prepared by requests, which knows international host
 * names and raises its own exception for what is none. */
static int take_what(struct acr_python_session *session, struct acr_python_call *call, struct acr_python_draft *draft)
{
    int way = take_method(call, draft);
    if (way != 0)
        return way;
    for (bool odd = is_odd(call);; odd = false) {
        way = odd ? 1 : take_url(session, call, draft);
        if (ACR_LIKELY(way != 1) || draft->prepared != NULL)
            break;
        way = prepare(session, call, draft);
        if (way != 0)
            break;
    }
    if (way == 0 && ACR_UNLIKELY(draft->route->url.username.data != NULL) && has_own_token(call, draft->state))
        return 1;
    return way == 0 ? take_body(call, draft) : way;
}

static void take_state(const struct acr_python_session_state *state, struct acr_request *request)
{
    request->own_host = state->own_host;
    request->own_cookies = state->own_cookies;
    if (state->own_content_type)
        request->content_type = (struct acr_str){NULL, 0};
    request->header_lines = acr_buffer_str(&state->header_lines);
    request->authorization = acr_buffer_str(&state->authorization);
    request->tls = state->tls;
    request->redirects_max = state->redirects_max;
}

/* All of a plain request's head comes from the session's state, the route and the verb: 21, 40 and 3 bits of the number
 * (struct acr_request). Should numbers ever need more, there is none. */
static uint64_t head_number(const struct acr_python_call *call, const struct acr_python_draft *draft)
{
    uint64_t state = draft->state->number, route = draft->route->number;
    if (call->verb == ACR_VERB_OTHER || draft->prepared != NULL || state >> 21 != 0 || route >> 40 != 0)
        return 0;
    return state << 43 | route << 3 | (uint64_t)call->verb;
}

static int take_headers(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    int way = call->headers != NULL ? acr_python_draft_headers(call->headers, draft) : 0;
    if (way != 0)
        return way;
    if (call->auth != NULL && acr_python_draft_auth(call->auth, draft) != 0)
        return -1;
    if (draft->request.has_body || draft->all_lines || draft->authorization.size > 0)
        return acr_python_draft_note_lines(draft);
    draft->request.head = head_number(call, draft);
    return 0;
}

static int take_options(const struct acr_python_call *call, struct acr_python_draft *draft)
{
    struct acr_request *request = &draft->request;
    if (call->timeout != NULL && take_timeout(call->timeout, request) != 0)
        return -1;
    if ((call->verify != NULL || call->cert != NULL) && take_tls(call, draft) != 0)
        return -1;
    if (acr_python_truth(call->catch_response, false, &draft->catching) != 0 ||
        acr_python_truth(call->stream, false, &request->stream) != 0)
        return -1;
    return acr_python_truth(call->allow_redirects, call->verb != ACR_VERB_HEAD, &request->follow_redirects);
}

/* Fills the draft; 1: use the fallback, -1 with an exception. */
int acr_python_draft_make(struct acr_python_session *session, struct acr_python_call *call,
                          struct acr_python_draft *draft)
{
    struct acr_python_session_state *state = acr_python_session_state(session);
    if (state == NULL)
        return -1;
    state->references++; /* the script may change its session while it waits */
    draft->state = state;
    if (needs_fallback(state, call) || (ACR_UNLIKELY(state->base_only) && leaves_base(session, call->url)))
        return 1;
    int way = take_what(session, call, draft);
    if (way != 0)
        return way;
    take_state(state, &draft->request);
    way = take_headers(call, draft);
    return way == 0 ? take_options(call, draft) : way;
}
