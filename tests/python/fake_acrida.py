# SPDX-License-Identifier: MIT
"""A slow stand-in for the extension _acrida in plain Python, to test python/locust alone. See python/_acrida.pyi."""
import datetime
import math
import random
import time
from urllib.parse import urlsplit

import gevent
import requests
from requests.cookies import RequestsCookieJar, create_cookie

__version__ = "0.1.0"
config = {}
records = []  # (request_type, name, response_time, length or None, error or None), for tests
_DEFAULTS = {"auth": None, "stream": False, "verify": True, "cert": None, "max_redirects": 30, "trust_env": True}
_CONTAINERS = ("headers", "cookies", "hooks", "params", "proxies", "adapters")
_PLAIN = {"data", "json", "params", "headers", "timeout", "allow_redirects", "verify", "auth", "stream"}


def attach_hub():
    pass


def configure(**given):
    config.update(given)


def record_success(request_type, name, response_time_ms, response_length):
    records.append((request_type, name, response_time_ms, response_length, None))


def record_failure(request_type, name, response_time_ms, error):
    records.append((request_type, name, response_time_ms, None, error))


def user_ended(number):
    pass


def request_quit():
    pass


def random_index(count):
    return random.randrange(count)


def sleep(seconds):
    gevent.sleep(max(0, seconds))


def seed(value):
    random.seed(value)


class WaitTime:
    def __init__(self, kind, low, high=None):
        high = low if high is None else high
        if not (0 <= low <= high) or math.isinf(high):
            raise ValueError(f"bad bounds {low}, {high}")
        self.kind, self.low, self.high, self.last = kind, low, high, {}

    def __call__(self, instance=None):
        if self.kind != "pacing":
            return random.uniform(self.low, self.high)
        now, last = time.monotonic(), self.last.get(id(instance), 0)
        wait = max(0, self.low - (now - last))
        self.last[id(instance)] = now + wait
        return wait

    def __get__(self, instance, owner=None):
        return self if instance is None else lambda: self(instance)


class NativeUser:
    def run_loop(self):
        root = (self.task_set or self._default_task_set)(self)
        root._serves_user = self.task_set is None
        try:
            root.run()
        except config["stop_user"]:
            pass
        except (config["reschedule"], config["reschedule_now"], config["interrupt"]):
            raise config["locust_error"](f"{type(self).__name__}.task_set: interrupt() in the root task set") from None


