# SPDX-License-Identifier: MIT
"""Libraries that wait for real servers of their protocol: one user waits, the others go on.

A slow call takes a second; the longest time in which none of the four quick users got an answer tells whether it held
them up.
"""
import signal
import textwrap

import pytest

import services
from programs import ROOT
from tables import Report

SECONDS = 0.9  # a slow call takes at least so long
LONGEST_GAP = 0.6  # on a busy machine with sanitizers; a library that blocks makes it a second


@pytest.fixture
def overlap(play, probe):
    """overlap(kind, script, error): plays a script with users() of library_user; checks that the quick calls went on
    beside the slow one, and that all are in the table, the broken one as a failure whose text contains `error`."""

    def check(kind, script, error, **more):
        report = play(script, "-c", 5, "-t", "30s", code=1, **more)
        slow, = probe.all("slow")
        assert slow["seconds"] > SECONDS, report
        assert slow["longest_gap"] < LONGEST_GAP and slow["quick_calls"] > 20, f"{slow}\n{report}"
        table = report.table()
        assert set(table) == {f"{kind} quick", f"{kind} slow", f"{kind} broken"}, report
        assert table[f"{kind} slow"][:2] == (1, 0) and table[f"{kind} slow"].min > SECONDS * 1000
        assert table[f"{kind} quick"].requests >= slow["quick_calls"] and table[f"{kind} quick"].failures == 0
        assert table[f"{kind} broken"][:2] == (0, 1)
        assert [error in text for text in report.errors()] == [True], report.errors()
        assert "does not yield" not in report.stderr
        return report

    return check


def test_requests_used_directly(overlap, target):
    overlap("requests", f"""
        import requests
        from library_user import users

        class Client:
            def __init__(self):
                self.session = requests.Session()

            def quick(self):
                assert self.session.get("{target.url}/hello").text == "hello\\n"

            def slow(self):
                requests.get("{target.url}/slow?ms=1000").raise_for_status()

            def broken(self):
                self.session.get("{target.url}/drop")

        Quick, Slow = users("requests", Client)
    """, "ConnectionError")


def test_websocket_client(overlap, service):
    url = service(services.start_websocket_server)
    overlap("websocket", f"""
        import websocket
        from library_user import users

        class Client:
            def __init__(self):
                self.socket = websocket.create_connection("{url}")

            def ask(self, message):
                self.socket.send(message)
                assert self.socket.recv() == message

            def quick(self): self.ask("quick")
            def slow(self): self.ask("slow")

            def broken(self):
                self.socket.send("leave")
                while True:
                    self.socket.recv_data()
                    self.socket.send("are you there?")

        Quick, Slow = users("websocket", Client)
    """, "WebSocketConnectionClosedException")


def test_paho_mqtt(overlap, service):
    """Its network loop is a thread of its own, which gevent makes a greenlet of."""
    port = service(services.start_mosquitto)
    overlap("mqtt", f"""
        import queue
        import gevent
        import paho.mqtt.client as mqtt
        from library_user import users

        class Client:
            def __init__(self):
                self.answers = queue.Queue()
                subscribed = queue.Queue()
                self.client = mqtt.Client()
                self.client.on_message = lambda client, data, message: self.answers.put(message.payload)
                self.client.on_subscribe = lambda *given: subscribed.put(given)
                self.client.connect("127.0.0.1", {port})
                self.client.loop_start()
                self.topic = "users/%d" % id(self)
                self.client.subscribe(self.topic, qos=1)
                subscribed.get(timeout=10)

            def publish(self, payload):
                self.client.publish(self.topic, payload, qos=1).wait_for_publish(10)

            def quick(self):
                self.publish(b"quick")
                assert self.answers.get(timeout=10) == b"quick"

            def slow(self):
                gevent.spawn_later(1, self.publish, b"slow")
                assert self.answers.get(timeout=10) == b"slow"

            def broken(self):
                self.client.publish("no/wildcards/#", b"")

        Quick, Slow = users("mqtt", Client)
    """, "ValueError('Publish topic cannot contain wildcards.')")


def test_redis(overlap, service):
    path = service(services.start_redis)
    overlap("redis", f"""
        import redis
        from library_user import users

        class Client:
            def __init__(self):
                self.redis = redis.Redis(unix_socket_path="{path}")

            def quick(self):
                assert self.redis.incr("count") > 0

            def slow(self):
                assert self.redis.blpop("nobody pushes here", timeout=1) is None

            def broken(self):
                self.redis.execute_command("NONSENSE")

        Quick, Slow = users("redis", Client)
    """, "ResponseError(\"unknown command")


