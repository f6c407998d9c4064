"""The server's process: a free port, start, and what the log says when it doesn't."""

from __future__ import annotations

import dataclasses
import secrets
import socket
import subprocess
import time

from testbed.account import switch
from testbed.datadir import append, configuration
from testbed.errors import TestbedError
from testbed.server import Server

START_SECONDS = 60.0
ATTEMPTS = 20
PORTS = range(15000, 32000)  # below the ports that the kernel gives to outgoing connections


def launch(server: Server) -> Server:
    """Start the process on a port that is free; another one is tried when somebody was faster."""
    for _attempt in range(ATTEMPTS):
        candidate = dataclasses.replace(server, port=free_port())
        append(server.data_dir / "postgresql.conf", configuration({"port": str(candidate.port)}))
        try:
            wait(candidate, spawn(candidate))
        except PortTaken:
            continue
        return candidate
    raise TestbedError(f"no free port after {ATTEMPTS} attempts between {PORTS.start} and {PORTS.stop}")


class PortTaken(TestbedError):
    """Somebody else listens on the port."""


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def spawn(server: Server) -> subprocess.Popen[bytes]:
    """Start the server's process in a session of its own."""
    with server.log_file.open("ab") as log:
        command = [str(server.bin_dir / "postgres"), "-D", str(server.data_dir)]
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, **switch()
        )
    return process


def wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(server):
        if process.poll() is not None:
            raise failure(server)
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise TestbedError(f"PostgreSQL {server.version} didn't start in {START_SECONDS:.0f} s: {tail(server)}")
        time.sleep(0.002)
    process.returncode = 0  # from here on, `workplace` looks after the process


def is_ready(server: Server) -> bool:
    """Tell whether the server says of itself that it is ready."""
    try:
        lines = (server.data_dir / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def failure(server: Server) -> TestbedError:
    """Return why a server's process has ended."""
    text = tail(server)
    taken = "Address already in use" in text or "could not create any TCP/IP sockets" in text
    return PortTaken(text) if taken else TestbedError(f"PostgreSQL {server.version} doesn't start: {text}")


def tail(server: Server) -> str:
    """Return the end of a server's log."""
    return server.log_file.read_text(errors="replace")[-2000:].strip()
