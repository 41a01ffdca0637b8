# SPDX-License-Identifier: MIT
"""Options that a locustfile adds to the command line, by listeners of init_command_line_parser (2.x)."""
import argparse
import os
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

from . import main
from ._loading import LoadError, UsageError
from .util.timespan import parse_timespan

__all__ = ["LocustArgumentParser", "own_options_help", "read_command_line", "read_options"]

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
# Keywords of add_argument() that say how the web page shows an option.
_OF_THE_PAGE = ("include_in_web_ui", "is_secret", "is_required", "is_multiple")
# What 2.x calls the options that 0.9 has under other names.
_TODAYS_NAMES = {
    "num_users": "num_clients", "users": "num_clients", "spawn_rate": "hatch_rate", "headless": "no_web",
    "csv_prefix": "csvfilebase", "worker": "slave", "expect_workers": "expect_slaves", "web_port": "port"}


class _Container(argparse._ActionsContainer):
    """add_argument() with the keywords of 2.x, for the parser and its groups."""

    def add_argument(self, *names: Any, **keywords: Any) -> argparse.Action:
        """As argparse's; env_var names an environment variable that is used when the option is not given."""
        of_page = {name: keywords.pop(name) for name in _OF_THE_PAGE if name in keywords}
        env_var = keywords.pop("env_var", None)
        action = super().add_argument(*names, **keywords)
        action.env_var = env_var  # type: ignore[attr-defined]
        action.of_page = of_page  # type: ignore[attr-defined]
        return action

    def add_argument_group(self, *args: Any, **kwargs: Any) -> "_Group":
        """A part of --help with a title."""
        group = _Group(self, *args, **kwargs)
        self._action_groups.append(group)
        return group

    def add_mutually_exclusive_group(self, **kwargs: Any) -> "_Either":
        """Options of which one can be given."""
        group = _Either(self, **kwargs)
        self._mutually_exclusive_groups.append(group)
        return group


class _Group(_Container, argparse._ArgumentGroup):
    pass


class _Either(_Container, argparse._MutuallyExclusiveGroup):
    pass


class LocustArgumentParser(_Container, argparse.ArgumentParser):
    """What the listeners get. It holds their options only; the program's own are read by the program."""

    def __init__(self) -> None:
        super().__init__(prog="acrida", usage="", add_help=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def from_environment(self) -> List[str]:
        """Arguments for the options whose environment variable is set."""
        given: List[str] = []
        for action in self._actions:
            value = os.environ.get(getattr(action, "env_var", None) or "")
            if value is not None and action.option_strings:
                given += self._arguments_for(action, value)
        return given

    def _arguments_for(self, action: argparse.Action, value: str) -> List[str]:
        name = action.option_strings[-1]
        if action.nargs == 0:
            if value.lower() not in _TRUE + _FALSE:
                self.error(f"{name} is a flag: {action.env_var} must be true or false, "  # type: ignore[attr-defined]
                           f"not {value!r}")
            return [name] if value.lower() in _TRUE else []
        if action.nargs is not None and value.startswith("[") and value.endswith("]"):
            return [name, *(item.strip() for item in value[1:-1].split(","))]
        return [f"{name}={value}"]

    def check_names(self) -> None:
        """LoadError for an option that the program has itself."""
        own = main.option_names()
        for action in self._actions:
            taken = [name for name in action.option_strings if name in own]
            if taken:
                raise LoadError(f"conflicting option string: {', '.join(taken)} is an option of the program")


def read_options(parser: LocustArgumentParser, known: Sequence[str], rest: Sequence[str]
                 ) -> Tuple[argparse.Namespace, List[str]]:
    """(value of every option by its name, names of classes).

    known: the program's own options as they were given. rest: what of the command line is for `parser` or a name of a
    class. UsageError when an option is unknown or its value wrong, LoadError when it cannot be added.
    """
    parser.check_names()
    own, more = parser.parse_known_args([*parser.from_environment(), *rest])
    for word in more:
        if word.startswith("-") and word != "-":
            raise UsageError(f"no such option: {word.partition('=')[0] if word.startswith('--') else word[:2]}")
    return argparse.Namespace(**{**vars(own), **_program_options(known), "user_classes": more}), more


def read_command_line(parser: LocustArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """As read_options(), for a script that runs without the program: of a whole command line. Wrong options of the
    program end the process with code 2."""
    parser.check_names()
    own, more = parser.parse_known_args([*parser.from_environment(), *arguments])
    return argparse.Namespace(**{**vars(own), **_program_options(more)})


def _program_options(known: Sequence[str]) -> Dict[str, Any]:
    """The program's options under the names of both generations; run_time in seconds."""
    values = vars(main.parse_options(known)[1])
    values.update({today: values[name] for today, name in _TODAYS_NAMES.items()})
    for name in ("run_time", "stop_timeout"):
        values[name] = _seconds(values[name])
    return values


def _seconds(text: Optional[str]) -> Optional[int]:
    return None if text is None else parse_timespan(text)


def own_options_help(parser: LocustArgumentParser) -> str:
    """What --help says of the listeners' options; nothing when there are none."""
    if not parser._actions:
        return ""
    for action in parser._actions:
        env_var = getattr(action, "env_var", None)
        if env_var and action.help is not argparse.SUPPRESS:
            action.help = f"{action.help or ''} [env var: {env_var}]".strip()
    return "\nOptions of the locustfile:\n" + parser.format_help().partition("\n")[2].replace("\noptions:\n", "", 1)
