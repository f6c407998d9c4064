"""Six hosts in a network of their own: a primary with a PgBouncer, a replica, an offline instance, and three clients.

``python -m testbed.hosts start --root ROOT`` writes what is there into ``ROOT/hosts.json``; where the machine can't do
it, that file has only an ``obstacle`` in words.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed import network, patroni_home, pooler, ssh, tls, workplace
from testbed.account import run
from testbed.errors import TestbedError
from testbed.host_servers import PORT, READY_SECONDS, REPLICATION, begin, first, follow, secured, user
from testbed.network import Host

POOL_PORT = 6432
NOTE = "hosts.json"
SERVERS = ("primary", "replica", "offline")
NAMES = (*SERVERS, "application", "analyst", "controller")
INTRANET = ("10.90.0.0/28", "fd00:6c70::/124")  # everybody but the controller
POOL = {"listen_addr": "*", "listen_port": str(POOL_PORT), "auth_type": "hba", "pool_mode": "transaction"}


def obstacle() -> str | None:
    """Say why this machine can't have the hosts, or give nothing if it can."""
    pool = None if pooler.program() else pooler.MISSING
    certificates = None if shutil.which("openssl") else "there is no program openssl: install it"
    return network.obstacle() or ssh.obstacle() or pool or certificates


def start(root: Path) -> dict[str, Any]:
    """Make everything anew, and give what an inventory has to know."""
    stop(root)
    root.mkdir(parents=True, exist_ok=True)
    why = obstacle()
    if why:
        return note(root, {"obstacle": why})
    hosts = network.make(root, NAMES)
    keys = workplace.make(tied=False)
    found: dict[str, Any] = {"obstacle": "", "keys": str(keys), "password": secrets.token_urlsafe(18), "hosts": {}}
    note(root, found)
    ssh.prepare(keys / "ssh", hosts)
    issuer = tls.authority(keys / "tls")
    for name in SERVERS:
        ssh.start(keys / "ssh", hosts[name])
        found["hosts"][name] = {"home": str(workplace.make(tied=False))}
        note(root, found)
        secured(Path(found["hosts"][name]["home"]), issuer, hosts[name])
    first(hosts["primary"], home_of(found, "primary"), found["password"])
    for name in ("replica", "offline"):
        clone(found, hosts, name)
    found["pool"] = str(begin_pool(hosts["primary"]))
    return note(root, {**found, **described(found, hosts, keys / "ssh")})


def described(found: Mapping[str, Any], hosts: Mapping[str, Host], keys: Path) -> dict[str, Any]:
    """Give addresses, and how Ansible reaches the servers."""
    variables = {name: ssh.variables(keys, hosts["controller"], hosts[name]) for name in SERVERS}
    addresses = {name: {**dataclasses.asdict(host), **found["hosts"].get(name, {})} for name, host in hosts.items()}
    python = interpreter(Path(found["keys"]))
    return {"hosts": addresses, "variables": variables, "intranet": INTRANET, "python": str(python), "user": user()}


def stop(root: Path) -> None:
    """End everything that was made for a root, and forget it."""
    network.remove(root)
    found = json.loads((root / NOTE).read_text()) if (root / NOTE).exists() else {}
    homes = [entry["home"] for entry in found.get("hosts", {}).values() if "home" in entry]
    for folder in (*homes, found.get("keys"), found.get("pool")):
        if folder:
            workplace.remove(Path(folder))
    (root / NOTE).unlink(missing_ok=True)


def renew(root: Path, name: str) -> None:
    """Replace a standby by a fresh copy of the primary, with the primary's files."""
    found = json.loads((root / NOTE).read_text())
    hosts = network.planned(root, NAMES)
    workplace.end(home_of(found, name) / "data", signal.SIGINT)
    run(["rm", "-rf", home_of(found, name) / "data"])
    clone(found, hosts, name)


def clone(found: Mapping[str, Any], hosts: Mapping[str, Host], name: str) -> None:
    """Make a standby of the primary."""
    upstream = f"host={hosts['primary'].ipv4} port={PORT} user={REPLICATION} password={found['password']}"
    follow(hosts[name], home_of(found, name), upstream, home_of(found, "primary"))


def note(root: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write down what is there, for whoever stops it."""
    (root / NOTE).touch(0o600)
    (root / NOTE).write_text(json.dumps(found, indent=2, default=str) + "\n")
    return found


def home_of(found: Mapping[str, Any], name: str) -> Path:
    """Give the folder of a server."""
    return Path(found["hosts"][name]["home"])


def begin_pool(host: Host) -> Path:
    """Start a PgBouncer with nobody in it but who manages it, and give its folder."""
    folder = workplace.make(tied=False)
    files = {"userlist.txt": f'"{user()}" ""\n', "pgb_hba.conf": f"local pgbouncer {user()} peer\n"}
    for name, text in {**files, "useropts.txt": "", "database.txt": ""}.items():
        pooler.write(folder / name, text)
    own = {"auth_file": folder / "userlist.txt", "auth_hba_file": folder / "pgb_hba.conf", "admin_users": user()}
    settings = {**pooler.SETTINGS, **POOL, **own, "unix_socket_dir": folder}
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    includes = [f"%include {folder / name}" for name in ("database.txt", "useropts.txt")]
    pooler.write(folder / "pgbouncer.ini", f"[databases]\n{includes[0]}\n[users]\n{includes[1]}\n[pgbouncer]\n{lines}")
    with (folder / "log").open("ab") as log:
        process = begin(host, [str(pooler.program()), folder / "pgbouncer.ini"], log)
    socket = folder / f".s.PGSQL.{POOL_PORT}"
    deadline = time.monotonic() + READY_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TestbedError(f"PgBouncer doesn't start: {(folder / 'log').read_text()[-500:]}")
        time.sleep(0.02)
    return folder


def interpreter(folder: Path) -> Path:
    """Write a Python with the driver that the servers' user can run."""
    python, _version = patroni_home.interpreter()
    path = folder / "python"
    packages = shlex.quote(str(patroni_home.packages()))
    path.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {shlex.quote(python)} "$@"\n')
    path.chmod(0o755)
    return path


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m testbed.hosts", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "renew"])
    parser.add_argument("name", nargs="?", default="offline", help="the standby to renew")
    parser.add_argument("--root", type=Path, required=True)
    asked = parser.parse_args()
    try:
        if asked.command == "renew":
            renew(asked.root, asked.name)
        else:
            {"start": start, "stop": stop}[asked.command](asked.root)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
