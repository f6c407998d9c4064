"""The test bed's command line: fetch, start, status and stop servers."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from testbed import servers
from testbed.binaries import VERSIONS, bin_dir, installation
from testbed.errors import TestbedError


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="install servers; without a version all of them")
    fetch.add_argument("versions", nargs="*", type=int, metavar="VERSION")
    start = commands.add_parser("start", help="start a fresh server that outlives this command")
    start.add_argument("--version", type=int, default=VERSIONS[-1], choices=VERSIONS)
    start.add_argument("--superuser", default="postgres")
    start.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    for name, text in (("stop", "stop the server and remove its data"), ("status", "describe the server as JSON")):
        commands.add_parser(name, help=text)
    for name in ("start", "stop", "status"):
        commands.choices[name].add_argument("--root", type=Path, required=True, help="where the server is noted")
    return top


def start(arguments: argparse.Namespace) -> None:
    """Start a server and print how to reach it."""
    settings = dict(item.split("=", 1) for item in arguments.set)
    options = {"superuser": arguments.superuser, "settings": settings}
    print(servers.describe(servers.start(arguments.version, arguments.root, tied=False, **options)))


def stop(arguments: argparse.Namespace) -> None:
    """Stop the server and remove its data."""
    servers.discard(arguments.root)


def status(arguments: argparse.Namespace) -> None:
    """Print how to reach the server and whether it runs."""
    server = servers.load(arguments.root)
    if server is None:
        raise TestbedError(f"no server was started in {arguments.root}")
    print(json.dumps({**json.loads(servers.describe(server)), "running": servers.is_running(server)}, indent=2))


def fetch(arguments: argparse.Namespace) -> None:
    """Install servers and print where they are."""
    for version in arguments.versions or VERSIONS:
        installation(version)
        print(version, bin_dir(version), flush=True)


def main() -> int:
    """Run one command."""
    arguments = parser().parse_args()
    commands = {"fetch": fetch, "start": start, "status": status, "stop": stop}
    try:
        commands[arguments.command](arguments)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
