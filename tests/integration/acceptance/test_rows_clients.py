# SPDX-License-Identifier: MIT
"""Clients of other protocols (chapter 8 of the manual), and event hooks (9.11, 10)."""
import collections
import sys

import pytest

# The manual's two programs as printed, but for Python 3: names of modules, print, and a port that is free. Its server
# sleeps for up to a second in each call; here for up to 2 ms.
XML_RPC_SERVER = '''
import random
import time
from xmlrpc.server import SimpleXMLRPCServer

def get_time():
    time.sleep(random.random() / 500)
    return time.time()

def get_random_number(low, high):
    time.sleep(random.random() / 500)
    return random.randint(low, high)

server = SimpleXMLRPCServer(("localhost", 0), logRequests=False)
print("Listening on port %d..." % server.server_address[1], flush=True)
server.register_function(get_time, "get_time")
server.register_function(get_random_number, "get_random_number")
server.serve_forever()
'''

XML_RPC_CLIENT = '''
import time
import xmlrpc.client as xmlrpclib

from locust import Locust, TaskSet, events, task

class XmlRpcClient(xmlrpclib.ServerProxy):
    """
    Simple, sample XML RPC client implementation that wraps xmlrpclib.ServerProxy and
    fires locust events on request_success and request_failure, so that all requests
    gets tracked in locust's statistics.
    """
    def __getattr__(self, name):
        func = xmlrpclib.ServerProxy.__getattr__(self, name)
        def wrapper(*args, **kwargs):
            start_time = time.time()
            try:
                result = func(*args, **kwargs)
            except xmlrpclib.Fault as e:
                total_time = int((time.time() - start_time) * 1000)
                events.request_failure.fire(request_type="xmlrpc", name=name, response_time=total_time, exception=e)
            else:
                total_time = int((time.time() - start_time) * 1000)
                events.request_success.fire(request_type="xmlrpc", name=name, response_time=total_time, response_length=0)
                # In this example, I've hardcoded response_length=0. If we would want the response length to be
                # reported correctly in the statistics, we would probably need to hook in at a lower level

        return wrapper

class XmlRpcLocust(Locust):
    """
    This is the abstract Locust class which should be subclassed. It provides an XML-RPC client
    that can be used to make XML-RPC requests that will be tracked in Locust's statistics.
    """
    def __init__(self, *args, **kwargs):
        super(XmlRpcLocust, self).__init__(*args, **kwargs)
        self.client = XmlRpcClient(self.host)

class ApiUser(XmlRpcLocust):

    host = "http://127.0.0.1:8877/"
    min_wait = 1
    max_wait = 10

    class task_set(TaskSet):
        @task(10)
        def get_time(self):
            self.client.get_time()

        @task(5)
        def get_random_number(self):
            self.client.get_random_number(0, 100)
'''

# What the test itself hears of the run above.
LISTENING = '''
from probe import note
note("tasks", names=[one.__name__ for one in ApiUser.task_set.tasks])
events.request_success += lambda **given: note("success", given=given)
events.request_failure += lambda exception, **given: note("failure", given=given, exception=type(exception).__name__)
'''


def start_server(stage, text):
    server = stage.start(sys.executable, "-c", text)
    assert server.stdout.wait("...", 30), server.stderr.text()
    return "http://127.0.0.1:" + server.stdout.text().split()[-1].rstrip(".") + "/"


class XmlRpc:
    """The run of ApiUser against its server, and one against a server that lacks a function."""

    def __init__(self, stage):
        url = start_server(stage, XML_RPC_SERVER)
        self.report, self.probe = stage.play(XML_RPC_CLIENT + LISTENING, "-c", 5, "-t", "1s", host=url)
        poorer = start_server(stage, XML_RPC_SERVER.replace('"get_random_number")', '"other_name")'))
        self.faulty, self.faults = stage.play(XML_RPC_CLIENT + LISTENING, "-c", 2, "-t", "1s", host=poorer, code=1)


@pytest.fixture(scope="module")
def xml_rpc(stage):
    return XmlRpc(stage)


def test_M8_01_any_system_of_requests_and_responses_can_be_tested(xml_rpc):
    """A client for any protocol fires `request_success` and `request_failure`; its calls are in the table."""
    table = xml_rpc.faulty.table()
    assert list(table) == ["xmlrpc get_random_number", "xmlrpc get_time"]
    assert table["xmlrpc get_time"].failures == 0 < table["xmlrpc get_time"].requests
    assert table["xmlrpc get_random_number"].requests == 0 < table["xmlrpc get_random_number"].failures
    assert len(xml_rpc.faulty.errors()) == 1 and "is not supported" in next(iter(xml_rpc.faulty.errors()))


def test_M8_02_the_xml_rpc_client_times_calls_and_fires_events(xml_rpc):
    """The manual's XML-RPC client turns attributes into calls that are timed and reported."""
    given = xml_rpc.probe.values("success", "given")[0]
    assert sorted(given) == ["name", "request_type", "response_length", "response_time"]
    assert given["request_type"] == "xmlrpc" and type(given["response_time"]) is int and given["response_length"] == 0
    failure = xml_rpc.faults.all("failure")[0]
    assert failure["exception"] == "Fault" and failure["given"]["name"] == "get_random_number"


