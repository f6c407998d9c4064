"""Privileges on many tables: by this collection, by GRANT … ON ALL TABLES, and by the incumbent's module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from bench import books, in_process, incumbent, plays, tables
from bench.tables import Measured
from testbed import collection
from testbed.servers import Server

MODULE = "ansible_collections.leastpriv.pgsql.plugins.modules.pg_object_privs"
MANY, WORK = "many", "work"
DECLARED: Mapping[str, Any] = MappingProxyType({"databases": [WORK], "privileges": list(tables.RULES)})
FIRST, NOTHING, ONE = SITUATIONS = ("first grant", "nothing to do", "one deviation")
LOOPED = 10


def compare(server: Server, schemas: int, turns: int) -> None:
    """Measure and print all sides."""
    tables.build(server, MANY, schemas)
    print(f"\n{schemas * tables.TABLES_EACH:,} tables in {schemas} schemas, the median of {turns} turns")
    header("what")
    sides = {
        "GRANT … ON ALL TABLES": partial(tables.run, server, WORK, *tables.by_hand(schemas)),
        "pg_object_privs, a process": partial(in_a_process, server),
        "pg_object_privs, in process": partial(in_process.call, server, name=MODULE, **DECLARED),
    }
    for situation in SITUATIONS:
        base = None
        for name, work in reversed(sides.items()):
            used = line(f"{situation}: {name}", [once(server, situation, work) for _turn in range(turns)], base)
            base = used if name == "pg_object_privs, a process" else None
        in_process.call(server, True, MODULE, mode="exact", grantees="all", **DECLARED)  # all sides have done the same
    against_the_incumbent(server, schemas, turns)


def once(server: Server, situation: str, work: Callable[[], None]) -> Measured:
    """Bring about the situation, and measure the work."""
    if situation == FIRST:
        afresh(server)
    if situation == ONE:
        tables.run(server, WORK, tables.BREAK)
    tables.run(server, WORK, *tables.CLEANING)
    with tables.measuring(server, WORK) as found:
        work()
    return found


def afresh(server: Server) -> None:
    """Make a database in which nothing is granted."""
    tables.run(server, "postgres", f"DROP DATABASE IF EXISTS {WORK}", f"CREATE DATABASE {WORK} TEMPLATE {MANY}")


def in_a_process(server: Server) -> None:
    """Run the module in a process of its own, as Ansible does; it has to succeed."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": str(server.port), "login_user": "postgres"}
    with tempfile.TemporaryDirectory() as folder:
        arguments = Path(folder) / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**login, **DECLARED}}))
        command = [sys.executable, "-m", MODULE, str(arguments)]
        environment = {**os.environ, "PYTHONPATH": str(collection.link())}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)


def against_the_incumbent(server: Server, schemas: int, turns: int) -> None:
    """Compare second runs of playbooks, for each schema: the incumbent's loop covers some of them only."""
    afresh(server)
    some, readers = tables.schemas(schemas)[:LOOPED], ",".join(tables.READERS)
    mine = books.book(server, *books.our_objects(WORK, tables.RULES))
    loop = books.book(server, *books.their_objects(WORK, some, readers, tables.WRITER))
    print()
    header("second run of a playbook")
    ours = again(server, mine, collection.link(), turns)
    base = line(f"{schemas} schemas, one task", ours) / schemas
    theirs = again(server, loop, incumbent.collections(), 1)
    name = f"{len(some)} schemas, loop, community.postgresql {incumbent.version()}"
    line(name, theirs, base * len(some))


def again(server: Server, book: list[dict[str, Any]], collections: Path, turns: int) -> list[Measured]:
    """Apply a playbook, and measure further runs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "play.json"
        path.write_text(json.dumps(book))
        plays.run(path, collections)
        for _turn in range(turns):
            with tables.measuring(server, WORK) as measured:
                plays.run(path, collections)
            found.append(measured)
    return found


def header(what: str) -> None:
    """Print a table's header."""
    print(f"{what:48}| statements | rows written | seconds | processor |   least to most | ratio")
    print(f"{'-' * 48}|-----------:|-------------:|--------:|----------:|----------------:|-----:", flush=True)


def line(what: str, found: list[Measured], base: float | None = None) -> float:
    """Print one side, and return its processor seconds."""
    seconds, times = median(one.seconds for one in found), sorted(one.processor for one in found)
    counts = f"{found[-1].statements:10} | {found[-1].rows:12}"
    spread = f"{times[0]:.2f} to {times[-1]:.2f}"
    ratio = f"{median(times) / base:.1f}" if base else ""
    print(f"{what:48}| {counts} | {seconds:7.2f} | {median(times):9.2f} | {spread:>15} | {ratio:>5}", flush=True)
    return median(times)
