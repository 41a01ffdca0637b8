# SPDX-License-Identifier: MIT
"""Imports a locustfile and finds the user classes in it; says what is wrong in words for its author."""
import ast
import importlib.util
import os
import re
import sys
import traceback
import types
from typing import Any, Dict, Iterator, List, NoReturn, Optional, Sequence, Tuple

from .core import Locust
from .user.life import LivingUser
from .user.users import User

# Frames carry the path as it was on sys.path.
_OWN = (os.path.dirname(__file__) + os.sep, os.path.dirname(os.path.abspath(__file__)) + os.sep, "<frozen importlib")

# Modules that only Python 2 had; what a locustfile of that time imports.
_PYTHON_2_MODULES = frozenset((
    "ConfigParser", "Cookie", "HTMLParser", "Queue", "StringIO", "__builtin__", "cPickle", "cStringIO", "cookielib",
    "commands", "httplib", "md5", "sets", "sha", "thread", "urllib2", "urlparse", "xmlrpclib"))
_PYTHON_2_NAMES = frozenset((
    "basestring", "execfile", "long", "raw_input", "reduce", "reload", "unichr", "unicode", "xrange"))
# What only scripts for 0.9 import.
_FIRST_GENERATION = frozenset(("Locust", "HttpLocust", "FastHttpLocust", "TaskSequence", "seq_task"))
_PYTHON_2_SYNTAX = (
    (re.compile(r"^\s*print\s+[^(=]|^\s*print\s*(\"|')|[:;]\s*print\s+[^(=]"), "print without parentheses"),
    (re.compile(r"^\s*print\s*>>"), "print >> file"),
    (re.compile(r"^\s*exec\s+[^(=]"), "exec without parentheses"),
    (re.compile(r"^\s*except\s+[\w.()\s,]+,\s*\w+\s*:"), "`except X, e:`"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,"), "`raise X, text`"),
    (re.compile(r"<>"), "the operator <>"),
    (re.compile(r"`"), "backquotes"),
    (re.compile(r"\bur['\"]"), "a ur\"\" string"),
    (re.compile(r"\b0\d+\b"), "an octal number without 0o"),
    (re.compile(r"\b\d+[lL]\b"), "a long number"),
    (re.compile(r"(def\s+\w+\s*\(.*\(|lambda\s*\()"), "a tuple as parameter"),
)


class LoadError(Exception):
    """The locustfile cannot be used. Its text is one sentence for the user; a traceback, if any, was printed."""


class UsageError(LoadError):
    """An option on the command line is wrong."""


def import_locustfile(path: str) -> types.ModuleType:
    """As import_script(), but what the file raises is shown to its author: LoadError then."""
    try:
        return import_script(path)
    except Exception as error:
        _complain(os.path.abspath(path), error)


def import_script(path: str) -> types.ModuleType:
    """Imports a file, or a package directory, and returns the module.

    The file's directory becomes, and stays, the first entry of sys.path. The module has the file's name without .py
    unless a module of that name is loaded already.
    """
    path = os.path.abspath(path)
    if not os.path.isfile(_source(path)):
        raise LoadError(f"{path} is no Python file")
    _put_first(os.path.dirname(path))
    if not _is_of_first_generation(path):
        _put_second(os.getcwd())
    name = _module_name(path)
    module = _new_module(name, path)
    sys.modules[name] = module
    try:
        module.__spec__.loader.exec_module(module)  # type: ignore[union-attr]
    except Exception:
        sys.modules.pop(name, None)
        raise
    return sys.modules.get(name, module)


def _put_first(directory: str) -> None:
    if directory in sys.path:
        sys.path.remove(directory)
    sys.path.insert(0, directory)


def _put_second(directory: str) -> None:
    if directory not in sys.path and "" not in sys.path:
        sys.path.insert(1, directory)


def _is_of_first_generation(path: str) -> bool:
    """Does it use a class that only Locust 0.9 has? There the working directory is no place to import from."""
    try:
        with open(_source(path), "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, RecursionError, SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.alias) and node.name in _FIRST_GENERATION or
               isinstance(node, ast.Attribute) and node.attr in _FIRST_GENERATION for node in ast.walk(tree))


def _module_name(path: str) -> str:
    base = os.path.basename(path.rstrip(os.sep))
    name = base[:-3] if base.endswith(".py") else base
    while name in sys.modules and not _is_file_of(sys.modules[name], path):
        name = "locustfile" if name != "locustfile" and "locustfile" not in sys.modules else name + "_"
    return name


def _is_file_of(module: Any, path: str) -> bool:
    there = getattr(module, "__file__", None)
    return there is not None and os.path.abspath(there) == _source(path)


def _source(path: str) -> str:
    return os.path.join(path, "__init__.py") if os.path.isdir(path) else path


def _new_module(name: str, path: str) -> types.ModuleType:
    search = [path] if os.path.isdir(path) else None
    spec = importlib.util.spec_from_file_location(name, _source(path), submodule_search_locations=search)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def _complain(path: str, error: Exception) -> NoReturn:
    if isinstance(error, LoadError):
        raise error
    print_traceback(error)
    old = _python_2(error)
    if old:
        raise LoadError(f"{old}: this file is written for Python 2, Locust runs Python 3 (2to3 converts such files)"
                        ) from error
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    raise LoadError(f"{path} could not be loaded: {text}") from error


def _python_2(error: BaseException) -> Optional[str]:
    """Where and what, if this is what Python 3 makes of a file for Python 2."""
    if isinstance(error, SyntaxError):
        return _python_2_syntax(error)
    where = _last_line(error)
    if isinstance(error, ModuleNotFoundError) and error.name in _PYTHON_2_MODULES:
        return f"{where}: there is no module {error.name} in Python 3"
    if isinstance(error, NameError) and getattr(error, "name", None) in _PYTHON_2_NAMES:
        return f"{where}: there is no {error.name} in Python 3"  # type: ignore[attr-defined]
    return None


def _python_2_syntax(error: SyntaxError) -> Optional[str]:
    where = f"{error.filename}, line {error.lineno}"
    if isinstance(error, TabError):
        return f"{where}: tabs and spaces mixed"
    for pattern, what in _PYTHON_2_SYNTAX:
        if error.text and pattern.search(error.text):
            return f"{where}: {what}"
    return None


def _last_line(error: BaseException) -> str:
    frames = _script_frames(traceback.extract_tb(error.__traceback__))
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "locustfile"


def print_traceback(error: BaseException) -> None:
    """Prints a traceback to standard error without this package's and the import system's own lines."""
    sys.stderr.write(script_traceback(error))


def script_traceback(error: BaseException) -> str:
    """The text of a traceback in which only the script's and its libraries' lines are left."""
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    seen: List[Any] = [report]
    while seen:
        one = seen.pop()
        # Without a frame left there is nothing to head with "Traceback".
        one.stack = traceback.StackSummary.from_list(_script_frames(one.stack)) or None  # type: ignore[assignment]
        seen += [other for other in (one.__cause__, one.__context__) if other is not None]
    return "".join(report.format())


def _script_frames(frames: Sequence[traceback.FrameSummary]) -> List[traceback.FrameSummary]:
    return [frame for frame in frames
            if not frame.filename.startswith(_OWN) and "/importlib/" not in frame.filename]


def find_user_classes(module: types.ModuleType, wanted: Sequence[str] = (), may_be_empty: bool = False
                      ) -> List[Tuple[str, type]]:
    """(name, class) of the user classes to run, in order of declaration; `wanted`: only these. LoadError.

    A name counts as it stands in the module, so a class with two names is there twice. may_be_empty: no class at all is
    no error.
    """
    found = {name: value for name, value in vars(module).items() if _is_user_class(name, value)}
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise LoadError(f"Unknown user class(es): {', '.join(unknown)}{_known(found)}")
    chosen = [(name, cls) for name, cls in found.items() if name in wanted] if wanted else list(_meant(module, found))
    for name, cls in chosen:
        if not _has_tasks(cls):
            raise LoadError(_without_tasks(name, cls))
        if not isinstance(cls.weight, (int, float)) or not -sys.float_info.max <= cls.weight <= sys.float_info.max:
            raise LoadError(f"{name}.weight must be a number, not {cls.weight!r}")
    weightless = [name for name, cls in chosen if not cls.weight > 0]
    chosen = [(name, cls) for name, cls in chosen if cls.weight > 0 or getattr(cls, "fixed_count", 0) > 0]
    if weightless and not chosen and not may_be_empty:
        raise LoadError(f"No user class has a weight above 0: {', '.join(weightless)}")
    if not chosen and not may_be_empty:
        raise LoadError(f"No user class found in {getattr(module, '__file__', module.__name__)}: define a subclass of "
                        "HttpUser or HttpLocust with tasks")
    return chosen


def _is_user_class(name: str, value: Any) -> bool:
    if not isinstance(value, type) or not issubclass(value, LivingUser) or value is LivingUser:
        return False
    if value.__module__.partition(".")[0] == __package__:
        return False
    return issubclass(value, User) or issubclass(value, Locust) and not name.startswith("_")


def _meant(module: types.ModuleType, found: Dict[str, type]) -> Iterator[Tuple[str, type]]:
    """The classes that run when none is named: with tasks and not abstract (which 0.9 does not know). One without tasks
    is a mistake, not a wish, if it was written in this very file and nothing inherits from it."""
    classes = list(found.values())
    for name, cls in found.items():
        if _is_abstract(cls) and not would_run(name, cls):
            continue
        own = cls.__module__ == module.__name__ and not name.startswith("_")
        is_base = any(other is not cls and issubclass(other, cls) for other in classes)
        if _has_tasks(cls) or own and not is_base:
            yield name, cls


def would_run(name: str, value: Any) -> bool:
    """Is it a user class with tasks that runs when no class is named?"""
    return _is_user_class(name, value) and _has_tasks(value) and (issubclass(value, Locust) or not _is_abstract(value))


def _is_abstract(cls: type) -> bool:
    return bool(cls.__dict__.get("abstract", False))


def _has_tasks(cls: Any) -> bool:
    return bool(cls.task_set) if issubclass(cls, Locust) else bool(cls.tasks)


def _without_tasks(name: str, cls: type) -> str:
    if issubclass(cls, Locust):
        return f"{name} has nothing to do: set its task_set to a TaskSet class (or abstract = True if it is a base)"
    return f"{name} has nothing to do: decorate methods with @task or set tasks (or abstract = True if it is a base)"


def _known(found: Dict[str, type]) -> str:
    return f" (there is {', '.join(found)})" if found else ""
