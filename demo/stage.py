"""Where the demo plays: one server, one collection, one folder of passwords."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2.extensions

from demo import screen
from demo.errors import claim
from testbed import plays, servers
from testbed.collection import CHECKOUT, link
from testbed.plays import Run
from testbed.server import Server

INVENTORY = "inventories/embedded"


@dataclasses.dataclass(frozen=True)
class Stage:
    """A running server, the collections' search path, and how the playbook is named in it."""

    server: Server
    collections: Path
    playbook: str

    @property
    def home(self) -> Path:
        """Return where the collection is."""
        return self.collections / "ansible_collections" / "leastpriv" / "pgsql"

    def play(self, *arguments: str) -> Run:
        """Show and run the playbook, which has to succeed, and to keep its secrets."""
        words = [self.playbook, "-i", INVENTORY, *arguments]
        screen.command(["ansible-playbook", *map(shlex.quote, words)])
        run = plays.play(words, self.collections, self.environment())
        claim(run.code == 0, "ansible-playbook failed in this task:\n" + run.output.rpartition("\nTASK ")[2])
        leaks = [user.name for user in self.passwords() if user.read_text().strip() in run.output]
        claim(not leaks, f"the output of ansible-playbook contains the passwords of {', '.join(leaks)}")
        homes = {entry["path"].partition("/roles/")[0] for entry in run.results if "/tasks/" in entry["path"]}
        claim(homes == {str(self.home)}, f"the role should come from {self.home}, and came from {homes}")
        return run

    def environment(self) -> dict[str, str]:
        """Return what the inventory wants to know."""
        where = {"EMBEDDED_SOCKET_DIR": str(self.server.socket_dir), "EMBEDDED_PORT": str(self.server.port)}
        return {**where, "EMBEDDED_SECRETS_DIR": str(secrets())}

    def passwords(self) -> list[Path]:
        """Return the files that the inventory keeps passwords in, each with its user's name."""
        return [path for path in secrets().iterdir() if not path.name.endswith(".ansible_lockfile")]

    @contextmanager
    def login(self, user: str, database: str) -> Iterator[psycopg2.extensions.connection]:
        """Log in over TCP with the user's password, as an application would."""
        password = (secrets() / user).read_text().strip()
        with closing(servers.connect(self.server, database, user, password, host="127.0.0.1")) as connection:
            yield connection

    def superuser(self, statement: str, database: str = "postgres", **options: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the server's superuser, and return its rows."""
        with closing(servers.connect(self.server, database, **options)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def secrets() -> Path:
    """Return the folder of the passwords: of this checkout, unless the environment says otherwise."""
    return Path(os.environ.get("EMBEDDED_SECRETS_DIR") or CHECKOUT / ".secrets")


def stage(server: Server, collections: Path | None) -> Stage:
    """Play from the checkout, or from a collection that is installed in a search path."""
    if collections is None:
        return Stage(server, link(), "playbooks/site.yml")
    return Stage(server, collections.resolve(), "leastpriv.pgsql.site")
