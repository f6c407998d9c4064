"""The doors of a Patroni cluster: what is found, changed and in force, and who comes in."""

from __future__ import annotations

import difflib
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Connection, Login, connect
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba import patroni as door
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_hba_rules

from testbed import patroni
from tests.server import modules

BARRED = "local all barred reject"
MORE = (BARRED, *patroni.HBA)
WRONG = ("local all all trusty", *patroni.HBA)


def place(node: patroni.Node) -> door.Place:
    """Where a node's server has its files."""
    return door.Place(str(node.data_dir), str(node.data_dir / "pg_hba.conf"), str(node.data_dir / "pg_ident.conf"))


def session_on(node: patroni.Node) -> Any:
    """What opens sessions on a node."""

    def session() -> Connection:
        return connect(Login({"host": str(node.folder), "port": str(node.port), "user": "postgres"}, "postgres"))

    return session


def diff_of(result: modules.Result) -> list[str]:
    """What a result says of lines that come and go, with single spaces."""
    (one,) = result["diff"]
    lines = difflib.unified_diff(one["before"].splitlines(), one["after"].splitlines(), lineterm="")
    return [" ".join(line.split()) for line in lines]


def find(node: patroni.Node, **option: Any) -> door.Patroni:
    """Find a node's Patroni."""
    found = door.find(place(node), option or None)
    assert found is not None
    return found


def put(node: patroni.Node, *lines: str, **more: Any) -> list[dict[str, str]]:
    """Set a node's list, and return what that took."""
    wanted = door.Wanted(hba=lines, **more)
    found = find(node)
    todo = list(door.changes(found, wanted, session_on(node)))
    door.apply(found, wanted, session_on(node))
    assert door.changes(find(node), wanted, session_on(node)) == ()
    return todo


def enters(node: patroni.Node, user: str) -> bool:
    """Tell whether a role comes in over the socket."""
    try:
        psycopg2.connect(host=str(node.folder), port=node.port, user=user, dbname="postgres").close()
    except psycopg2.OperationalError as error:
        if "pg_hba.conf rejects connection" in str(error):
            return False
        raise
    return True


def written(node: patroni.Node, file: str = "pg_hba.conf") -> list[str]:
    """The lines of a node's file, without Patroni's header."""
    return (node.data_dir / file).read_text().splitlines()[2:]


def shared(node: patroni.Node, **keys: Any) -> None:
    """Change the configuration that all members share."""
    assert patroni.request(node, "PATCH", "/config", {"postgresql": keys})[0] == 200


def rules(node: patroni.Node, *more: str, check: bool = False, **options: Any) -> modules.Result:
    """Let pg_hba_rules declare the usual lines and others before them."""
    items = [{"title": "the usual", "role": "common", "rules": [*more, *patroni.HBA]}]
    return modules.outcome(pg_hba_rules, check, **modules.login(node.server), **{"rules": items, **options})
