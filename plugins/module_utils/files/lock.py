# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let one run at a time change the files of a folder.

The lock is on the folder itself (flock), so no file is left of it, and it goes with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import AccessError
from .model import refused

PATIENCE, PAUSE = 60.0, 0.05


@contextmanager
def locked(folder: str, seconds: float = PATIENCE) -> Iterator[None]:
    """Hold the lock on a folder; AccessError if somebody else holds it for that many seconds."""
    try:
        number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise refused("read", folder, error) from None
    try:
        wait(number, folder, time.monotonic() + seconds)
        yield
    finally:
        os.close(number)


def wait(number: int, folder: str, deadline: float) -> None:
    """Wait for the lock."""
    while not taken(number, folder):
        if time.monotonic() > deadline:
            raise AccessError(f"another run holds the lock on {folder}: wait for it, and run this again")
        time.sleep(PAUSE)


def taken(number: int, folder: str) -> bool:
    """Try to take the lock."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise refused("write", folder, error) from None
    return True
