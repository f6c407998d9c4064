"""Start and stop a real PgBouncer, as the user that servers run as: it refuses to run as root."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from testbed import workplace
from testbed.account import give, switch
from testbed.errors import TestbedError
from testbed.process import ATTEMPTS, free_port

START_SECONDS = 20.0
NOTHING: Mapping[str, str] = MappingProxyType({})
TAKEN = "Address already in use"
MISSING = "there is no pgbouncer on this machine (Debian: pgbouncer)"
SETTINGS = {
    "listen_addr": "127.0.0.1",
    "ignore_startup_parameters": "extra_float_digits",
    "query_wait_timeout": "20",
    "server_login_retry": "1",
}


@dataclasses.dataclass(frozen=True)
class Pooler:
    """A PgBouncer; `folder` holds its configuration, its socket and its log, and belongs to its user."""

    folder: Path
    port: int = 0
    pid: int = 0

    @property
    def ini(self) -> Path:
        """The configuration file."""
        return self.folder / "pgbouncer.ini"

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text(errors="replace")


def program() -> str | None:
    """Return the path of pgbouncer, None where there is none."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@functools.cache
def version() -> tuple[int, ...]:
    """Return the version of pgbouncer, such as (1, 18); nothing where there is none."""
    path = program()
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout if path else ""
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else ()


def make() -> Pooler:
    """Make the folder of a pooler that doesn't run yet; it ends with this process at the latest."""
    return Pooler(workplace.make(tied=True))


def start(pooler: Pooler, databases: str, users: str = "", settings: Mapping[str, str] = NOTHING) -> Pooler:
    """Write the configuration and start the process, on a port that is free unless the pooler had one already."""
    for _attempt in range(ATTEMPTS):
        port = pooler.port or free_port()
        configure(dataclasses.replace(pooler, port=port), databases, users, settings)
        try:
            return launch(dataclasses.replace(pooler, port=port))
        except TestbedError as error:
            if TAKEN not in str(error) or pooler.port:
                raise
    raise TestbedError(f"no free port for PgBouncer after {ATTEMPTS} attempts")


def configure(pooler: Pooler, databases: str, users: str = "", settings: Mapping[str, str] = NOTHING) -> None:
    """Write the configuration file of a pooler that has its port."""
    own = {"listen_port": str(pooler.port), "unix_socket_dir": str(pooler.folder)}
    lines = "".join(f"{key} = {value}\n" for key, value in {**SETTINGS, **own, **settings}.items())
    write(pooler.ini, f"[databases]\n{databases}\n[users]\n{users}\n[pgbouncer]\n{lines}")


def write(path: Path, text: str) -> None:
    """Write a file of the pooler's own, which nobody else may read."""
    path.write_text(text)
    path.chmod(0o600)
    give(path)


def launch(pooler: Pooler) -> Pooler:
    """Start the process on the configuration that is there, and wait until it listens."""
    command = [str(program()), str(pooler.ini)]
    with (pooler.folder / "log").open("ab") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, **switch()
        )
    try:
        await_port(pooler, process)
    except TestbedError:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # from here on, `halt` looks after the process
    return dataclasses.replace(pooler, pid=process.pid)


def await_port(pooler: Pooler, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody can connect."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise TestbedError(f"PgBouncer doesn't start: {pooler.log[-2000:].strip()}")
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", pooler.port)) == 0:
                return
        if time.monotonic() > deadline:
            raise TestbedError(f"PgBouncer didn't start in {START_SECONDS:.0f} s: {pooler.log[-2000:].strip()}")
        time.sleep(0.01)


def halt(pooler: Pooler) -> None:
    """Stop the process at once and keep its folder; nothing happens where none runs."""
    if not pooler.pid or not workplace.is_alive(pooler.pid):
        return
    os.kill(pooler.pid, signal.SIGKILL)
    deadline = time.monotonic() + START_SECONDS
    while workplace.is_alive(pooler.pid):
        if time.monotonic() > deadline:
            raise TestbedError(f"PgBouncer with process id {pooler.pid} doesn't stop")
        time.sleep(0.005)


def stop(pooler: Pooler) -> None:
    """Stop the process and remove its folder."""
    halt(pooler)
    workplace.remove(pooler.folder)