class NativeTaskSet:
    def __init__(self, parent):
        if isinstance(parent, NativeUser):
            self.locust = parent
        elif isinstance(parent, NativeTaskSet):
            self.locust = parent.locust
        else:
            raise config["locust_error"]("parent must be a user or a task set")
        self.user, self.parent, self.args, self.kwargs = self.locust, parent, (), {}
        self._task_queue, self._time_start, self._serves_user = [], time.time(), False

    @property
    def client(self):
        return self.locust.client

    def run(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs
        try:
            self.on_start()
            self._loop()
        except config["interrupt"] as error:
            raise config["reschedule_now" if error.reschedule else "reschedule"](error.reschedule) from None
        finally:
            self.on_stop()

    def _loop(self):
        flow = (config["stop_user"], config["interrupt"])
        while True:
            limit = getattr(self.locust, "stop_timeout", None)
            if limit is not None and time.time() - self._time_start > limit:
                return
            try:
                if not self._task_queue:
                    self.schedule_task(self.get_next_task())
                try:
                    self.execute_next_task()
                except config["reschedule_now"]:
                    continue
                except config["reschedule"]:
                    pass
                self.wait()
            except flow:
                raise
            except Exception as error:
                config["task_error"](self, error)
                self.wait()

    def _tasks(self):
        return self.locust.tasks if self._serves_user else self.tasks

    def get_next_task(self):
        return random.choice(self._tasks())

    def execute_next_task(self):
        one = self._task_queue.pop(0)
        self.execute_task(one["callable"], *one["args"], **one["kwargs"])

    def execute_task(self, task, *args, **kwargs):
        owner = self.locust if self._serves_user else self
        if getattr(task, "__self__", None) is owner:
            task(*args, **kwargs)
        elif isinstance(task, type) and issubclass(task, NativeTaskSet):
            task(owner).run(*args, **kwargs)
        else:
            task(owner, *args, **kwargs)

    def schedule_task(self, task_callable, args=None, kwargs=None, first=False):
        one = {"callable": task_callable, "args": args or [], "kwargs": kwargs or {}}
        self._task_queue.insert(0 if first else len(self._task_queue), one)

    def wait(self):
        if self.locust.generation == 2:
            own = getattr(type(self), "wait_time", None)
            sleep(self.wait_time() if own else self.locust.wait_time())
        else:
            sleep(self.wait_function() / 1000)

    def wait_function(self):
        if not hasattr(type(self), "min_wait") and not hasattr(type(self), "max_wait"):
            return self.locust.wait_function()
        return random.randint(self.min_wait, self.max_wait)

    def interrupt(self, reschedule=True):
        raise config["interrupt"](reschedule)


def _attribute(name):
    def read(self):
        if name in _CONTAINERS and name not in self._touched:
            self._touched[name] = config["session_attribute"](self, name)
        default = self.generation != 2 if name == "trust_env" else _DEFAULTS.get(name)
        return self._touched.get(name, default)

    def write(self, value):
        self._touched[name] = value
        self.invalidate()

    return property(read, write)


class NativeSession:
    def __init__(self, base_url, generation=9, user=None):
        self.base_url, self.generation, self.user = base_url, generation, user
        self.request_name = None
        self._touched, self._cookie_entries, self._version, self._state, self._native = {}, [], 0, None, 0

    def close(self):
        pass

    def invalidate(self):
        self._state = None

    def touched(self, name):
        return name in self._touched

    def native_count(self):
        return self._native

    def cookie_list(self):
        return list(self._cookie_entries)

    def cookie_version(self):
        return self._version

    def cookie_set(self, name, value, domain, path, expires, host_only, secure, http_only):
        self.cookie_remove(domain, path, name)
        self._cookie_entries.append((name, value, domain, path, expires, host_only, secure, http_only))
        self._version += 1

    def cookie_remove(self, domain, path, name):
        kept = [one for one in self._cookie_entries if not (
            domain in (None, one[2]) and path in (None, one[3]) and name in (None, one[0]))]
        removed = len(self._cookie_entries) - len(kept)
        self._cookie_entries = kept
        self._version += 1
        return removed

    def get(self, url, **kwargs):
        return self.request("GET", url, **kwargs)

    def options(self, url, **kwargs):
        return self.request("OPTIONS", url, **kwargs)

    def head(self, url, **kwargs):
        kwargs.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **kwargs)

    def post(self, url, data=None, json=None, **kwargs):
        return self.request("POST", url, data=data, json=json, **kwargs)

    def put(self, url, data=None, **kwargs):
        return self.request("PUT", url, data=data, **kwargs)

    def patch(self, url, data=None, **kwargs):
        return self.request("PATCH", url, data=data, **kwargs)

    def delete(self, url, **kwargs):
        return self.request("DELETE", url, **kwargs)

    def request(self, method, url, name=None, catch_response=False, context=None, **kwargs):
        watched = not self._touched.keys().isdisjoint(("hooks", "params", "proxies", "adapters", "headers"))
        if self._state is None or watched:
            self._state = config["session_state"](self)
        target = url if url.lower().startswith(("http://", "https://")) else self.base_url + url
        given = {key: value for key, value in kwargs.items() if value is not None}
        odd = not _PLAIN.issuperset(given) or not isinstance(given.get("data", ""), (str, bytes, dict))
        content_type = extra = None
        if not self._state[0] or given.get("stream"):
            return config["fallback"](self, method, url, name, catch_response, context, kwargs)
        if odd:
            prepared = config["prepare"](self, method, url, kwargs)
            if prepared is None:
                return config["fallback"](self, method, url, name, catch_response, context, kwargs)
            target, content_type, body, extra, given = prepared
            given["data"] = body
        return self._native_request(method, target, name, catch_response, context, given, content_type, extra)

    def _native_request(self, method, url, name, catch_response, context, given, content_type, extra):
        self._native += 1
        headers = dict(line.split(": ", 1) for line in self._state[1].decode("latin-1").splitlines())
        if self._state[2]:
            headers["Authorization"] = self._state[2].decode("latin-1")
        if content_type:
            headers["Content-Type"] = content_type.decode()
        headers.update(given.pop("headers", None) or {})
        if extra:
            headers["Cookie"] = extra.decode()
        if "json" in given and not given.get("data"):
            headers.setdefault("Content-Type", "application/json")
            given["data"] = config["encode_json"](given["json"])
        given.pop("json", None)
        session = requests.Session()
        session.trust_env = False
        session.headers = requests.structures.CaseInsensitiveDict()
        session.cookies = self._jar()
        response = config["context_type" if catch_response else "response_type"]()
        response._begin(self, method, context)
        start = time.perf_counter()
        try:
            response._answer = session.request(method, url, headers=headers, **given)
            self._take(session.cookies)
        except requests.exceptions.ConnectionError:
            response.error = config["make_error"](-21, "connection refused: " + urlsplit(url).netloc, 111, self, method,
                                                  url)
            response._sent = (method, url, b"", None)
        response._finish(name or self.request_name or _path(url, response), (time.perf_counter() - start) * 1000)
        if not catch_response:
            response._report(response._status_error())
        return response

    def _jar(self):
        jar = RequestsCookieJar()
        for name, value, domain, path, expires, host_only, secure, _ in self._cookie_entries:
            dotted = "." + domain if domain and not host_only else domain
            jar.set_cookie(create_cookie(name, value, domain=dotted, path=path, expires=expires, secure=secure))
        return jar

    def _take(self, jar):
        have = {one[:4] for one in self._cookie_entries}
        for cookie in jar:
            domain = cookie.domain.lstrip(".")
            if (cookie.name, cookie.value, domain, cookie.path) not in have:
                self.cookie_set(cookie.name, cookie.value, domain, cookie.path, cookie.expires,
                                bool(domain) and not cookie.domain.startswith("."), cookie.secure, False)


