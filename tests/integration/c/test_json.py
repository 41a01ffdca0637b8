# SPDX-License-Identifier: MIT
"""acr_json(): values as scenarios get them, also while other users look into answers of theirs."""
from servers import answer, read_head

BODY = (r'{"text": "a, b", "escaped": "\u00e9\n\"", "number": -12, "real": 1.50, "big": 12345678901234567890, "yes": true, '
        r'"none": null, "list": [1, "2", {"k": "\/"}], "empty": {}, "a/b": "slash"}')
WANTED = {"/text": "a, b", "/escaped": "é|\"", "/number": "-12", "/real": "1.5", "/big": "12345678901234567890",
          "/yes": "true", "/none": "null", "/list": '[1,"2",{"k":"/"}]', "/list/1": "2", "/list/2/k": "/", "/list/3": "-",
          "/empty": "{}", "/a~1b": "slash", "/nothing": "-", "/text/0": "-"}


def give_json(connection):
    """Answers with BODY, or with the user's number for /number/N."""
    while head := read_head(connection):
        path = head.split()[1].decode()
        body = BODY if path == "/" else '{"mine": %s}' % path.rpartition("/")[2]
        connection.sendall(answer(body.encode()))


def test_values_are_given_without_quotes_and_escapes(play_c, serve):
    pointers = ", ".join(f'"{pointer}"' for pointer in WANTED)
    report = play_c(r"""
        static const char *const pointers[] = {%s};
        static void once(acr_user *user)
        {
            acr_response *page = acr_get(user, "/");
            for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
                const char *value = acr_json(page, pointers[i]);
                char *line = (char *)acr_format(user, "%%s %%s", pointers[i], value != NULL ? value : "-");
                for (char *at = line; *at != '\0'; at++)
                    *at = *at == '\n' ? '|' : *at;
                acr_log_info(user, "%%s", line);
            }
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """ % pointers, host=serve(give_json).url)
    assert report.records("INFO", "reader") == [f"{pointer} {value}" for pointer, value in WANTED.items()]


def test_users_who_look_in_turn_find_each_their_own(play_c, serve):
    report = play_c(r"""
        static void once(acr_user *user)
        {
            const char *number = acr_format(user, "%u", (unsigned)acr_user_number(user));
            acr_response *page = acr_get(user, acr_format(user, "/number/%s", number), .name = "number");
            acr_response *other = acr_get(user, "/", .name = "other");
            for (int i = 0; i < 20; i++) {
                const char *mine = acr_json(page, "/mine"), *text = acr_json(other, "/text");
                if (mine == NULL || strcmp(mine, number) != 0 || text == NULL || strcmp(text, "a, b") != 0)
                    acr_log_error(user, "user %s finds something else", number);
                acr_sleep(user, 0.001);
            }
            acr_log_info(user, "done");
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """, "-c", 10, host=serve(give_json).url)
    assert report.records("ERROR", "reader") == [] and report.records("INFO", "reader") == 10 * ["done"]