def test_M8_03_all_calls_are_in_the_statistics(xml_rpc):
    """Every call of that client is counted under its name."""
    names = collections.Counter(given["name"] for given in xml_rpc.probe.values("success", "given"))
    table = xml_rpc.report.table()
    assert {f"xmlrpc {name}": count for name, count in names.items()} == {
        label: row.requests for label, row in table.items()}
    assert xml_rpc.report.total() == (sum(names.values()), 0)
    assert 0 <= table["xmlrpc get_time"].min <= table["xmlrpc get_time"].median < 500


def test_M8_04_a_user_class_makes_its_client_from_its_host(xml_rpc):
    """A user class with a constructor of its own sets `self.client` from `self.host`, which `-H` gives."""
    assert xml_rpc.report.total()[0] > 20  # ApiUser.host would find nobody


def test_M8_05_a_task_set_may_be_written_inside_the_user_class(xml_rpc):
    """`class task_set(TaskSet)` inside the user class is its task set."""
    assert set(xml_rpc.report.table()) == {"xmlrpc get_time", "xmlrpc get_random_number"}


def test_M8_06_a_user_class_without_a_task_set_is_not_run(xml_rpc):
    """The abstract class that others inherit from is not run."""
    hatched = [text for text in xml_rpc.report.records("INFO") if "All locusts hatched" in text]
    assert len(hatched) == 1 and hatched[0].endswith("ApiUser: 5"), hatched


def test_M8_07_its_tasks_run_in_the_ratio_of_their_weights(xml_rpc):
    """Tasks of weights 10 and 5 run two to one."""
    names, = xml_rpc.probe.values("tasks", "names")
    assert collections.Counter(names) == {"get_time": 10, "get_random_number": 5}
    table = xml_rpc.report.table()
    assert 1 < table["xmlrpc get_time"].requests / table["xmlrpc get_random_number"].requests < 4.5  # some 300 in all


def test_M8_08_the_server_of_the_example_answers(xml_rpc):
    """The manual's XML-RPC server, in Python 3, answers the calls of several users, one after the other."""
    assert xml_rpc.report.errors() == {} and xml_rpc.report.records("ERROR") == []


def test_M1_11_any_system_can_be_tested_by_writing_a_client(play, serve):
    """A client on a plain socket, for a protocol that nobody else speaks, is all it takes."""
    def answer(connection):
        with connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(line.strip()[::-1] + b"\n")

    server = serve(answer)
    report = play(f"""
        import socket, time
        from locust import Locust, TaskSet, events, task
        from locust.exception import StopLocust

        class Mirror:
            def __init__(self):
                self.socket = socket.create_connection(("127.0.0.1", {server.port}))

            def ask(self, word):
                start = time.time()
                self.socket.sendall(word + b"\\n")
                answer = self.socket.recv(100)
                assert answer == word[::-1] + b"\\n"
                events.request_success.fire(request_type="mirror", name=word, response_length=len(answer),
                                            response_time=(time.time() - start) * 1000)

        class User(Locust):
            def __init__(self):
                super().__init__()
                self.client = Mirror()

            class task_set(TaskSet):
                @task
                def ask(self):
                    self.client.ask(b"lager")
                    self.client.ask(b"emit")
                    raise StopLocust()
    """, "-c", 3)
    assert {label: row.requests for label, row in report.table().items()} == {"mirror emit": 3, "mirror lager": 3}


# ---- events

EVENTS = """
from locust import HttpLocust, TaskSet, task, events
from locust.events import EventHook
from locust.exception import StopLocust
from probe import note

my_event = EventHook()
def on_my_event(a, b, **kw):
    print("Event was fired with arguments: %s, %s" % (a, b))
my_event += on_my_event
my_event.fire(a="foo", b="bar")

ordered = EventHook()
for number in range(3):
    ordered += lambda number=number: note("ordered", number=number)
ordered.fire(reverse=True)
ordered.fire()

def my_success_handler(request_type, name, response_time, response_length, **kw):
    print("Successfully fetched: %s" % (name))

events.request_success += my_success_handler

def on_request(request_type, name, response_time, response_length):
    note("request", type=request_type, name=name, time=response_time, length=response_length)

events.request_success += on_request
events.request_success += lambda **kw: note("success keywords", names=sorted(kw))
events.request_failure += lambda exception, response_time, name, request_type: note(
    "failure", type=request_type, name=name, time=response_time, error=type(exception).__name__)

def on_error(locust_instance, exception, tb):
    note("error", task_set=type(locust_instance).__name__, user=type(locust_instance.locust).__name__,
         exception=repr(exception), line=tb.tb_frame.f_code.co_name)

events.locust_error += on_error

class Tasks(TaskSet):
    @task
    def once(self):
        self.client.get("/json")
        self.client.get("/blog?id=7", name="a post")
        self.client.get("/slow?ms=50")
        self.client.get("/status/404")
        with self.client.get("/json", name="by its content", catch_response=True) as response:
            if response.json()["id"] == 42:
                response.failure("this id was not wanted")
        self.locust.rounds += 1
        if self.locust.rounds == 2:
            raise StopLocust()
        raise ValueError("from the task")

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 0
    rounds = 0
"""


