"""Data directories: made once by initdb, then copied; changed only as the servers' user."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from testbed import workplace
from testbed.account import run
from testbed.binaries import bin_dir
from testbed.server import Server

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",  # goes with the data directory, however a server ends
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",  # the default from 14
    "log_line_prefix": "%m [%p] %u@%d ",
}
HBA = """\
local all {superuser} trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


def fill(server: Server, initdb_args: tuple[str, ...]) -> None:
    """Make a data directory: a copy of one that this process has made with the same options."""
    pattern = template(server.version, server.superuser, initdb_args)
    run(["cp", "-a", "--reflink=auto", pattern, server.data_dir])
    write(server.data_dir / "pg_hba.conf", HBA.format(superuser='"' + server.superuser.replace('"', '""') + '"'))


@functools.cache
def template(version: int, superuser: str, initdb_args: tuple[str, ...]) -> Path:
    """Return a data directory that no server has run on."""
    data_dir = workplace.make(tied=True) / "data"
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1", *initdb_args]
    run([bin_dir(version) / "initdb", "-D", data_dir, "-U", superuser, *options])
    return data_dir


def configuration(settings: Mapping[str, str]) -> str:
    """Return lines for postgresql.conf."""
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())


def write(path: Path, text: str) -> None:
    """Replace a file's content as the servers' user, so that no link in its folders leads root astray."""
    run(["sh", "-c", 'printf %s "$1" > "$2"', "sh", text, str(path)])


def append(path: Path, text: str) -> None:
    """Add to a file as the servers' user."""
    run(["sh", "-c", 'printf %s "$1" >> "$2"', "sh", text, str(path)])
