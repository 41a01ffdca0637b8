# SPDX-License-Identifier: MIT
"""The greenlets that users live in: start and stop by number, and word when one has ended."""
import logging
import os
from collections import Counter
from typing import Any, Callable, Dict, List, Tuple

import gevent
from gevent import GreenletExit

from . import _loading
from .exception import StopTest, StopUser

logger = logging.getLogger("locust.runners")

# Where each greenlet was spawned is 0.3 KiB and a sixth of the time it takes to start a user.
if "GEVENT_TRACK_GREENLET_TREE" not in os.environ:
    gevent.config.track_greenlet_tree = False


class UserKill(GreenletExit):
    """Ends a user at the end of a test. The engine has it wait until the user's request is answered."""


class UserGreenlet(gevent.Greenlet):
    """Makes a user and lives its life. `args` is (the user,) once there is one."""

    __slots__ = ("users", "number", "cls", "make", "stopping", "args")

    def __init__(self, users: "Users", number: int, cls: type, make: Callable[[], Any]) -> None:
        gevent.Greenlet.__init__(self)
        self.users = users
        self.number = number
        self.cls = cls
        self.make: Any = make
        self.stopping = False
        self.args: Tuple[Any, ...] = ()

    def _run(self) -> None:
        make, self.make = self.make, None
        try:
            user = make()
            del make  # what it holds is not needed for the rest of a long life
            self.args = (user,)
            user.run()
        except StopTest as error:
            logger.error("%s", error)
            self.users.request_quit()
        except (GreenletExit, StopUser):
            pass
        except Exception as error:
            logger.error("A user ended: %s", _loading.script_traceback(error).rstrip())
        finally:
            self.users.ended(self)


class Users:
    """All living users of this process. For the load thread.

    ended(number): to be told once of each; its number may then be used again. nobody_left(): to be told when there is none.
    counts: how many of each class.
    """

    def __init__(self, ended: Callable[[int], Any], request_quit: Callable[[], Any],
                 nobody_left: Callable[[], Any]) -> None:
        self._alive: Dict[int, UserGreenlet] = {}
        self.counts: "Counter[type]" = Counter()
        self._ended = ended
        self._nobody_left = nobody_left
        self.request_quit = request_quit

    def __len__(self) -> int:
        return len(self._alive)

    def greenlets(self) -> List[UserGreenlet]:
        """Those of all living users."""
        return list(self._alive.values())

    def start(self, number: int, cls: type, make: Callable[[], Any]) -> None:
        """Begins a user of `cls` a little later, in a greenlet of its own; `make` returns it and may block."""
        greenlet = UserGreenlet(self, number, cls, make)
        self._alive[number] = greenlet
        self.counts[cls] += 1
        greenlet.start()

    def stop(self, number: int) -> None:
        """Has a user end; returns at once, its on_stop runs later. No effect on one that has ended or is ending."""
        greenlet = self._alive.get(number)
        if greenlet is None or greenlet.stopping:
            return
        greenlet.stopping = True
        if greenlet.make is not None:  # it has not begun: nobody to report its end
            gevent.get_hub().loop.run_callback(self.ended, greenlet)
        greenlet.kill(UserKill, block=False)

    def ended(self, greenlet: UserGreenlet) -> None:
        """For the greenlets: reports one end once."""
        if self._alive.get(greenlet.number) is not greenlet:
            return
        del self._alive[greenlet.number]
        self.counts[greenlet.cls] -= 1
        self._ended(greenlet.number)
        if not self._alive:
            self._nobody_left()
