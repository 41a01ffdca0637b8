/* SPDX-License-Identifier: MIT */
/* request - from a verb's arguments to a recorded response. */
#include "python/request.h"

#include "base/memory.h"
#include "http/auth.h"
#include "python/call.h"
#include "python/convert.h"
#include "python/exceptions.h"
#include "python/greenlets.h"
#include "python/response.h"

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

/* What one native request is made of, beside the engine's struct: memory that must live until the answer is there. Not
 * on the stack: a waiting greenlet's stack is copied away and back, byte by byte. */
struct draft {
    struct draft *next_spare;
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
    struct acr_buffer form;
};

static struct draft *spare_drafts;

static struct draft *draft_new(const struct acr_python_call *call)
{
    struct draft *draft = spare_drafts;
    if (draft != NULL)
        spare_drafts = draft->next_spare;
    else
        draft = acr_alloc_zero(sizeof *draft);
    draft->call = *call;
    return draft;
}

static void draft_free(struct draft *draft)
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
    memset(&draft->request, 0, sizeof *draft - offsetof(struct draft, request));
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

/* Does the call need the Python half to take its arguments apart? */
static bool is_odd(const struct acr_python_call *call)
{
    PyObject *data = call->data;
    if (call->files != NULL || call->cookies != NULL)
        return true;
    if (data != NULL && !PyBytes_Check(data) && !PyUnicode_Check(data) && !PyDict_CheckExact(data) &&
        !PyList_Check(data) && !PyTuple_Check(data))
        return true;
    if (call->params != NULL && !PyDict_CheckExact(call->params) && !PyUnicode_Check(call->params) &&
        !PyBytes_Check(call->params) && !PyList_Check(call->params) && !PyTuple_Check(call->params))
        return true;
    return call->headers != NULL && !PyDict_CheckExact(call->headers);
}

static bool is_basic_auth(PyObject *auth)
{
    return PyTuple_Check(auth) && PyTuple_GET_SIZE(auth) == 2 &&
           (PyUnicode_Check(PyTuple_GET_ITEM(auth, 0)) || PyBytes_Check(PyTuple_GET_ITEM(auth, 0))) &&
           (PyUnicode_Check(PyTuple_GET_ITEM(auth, 1)) || PyBytes_Check(PyTuple_GET_ITEM(auth, 1)));
}