def test_pymysql(overlap, service):
    path = service(services.start_mariadb)
    overlap("mysql", f"""
        import pymysql
        from library_user import users

        class Client:
            def __init__(self):
                self.connection = pymysql.connect(unix_socket="{path}")

            def ask(self, statement):
                with self.connection.cursor() as cursor:
                    cursor.execute(statement)
                    return cursor.fetchall()

            def quick(self):
                assert self.ask("SELECT 6 * 7") == ((42,),)

            def slow(self):
                assert self.ask("SELECT SLEEP(1)") == ((0,),)

            def broken(self):
                self.ask("SELECT 1 FROM nobody.knows")

        Quick, Slow = users("mysql", Client)
    """, "ProgrammingError(1146")


PSYCOPG2 = """
    import psycopg2
    from library_user import users

    class Client:
        def __init__(self):
            self.connection = psycopg2.connect(host="127.0.0.1", port={port}, user="somebody", password="something",
                                               sslmode="disable", gssencmode="disable")
            self.connection.autocommit = True

        def ask(self, statement):
            with self.connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()

        def quick(self):
            assert self.ask("SELECT 42") == [("42",)]

        def slow(self):
            assert self.ask("SELECT pg_sleep(1)") == [("pg_sleep(1)",)]

        def broken(self):
            self.ask("SELECT nonsense")

    Quick, Slow = users("postgres", Client)
"""


def lines_of_the_page(word):
    """The block of docs/other-systems.md in which this word stands."""
    blocks = (ROOT / "docs/other-systems.md").read_text().split("```python\n")
    block, = [block.split("```")[0] for block in blocks if word in block.split("```")[0]]
    return block


def test_psycopg2_with_the_callback_of_the_manual(overlap, serve):
    """A library in C; the lines that make it give way are those of docs/other-systems.md."""
    server = serve(services.serve_postgres)
    script = lines_of_the_page("set_wait_callback") + textwrap.dedent(PSYCOPG2.format(port=server.port))
    overlap("postgres", script, "SyntaxError('syntax error")


def test_psycopg2_without_it_holds_everybody_up(play, probe, serve):
    """So the length of a gap does tell."""
    server = serve(services.serve_postgres)
    play(PSYCOPG2.format(port=server.port), "-c", 5, "-t", "30s", code=1)
    assert probe.all("slow")[0]["longest_gap"] > SECONDS


def test_a_library_for_asyncio_with_the_loop_of_the_manual(overlap, service):
    """websockets knows asyncio only; the lines that give it a loop are those of docs/other-systems.md."""
    url = service(services.start_websocket_server)
    script = lines_of_the_page("run_coroutine_threadsafe") + textwrap.dedent(f"""
        import websockets
        from library_user import users

        class Client:
            def __init__(self):
                self.socket = wait_for(websockets.connect("{url}"))

            async def ask(self, message):
                await self.socket.send(message)
                assert await self.socket.recv() == message

            def quick(self): wait_for(self.ask("quick"))
            def slow(self): wait_for(self.ask("slow"))
            def broken(self): wait_for(self.ask("leave"))

        Quick, Slow = users("asyncio", Client)
    """)
    overlap("asyncio", script, "ConnectionClosed")


def test_a_server_that_goes_away_makes_failures_of_calls(begin, probe, service):
    """A redis that is ended under load: what is under way and what follows fails, and the run ends as planned."""
    path = service(services.start_redis)
    program = begin(f"""
        import redis
        from locust import Locust, TaskSet, events, task
        from library_user import timed
        from probe import note

        events.request_success += lambda **kw: note("success")
        events.request_failure += lambda exception, **kw: note("failure", error=type(exception).__name__)

        class User(Locust):
            min_wait = max_wait = 5

            def __init__(self):
                super().__init__()
                self.client = redis.Redis(unix_socket_path="{path}")

            class task_set(TaskSet):
                @task
                def call(self):
                    timed("redis", "blpop", lambda: self.client.blpop("nobody pushes here", timeout=0.01))
    """, "-c", 5, "-t", "30s")
    probe.wait("success", 20)
    service.end()
    probe.wait("failure", 20)
    program.signal(signal.SIGINT)
    report = Report(program.finish(30))
    probe.settle()
    row = report.table()["redis blpop"]
    assert report.code == 1 and not report.broken(), report
    assert (row.requests, row.failures) == (probe.count("success"), probe.count("failure"))
    assert set(probe.values("failure", "error")) <= {"ConnectionError", "ResponseError"}
    assert report.records("ERROR") == []