for _name in (*_DEFAULTS, *_CONTAINERS):
    setattr(NativeSession, _name, _attribute(_name))


def _path(url, response):
    answer = response._answer
    return (answer.history[0] if answer.history else answer).request.path_url if answer else urlsplit(url).path or "/"


def _from_answer(name, missing):
    def read(self):
        if name in self._own:
            return self._own[name]
        return getattr(self._answer, name) if self._answer is not None else missing

    return property(read, lambda self, value: self._own.__setitem__(name, value))


class NativeResponse:
    status_code, content, text = _from_answer("status_code", 0), _from_answer("content", None), _from_answer("text", "")
    encoding, url, reason = _from_answer("encoding", None), _from_answer("url", None), _from_answer("reason", None)
    elapsed, history = _from_answer("elapsed", datetime.timedelta(0)), _from_answer("history", [])

    def __init__(self):
        pass

    def _begin(self, session, method, context):
        self._own, self._answer, self.error, self._session, self._method = {}, None, None, session, method
        self._context, self._said, self._sent = context, None, None

    def _finish(self, name, milliseconds):
        self.locust_request_meta = self.request_meta = {
            "method": self._method, "name": name, "response_time": milliseconds, "start_time": time.time(),
            "content_size": len(self.content or b"")}

    def request_parts(self):
        if self._sent:
            return self._sent
        request = self._answer.request
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        body = request.body.encode() if isinstance(request.body, str) else request.body
        return request.method, request.url, lines.encode("latin-1"), body

    @property
    def raw_headers(self):
        return list(self._answer.raw.headers.items()) if self._answer is not None else []

    def iter_raw(self, size=65536):
        content = self.content or b""
        return iter([content[at:at + size] for at in range(0, len(content), size)])

    @property
    def ok(self):
        return self.error is None and self.status_code < 400

    def __bool__(self):
        return self.ok

    def close(self):
        pass

    def json(self, **kwargs):
        return (self._answer if self._answer is not None else requests.Response()).json(**kwargs)

    def raise_for_status(self):
        if self.error is not None:
            raise self.error
        self._answer.raise_for_status()

    def _status_error(self):
        try:
            self.raise_for_status()
        except requests.RequestException as error:
            return error
        return None

    def _report(self, error):
        meta = self.locust_request_meta
        fields = dict(request_type=meta["method"], name=meta["name"], response_time=meta["response_time"])
        if error is None:
            record_success(*fields.values(), meta["content_size"])
            if config["success_hook"]._handlers:
                config["success_hook"].call(**fields, response_length=meta["content_size"])
        else:
            record_failure(*fields.values(), error)
            if config["failure_hook"]._handlers:
                config["failure_hook"].call(**fields, exception=error)
        if config["request_hook"]._handlers:
            config["request_hook"].call(
                **fields, response_length=meta["content_size"], context=self._context or {}, response=self,
                exception=error, start_time=meta["start_time"], url=self.url)

    def success(self):
        self._say(True, None)

    def failure(self, exc):
        self._say(False, config["catch_error"](exc) if isinstance(exc, str) else exc)

    def _say(self, good, error):
        self._said = (good, error)
        if self._session.generation != 2:
            self._report(error)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self._said is not None:
            if self._session.generation == 2:
                self._report(self._said[1])
            return False
        if error is None:
            self._report(self._status_error())
        elif isinstance(error, config["response_error"]):
            self._report(error)
            return True
        return False


class WatchedGreenlet:
    pass
