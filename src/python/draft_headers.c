/* SPDX-License-Identifier: MIT */
/* draft_headers - header lines of a call: the session's, its own, and those the engine writes. */
#include "http/auth.h"
#include "python/convert.h"
#include "python/draft.h"
#include "python/exceptions.h"

static int no_memory(void)
{
    acr_python_no_memory();
    return -1;
}

static struct acr_str bytes_str(PyObject *bytes)
{
    return (struct acr_str){PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
}

/* requests refuses subclasses. */
static bool is_plain(PyObject *object)
{
    return PyUnicode_CheckExact(object) || PyBytes_CheckExact(object);
}

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
            if (!is_plain(key) || acr_python_bytes(key, "header name", &own) != 0)
                return PyErr_Occurred() ? -1 : 1;
            overridden = acr_str_equal_nocase(own, name);
        }
        if (!overridden && acr_buffer_append(out, lines.data, size) != 0)
            return no_memory();
        lines.data += size;
        lines.size -= size;
    }
    return 0;
}

/* Like a password given as auth, a token given as header must not follow a redirect to another host: the engine writes
 * that line. */
static int take_authorization(struct acr_python_draft *draft, struct acr_str value)
{
    draft->authorization.size = 0;
    if (acr_buffer_append_str(&draft->authorization, value) != 0)
        return no_memory();
    draft->request.authorization = acr_buffer_str(&draft->authorization);
    return 0;
}

/* `name` and `value` checked, as a line or as what the engine makes a line of. */
static int add_header(struct acr_python_draft *draft, struct acr_str name, struct acr_str value)
{
    size_t before = draft->lines.size;
    int code = acr_request_header_line(&draft->lines, name, value);
    if (code != 0)
        return code == ACR_ERR_INVALID_HEADER ? 1 : no_memory();
    if (!acr_str_equal_nocase(name, ACR_STR("Authorization")))
        return 0;
    draft->lines.size = before;
    return take_authorization(draft, value);
}

/* In place of two of them, what is underneath requests sends its own. */
static int leave_out(struct acr_python_draft *draft, struct acr_str name)
{
    if (acr_str_equal_nocase(name, ACR_STR("Authorization")))
        draft->request.authorization = (struct acr_str){NULL, 0};
    return acr_str_equal_nocase(name, ACR_STR("User-Agent")) || acr_str_equal_nocase(name, ACR_STR("Accept-Encoding"));
}

/* One header of the call; the engine writes some fields itself and only needs to know what they are. */
static int take_header(struct acr_python_draft *draft, PyObject *key, PyObject *value)
{
    struct acr_str name, text;
    if (!is_plain(key) || acr_python_bytes(key, "header name", &name) != 0)
        return PyErr_Occurred() ? -1 : 1;
    if (value == Py_None)
        return leave_out(draft, name);
    if (!is_plain(value))
        return 1;
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
        code = add_header(draft, name, text);
    Py_DECREF(bytes);
    return code;
}

int acr_python_draft_headers(PyObject *headers, struct acr_python_draft *draft)
{
    int code = keep_other_lines(acr_buffer_str(&draft->state->header_lines), headers, &draft->lines);
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (code == 0 && PyDict_Next(headers, &position, &key, &value))
        code = take_header(draft, key, value);
    draft->request.header_lines = acr_buffer_str(&draft->lines);
    draft->all_lines = true;
    return code;
}

int acr_python_draft_auth(PyObject *auth, struct acr_python_draft *draft)
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
int acr_python_draft_note_lines(struct acr_python_draft *draft)
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
