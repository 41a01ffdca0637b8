# SPDX-License-Identifier: MIT
"""The command line, for scripts that start Locust themselves or look at its options."""
import optparse
import os
import subprocess
import sys
from typing import Any, Dict, FrozenSet, Iterator, List, NoReturn, Optional, Sequence, Tuple

import _acrida

from . import _loading

__all__ = ["find_locustfile", "is_locust", "load_locustfile", "main", "parse_options", "version"]

version: str = _acrida.__version__

# (names, those of Locust 0.9 first; attribute; type, None for a flag; default). `acrida --help` has the same names.
_OPTIONS: Tuple[Tuple[str, str, Optional[str], Any], ...] = (
    ("-H --host", "host", "string", None),
    ("--web-host", "web_host", "string", ""),
    ("-P --port --web-port", "port", "int", 8089),
    ("-f --locustfile", "locustfile", "string", "locustfile"),
    ("--csv --csv-base-name", "csvfilebase", "string", None),
    ("--master", "master", None, False),
    ("--slave --worker", "slave", None, False),
    ("--master-host", "master_host", "string", "127.0.0.1"),
    ("--master-port", "master_port", "int", 5557),
    ("--master-bind-host", "master_bind_host", "string", "*"),
    ("--master-bind-port", "master_bind_port", "int", 5557),
    ("--expect-slaves --expect-workers", "expect_slaves", "int", 1),
    ("--no-web --headless --no_web", "no_web", None, False),
    ("-c --clients -u --users --num-users", "num_clients", "int", 1),
    ("-r --hatch-rate --spawn-rate", "hatch_rate", "float", 1),
    ("-t --run-time", "run_time", "string", None),
    ("-n --num-request --num-requests", "num_requests", "int", None),
    ("-s --stop-timeout", "stop_timeout", "string", None),
    ("--exit-code-on-error", "exit_code_on_error", "int", 1),
    ("--source-ips", "source_ips", "string", None),
    ("-L --loglevel", "loglevel", "string", "INFO"),
    ("--logfile", "logfile", "string", None),
    ("--print-stats", "print_stats", None, False),
    ("--only-summary", "only_summary", None, False),
    ("--no-reset-stats", "no_reset_stats", None, False),
    ("--reset-stats", "reset_stats", None, False),
    ("-T --tags", "tags", "words", None),
    ("-E --exclude-tags", "exclude_tags", "words", None),
    ("-l --list", "list_commands", None, False),
    ("--show-task-ratio", "show_task_ratio", None, False),
    ("--show-task-ratio-json", "show_task_ratio_json", None, False),
    ("-V --version", "show_version", None, False),
)
# Names of other versions of Locust: they do not make a prefix ambiguous that is good in 0.9.
_OTHER_NAMES = frozenset((
    "--worker", "--expect-workers", "--headless", "--no_web", "--users", "--num-users", "--spawn-rate", "--num-request",
    "--num-requests", "--stop-timeout", "--exit-code-on-error", "--source-ips", "--tags",
    "--exclude-tags"))


class _Parser(optparse.OptionParser):
    """By the rules of the program, src/cli/options.h."""

    def __init__(self) -> None:
        super().__init__(usage="%prog [options] [LocustClass [LocustClass2 ... ]]")
        for names, attribute, kind, default in _OPTIONS:
            more = {"action": "store_true"} if kind is None else {"type": kind}
            if kind == "words":
                more = {"action": "callback", "callback": _take_words, "type": "string"}  # type: ignore[dict-item]
            if attribute == "locustfile":
                more.update(action="callback", callback=_take_file)  # type: ignore[dict-item]
            self.add_option(*names.split(), dest=attribute, default=default, **more)  # type: ignore[arg-type]

    def _match_long_opt(self, opt: str) -> str:
        known = self._long_opt  # type: ignore[attr-defined]
        meant = {name for name in known if name.startswith(opt) and name not in _OTHER_NAMES}
        if opt in known or not meant:
            return super()._match_long_opt(opt)  # type: ignore[misc]
        if len({known[name] for name in meant}) > 1:
            raise optparse.AmbiguousOptionError(opt, sorted(meant))  # type: ignore[arg-type]
        return min(meant)

    def format_help(self, formatter: Any = None) -> str:
        """The program's own."""
        return subprocess.run([find_program(), "--help"], check=True, capture_output=True, text=True).stdout


