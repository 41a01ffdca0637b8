# SPDX-License-Identifier: MIT
"""How often each task will run: the trees behind --show-task-ratio."""
from collections.abc import Iterable
from typing import Any, Dict, List

from .log import console_logger
from .user.life import LivingUser
from .user.task import TaskSet

Tree = Dict[str, Dict[str, Any]]


def get_task_ratio_dict(tasks: Iterable[Any], total: bool = False, parent_ratio: float = 1.0) -> Tree:
    """name -> {"ratio": share of its level (total: of all), "tasks": the same below it, for classes only}.

    tasks: user classes (their weights count) or the expanded `tasks` of a class (each occurrence counts).
    """
    weights: Dict[str, float] = {}
    by_name: Dict[str, Any] = {}
    for one in tasks:
        name = one.__name__
        weights[name] = weights.get(name, 0) + (one.weight if _is_user(one) else 1)
        by_name[name] = one
    divisor = sum(weights.values())
    tree: Tree = {}
    for name, one in by_name.items():
        ratio = weights[name] / divisor * (parent_ratio if total else 1)
        tree[name] = {"ratio": ratio}
        below = _tasks_of(one)
        if below is not None:
            tree[name]["tasks"] = get_task_ratio_dict(below, total, ratio)
    return tree


def _is_user(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, LivingUser)


def _tasks_of(one: Any) -> Any:
    if not isinstance(one, type) or not issubclass(one, (LivingUser, TaskSet)):
        return None
    root = getattr(one, "task_set", None)
    return root.tasks if root is not None else one.tasks  # type: ignore[union-attr]


def print_task_ratio(locusts: Iterable[Any], total: bool = False, level: int = 0, parent_ratio: float = 1.0) -> None:
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
