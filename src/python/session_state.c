/* SPDX-License-Identifier: MIT */
/* session_state - asks the Python half what of a session goes into its requests, once per change. */
#include "base/memory.h"
#include "python/convert.h"
#include "python/session.h"

static int state_buffer(PyObject *bytes, struct acr_buffer *buffer)
{
    if (bytes == Py_None)
        return 0;
    if (!PyBytes_Check(bytes)) {
        PyErr_SetString(PyExc_TypeError, "session_state must give bytes");
        return -1;
    }
    if (acr_buffer_append(buffer, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)) != 0)
        return acr_python_no_memory(), -1;
    return 0;
}

static bool has_line(const struct acr_buffer *lines, struct acr_str name_and_colon)
{
    for (struct acr_str rest = acr_buffer_str(lines); rest.size > 0;) {
        if (acr_str_starts_nocase(rest, name_and_colon))
            return true;
        ptrdiff_t end = acr_str_find_char(rest, '\n');
        size_t step = end >= 0 ? (size_t)end + 1 : rest.size;
        rest.data += step;
        rest.size -= step;
    }
    return false;
}

static int fill_state(struct acr_python_session_state *state, PyObject *tuple)
{
    PyObject *lines, *authorization;
    int plain, verify;
    const char *ca_path, *cert_path, *key_path;
    if (!PyArg_ParseTuple(tuple, "iOOpzzzI;session_state's answer", &plain, &lines, &authorization, &verify, &ca_path,
                          &cert_path, &key_path, &state->redirects_max))
        return -1;
    state->plain = plain != 0;
    state->base_only = plain == 2;
    struct acr_tls_settings tls = {
        .insecure = verify == 0, .ca_path = ca_path, .cert_path = cert_path, .key_path = key_path};
    if (tls.insecure || ca_path != NULL || cert_path != NULL)
        state->tls = acr_http_tls(acr_python.engine->http, &tls);
    if (state_buffer(lines, &state->header_lines) != 0 || state_buffer(authorization, &state->authorization) != 0)
        return -1;
    state->own_host = has_line(&state->header_lines, ACR_STR("Host:"));
    state->own_cookies = has_line(&state->header_lines, ACR_STR("Cookie:"));
    state->own_content_type = has_line(&state->header_lines, ACR_STR("Content-Type:"));
    return 0;
}

static struct acr_python_session_state *ask_state(struct acr_python_session *session)
{
    PyObject *answer = PyObject_CallOneArg(acr_python.session_state, (PyObject *)session);
    if (answer == NULL)
        return NULL;
    struct acr_python_session_state *state = acr_alloc_zero(sizeof *state);
    state->references = 1;
    state->number = ++acr_python.states_made;
    if (!PyTuple_Check(answer) || fill_state(state, answer) != 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "session_state must give a tuple");
        acr_python_session_state_unref(state);
        state = NULL;
    }
    Py_DECREF(answer);
    return state;
}

/* An untouched session has the same state as every other untouched one of its type and site. */
static struct acr_python_session_state *untouched_state(struct acr_python_session *session)
{
    size_t slot = session->generation == 9 ? 0 : 1;
    PyTypeObject *type = Py_TYPE(session);
    struct acr_python_site *site = session->site;
    if (site->untouched[slot].type != type) {
        struct acr_python_session_state *state = ask_state(session);
        if (state == NULL)
            return NULL;
        acr_python_session_state_unref(site->untouched[slot].state);
        site->untouched[slot].state = state;
        Py_XSETREF(site->untouched[slot].type, (PyTypeObject *)Py_NewRef(type));
    }
    site->untouched[slot].state->references++;
    return site->untouched[slot].state;
}

void acr_python_session_forget_state(struct acr_python_session *session)
{
    acr_python_session_state_unref(session->state);
    session->state = NULL;
}

struct acr_python_session_state *acr_python_session_state(struct acr_python_session *session)
{
    if (ACR_LIKELY(session->state != NULL && !session->ask_always))
        return session->state;
    struct acr_python_session_state *state =
        session->attributes == NULL ? untouched_state(session) : ask_state(session);
    if (state == NULL)
        return NULL;
    acr_python_session_forget_state(session);
    session->state = state;
    return state;
}
