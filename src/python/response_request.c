/* SPDX-License-Identifier: MIT */
/* response_request - tells what the request of a response looked like when it was sent. */
#include "python/convert.h"
#include "python/response_parts.h"

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

const struct acr_url *acr_python_response_url(const struct acr_python_response *response)
{
    return response->answer != NULL && response->answer->url != NULL ? response->answer->url : &response->route->url;
}

PyObject *acr_python_response_url_text(const struct acr_python_response *response)
{
    const struct acr_url *url = acr_python_response_url(response);
    if (ACR_LIKELY(url->username.data == NULL))
        return acr_python_from_wire(url->whole);
    size_t scheme = sizeof "http://" - 1 + url->secure;
    struct acr_buffer text = {0};
    int code = acr_buffer_append(&text, url->whole.data, scheme);
    if (code == 0)
        code = acr_buffer_append_str(&text, url->username);
    if (code == 0 && url->password.data != NULL)
        code = acr_buffer_append_str(&text, ACR_STR(":"));
    if (code == 0)
        code = acr_buffer_append_str(&text, url->password);
    if (code == 0)
        code = acr_buffer_append_str(&text, ACR_STR("@"));
    if (code == 0)
        code = acr_buffer_append(&text, url->whole.data + scheme, url->whole.size - scheme);
    PyObject *result = code == 0 ? acr_python_from_wire(acr_buffer_str(&text)) : acr_python_no_memory();
    acr_buffer_done(&text);
    return result;
}

/* Appends header lines, without those about a body when there is none any more. */
static int append_lines(struct acr_buffer *out, struct acr_str lines, bool with_body)
{
    int code = 0;
    while (code == 0 && lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        struct acr_str line = {lines.data, end != NULL ? (size_t)(end - lines.data) + 1 : lines.size};
        if (with_body || !acr_str_starts_nocase(line, ACR_STR("Content-")))
            code = acr_buffer_append_str(out, line);
        lines.data += line.size;
        lines.size -= line.size;
    }
    return code;
}

static int append_request_lines(const struct acr_python_response *response, bool with_body, struct acr_buffer *out)
{
    const struct acr_python_session_state *state = response->all_lines ? NULL : response->state;
    int code = state != NULL ? append_lines(out, acr_buffer_str(&state->header_lines), with_body) : 0;
    if (code == 0 && state != NULL && state->authorization.size > 0)
        code = acr_request_header_line(out, ACR_STR("Authorization"), acr_buffer_str(&state->authorization));
    if (code != 0 || response->extra_lines == NULL)
        return code;
    struct acr_str extra = {PyBytes_AS_STRING(response->extra_lines), (size_t)PyBytes_GET_SIZE(response->extra_lines)};
    return append_lines(out, extra, with_body);
}

/* Did this answer's request carry the body of the first one? requests drops it and what tells of it at any redirect but
 * 307 and 308. */
static bool carried_body(const struct acr_response *answer)
{
    for (const struct acr_response *hop = answer != NULL ? answer->previous : NULL; hop != NULL; hop = hop->previous)
        if (hop->status != 307 && hop->status != 308)
            return false;
    return true;
}

/* Of the last request of a chain of redirects. */
PyObject *acr_python_response_request_parts(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_python_response *response = cast(self);
    struct acr_buffer lines = {0};
    PyObject *method =
        response->answer != NULL ? acr_python_from_wire(response->answer->method) : Py_NewRef(response->method);
    bool with_body = carried_body(response->answer);
    int code = method != NULL ? append_request_lines(response, with_body, &lines) : -1;
    PyObject *url = code == 0 ? acr_python_response_url_text(response) : NULL;
    PyObject *parts = NULL;
    if (url != NULL)
        parts = Py_BuildValue("OOy#O", method, url, lines.data != NULL ? lines.data : "", (Py_ssize_t)lines.size,
                              with_body && response->body != NULL ? response->body : Py_None);
    else if (!PyErr_Occurred())
        acr_python_no_memory();
    Py_XDECREF(method);
    Py_XDECREF(url);
    acr_buffer_done(&lines);
    return parts;
}
