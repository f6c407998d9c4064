# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patroni's processes, and the servers that it has started, as the kernel shows them in ``/proc``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

PROC = Path("/proc")
PROGRAMS = ("patroni", "patroni.py")
INTERPRETER = re.compile(r"(python|pypy)[0-9.]*", re.ASCII)
PREFIX = "PATRONI_"


@dataclass(frozen=True)
class Process:
    """A running Patroni: the file or folder of its configuration ("" if it has none) and its own environment."""

    pid: int
    config: str
    environ: Mapping[str, str]


def processes(proc: Path = PROC) -> Iterator[Process]:
    """Give the Patronis that run here, as far as they can be seen; a forked one is given once."""
    seen = set()
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        rest = arguments_of(command_of(folder))
        if rest is None:
            continue
        config = config_of(rest, folder)
        environ = environment_of(folder)
        if (config, tuple(environ.items())) not in seen:
            seen.add((config, tuple(environ.items())))
            yield Process(int(folder.name), config, environ)


def command_of(folder: Path) -> tuple[str, ...]:
    """Give a process's command line; empty where there is none, or the process has ended."""
    try:
        content = (folder / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in content.split(b"\0")[:-1])


def arguments_of(command: Sequence[str]) -> Optional[Sequence[str]]:
    """Give the arguments of a Patroni's command line; None if it isn't one."""
    if command and Path(command[0]).name in PROGRAMS:
        return command[1:]
    if not command or not INTERPRETER.fullmatch(Path(command[0]).name):
        return None
    for number, word in enumerate(command[1:], start=1):
        if word == "-m":
            return command[number + 2 :] if tuple(command[number + 1 : number + 2]) == ("patroni",) else None
        if not word.startswith("-"):
            return command[number + 1 :] if Path(word).name in PROGRAMS else None
    return None


def config_of(arguments: Sequence[str], folder: Path) -> str:
    """Give the path of the configuration; a relative one counts from the process's folder."""
    path = next((word for word in arguments if not word.startswith("-")), "")
    if not path or Path(path).is_absolute():
        return path
    try:
        return str((folder / "cwd").resolve(strict=True) / path)
    except OSError:
        return path


def environment_of(folder: Path) -> dict[str, str]:
    """Give the variables that are Patroni's; none where the environment can't be read."""
    try:
        content = (folder / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (os.fsdecode(part).partition("=") for part in content.split(b"\0") if part)
    return {name: value for name, _equals, value in pairs if name.startswith(PREFIX)}


def started_by_patroni(data_directory: str, proc: Path = PROC) -> bool:
    """Tell whether the server on a data directory was started as Patroni does it, by its command line."""
    try:
        with (Path(data_directory) / "postmaster.pid").open(encoding="ascii") as file:
            pid = int(file.readline())
    except (OSError, ValueError):
        return False
    command = command_of(proc / str(pid))
    return all(any(word.startswith(start) for word in command) for start in ("--config-file=", "--cluster_name="))
