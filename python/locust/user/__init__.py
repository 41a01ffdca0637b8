# SPDX-License-Identifier: MIT
"""2.x's place for users, task sets and wait times."""
from .task import TaskSet, tag, task
from .users import HttpUser, User

__all__ = ["HttpUser", "TaskSet", "User", "tag", "task"]
