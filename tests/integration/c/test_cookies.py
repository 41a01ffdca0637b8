# SPDX-License-Identifier: MIT
"""Cookies as scenarios in C see and set them."""
from tables import agree

HELPERS = """
static void expect(acr_user *user, const char *what, const char *found, const char *wanted)
{
    if (found == NULL ? wanted != NULL : wanted == NULL || strcmp(found, wanted) != 0)
        acr_log_error(user, "%s: %s", what, found != NULL ? found : "(nothing)");
}
/* What the server got. */
static const char *sent(acr_user *user, const char *name)
{
    return acr_json(acr_get(user, "/cookies"), acr_format(user, "/cookies/%s", name));
}
"""


def test_cookies_are_read_set_and_cleared(play_c, target):
    report = play_c(HELPERS + r"""
        static void once(acr_user *user)
        {
            expect(user, "before any request", acr_cookie(user, "a"), NULL);
            acr_get(user, "/cookies/set?a=1&b=two");
            const char *a = acr_cookie(user, "a");
            expect(user, "from the server", a, "1");
            expect(user, "the other", acr_cookie(user, "b"), "two");
            expect(user, "none", acr_cookie(user, "A"), NULL);
            acr_set_cookie(user, "a", "one = 1");
            expect(user, "replaced", acr_cookie(user, "a"), "one = 1");
            expect(user, "replaced at the server", sent(user, "a"), "one = 1");
            expect(user, "text as it was", a, "1");
            acr_set_cookie(user, "mine", "");
            expect(user, "an empty one", acr_cookie(user, "mine"), "");
            acr_set_cookie(user, "a", NULL);
            expect(user, "dropped", acr_cookie(user, "a"), NULL);
            expect(user, "dropped at the server", sent(user, "a"), NULL);
            expect(user, "the other stays", sent(user, "b"), "two");
            acr_get(user, "/cookies/delete?b");
            expect(user, "deleted by the server", acr_cookie(user, "b"), NULL);
            acr_set_cookie(user, "c", "3");
            acr_clear_cookies(user);
            expect(user, "cleared", acr_cookie(user, "c"), NULL);
            expect(user, "cleared at the server", sent(user, "c"), NULL);
            acr_stop_user(user);
        }
        static void first(acr_user *user)
        {
            acr_clear_cookies(user);
            acr_set_cookie(user, "early", "bird");
            expect(user, "set before any request", sent(user, "early"), "bird");
            acr_stop_user(user);
        }
        ACR_USER(taster, .tasks = {ACR_TASK(once)}, .fixed_count = 3);
        ACR_USER(starter, .tasks = {ACR_TASK(first)}, .fixed_count = 1);
    """, "-c", 4, host=target.url)
    assert report.records("ERROR") == [], str(report)
    agree(report, target.stats(), uncounted=6)  # the redirects behind /cookies/set and /cookies/delete


def test_what_no_header_can_carry_is_refused(play_c, target):
    report = play_c(HELPERS + r"""
        static void once(acr_user *user)
        {
            char *big = (char *)acr_memory(user, 5000);
            memset(big, 'x', 4999);
            expect(user, "refused", acr_set_cookie(user, "a b", "1") || acr_set_cookie(user, "", "1") ? "no" : "", "");
            expect(user, "refused", acr_set_cookie(user, "a", "1; Path=/") || acr_set_cookie(user, "a", "1\r\nX: y") ? "no" : "", "");
            expect(user, "refused", acr_set_cookie(user, "a", big) ? "no" : "", "");
            expect(user, "nothing", acr_cookie(user, "a"), NULL);
            acr_stop_user(user);
        }
        ACR_USER(taster, .tasks = {ACR_TASK(once)});
    """, host=target.url)
    assert report.records("ERROR", "taster") == []
    texts = report.records("ERROR", "locust.runners")
    assert len(texts) == 5 and all(text.startswith("taster: acr_set_cookie(") for text in texts)
    assert "this is no name" in texts[0] and "line breaks" in texts[2] and "4096" in texts[4]


def test_users_have_cookies_of_their_own_and_a_host_its_own(play_c, start_target):
    near, far = start_target(), start_target()
    report = play_c(HELPERS + """
        static void once(acr_user *user)
        {
            const char *mine = acr_format(user, "%d", (int)acr_user_number(user));
            acr_set_cookie(user, "me", mine);
            acr_sleep(user, 0.2);
            expect(user, "mine", sent(user, "me"), mine);
            acr_get(user, "FAR/cookies/set?me=far&there=1");
            expect(user, "of my host", acr_cookie(user, "me"), mine);
            expect(user, "of another host", acr_cookie(user, "there"), NULL);
            acr_stop_user(user);
        }
        ACR_USER(taster, .tasks = {ACR_TASK(once)});
    """.replace("FAR", far.url.replace("127.0.0.1", "localhost")), "-c", 3, host=near.url)
    assert report.records("ERROR") == [], str(report)


def test_without_a_host_cookies_are_of_every_host(play_c, target):
    report = play_c(HELPERS + """
        static void once(acr_user *user)
        {
            expect(user, "no host", acr_host(user), NULL);
            acr_get(user, "URL/cookies/set?a=1");
            expect(user, "from the server", acr_cookie(user, "a"), "1");
            acr_set_cookie(user, "b", "2");
            expect(user, "sent", acr_json(acr_get(user, "URL/cookies"), "/cookies/b"), "2");
            acr_stop_user(user);
        }
        ACR_USER(taster, .tasks = {ACR_TASK(once)});
    """.replace("URL", target.url))
    assert report.records("ERROR") == [], str(report)
