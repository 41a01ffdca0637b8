# SPDX-License-Identifier: MIT
"""The package in a plain python3, without the program: for editors, for tests of scripts, as a library."""
import textwrap

import pytest

import programs
from sanitizer import plain_environment


@pytest.fixture
def python(acrida, tmp_path):
    """python(code): runs it in /usr/bin/python3; returns a Finished."""
    def run_code(code, *arguments, timeout=60):
        finished = programs.Program(["/usr/bin/python3", "-c", textwrap.dedent(code), *arguments], tmp_path,
                                    {**plain_environment(acrida), **programs.WATCH_OBJECTS}).finish(timeout)
        assert "Sanitizer" not in finished.stderr and "runtime error" not in finished.stderr, str(finished)
        return finished

    return run_code


def test_it_imports_without_a_word(python):
    finished = python("import locust; print(locust.__version__)")
    assert finished.code == 0 and finished.stdout.strip() and finished.stderr == ""


def test_every_name_a_locustfile_imports_is_there(python):
    finished = python("""
        from locust import (HttpLocust, Locust, TaskSet, TaskSequence, task, seq_task, InterruptTaskSet, ResponseError,
                            RescheduleTaskImmediately, __version__, events, runners, clients, core, exception, log)
        from locust import User, HttpUser, SequentialTaskSet, tag, between, constant, constant_pacing, constant_throughput
        from locust.exception import (LocustError, ResponseError, CatchResponseError, InterruptTaskSet, StopLocust, StopUser,
                                      RescheduleTask, RescheduleTaskImmediately)
        from locust.clients import HttpSession, ResponseContextManager, LocustResponse
        from locust.core import HttpLocust, TaskSet, Locust, task
        from locust.events import EventHook
        from locust.env import Environment
        from locust.wait_time import between
        assert runners.locust_runner is None
    """)
    assert finished.code == 0, str(finished)


def test_a_session_by_hand_with_statistics(python, target):
    finished = python("""
        import sys, _acrida
        from locust.clients import HttpSession
        session = HttpSession(base_url=sys.argv[1])
        assert session.get("/json").json()["id"] == 42
        assert session.get("/status/500").status_code == 500
        with session.get("/", catch_response=True) as response:
            response.failure("no")
        print(_acrida.request_count())
    """, target.url)
    assert finished.code == 0 and finished.stdout == "(3, 2)\n", str(finished)


def test_a_user_lives_by_hand(python, target):
    finished = python("""
        import sys
        from locust import HttpUser, HttpLocust, TaskSet, task, constant, events
        from locust.env import Environment
        from locust.exception import StopUser
        heard = []
        events.request.add_listener(lambda **kw: heard.append(kw["name"]))

        class New(HttpUser):
            host = sys.argv[1]
            wait_time = constant(0)
            @task
            def once(self):
                self.client.get("/json")
                raise StopUser()

        class Old(HttpLocust):
            host = sys.argv[1]
            class task_set(TaskSet):
                @task
                def once(self):
                    self.client.get("/hello")
                    raise StopUser()

        New(Environment(events=events)).run()
        Old().run()
        print(heard)
    """, target.url)
    assert finished.code == 0 and finished.stdout == "['/json', '/hello']\n", str(finished)


def test_requests_in_greenlets_at_once(python, target):
    finished = python("""
        import sys, gevent, time
        from locust.clients import HttpSession
        sessions = [HttpSession(sys.argv[1]) for _ in range(20)]
        start = time.monotonic()
        jobs = [gevent.spawn(session.get, "/slow?ms=300") for session in sessions]
        gevent.joinall(jobs)
        assert all(job.value.ok for job in jobs)
        assert time.monotonic() - start < 3, time.monotonic() - start
    """, target.url)
    assert finished.code == 0, str(finished)


def test_a_process_ends_with_responses_and_streams_still_held(python, target):
    finished = python("""
        import sys, gevent
        from locust.clients import HttpSession
        session = HttpSession(sys.argv[1])
        kept = [session.get("/json"), session.get("/bytes/9000000", stream=True), session.get("/nowhere", catch_response=True)]
        waiting = gevent.spawn(session.get, "/stall")
        gevent.sleep(0.05)
        session.me = session
        print("end")
    """, target.url)
    assert finished.code == 0 and finished.stdout == "end\n" and finished.stderr == "", str(finished)


def test_cycles_of_sessions_and_responses_are_collected(python, target):
    finished = python("""
        import gc, sys, weakref, _acrida
        from locust.clients import HttpSession
        gone = []
        for _ in range(50):
            session = HttpSession(sys.argv[1])
            response = session.get("/json")
            response.cycle = session.cycle = [session, response]
            stream = session.get("/bytes/500000", stream=True)
            session.stream_kept = stream
            weakref.finalize(response, gone.append, 1)
            del session, response, stream
        gc.collect()
        assert len(gone) == 50, len(gone)
        assert _acrida.connection_counts()[0] == 0, _acrida.connection_counts()
    """, target.url)
    assert finished.code == 0, str(finished)


def test_a_forked_child_does_not_disturb_its_parent(python, target):
    finished = python("""
        import os, sys
        from locust.clients import HttpSession
        session = HttpSession(sys.argv[1])
        assert session.get("/json").ok
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        for _ in range(5):
            assert session.get("/json").json()["id"] == 42
    """, target.url)
    assert finished.code == 0, str(finished)
