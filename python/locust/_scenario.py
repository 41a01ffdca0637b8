# SPDX-License-Identifier: MIT
"""What the program calls to run a locustfile (src/python, the scenario of src/run/scenario.h). All on the load thread.

Order: load, status, set_up, then start_user, stop_user, event and status as the run goes; after the event QUITTING,
finish and verdict; at last the event QUIT.
"""
import gc
import logging
from collections import deque
from typing import Any, Callable, Deque, List, NamedTuple, Optional, Sequence, Tuple, Union

import _acrida
import gevent
from gevent import getcurrent, get_hub
from gevent.event import Event

from . import _complaints, _usage, env, events, inspectlocust, log, runners, stats
from ._fixtures import Fixtures, task_set_classes
from ._loading import LoadError, UsageError, find_user_classes, import_locustfile, print_traceback
from ._run import RUNNING, Run
from ._stats.tables import NAME_WIDTH_MAX
from ._tags import TagFilter
from .argument_parser import LocustArgumentParser, own_options_help, read_options
from .core import HttpLocust, Locust
from .exception import FLOW
from .user.users import HttpUser

logger = logging.getLogger("locust.main")

INTERVAL_MIN, INTERVAL_MAX = 0.01, 1e9  # seconds

# enum acr_run_event
TEST_START, SPAWNING_COMPLETE, TEST_STOPPING, TEST_STOP, QUITTING, QUIT = range(6)


class UserClass(NamedTuple):
    """What the run needs to know of a user class; host: None when it has none, generation: 9 or 2."""

    cls: type
    name: str
    weight: float
    host: Optional[str]
    fixed_count: int
    generation: int


class _Scenario:
    """The one locustfile of the process, and the moments of its run whose listeners are still to be called."""

    def __init__(self, engine: Any = _acrida) -> None:
        self.classes: List[UserClass] = []
        self.parser = LocustArgumentParser()
        self.environment = env.Environment(events=events)  # type: ignore[arg-type]
        self.fixtures = Fixtures()
        self.run = Run(self.environment, engine)
        self.run.moments = self
        self.state = self.run.state  # as the engine says; that of the run follows when listeners have heard of it
        self.moments: Deque[Tuple[int, int]] = deque()
        self.firing: Any = None  # the greenlet that calls the listeners
        self.settled = Event()
        self.settled.set()
        self.test_begun = Event()  # its listeners have run: users may begin
        self.test_begun.set()

    def settle(self) -> None:
        """Waits until the listeners of all moments have run. Not to be called from the hub."""
        self.settled.wait()

    def is_firing(self, greenlet: Any) -> bool:
        return greenlet is self.firing


_scenario = _Scenario()


def load(path: str, host: Optional[str] = None, known: Sequence[str] = (), rest: Sequence[str] = (),
         log_level: Union[int, str] = "INFO", log_file: Optional[str] = None, may_be_empty: bool = False
         ) -> List[UserClass]:
    """Sets logging up, imports the locustfile and returns its user classes in order of declaration.

    host overrides that of every class. known, rest: the command line, see read_options(). may_be_empty: names of classes
    do not count, and a file without any is none to complain of. LoadError with one sentence when the file cannot be used,
    UsageError when an option is wrong; SystemExit and KeyboardInterrupt of the file leave.
    """
    log.setup_logging(log_level, log_file)
    module = import_locustfile(path)
    events.init_command_line_parser.fire(parser=_scenario.parser)
    options, names = read_options(_scenario.parser, known, rest)
    chosen = find_user_classes(module, () if may_be_empty else names, may_be_empty)
    _scenario.classes = [_describe(name, cls, host) for name, cls in chosen]
    environment = _scenario.environment
    environment.host = host
    environment.parsed_options = options
    environment.tags, environment.exclude_tags = options.tags, options.exclude_tags
    environment.user_classes = [cls for _, cls in chosen]
    for cls in environment.user_classes:
        _warn_of_on_init(cls)
    environment.runner = runners.LocalRunner(environment, _scenario.run)
    runners.locust_runner = runners.LocalLocustRunner(environment, _scenario.run)
    events.locust_error += _scenario.run.on_locust_error
    events.user_error += _scenario.run.on_user_error
    events.init.fire(environment=environment, runner=environment.runner, web_ui=None)
    if not may_be_empty:
        _choose_by_tags()
    # What was imported stays: the garbage collector need not walk it again while response times are measured.
    gc.collect()
    gc.freeze()
    _usage.watch(environment)
    return _scenario.classes


