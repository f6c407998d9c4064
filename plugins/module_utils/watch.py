# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a statement waits for a lock, a second session looks who holds it: afterwards nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Optional

from .blockers import BLOCKERS, Asking, Obstacle
from .errors import AccessError, ServerError

LOCKED = "55P03"


class Watch(Thread):
    """Look again and again who blocks a process; with nothing to see it costs a second session."""

    def __init__(self, another: Callable[[], Asking], process: int, every: float) -> None:
        super().__init__(daemon=True)
        self._another, self._process, self._every = another, process, every
        self._over = Event()
        self.seen: Optional[Obstacle] = None
        self.unseen = "it was gone at each look"

    def run(self) -> None:
        """Look until it is over; a session is opened for the first look."""
        if self._over.wait(self._every):
            return
        try:
            other = self._another()
            try:
                self._look(other)
            finally:
                other.close()
        except AccessError as error:
            self.unseen = str(error)

    def _look(self, other: Asking) -> None:
        while True:
            found = other.rows(BLOCKERS, pid=self._process)
            self.seen = Obstacle.of(found) if found else self.seen
            if self._over.wait(self._every):
                return

    def stop(self) -> None:
        """End it; a look that hangs itself is left behind."""
        self._over.set()
        self.join(1.0)

    def explained(self, error: AccessError) -> AccessError:
        """Add to a lock timeout who was in the way."""
        if not isinstance(error, ServerError) or error.sqlstate != LOCKED:
            return error
        if self.seen is None:
            return error.saying(detail=f"who was in the way couldn't be seen: {self.unseen}")
        return error.saying(detail=self.seen.detail(), hint=self.seen.hint())
