# SPDX-License-Identifier: MIT
"""How often each task will run: the trees behind --show-task-ratio."""
import json
from collections.abc import Sequence
from typing import Any, Dict, List, Optional

from .core import Locust
from .log import console_logger
from .user.life import LivingUser
from .user.task import TaskSet

__all__ = ["get_task_ratio_dict", "print_task_ratio", "task_ratio_json", "task_ratio_lines", "task_ratio_text"]

Tree = Dict[str, Dict[str, Any]]


def get_task_ratio_dict(tasks: Sequence[Any], total: bool = False, parent_ratio: float = 1.0) -> Tree:
    """name -> {"ratio": share of its level (total: of all), "tasks": the same below it, for classes only}.

    tasks: user classes (their weights count) or the expanded `tasks` of a class (each occurrence counts). Of several that
    have one name the last is shown. IndexError when there are none, at any level.
    """
    if not tasks:
        raise IndexError("there are no tasks")
    shares: Dict[Any, float] = {}
    for one in tasks:
        shares[one] = shares.get(one, 0) + (one.weight if _is_user(one) else 1)
    divisor = sum(shares.values())
    tree: Tree = {}
    for one, share in shares.items():
        ratio = share / divisor * parent_ratio
        tree[_name_of(one)] = {"ratio": ratio}
        below = _tasks_of(one)
        if below is not None:
            tree[_name_of(one)]["tasks"] = get_task_ratio_dict(below, total, ratio if total else 1.0)
    return tree


def _is_user(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, LivingUser)


def _name_of(one: Any) -> str:
    return str(getattr(one, "__name__", one))


def _tasks_of(one: Any) -> Optional[Sequence[Any]]:
    """The tasks of a class, None of anything else."""
    if not isinstance(one, type) or not issubclass(one, (LivingUser, TaskSet)):
        return None
    root = one.task_set if issubclass(one, Locust) else one
    tasks: Sequence[Any] = getattr(root, "tasks", ())
    if not tasks:
        raise IndexError(f"{_name_of(root or one)} has no tasks")
    return tasks


def print_task_ratio(locusts: Sequence[Any], total: bool = False, level: int = 0, parent_ratio: float = 1.0) -> None:
    """Logs the tree of get_task_ratio_dict() on console_logger, two blanks deeper per level."""
    for line in task_ratio_lines(get_task_ratio_dict(locusts, total, parent_ratio), level):
        console_logger.info(line)


def task_ratio_lines(tree: Tree, level: int = 0) -> List[str]:
    """One line per task: percentage and name."""
    lines = []
    for name, node in tree.items():
        indent = 2 * level * " "
        lines.append(" %-10s %-50s" % (indent + "%-6.1f" % (node["ratio"] * 100), indent + name))
        lines += task_ratio_lines(node.get("tasks", {}), level + 1)
    return lines


def task_ratio_text(classes: Sequence[type]) -> str:
    """What --show-task-ratio prints."""
    lines = []
    for heading, total in (("Task ratio per locust class", False), ("Total task ratio", True)):
        lines += ["", f" {heading}", 80 * "-", *task_ratio_lines(get_task_ratio_dict(classes, total))]
    return "\n".join(lines) + "\n"


def task_ratio_json(classes: Sequence[type]) -> str:
    """What --show-task-ratio-json prints."""
    return json.dumps({"per_class": get_task_ratio_dict(classes), "total": get_task_ratio_dict(classes, total=True)}) + "\n"
