"""Folders that servers live in: in memory or below the temporary folder, gone with the process that made them."""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from testbed.account import account, give, shared_temp, succeeds
from testbed.errors import TestbedError

PREFIX = "leastpriv-pgsql-server-"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
STOP_SECONDS = 30.0
_locks: dict[Path, int] = {}


def make(*, tied: bool, large: bool = False) -> Path:
    """Make a folder with an empty log file for one server.

    A tied one belongs to this process: it is removed at its end, or by the next process if this one is killed. It
    lies in memory where there is room, which makes a copy of a data directory four times as fast, unless it is for
    ``large`` data.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY if tied and not large and is_roomy() else shared_temp()))
    if tied:
        _locks[folder] = os.open(folder / "draft", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(_locks[folder], fcntl.LOCK_EX)
        (folder / "draft").rename(folder / "lock")  # nobody ever sees a lock that isn't held
    (folder / "log").touch(0o600)
    give(folder / "log")
    give(folder)
    return folder


def is_roomy() -> bool:
    """Tell whether the servers' user can have data in memory, some hundred servers of it."""
    return is_open(MEMORY) and shutil.disk_usage(MEMORY).free > ROOM_BYTES


@functools.cache
def is_open(folder: Path) -> bool:
    """Tell whether the servers' user can write to a folder."""
    return succeeds(["test", "-d", folder, "-a", "-w", folder, "-a", "-x", folder])


def remove(folder: Path) -> None:
    """Stop the server in a folder, if one runs, and remove the folder; nothing happens when it is gone already."""
    if not is_ours(folder):
        return
    end(folder / "data", signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)
    if folder in _locks:
        os.close(_locks.pop(folder))


@atexit.register
def remove_all() -> None:
    """Remove this process's own folders."""
    for folder in tuple(_locks):
        remove(folder)


def is_ours(folder: Path) -> bool:
    """Tell whether a folder exists and was made by this module for the same user."""
    named = folder.parent in (MEMORY, shared_temp()) and folder.name.startswith(PREFIX)
    return named and folder.is_dir() and folder.lstat().st_uid == account().pw_uid


@functools.cache
def sweep() -> None:
    """Remove what killed processes have left behind."""
    for folder in (*MEMORY.glob(PREFIX + "*"), *shared_temp().glob(PREFIX + "*")):
        if is_ours(folder) and (folder / "lock").exists():
            with (folder / "lock").open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                remove(folder)


def postmaster(data_dir: Path) -> int | None:
    """Return the process id of the server that runs on a data directory."""
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n")[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ours = os.fsencode(data_dir) in command and Path(f"/proc/{pid}").stat().st_uid == account().pw_uid
    return pid if ours else None


def end(data_dir: Path, how: signal.Signals) -> None:
    """Stop the server on a data directory: SIGINT ends sessions and writes a checkpoint, SIGQUIT just stops."""
    pid = postmaster(data_dir)
    if pid is None:
        return
    os.kill(pid, how)
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(pid):
        if time.monotonic() > deadline:
            raise TestbedError(f"the server with process id {pid} doesn't stop: look at {data_dir.parent}/log")
        time.sleep(0.002)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs, collecting it if it is an ended child of this process."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