def _choose_by_tags() -> None:
    """Leaves the tasks that --tags and --exclude-tags ask for, and the classes that have some. LoadError when none has."""
    environment = _scenario.environment
    if environment.tags is None and not environment.exclude_tags:
        return
    wanted = TagFilter(environment.tags, environment.exclude_tags)
    _scenario.classes = [one for one in _scenario.classes if wanted.apply(one.cls)]
    environment.user_classes = [one.cls for one in _scenario.classes]
    if not _scenario.classes:
        raise LoadError("no task has the tags that --tags and --exclude-tags ask for")


def report_settings() -> Tuple[float, float, int]:
    """(seconds from one writing of the CSV files to the next, seconds from table to table, width of the name column), as
    the locustfile set them in locust.stats. LoadError for what none of these can be."""
    intervals = [_setting(name, float, lambda seconds: INTERVAL_MIN <= seconds <= INTERVAL_MAX,
                          "a number of seconds, not less than 0.01")
                 for name in ("CSV_STATS_INTERVAL_SEC", "CONSOLE_STATS_INTERVAL_SEC")]
    width = _setting("STATS_NAME_WIDTH", int, lambda width: 0 <= width <= NAME_WIDTH_MAX,
                     f"a whole number from 0 to {NAME_WIDTH_MAX}")
    return intervals[0], intervals[1], width


def _setting(name: str, kind: Callable[[Any], Any], is_possible: Callable[[Any], bool], wanted: str) -> Any:
    value = getattr(stats, name)
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not is_possible(number):
        raise LoadError(f"locust.stats.{name} must be {wanted}, not {value!r}")
    return number


def _describe(name: str, cls: Any, host: Optional[str]) -> UserClass:
    if host is not None:
        cls.host = host
    return UserClass(cls, name, float(cls.weight), cls.host, int(getattr(cls, "fixed_count", 0) or 0), cls.generation)


def _warn_of_on_init(user_class: type) -> None:
    for cls in (user_class, *task_set_classes(user_class)):
        if hasattr(cls, "on_init"):
            logger.warning("%s.on_init is never called: the method that runs first is on_start", cls.__name__)


def task_ratio(as_json: bool) -> str:
    """What --show-task-ratio(-json) prints for the classes of load(). LoadError when a set has no tasks."""
    show = inspectlocust.task_ratio_json if as_json else inspectlocust.task_ratio_text
    try:
        return show([one.cls for one in _scenario.classes])
    except IndexError as error:
        raise LoadError(f"{error}: there is no ratio to show") from error


def options_help() -> str:
    """What --help says of the options that the locustfile has."""
    return own_options_help(_scenario.parser)


def status(state: int, users: int, rate: float) -> None:
    """The run is in another state (enum acr_run_state), or wants another number of users.

    Listeners of a change's end find the state as it was before; scripts see "running" when they have run.
    """
    _scenario.run.update(users, rate)
    _scenario.state = state
    if state != RUNNING or _scenario.settled.is_set():
        _scenario.run.enter(state)


def _lacks_host(cls: Any) -> bool:
    """Would every instance end in its constructor for want of a host? A constructor of the script's own may find one."""
    return cls.host is None and any(issubclass(cls, base) and cls.__init__ is base.__init__
                                    for base in (HttpLocust, HttpUser))


def set_up() -> bool:
    """Calls all setup methods, once per process. False when one raised, or a class has no host: that was printed.

    May wait (a setup may make requests): not to be called from the hub.
    """
    without = [one.name for one in _scenario.classes if _lacks_host(one.cls)]
    if without:
        logger.error("%s: no host to talk to. Give --host (-H), or set the class attribute `host`.", ", ".join(without))
        return False
    # 0.9's order: what was added to `quitting` last is called first, so teardowns come before listeners of the file.
    events.quitting += _tear_down
    try:
        _scenario.fixtures.set_up([one.cls for one in _scenario.classes], _make_user)
    except Exception as error:
        print_traceback(error)
        return False
    return True


