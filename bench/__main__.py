"""Run comparisons on one throw-away server of this machine, and print what was measured: `python -m bench`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

import ansible.release

from bench import books, in_process, incumbent, limits, objects, tables
from bench.plays import Timed, timed
from testbed import collection, servers

OUR_REPETITIONS = 3


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["roles", "objects", "limits"], default="roles", help="default: roles"
    )
    parser.add_argument("--roles", type=int, default=100, help="roles in this collection's task (default: 100)")
    parser.add_argument("--looped", type=int, default=25, help="roles in the incumbent's loop (default: 25)")
    parser.add_argument("--counts", type=int, nargs="*", default=[10, 1000, 10000], help="roles of calls in process")
    parser.add_argument("--passwords", type=int, nargs="*", default=[10, 1000], help="the same, each with a password")
    parser.add_argument("--schemas", type=int, default=100, help="objects: schemas of 200 tables (default: 100)")
    parser.add_argument("--turns", type=int, default=5, help="objects: how often each is measured (default: 5)")
    parser.add_argument(
        "--many", type=int, nargs=3, default=[10000, 2000, 1000], help="limits: roles, groups, databases"
    )
    arguments = parser.parse_args()
    sys.path.insert(0, str(collection.link()))
    if arguments.what == "objects":
        with server(**tables.SETTINGS) as running:
            machine(running)
            objects.compare(running, arguments.schemas, arguments.turns)
        return 0
    if arguments.what == "limits":
        with server(large=True, **limits.SETTINGS) as running:
            machine(running)
            limits.measure(running, *arguments.many)
        return 0
    with server() as running:
        machine(running)
        tables.run(running, "postgres", *books.PREPARATION)
        against_a_loop(running, arguments.roles, arguments.looped)
        alone(running, arguments.counts, arguments.passwords)
    return 0


@contextmanager
def server(large: bool = False, **settings: str) -> Iterator[servers.Server]:
    """Start a server, and stop it in the end; one that is to become large isn't in memory."""
    with tempfile.TemporaryDirectory() as root:
        running = servers.start(18, Path(root), settings=settings, large=large)
        try:
            yield running
        finally:
            servers.stop(running)


def machine(running: servers.Server) -> None:
    """Say on what was measured."""
    with closing(servers.connect(running)) as connection:
        version = connection.get_parameter_status("server_version")
    parts = [
        f"{os.cpu_count()} CPUs, {platform.machine()}",
        f"Python {platform.python_version()}",
        f"ansible-core {ansible.release.__version__}",
        f"psycopg2 {metadata.version('psycopg2-binary')}",
        f"PostgreSQL {version} over its socket",
    ]
    print("; ".join(parts), flush=True)


def against_a_loop(running: servers.Server, roles: int, looped: int) -> None:
    """Compare second runs of whole playbooks; the ratio is that of processor time for one declared thing."""
    print(
        f"\n{'second run of a playbook':48}| declared | module runs | changed | seconds | processor | ms each | ratio"
    )
    print(f"{'-' * 48}|---------:|------------:|--------:|--------:|----------:|--------:|-----:")
    ours, theirs = collection.link(), incumbent.collections()
    name = f"  loop, community.postgresql {incumbent.version()}"
    line("a play without a task", 0, timed(books.book(running), ours, OUR_REPETITIONS))
    mine = line("roles, one task", roles, timed(books.book(running, *books.our_roles(roles)), ours, OUR_REPETITIONS))
    line(name, looped, timed(books.book(running, *books.their_roles(looped)), theirs), mine)
    grants = len(books.RULES) * len(books.CREATORS) * len(books.DATABASES)
    mine = line("17 rules x 3 creators x 2 databases, one task", grants, defaults(running, ours))
    line(f"{name}, merged", grants, timed(books.book(running, *books.their_defaults()), theirs), mine)
    line(f"{name}, rule by rule", grants, timed(books.book(running, *books.their_rules()), theirs), mine)


def defaults(running: servers.Server, collections: Path) -> Timed:
    """Time the default privileges by this collection."""
    return timed(books.book(running, *books.our_defaults()), collections, OUR_REPETITIONS)


def line(what: str, declared: int, measured: Timed, base: float | None = None) -> float:
    """Print one comparison and return the processor seconds for one declared thing."""
    each = measured.processor / declared if declared else 0.0
    ratio = f"{each / base:.0f}" if base else ""
    counts = f"{declared:8} | {measured.runs:11} | {measured.changed:7}"
    times = f"{measured.seconds:7.2f} | {measured.processor:9.2f} | {each * 1000:7.1f}"
    print(f"{what:48}| {counts} | {times} | {ratio:>5}", flush=True)
    return each


def alone(running: servers.Server, counts: Sequence[int], passwords: Sequence[int]) -> None:
    """Measure calls in this process."""
    print(f"\n{'pg_role_set with nothing to do, in process':48}| statements | seconds | processor")
    print(f"{'-' * 48}|-----------:|--------:|---------:", flush=True)
    for count, with_passwords in sorted([*((n, False) for n in counts), *((n, True) for n in passwords)]):
        call = in_process.measured(running, count, with_passwords)
        what = f"{count} roles {'with' if with_passwords else 'without'} passwords"
        print(f"{what:48}| {call.statements:10} | {call.seconds:7.3f} | {call.processor:9.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
