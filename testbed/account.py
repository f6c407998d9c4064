"""The operating system user that servers run as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import functools
import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.errors import TestbedError

UNPRIVILEGED = "nobody"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LONGEST_TEMPORARY_FOLDER = 60  # a socket's path has at most 107 bytes


@functools.cache
def account() -> pwd.struct_passwd:
    """Return the user that servers run as: `nobody` for root, everyone else as themselves."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise TestbedError(f"there is no user {UNPRIVILEGED!r} to run PostgreSQL as: add it with useradd") from None


def switch() -> dict[str, Any]:
    """Return the options of `subprocess` that run a command as the servers' user, away from the caller's folder."""
    common = {"env": ENVIRONMENT, "cwd": "/", "stdin": subprocess.DEVNULL, "umask": 0o077}
    if os.geteuid() != 0:
        return common
    return {**common, "user": account().pw_uid, "group": account().pw_gid, "extra_groups": ()}


def succeeds(command: Sequence[str | Path]) -> bool:
    """Tell whether a command succeeds for the servers' user."""
    try:
        return subprocess.run(command, capture_output=True, check=False, **switch()).returncode == 0
    except OSError:
        return False


def run(command: Sequence[str | Path]) -> None:
    """Run a command as the servers' user."""
    result = subprocess.run(command, capture_output=True, check=False, **switch())
    if result.returncode != 0:
        message = (result.stderr.strip() or result.stdout.strip()).decode(errors="replace")
        raise TestbedError(f"{Path(command[0]).name} failed: {message}")


def give(path: Path) -> None:
    """Make the servers' user the owner of a file or folder."""
    if os.geteuid() == 0:
        os.chown(path, account().pw_uid, account().pw_gid, follow_symlinks=False)


@functools.cache
def shared_temp() -> Path:
    """Return a temporary folder that the servers' user can reach and that is short enough for sockets."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(os.fsencode(folder)) <= LONGEST_TEMPORARY_FOLDER and succeeds(["test", "-x", folder]):
            return Path(folder)
    raise TestbedError(f"no temporary folder that {account().pw_name} can reach: chmod 1777 /tmp")