class Heard:
    """What the listeners of EVENTS heard: one user, two rounds."""

    def __init__(self, stage):
        self.target = stage.target()
        self.report, self.probe = stage.play(EVENTS, "-c", 1, host=self.target.url, code=1)


@pytest.fixture(scope="module")
def heard(stage):
    return Heard(stage)


def test_M9_72_a_hook_of_ones_own(heard):
    """`EventHook()` makes a hook; `+=` adds a listener, `fire(**kw)` calls it with these arguments."""
    assert "Event was fired with arguments: foo, bar" in heard.report.records("INFO", "stdout")


def test_M9_73_reverse_calls_the_last_listener_first(heard):
    """`fire(reverse=True)` calls the listeners in reverse order, this once."""
    assert heard.probe.values("ordered", "number") == [2, 1, 0, 0, 1, 2]


def test_M9_74_request_success_has_four_arguments(heard):
    """`request_success` gives request_type, name, response_time in milliseconds and response_length in bytes."""
    assert heard.probe.values("success keywords", "names")[0] == ["name", "request_type", "response_length",
                                                                  "response_time"]
    requests = {note["name"]: note for note in heard.probe.all("request")}
    assert list(requests) == ["/json", "a post", "/slow?ms=50"]
    assert requests["/slow?ms=50"]["type"] == "GET" and 50 <= requests["/slow?ms=50"]["time"] < 1000
    assert requests["/json"]["length"] == len(heard.target.fetch("/json"))


def test_M9_75_request_failure_has_the_exception(heard):
    """`request_failure` gives request_type, name, response_time in milliseconds and the exception."""
    failures = heard.probe.all("failure")
    assert [(note["type"], note["name"], note["error"]) for note in failures] == 2 * [
        ("GET", "/status/404", "HTTPError"), ("GET", "by its content", "CatchResponseError")]
    assert all(0 < note["time"] < 1000 for note in failures)


def test_M9_76_locust_error_has_the_task_set_and_the_traceback(heard):
    """`locust_error` gives the task set in which a task raised, the exception and its traceback."""
    note, = heard.probe.all("error")
    assert (note["task_set"], note["user"], note["exception"]) == ("Tasks", "User", "ValueError('from the task')")
    assert note["line"] == "once"


def test_M10_01_listeners_are_added_at_module_level(heard):
    """A listener that the locustfile adds while it is loaded hears of every request."""
    printed = [text for text in heard.report.records("INFO", "stdout") if text.startswith("Successfully")]
    assert printed == 2 * ["Successfully fetched: /json", "Successfully fetched: a post",
                           "Successfully fetched: /slow?ms=50"]


def test_M10_02_listeners_take_further_arguments_by_kw(play, probe):
    """A listener with `**kw` goes on working when a hook gets an argument that it does not know."""
    report = play("""
        from locust import Locust, TaskSet, events, task
        from locust.exception import StopLocust
        from probe import note

        def open_ended(request_type, name, response_time, response_length, **kw):
            note("heard", kw=kw)

        def closed(request_type, name, response_time, response_length):
            note("never")

        events.request_success += closed
        events.request_success += open_ended

        class User(Locust):
            class task_set(TaskSet):
                @task
                def report(self):
                    events.request_success.fire(request_type="x", name="y", response_time=1, response_length=2, new="z")
                    raise StopLocust()
    """)
    assert probe.values("heard", "kw") == [{"new": "z"}] and probe.count("never") == 0
    assert report.total() == (1, 0) and "got an unexpected keyword argument 'new'" in report.stderr


def test_M12_26_listeners_get_keyword_arguments(heard):
    """Listeners are called with keyword arguments, in whatever order they declare them."""
    assert heard.probe.values("failure", "name")[:2] == ["/status/404", "by its content"]  # declared as the third
    assert heard.report.records("ERROR", "locust.event") == []


def test_M12_27_the_arguments_are_called_request_type_and_name(heard):
    """The verb and the path come as `request_type` and `name`."""
    note = heard.probe.all("request")[0]
    assert (note["type"], note["name"]) == ("GET", "/json")


def test_M12_59_a_request_can_be_failed_for_what_it_answered(heard):
    """A request that HTTP calls a success is a failure when the script says so."""
    row = heard.report.table()["GET by its content"]
    assert (row.requests, row.failures) == (0, 2)
    assert heard.report.errors()["GET by its content: \"CatchResponseError('this id was not wanted')\""] == 2
    assert heard.target.stats()["by_status"]["200"] >= 2 * 4
