"""PostgreSQL servers on hosts of a network: a primary, and standbys that are base backups of it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed import tls
from testbed.account import ENVIRONMENT, account, give, run
from testbed.binaries import bin_dir, client_tools
from testbed.datadir import FAST, append, configuration, template, write
from testbed.errors import TestbedError
from testbed.network import Host
from testbed.process import wait
from testbed.server import Server

VERSION = 17  # the newest that is built with TLS here
PORT = 5432
REPLICATION = "replicator"
# What a cluster that was just made has: its own user over the socket, and replication.
FIRST_HBA = "local all {user} ident\nlocal replication {user} ident\nhost replication {replication} all scram-sha-256\n"
READY_SECONDS = 20.0
STREAMING = "SELECT 1 / count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name = "


def user() -> str:
    """Give the operating system user of the servers, which is the superuser's name as well."""
    return account().pw_name


def secured(home: Path, issuer: tls.Pair, host: Host) -> None:
    """Give a server its certificate."""
    pair = tls.server(issuer, host.name, (host.ipv4, host.ipv6))
    for source, target in ((pair.certificate, "server.crt"), (pair.key, "server.key")):
        shutil.copyfile(source, home / target)
        (home / target).chmod(0o600)
        give(home / target)


def server_of(home: Path) -> Server:
    """Give a server by its folder."""
    return Server(VERSION, bin_dir(VERSION), home / "data", home, PORT, home / "log", user())


def settings_of(home: Path) -> dict[str, str]:
    """Give the settings of a server."""
    certificate = {"ssl": "on", "ssl_cert_file": f"{home}/server.crt", "ssl_key_file": f"{home}/server.key"}
    place = {"listen_addresses": "*", "port": str(PORT), "unix_socket_directories": str(home)}
    return {**FAST, **certificate, **place}


def first(host: Host, home: Path, password: str) -> None:
    """Make the primary, with a user for its standbys."""
    run(["cp", "-a", "--reflink=auto", template(VERSION, user(), ()), home / "data"])
    append(home / "data" / "postgresql.conf", configuration(settings_of(home)))
    write(home / "data" / "pg_hba.conf", FIRST_HBA.format(user=user(), replication=REPLICATION))
    serve(host, home)
    psql = [str(client_tools() / "psql"), "-Xqh", str(home), "-p", str(PORT), "-U", user(), "-d", "postgres", "-c"]
    run([*psql, f"CREATE ROLE {REPLICATION} REPLICATION LOGIN PASSWORD '{password}'"])


def follow(host: Host, home: Path, upstream: str, source: Path) -> None:
    """Make a standby by a base backup, which brings the primary's files, and wait until it streams."""
    login = ["-h", str(source), "-p", str(PORT), "-U", user()]
    run([str(client_tools() / "pg_basebackup"), *login, "-D", str(home / "data"), "-c", "fast", "--no-sync"])
    settings = {**settings_of(home), "primary_conninfo": f"{upstream} application_name={host.name} sslmode=require"}
    append(home / "data" / "postgresql.conf", configuration(settings))
    append(home / "data" / "standby.signal", "")
    serve(host, home)
    streaming(source, host.name)


def streaming(source: Path, name: str) -> None:
    """Wait until a standby streams."""
    login = ["-Xqh", str(source), "-p", str(PORT), "-U", user(), "-d", "postgres"]
    psql = [str(client_tools() / "psql"), *login, "-c", f"{STREAMING}'{name}'"]
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return run(psql)
        except TestbedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def serve(host: Host, home: Path) -> None:
    """Start a server on its host."""
    server = server_of(home)
    with server.log_file.open("ab") as log:
        wait(server, begin(host, [server.bin_dir / "postgres", "-D", server.data_dir], log))


def begin(host: Host, command: Sequence[str | Path], log: Any) -> subprocess.Popen[bytes]:
    """Start a process on a host as the servers' user."""
    who = ["setpriv", f"--reuid={account().pw_uid}", f"--regid={account().pw_gid}", "--clear-groups"]
    environment = {**ENVIRONMENT, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    words = host.command([*who, *command])
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        cwd="/",
        umask=0o077,
        env=environment,
    )
