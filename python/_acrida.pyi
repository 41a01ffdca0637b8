"""The engine, as Python sees it: C types and functions behind the package `locust`.

This stub is the contract between src/python (C) and python/locust (Python). Nothing here is for locustfiles; they
import `locust`. All functions are for the main thread, the one that runs gevent's hub. Times are seconds unless a name
ends in _ms.
"""
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

__version__: str

def attach_hub() -> None:
    """Open the engine (once) and watch its descriptor in this thread's gevent hub.

    Called by `import locust` after monkey patching. Later calls do nothing.
    """

def configure(
    *,
    response_type: type,
    context_type: type,
    session_state: Callable[["NativeSession"], tuple],
    session_attribute: Callable[["NativeSession", str], Any],
    fallback: Callable[..., Any],
    encode_json: Callable[[Any], Optional[bytes]],
    prepare: Callable[..., Optional[tuple]],
    make_error: Callable[[int, str, Optional[int], "NativeSession", str, str], Exception],
    http_error: type,
    catch_error: type,
    response_error: type,
    locust_error: type,
    interrupt: type,
    reschedule: type,
    reschedule_now: type,
    stop_user: type,
    user_kill: type,
    task_error: Callable[[Any, BaseException], None],
    wait_by_limits: Any,
    success_hook: Any,
    failure_hook: Any,
    request_hook: Any,
) -> None:
    """Hand the Python half's types and callbacks over, once, at the end of `import locust`.

    response_type(NativeResponse, requests.Response): what a plain request returns.
    context_type(response_type): what `catch_response=True` returns.
    session_state(session): what of a session's state goes into every request; see NativeSession.
    session_attribute(session, name): makes the default object of a lazily made attribute ("headers", "cookies",
        "hooks", "params", "proxies", "adapters").
    fallback(session, method, url, name, catch_response, context, kwargs): the whole request by real `requests`,
        recorded by it through record_success/record_failure.
    encode_json(object): bytes of a `json=` body, as requests writes them; None: not JSON, use the fallback.
    prepare(session, method, url, kwargs): for keyword arguments that C does not take apart (files, data that is a file
        or iterator, cookies, odd types...): None = use the fallback, else
        (url: str, content_type: bytes | None, body: bytes | None, cookies: bytes | None,
        remaining kwargs: dict that C understands).
    make_error(code, text, errno or None, session, method, url): the requests exception for a failed exchange
        (ConnectionError, ConnectTimeout, ReadTimeout, SSLError, TooManyRedirects, ChunkedEncodingError,
        ContentDecodingError, MissingSchema, InvalidSchema, InvalidURL, InvalidHeader ...), with `.request` set.
    user_kill(GreenletExit): how the run ends a user. It lets the request go to its end that the user waits for.
    task_error(task_set, exception): an exception left a task: fire locust_error/user_error, log the traceback. A
        BaseException it raises ends the user.
    wait_by_limits: the wait_function that says no more than min_wait and max_wait do; it is not called.
    success_hook, failure_hook, request_hook: event hooks with an attribute `_handlers` (a list that is never
        replaced) and a method `call(**kwargs)`; called after the engine recorded a request, only when the list is not empty.
        success: request_type, name, response_time, response_length. failure: request_type, name, response_time,
        response_length, exception. request (2.x): request_type, name, response_time, response_length, context, response, exception,
        start_time, url.
    """

def record_success(request_type: Any, name: Any, response_time: Optional[float],
                   response_length: Optional[float]) -> None:
    """Count a success from a custom client: milliseconds (None or NaN: without a time) and bytes. No hook is called.

    request_type, name: listed by their str(), bytes decoded. TypeError, OverflowError for a length beyond 1e15; then
    nothing was counted. stop_user when it was the last request that -n allows.
    """

def record_failure(request_type: Any, name: Any, response_time: Optional[float], error: Any) -> None:
    """Count a failure from a custom client; `error` is listed by its repr(). The rest as for record_success()."""

def user_ended(user_id: int) -> None:
    """Tell the run that the user it started by this number is gone. No effect without a run."""

# What follows returns at once and takes effect in the order of the calls; RuntimeError without a run.

def request_start(users: int, rate: float, ends_by_rate: bool) -> None:
    """Ask for so many users; see acr_load_request_start(). ValueError for a number that is impossible."""

def request_stop() -> None:
    """Ask for the end of all users."""

def request_quit() -> None:
    """Ask for the normal end of the run, as if its time were up."""

def user_shares(classes: Sequence[tuple[float, int]], users: int) -> list[int]:
    """How many of so many users each class gets, by (weight, fixed_count)."""

def request_count() -> tuple[int, int]:
    """(requests, failures) recorded so far."""

# The run's statistics. An entry is named by (name, method); (None, None) is the total of all.

def stats_get(name: str, method: str) -> tuple[str, str]:
    """(name, method) of the entry that counts these requests; made if there is none. Another one, "(other names)", when
    there are too many."""

def stats_entries() -> list[tuple[str, str]]:
    """(name, method) of every entry, sorted."""

