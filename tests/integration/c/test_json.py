# SPDX-License-Identifier: MIT
"""acr_json(): values as scenarios get them, whether few of a body are asked for or so many that it is made a tree of."""
from servers import answer, read_head

BODY = (r'{"text": "a, b", "escaped": "\u00e9\n\"", "number": -12, "zero": -0, "real": 1.50, "big": 1e3, "yes": true, '
        r'"none": null, "list": [1, "2", {"k": "\/"}], "empty": {}, "twice": 1, "a/b": "slash", "twice": 2}')
WANTED = {"/text": "a, b", "/escaped": "é|\"", "/number": "-12", "/zero": "0", "/real": "1.5", "/big": "1000.0",
          "/yes": "true", "/none": "null", "/list": '[1,"2",{"k":"/"}]', "/list/1": "2", "/list/2/k": "/", "/list/3": "-",
          "/empty": "{}", "/twice": "2", "/a~1b": "slash", "/nothing": "-", "/text/0": "-"}


def test_a_value_is_the_same_in_the_first_lookup_and_in_the_hundredth(play_c, serve):
    def give(connection):
        while read_head(connection):
            connection.sendall(answer(BODY.encode()))

    server = serve(give)
    pointers = ", ".join(f'"{pointer}"' for pointer in WANTED)
    report = play_c(r"""
        static const char *const pointers[] = {%s};
        static void show(acr_user *user, acr_response *page, const char *pointer)
        {
            const char *value = acr_json(page, pointer);
            char *line = (char *)acr_format(user, "%%s %%s", pointer, value != NULL ? value : "-");
            for (char *at = line; *at != '\0'; at++)
                *at = *at == '\n' ? '|' : *at;
            acr_log_info(user, "%%s", line);
        }
        static void once(acr_user *user)
        {
            size_t count = sizeof pointers / sizeof pointers[0];
            for (size_t i = 0; i < count; i++)
                show(user, acr_get(user, "/"), pointers[i]);
            acr_response *page = acr_get(user, "/");
            for (int i = 0; i < 100; i++)
                acr_json(page, "/number");
            for (size_t i = 0; i < count; i++)
                show(user, page, pointers[i]);
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """ % pointers, host=server.url)
    assert report.records("INFO", "reader") == 2 * [f"{pointer} {value}" for pointer, value in WANTED.items()]
