"""The demo's command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from demo import acts, screen
from demo.errors import DemoError
from demo.stage import stage
from testbed import servers
from testbed.errors import TestbedError

VERSION = 18
INTERRUPTED = 130


@contextmanager
def running_server() -> Iterator[servers.Server]:
    """Start a server with a data and a socket folder of its own, and stop it whatever happens."""
    with tempfile.TemporaryDirectory() as note:
        server = servers.start(VERSION, Path(note))
        try:
            yield server
        finally:
            servers.stop(server)


def perform(collections: Path | None) -> None:
    """Play all acts."""
    began = time.monotonic()
    with running_server() as server:
        screen.say(f"PostgreSQL {VERSION} runs in {server.socket_dir}, port {server.port}, until the demo ends")
        acts.play_all(stage(server, collections))
    screen.say()
    screen.say(f"demo: 6 acts, all as claimed, in {time.monotonic() - began:.0f} s; the server is stopped")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--collection-path", type=Path, metavar="DIR", help="play from a collection installed here")
    found = parser.parse_args()
    folder = found.collection_path
    if folder and not (folder / "ansible_collections" / "leastpriv" / "pgsql" / "MANIFEST.json").is_file():
        parser.error(f"no collection leastpriv.pgsql is installed in {folder}: ansible-galaxy collection install -p")
    return found


def main() -> int:
    """Play, and say what went wrong if anything did."""
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]  # libpq would listen to it
    try:
        perform(chosen.collection_path)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; the server is stopped", file=sys.stderr)
        return INTERRUPTED
    except (DemoError, TestbedError, psycopg2.Error, OSError) as error:
        print(f"\ndemo: failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
