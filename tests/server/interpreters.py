"""Other interpreters as targets: TARGET_PYTHON names the one that runs the modules, which else run in this process.

It needs a driver and nothing else: `ansible.module_utils` is lent to it from here, as Ansible sends it to its targets.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import ansible

from testbed.collection import COLLECTIONS

OTHER = os.environ.get("TARGET_PYTHON", "")
COLLECTION = COLLECTIONS / "ansible_collections" / "leastpriv" / "pgsql"
PROGRAM = Path(__file__).with_name("target.py")
_processes: dict[int, list[subprocess.Popen[str]]] = {}


@functools.cache
def lent() -> Path:
    """Make a folder that holds this environment's Ansible and nothing else of it: a driver is the target's own."""
    folder = tempfile.TemporaryDirectory(prefix="leastpriv-pgsql-lent-")
    atexit.register(folder.cleanup)
    (Path(folder.name) / "ansible").symlink_to(Path(ansible.__file__).parent)
    return Path(folder.name)


def start(python: str = OTHER or sys.executable) -> subprocess.Popen[str]:
    """Start a process that runs modules."""
    command = [python, "-I", "-B", str(PROGRAM), str(lent()), str(COLLECTIONS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(name: str, arguments: dict[str, Any]) -> str:
    """Run a module in a process that is free, or in a new one, and give what it writes."""
    process = idle().pop() if idle() else start()
    written = exchange(process, name, arguments)
    idle().append(process)
    return written


def idle() -> list[subprocess.Popen[str]]:
    """Give the processes that are free; a fork of this process has its own."""
    return _processes.setdefault(os.getpid(), [])


def ask_alone(name: str, arguments: dict[str, Any], python: str = OTHER or sys.executable) -> str:
    """Run a module in a process of its own, and give what it writes."""
    process = start(python)
    try:
        return exchange(process, name, arguments)
    finally:
        end(process)


def exchange(process: subprocess.Popen[str], name: str, arguments: dict[str, Any]) -> str:
    """Send one request and read its answer."""
    print(json.dumps([name, arguments, dict(os.environ)]), file=process.stdin, flush=True)
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        end(process)
        raise RuntimeError(f"{name}: the target's process ended with {process.returncode}")
    written, broken = json.loads(line)
    if broken:
        end(process)
        raise RuntimeError(f"{name}: the module broke in the target's process:\n{broken}")
    return str(written)


def end(process: subprocess.Popen[str]) -> None:
    """Let a process come to its end."""
    with process:
        pass


@atexit.register
def end_all() -> None:
    """End the processes that are left."""
    while idle():
        end(idle().pop())
