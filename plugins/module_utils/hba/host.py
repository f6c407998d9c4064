# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the server's files on this host, and refuse a host that isn't the server's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Optional

from ..errors import AccessError, InputError, raise_problems
from ..files.model import TextFile, read_file, remedy
from ..files.write import refuse_unwritable
from .facts import About

START_SECONDS = 300.0
ELSEWHERE = "run this module on the host of the server, as the operating system user who runs it"


def chosen(option: str, given: Optional[str], said: Optional[str]) -> str:
    """Give a file's path: what the server says, or where it doesn't, what the caller says."""
    if said is None and not given:
        raise AccessError(f"the server doesn't tell this login its {option}: give {option}")
    if said and given and os.path.realpath(said) != os.path.realpath(given):
        raise InputError(f"{option} is {given}, and the server reads {said}: leave {option} out")
    return said or str(given)


def own_file(option: str, path: str) -> TextFile:
    """Read a file that is to be replaced, if need be; AccessError if it isn't here, or not for whoever runs this."""
    found = read_file(path)
    if found is None:
        raise AccessError(f"there is no {path}, which the server names as its {option}: {ELSEWHERE}")
    problem = refuse_unwritable(path)
    if problem:
        raise AccessError(f"{path} can't be replaced, for {problem}: {remedy(str(Path(found.path).parent))}")
    return found


def refuse_elsewhere(about: About, networks: Optional[tuple[str, ...]]) -> None:
    """Raise AccessError unless the server's data directory is here, with this very server running on it."""
    raise_problems(f"{problem}: {ELSEWHERE}" for problem in differences(about, networks))


def differences(about: About, networks: Optional[tuple[str, ...]]) -> Iterator[str]:
    """Say what shows that this isn't the server's host."""
    if about.host and networks is not None and not is_own(about.host, networks):
        yield f"the server is at {about.host}, which isn't an address of this host"
    elif about.data_directory is not None:
        yield from running_differences(about, Path(about.data_directory))


def is_own(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether an address is the host's."""
    one = ip_address(address)
    return one.is_loopback or any(ip_address(each.partition("/")[0]) == one for each in networks)


def running_differences(about: About, data: Path) -> Iterator[str]:
    """Compare the note that a running server leaves in its data directory: its start and its port."""
    try:
        note = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n")
    except PermissionError:
        raise AccessError(f"{data} is closed to whoever runs this module: {remedy(str(data))}") from None
    except OSError:
        yield f"there is no server running on {data} here"
        return
    start, port = (int(text) if text.strip().isdigit() else -1 for text in (*note, "", "", "", "")[2:4])
    if port != about.port or not -2 <= about.started - start <= START_SECONDS:
        yield f"on {data} another server runs here, or did"