def stats_counts(name: Optional[str], method: Optional[str]) -> Optional[
        tuple[int, int, int, float, float, tuple[int, float, float, float], tuple[int, float, float, float]]]:
    """(successes, failures, content bytes of successes, start, last request or start, times of successes, times of
    failures); None: no such entry.

    start and last are seconds since the epoch. Times are (count, sum, least, most) in milliseconds, exact; those of which
    no time is known are not among them.
    """

def stats_times(name: Optional[str], method: Optional[str], with_failures: bool) -> dict[float, int]:
    """{milliseconds: count}, the times rounded to 0.1 %, to whole milliseconds where that allows. {}: no such entry."""

def stats_seconds(name: Optional[str], method: Optional[str]) -> dict[int, tuple[int, int]]:
    """{second since the epoch: (successes, failures)} of those of the last 32 seconds that had any."""

def stats_marks() -> list[int]:
    """The seconds, oldest first, at whose end the total's times were remembered; at most 32."""

def stats_mark(second: int, with_failures: bool) -> Optional[dict[float, int]]:
    """The total's times then, as stats_times() gives them; None: not remembered."""

def stats_errors() -> list[tuple[str, str, str, int]]:
    """(method, name, text, occurrences) in order of first occurrence."""

def stats_reset() -> None:
    """Zero all numbers and restart the clock; keep entries and errors."""

def stats_reset_entry(name: Optional[str], method: Optional[str]) -> None:
    """The same for one entry. No effect when there is none."""

def stats_clear() -> None:
    """Forget entries and errors, too."""

# The report's texts (src/report), lines with their ends. Times are milliseconds, 0 where there are none; name_width, of the
# first column, is at most 1000.

def request_table(rows: list[tuple[str, str, int, int, float, float, float, float, float]],
                  total: tuple[str, str, int, int, float, float, float, float, float], name_width: int) -> str:
    """Rows: (method, name, successes, failures, average, least, most, median, successes per second)."""

def percentile_table(rows: list[tuple[str, str, int, tuple[float, ...]]],
                     total: Optional[tuple[str, str, int, tuple[float, ...]]], name_width: int) -> str:
    """Rows: (method, name, successes, the times of 50 66 75 80 90 95 98 99 and 100 %)."""

def error_table(rows: list[tuple[str, str, str, int]], name_width: int) -> str:
    """Rows: (method, name, text, occurrences). "" without rows."""

def requests_csv() -> str:
    """What --csv writes of the run into BASE_requests.csv."""

def distribution_csv() -> str:
    """What --csv writes of the run into BASE_distribution.csv."""

def write_csv(base: Any) -> None:
    """Write both files, each as a whole; `base` is a path without their endings. OSError with the path."""

def connection_counts() -> tuple[int, int]:
    """(open now, made so far) connections of all native clients."""

def random_index(count: int) -> int:
    """Uniform in 0 .. count-1 from the engine's generator."""

def random_millis(low: float, high: float) -> int:
    """Uniform in low .. high, both included; 0 for a negative one. ValueError when they are not whole or low > high."""

def sleep(seconds: float) -> None:
    """Wait on the engine's timer wheel; other greenlets run meanwhile. <= 0: let the others run once."""

def seed(value: int) -> None:
    """Make the engine's choices repeatable."""

class WaitTime:
    """A wait the C loop evaluates itself: what between(), constant(), constant_pacing() return.

    A class attribute like a function: `self.wait_time()` gives seconds. kind: "between", "constant", "pacing".
    ValueError for bounds that are negative, not a number or crossed.
    """

    def __init__(self, kind: str, low: float, high: float = ...) -> None: ...
    def __call__(self, instance: Any = ...) -> float: ...
    def __get__(self, instance: Any, owner: Any = ...) -> Any: ...

class FromUser:
    """A class attribute of a task set that reads the user's attribute of that name, or is the given function as a method.
    A class that sets its own, or an instance that does, hides it; read from a class it is None."""

    def __init__(self, name: str, function: Any = ...) -> None: ...
    def __get__(self, instance: Any, owner: Any = ...) -> Any: ...

class NativeUser:
    """C base of Locust (0.9) and User (2.x).

    Class attributes read by C: `generation` (9 or 2), `task_set` (0.9), `tasks` (2.x), `host`, `stop_timeout`, waits (below).
    """

    def run_loop(self) -> None:
        """The life of a user between its on_start and on_stop: instantiate the root task set (task_set, or for `tasks`
        the class attribute `_default_task_set`) and call its run(). Returns when it ends by itself or by stop_user;
        InterruptTaskSet/Reschedule that leave the root become LocustError."""