def _tear_down(**given: Any) -> None:
    """Calls all teardown methods, once per process."""
    _scenario.fixtures.tear_down()


def finish() -> None:
    """After QUITTING: waits for the last listeners. Not to be called from the hub."""
    _scenario.settle()
    _complaints.sum_up()


def _make_user(cls: Any) -> Any:
    if not issubclass(cls, Locust):
        return cls(_scenario.environment)
    user = cls()
    if user.environment is None:
        user.environment = _scenario.environment
    return user


def start_user(class_index: int, user_id: int) -> None:
    """Begins a user of the class at that place in load()'s list; it runs by itself from a later turn of the hub on.

    Whatever becomes of it, ended(user_id) is called once. An exception from its constructor, on_start or root task set
    is logged with its traceback and ends this user only.
    """
    cls = _scenario.classes[class_index].cls

    def make() -> Any:
        if not _scenario.test_begun.is_set():
            _scenario.test_begun.wait()
        first = _scenario.fixtures.take_user(cls)
        return _make_user(cls) if first is None else first

    _scenario.run.users.start(user_id, cls, make)


def stop_user(user_id: int) -> None:
    """Ends a user by GreenletExit: its wait or request is cut short, on_stop runs. Returns at once."""
    _scenario.run.users.stop(user_id)


def event(number: int, value: int = 0) -> None:
    """Fires the hooks of both generations for a moment of the run (enum acr_run_event).

    In the hub, where nothing may wait, the listeners run a little later in a greenlet of their own, moments in order.
    Elsewhere they have run when this returns. Users of a test begin after the listeners of its start.
    """
    if number == TEST_START:
        _scenario.test_begun.clear()
    _scenario.moments.append((number, value))
    if not _scenario.settled.is_set():
        if getcurrent() is not get_hub():
            _scenario.settled.wait()
        return
    _scenario.settled.clear()
    if getcurrent() is get_hub():
        gevent.spawn(_fire_moments)
    else:
        _fire_moments()


def _fire_moments() -> None:
    _scenario.firing = getcurrent()
    try:
        while _scenario.moments:
            number, value = _scenario.moments.popleft()
            try:
                _fire(number, value)
            except FLOW:
                logger.warning("StopUser, interrupt() and their like mean nothing in a listener of the run's events")
            if number == TEST_START:
                _scenario.test_begun.set()
    finally:
        _scenario.firing = None
        _scenario.test_begun.set()
        _scenario.settled.set()
        _scenario.run.enter(_scenario.state)


def _fire(number: int, value: int) -> None:
    environment = _scenario.environment
    if number == TEST_START:
        _scenario.run.begin_test()
        events.locust_start_hatching.fire()
        events.test_start.fire(environment=environment)
    elif number == SPAWNING_COMPLETE:
        events.hatch_complete.fire(user_count=value)
        events.spawning_complete.fire(user_count=value)
    elif number == TEST_STOPPING:
        events.test_stopping.fire(environment=environment)
    elif number == TEST_STOP:
        events.locust_stop_hatching.fire()
        events.test_stop.fire(environment=environment)
    elif number == QUITTING:
        events.quitting.fire(environment=environment, reverse=True)
    elif number == QUIT:
        events.quit.fire(exit_code=value)


def verdict() -> Tuple[int, bool, bool]:
    """(exit code, erred, faulty), as in struct acr_scenario.

    By the rules of 2.x when one of the classes is: there an exception of a task counts like a failed request, and a
    listener that raised gives a code of its own. In 0.9 neither changes the code.
    """
    code = _scenario.environment.process_exit_code
    of_2x = any(one.generation == 2 for one in _scenario.classes)
    return (-1 if code is None else int(code), of_2x and bool(_scenario.run.exceptions),
            of_2x and _complaints.failures() > 0)


__all__ = ["LoadError", "UsageError", "UserClass", "event", "finish", "load", "options_help", "report_settings",
           "set_up", "start_user", "status", "stop_user", "task_ratio", "verdict"]