/* Can only requests itself do what this call wants? */
static bool needs_fallback(const struct acr_python_session_state *state, const struct acr_python_call *call)
{
    return !state->plain || call->hooks != NULL || call->proxies != NULL ||
           (call->auth != NULL && !is_basic_auth(call->auth));
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

static struct acr_str bytes_str(PyObject *bytes)
{
    return (struct acr_str){PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
}

/* Headers */

/* Session's lines without those that the call overrides. */
static int keep_other_lines(struct acr_str lines, PyObject *headers, struct acr_buffer *out)
{
    while (lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        size_t size = end != NULL ? (size_t)(end - lines.data) + 1 : lines.size;
        ptrdiff_t colon = acr_str_find_char((struct acr_str){lines.data, size}, ':');
        struct acr_str name = {lines.data, colon >= 0 ? (size_t)colon : 0};
        bool overridden = false;
        Py_ssize_t position = 0;
        PyObject *key, *value;
        while (!overridden && PyDict_Next(headers, &position, &key, &value)) {
            struct acr_str own;
            if (acr_python_bytes(key, "header name", &own) != 0)
                return -1;
            overridden = acr_str_equal_nocase(own, name);
        }
        if (!overridden && acr_buffer_append(out, lines.data, size) != 0)
            return no_memory();
        lines.data += size;
        lines.size -= size;
    }
    return 0;
}

static int invalid_header(PyObject *session, const struct acr_python_call *call, PyObject *key)
{
    struct acr_error error;
    PyObject *repr = PyObject_Repr(key);
    const char *text = repr != NULL ? PyUnicode_AsUTF8(repr) : NULL;
    if (text == NULL)
        PyErr_Clear();
    acr_error_set(&error, ACR_ERR_INVALID_HEADER, "%s", text != NULL ? text : "?");
    Py_XDECREF(repr);
    acr_python_raise_request_error(ACR_ERR_INVALID_HEADER, &error, session, call->method, ACR_STR(""));
    return -1;
}

/* Like a password given as auth, a token given as header must not follow a redirect to another host: the engine writes
 * that line. */
static int take_authorization(struct draft *draft, struct acr_str value)
{
    draft->authorization.size = 0;
    if (acr_buffer_append_str(&draft->authorization, value) != 0)
        return no_memory();
    draft->request.authorization = acr_buffer_str(&draft->authorization);
    return 0;
}

/* `name` and `value` checked, as a line or as what the engine makes a line of. */
static int add_header(PyObject *session, const struct acr_python_call *call, struct draft *draft, PyObject *key,
                      struct acr_str name, struct acr_str value)
{
    size_t before = draft->lines.size;
    int code = acr_request_header_line(&draft->lines, name, value);
    if (code != 0)
        return code == ACR_ERR_INVALID_HEADER ? invalid_header(session, call, key) : no_memory();
    if (!acr_str_equal_nocase(name, ACR_STR("Authorization")))
        return 0;
    draft->lines.size = before;
    return take_authorization(draft, value);
}

/* One header of the call; the engine writes some fields itself and only needs to know what they are. */
static int take_header(PyObject *session, const struct acr_python_call *call, struct draft *draft, PyObject *key,
                       PyObject *value)
{
    struct acr_str name, text;
    if (acr_python_bytes(key, "header name", &name) != 0)
        return -1;
    if (value == Py_None) {
        if (acr_str_equal_nocase(name, ACR_STR("Authorization")))
            draft->request.authorization = (struct acr_str){NULL, 0};
        return 0;
    }
    if (!PyUnicode_Check(value) && !PyBytes_Check(value))
        return invalid_header(session, call, key);
    PyObject *bytes = acr_python_latin1(value);
    if (bytes == NULL)
        return -1;
    text = bytes_str(bytes);
    int code = 0;
    bool drop = acr_str_equal_nocase(name, ACR_STR("Content-Length")); /* the engine knows better */
    if (acr_str_equal_nocase(name, ACR_STR("Host")))
        draft->request.own_host = true;
    if (acr_str_equal_nocase(name, ACR_STR("Cookie")))
        draft->request.own_cookies = true;
    if (acr_str_equal_nocase(name, ACR_STR("Content-Type")))
        draft->request.content_type = (struct acr_str){NULL, 0};
    if (acr_str_equal_nocase(name, ACR_STR("Expect")) && acr_str_equal_nocase(text, ACR_STR("100-continue")))
        draft->request.expect_continue = draft->request.body.size > 0;
    if (!drop)
        code = add_header(session, call, draft, key, name, text);
    Py_DECREF(bytes);
    return code;
}

static int take_headers(PyObject *session, const struct acr_python_call *call, struct draft *draft)
{
    if (keep_other_lines(acr_buffer_str(&draft->state->header_lines), call->headers, &draft->lines) != 0)
        return -1;
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (PyDict_Next(call->headers, &position, &key, &value))
        if (take_header(session, call, draft, key, value) != 0)
            return -1;
    draft->request.header_lines = acr_buffer_str(&draft->lines);
    draft->all_lines = true;
    return 0;
}

/* Body */

static int take_data(const struct acr_python_call *call, struct draft *draft)
{
    int kind = PyBytes_Check(call->data) || PyUnicode_Check(call->data) ? 1 : acr_python_form(call->data, &draft->form);
    if (kind < 0)
        return -1;
    if (kind == 0) {
        if (draft->form.size == 0)
            return 0;
        draft->body = PyBytes_FromStringAndSize(draft->form.data, (Py_ssize_t)draft->form.size);
        draft->request.content_type = ACR_STR("application/x-www-form-urlencoded");
    } else {
        draft->body = Py_NewRef(call->data);
    }
    return draft->body != NULL ? acr_python_bytes(draft->body, "data", &draft->request.body) : -1;
}

static int take_body(const struct acr_python_call *call, struct draft *draft)
{
    int code = 0;
    bool empty_data = call->data == NULL || PyObject_IsTrue(call->data) == 0;
    if (!empty_data) {
        code = take_data(call, draft);
    } else if (call->json != NULL) {
        draft->body = PyObject_CallOneArg(acr_python.encode_json, call->json);
        draft->request.content_type = ACR_STR("application/json");
        code = draft->body != NULL ? acr_python_bytes(draft->body, "encode_json's answer", &draft->request.body) : -1;
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
    if (PyUnicode_Check(params) || PyBytes_Check(params)) {
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

static int take_url(struct acr_python_session *session, const struct acr_python_call *call, struct draft *draft)
{
    struct acr_str text;
    PyObject *as_text = NULL;
    if (call->url != NULL && !PyUnicode_Check(call->url) && !PyBytes_Check(call->url)) {
        as_text = PyObject_Str(call->url); /* requests takes anything that has a str() */
        if (as_text == NULL)
            return -1;
    }
    int code = acr_python_bytes(as_text != NULL ? as_text : call->url, "url", &text);
    if (code == 0 && call->params != NULL) {
        code = join_params(call->params, text, &draft->query_url);
        text = acr_buffer_str(&draft->query_url);
    }
    if (code == 0)
        draft->route = acr_python_route_get(session->site, text, (PyObject *)session, call->method);
    Py_XDECREF(as_text);
    if (code != 0 || draft->route == NULL)
        return -1;
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
    if (PyTuple_GET_SIZE(timeout) != 2) {
        PyErr_Format(PyExc_ValueError, "timeout must be a number or a (connect, read) tuple, not %R", timeout);
        return -1;
    }
    if (acr_python_seconds(PyTuple_GET_ITEM(timeout, 0), "connect timeout", &request->connect_timeout) != 0)
        return -1;
    return acr_python_seconds(PyTuple_GET_ITEM(timeout, 1), "read timeout", &request->read_timeout);
}

static int take_auth(PyObject *auth, struct draft *draft)
{
    PyObject *user = acr_python_latin1(PyTuple_GET_ITEM(auth, 0));
    PyObject *password = user != NULL ? acr_python_latin1(PyTuple_GET_ITEM(auth, 1)) : NULL;
    int code = password != NULL ? 0 : -1;
    draft->authorization.size = 0;
    if (code == 0 && acr_auth_basic(&draft->authorization, bytes_str(user), bytes_str(password)) != 0)
        code = no_memory();
    draft->request.authorization = acr_buffer_str(&draft->authorization);
    Py_XDECREF(user);
    Py_XDECREF(password);
    return code;
}

/* What the engine itself writes into the head because of this call, kept for response.request. */
static int note_own_lines(struct draft *draft)
{
    const struct acr_request *request = &draft->request;
    struct acr_buffer lines = {0};
    char length[32];
    snprintf(length, sizeof length, "%zu", request->body.size);
    int code = 0;
    if (draft->all_lines)
        code = acr_buffer_append_str(&lines, request->header_lines);
    if (code == 0 && request->has_body)
        code = acr_request_header_line(&lines, ACR_STR("Content-Length"), acr_str_of(length));
    if (code == 0 && request->content_type.size > 0)
        code = acr_request_header_line(&lines, ACR_STR("Content-Type"), request->content_type);
    if (code == 0 && request->authorization.size > 0 && (draft->all_lines || draft->authorization.size > 0))
        code = acr_request_header_line(&lines, ACR_STR("Authorization"), request->authorization);
    if (code == 0)
        draft->extra_lines = PyBytes_FromStringAndSize(lines.data, (Py_ssize_t)lines.size);
    acr_buffer_done(&lines);
    return code == 0 && draft->extra_lines != NULL ? 0 : no_memory();
}

static int take_tls(const struct acr_python_call *call, struct draft *draft)
{
    struct acr_tls_settings tls = draft->state->tls != NULL ? *draft->state->tls : (struct acr_tls_settings){0};
    if (call->verify != NULL && PyUnicode_Check(call->verify)) {
        tls.insecure = false;
        tls.ca_path = PyUnicode_AsUTF8(call->verify);
    } else if (call->verify != NULL) {
        tls.insecure = PyObject_IsTrue(call->verify) == 0;
    }
    if (call->cert != NULL && PyUnicode_Check(call->cert)) {
        tls.cert_path = PyUnicode_AsUTF8(call->cert);
        tls.key_path = NULL;
    } else if (call->cert != NULL && !PyArg_ParseTuple(call->cert, "ss;cert must be a path or a pair of paths",
                                                       &tls.cert_path, &tls.key_path)) {
        return -1;
    }
    if (PyErr_Occurred())
        return -1;
    draft->request.tls = acr_http_tls(acr_python.engine->http, &tls);
    return 0;
}

static int is_true(PyObject *object, bool otherwise, bool *ret_value)
{
    if (object == NULL) {
        *ret_value = otherwise;
        return 0;
    }
    int value = PyObject_IsTrue(object);
    if (value < 0)
        return -1;
    *ret_value = value != 0;
    return 0;
}

/* Asks the Python half to make an odd call plain. 1: use the fallback. */
static int prepare(struct acr_python_session *session, struct acr_python_call *call, struct draft *draft)
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
    if (content_type != Py_None && acr_python_bytes(content_type, "content type", &draft->request.content_type) != 0)
        return -1;
    if (cookies != Py_None && acr_python_bytes(cookies, "cookies", &draft->request.cookies) != 0)
        return -1;
    *call = plain;
    return 0;
}

/* Sent in capitals, as requests does; the statistics keep the script's spelling (spec 3.4). */
static int take_method(const struct acr_python_call *call, struct draft *draft)
{
    if (call->verb != ACR_VERB_OTHER)
        return acr_python_str(call->method, &draft->request.method);
    draft->method = PyObject_CallMethod(call->method, "upper", NULL);
    return draft->method != NULL ? acr_python_str(draft->method, &draft->request.method) : -1;
}

/* Fills the draft; 1: use the fallback, -1 with an exception. */
static int make_draft(struct acr_python_session *session, struct acr_python_call *call, struct draft *draft)
{
    struct acr_request *request = &draft->request;
    struct acr_python_session_state *state = acr_python_session_state(session);
    if (state == NULL)
        return -1;
    state->references++; /* the script may change its session while it waits */
    draft->state = state;
    if (needs_fallback(state, call) || (ACR_UNLIKELY(state->base_only) && leaves_base(session, call->url)))
        return 1;
    if (ACR_UNLIKELY(is_odd(call))) {
        int odd = prepare(session, call, draft);
        if (odd != 0)
            return odd;
    }
    if (take_method(call, draft) != 0 || take_url(session, call, draft) != 0 || take_body(call, draft) != 0)
        return -1;
    request->own_host = state->own_host;
    request->own_cookies = state->own_cookies;
    if (state->own_content_type)
        request->content_type = (struct acr_str){NULL, 0};
    request->header_lines = acr_buffer_str(&state->header_lines);
    request->authorization = acr_buffer_str(&state->authorization);
    request->tls = state->tls;
    request->redirects_max = state->redirects_max;
    if (call->headers != NULL && take_headers((PyObject *)session, call, draft) != 0)
        return -1;
    if (call->auth != NULL && take_auth(call->auth, draft) != 0)
        return -1;
    if ((request->has_body || draft->all_lines || draft->authorization.size > 0) && note_own_lines(draft) != 0)
        return -1;
    if (call->timeout != NULL && take_timeout(call->timeout, request) != 0)
        return -1;
    if ((call->verify != NULL || call->cert != NULL) && take_tls(call, draft) != 0)
        return -1;
    return is_true(call->stream, false, &request->stream) != 0 ||
                   is_true(call->allow_redirects, call->verb != ACR_VERB_HEAD, &request->follow_redirects) != 0
               ? -1
               : 0;
}

/* The label in the statistics, borrowed. */
static PyObject *choose_name(struct acr_python_session *session, const struct acr_python_call *call,
                             struct acr_python_route *route)
{
    if (call->name != NULL && PyObject_IsTrue(call->name) == 1)
        return call->name;
    if (session->request_name != NULL && session->request_name != Py_None)
        return session->request_name;
    return route->label;
}

/* The object for an answer, or for a failed exchange (answer NULL). */
static PyObject *make_response(struct acr_python_session *session, struct draft *draft, struct acr_response *answer,
                               PyObject *error, acr_nanos time)
{
    const struct acr_python_call *call = &draft->call;
    bool catching = call->catch_response != NULL && PyObject_IsTrue(call->catch_response) == 1;
    bool context_type = catching || session->generation == 2;
    struct acr_python_response *response =
        acr_python_response_make(context_type ? acr_python.context_type : acr_python.response_type);
    if (response == NULL) {
        acr_response_unref(answer);
        return NULL;
    }
    response->answer = answer;
    response->session = (struct acr_python_session *)Py_NewRef(session);
    response->method = Py_NewRef(call->method);
    response->name = Py_NewRef(choose_name(session, call, draft->route));
    response->error = Py_XNewRef(error);
    response->context = Py_XNewRef(call->context);
    response->time = time;
    response->catching = catching;
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
    response->asked = (uint8_t)call->verb;
    if (!catching && acr_python_response_report(response) != 0)
        Py_CLEAR(response);
    return (PyObject *)response;
}

/* Errors that are the script's own and are raised instead of counted (spec 3.5, decisions.md D9). */
static bool is_raised(int code)
{
    return code == ACR_ERR_MISSING_SCHEME || code == ACR_ERR_UNSUPPORTED_SCHEME || code == ACR_ERR_INVALID_URL ||
           code == ACR_ERR_INVALID_HEADER;
}

static PyObject *failed(struct acr_python_session *session, struct draft *draft, int code, acr_nanos time)
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
static PyObject *conclude(struct acr_python_session *session, struct draft *draft, int code,
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

static PyObject *perform(struct acr_python_session *session, struct draft *draft)
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
    struct draft *draft = draft_new(call);
    int way = make_draft(session, &draft->call, draft);
    PyObject *response = way == 0 ? perform(session, draft) : way == 1 ? call_fallback(session, call) : NULL;
    draft_free(draft);
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
    if (call.method == NULL || call.url == NULL || !PyUnicode_Check(call.method)) {
        PyErr_SetString(PyExc_TypeError, "request() needs a method (str) and a url");
        return NULL;
    }
    return run_call((struct acr_python_session *)session, &call);
}