class NativeTaskSet:
    """C base of TaskSet: the task loop. Attributes kept in C: locust, user (the same object until a script puts something
    of its own there), parent, args, kwargs, _task_queue, _time_start; `client` is the user's client.

    NativeTaskSet(parent): parent is a task set or a user, else LocustError (configure's locust_error).

    Each of the methods below may be overridden in Python, in a class, on it while users run, or by an instance's own
    attribute; it is looked up once which are.

    Waits: 0.9 rules for generation 9 (wait_function; min_wait/max_wait in ms; a TaskSet's own values win, None = the
    user's, 0 = no wait), 2.x rules for generation 2 (wait_time; TaskSet's own, else the user's). A user class of generation 9 that
    sets wait_time uses it.
    """

    def __init__(self, parent: Any) -> None: ...
    def run(self, *args: Any, **kwargs: Any) -> None:
        """on_start, the loop, on_stop (D3: whenever a started set ends). Leaves by Reschedule* when interrupted, by
        stop_user, or by the exception that killed the greenlet."""
    def get_next_task(self) -> Callable[..., Any]: ...
    def execute_next_task(self) -> None: ...
    def execute_task(self, task: Callable[..., Any], *args: Any, **kwargs: Any) -> None: ...
    def schedule_task(self, task_callable: Callable[..., Any], args: Optional[Sequence] = None,
                      kwargs: Optional[Mapping] = None, first: bool = False) -> None: ...
    def wait(self) -> None: ...
    def wait_function(self) -> float:
        """Milliseconds, 0.9."""
    def interrupt(self, reschedule: bool = True) -> None: ...

class NativeSession:
    """C base of HttpSession(NativeSession, requests.Session): one user's HTTP client.

    The verbs do not call request(): HttpSession sees to it that they do where a script has replaced that. head() does not
    follow redirects, by the fallback either. A cookie whose domain is "" goes to every host.

    Attributes of requests.Session are C descriptors that cost nothing until touched: headers, cookies, auth, proxies,
    hooks, params, stream, verify, cert, max_redirects, trust_env, adapters. The first read of a container makes it by
    configure's session_attribute. Any write, and invalidate(), makes the engine ask session_state(session) again before the
    next request; a session whose proxies, hooks, params or adapters were read is asked before every request.

    session_state returns (plain, header_lines, authorization, verify, ca_path, cert_path, key_path, max_redirects):
        plain: int; 0: this session's requests all go to the fallback; 2: those do whose URL does not begin with base_url
            (proxies or netrc of the environment may hold for them); 1: none.
        header_lines: bytes, "Name: value\\r\\n" each, of what every request carries. Host, Cookie and Content-Type are
            there only if the script put them into session.headers; then they are sent instead of the engine's.
        authorization: bytes | None. verify: bool. paths: str | None. max_redirects: int.
    """

    base_url: str
    generation: int
    user: Any
    request_name: Optional[str]
    def __init__(self, base_url: str, generation: int = 9, user: Any = None) -> None: ...
    def invalidate(self) -> None: ...
    def touched(self, name: str) -> bool:
        """Was this attribute ever read or written? For tests and session_state."""
    def cookie_list(self) -> list[tuple[str, str, str, str, Optional[int], bool, bool, bool]]:
        """(name, value, domain, path, expires or None, host_only, secure, http_only) of each cookie, oldest first."""
    def cookie_set(self, name: str, value: str, domain: str, path: str, expires: Optional[int], host_only: bool,
                   secure: bool, http_only: bool) -> None: ...
    def cookie_remove(self, domain: Optional[str], path: Optional[str], name: Optional[str]) -> int: ...
    def cookie_version(self) -> int: ...
    def close(self) -> None:
        """Close all connections that are kept alive, those of real requests included. The session can be used again."""
    def get(self, url: str, **kwargs: Any) -> Any: ...
    def options(self, url: str, **kwargs: Any) -> Any: ...
    def head(self, url: str, **kwargs: Any) -> Any: ...
    def post(self, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> Any: ...
    def put(self, url: str, data: Any = None, **kwargs: Any) -> Any: ...
    def patch(self, url: str, data: Any = None, **kwargs: Any) -> Any: ...
    def delete(self, url: str, **kwargs: Any) -> Any: ...
    def request(self, method: str, url: str, name: Optional[str] = None, catch_response: bool = False, **kwargs: Any) -> Any: ...
    def native_count(self) -> int:
        """Requests that went the native way, for tests."""

class NativeResponse:
    """C base of LocustResponse(NativeResponse, requests.Response): made by the engine only.

    C getters (all may be overwritten): status_code, content, text, encoding, url, reason, ok, elapsed (timedelta), history (list),
    error, raw_headers (list of (str, str), as received), streaming (is the body still to come?), locust_request_meta / request_meta. C methods: json(), raise_for_status(),
    close(), success(), failure(exc), __enter__, __exit__, __bool__, iter_raw(size) -> iterator of decoded bytes.
    Left to the Python half, as lazy properties over these: headers (CaseInsensitiveDict), cookies (jar), request
    (PreparedRequest), raw, next, iter_content, iter_lines, links, apparent_encoding (requests' own work on top of content).
    request_parts() -> (method, url, header lines bytes, body bytes or None) of the request that was sent.
    A failed exchange gives one with status_code 0, content None, text "", error set (safe mode).
    """

    def request_parts(self) -> tuple[str, str, bytes, Optional[bytes]]: ...
    @property
    def raw_headers(self) -> list[tuple[str, str]]: ...
    def iter_raw(self, size: int = ...) -> Iterable[bytes]: ...