def _take_file(option: optparse.Option, name: str, value: str, parser: optparse.OptionParser) -> None:
    """What begins with "-" is no file but the next option: the file was left out."""
    if value.startswith("-"):
        parser.rargs.insert(0, value)  # type: ignore[union-attr]
        value = "locustfile"
    setattr(parser.values, "locustfile", value)


def _take_words(option: optparse.Option, name: str, value: str, parser: optparse.OptionParser) -> None:
    """All words up to the next option."""
    words = [value]
    while parser.rargs and not parser.rargs[0].startswith("-"):  # type: ignore[union-attr]
        words.append(parser.rargs.pop(0))  # type: ignore[union-attr]
    setattr(parser.values, str(option.dest), words)


def option_names() -> FrozenSet[str]:
    """All names of the program's options, long and short."""
    return frozenset(("-h", "--help", *(name for names, *_ in _OPTIONS for name in names.split())))


def parse_options(args: Optional[Sequence[str]] = None) -> Tuple[optparse.OptionParser, Any, List[str]]:
    """(parser, options, names of classes) of a command line, by default this process' own.

    options: an attribute per option, as in Locust 0.9 (host, locustfile, no_web, num_clients, hatch_rate, run_time ...);
    run_time is the text that was given. Wrong usage ends the process with code 2.
    """
    parser = _Parser()
    options, names = parser.parse_args(None if args is None else list(args))
    return parser, options, names


def find_locustfile(locustfile: str) -> Optional[str]:
    """Absolute path of the file or package that -f LOCUSTFILE means; None when there is none.

    A name without a folder is looked for in the working directory and in all above it.
    """
    names = [locustfile] if locustfile.endswith(".py") else [locustfile, locustfile + ".py"]
    folders = [os.getcwd()] if os.path.dirname(locustfile) else _folders_upward()
    for folder in folders:
        for name in names:
            path = os.path.join(folder, os.path.expanduser(name))
            if os.path.exists(path) and (name.endswith(".py") or os.path.exists(os.path.join(path, "__init__.py"))):
                return os.path.abspath(path)
    return None


def _folders_upward() -> Iterator[str]:
    folder = os.getcwd()
    while True:
        yield folder
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


def is_locust(tup: Tuple[str, Any]) -> bool:
    """Of a (name, value) pair of a module: is it a user class that would run, with tasks and a public name?"""
    return _loading.would_run(*tup)


def load_locustfile(path: str) -> Tuple[Optional[str], Dict[str, type]]:
    """(docstring, user classes by name) of the file or package. What its code raises leaves."""
    module = _loading.import_script(path)
    return module.__doc__, {name: value for name, value in vars(module).items() if is_locust((name, value))}


def find_program() -> str:
    """Path of the program `acrida` that belongs to this package. FileNotFoundError."""
    folder = os.path.dirname(os.path.abspath(_acrida.__file__))
    while folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
        for path in (os.path.join(folder, "acrida"), os.path.join(folder, "bin", "acrida")):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    raise FileNotFoundError(f"the program acrida is not there: neither built nor installed beside {_acrida.__file__}")


def main() -> NoReturn:
    """Is the program from here on, with the arguments in sys.argv: this process becomes it and ends with its exit code.

    RuntimeError when the program is what runs already, as while it loads a locustfile.
    """
    program = find_program()
    if os.path.samefile("/proc/self/exe", program):
        raise RuntimeError("locust.main.main() starts the program, and it runs already: call it below "
                           "`if __name__ == \"__main__\":` only")
    sys.stdout.flush()
    sys.stderr.flush()
    environment = dict(os.environ)
    if sys.prefix != sys.base_prefix:
        environment["VIRTUAL_ENV"] = sys.prefix
    os.execve(program, [program, *sys.argv[1:]], environment)
