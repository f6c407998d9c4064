"""Who comes in from where to which instance: every row is tried by logging in from that host."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from testbed import hosts
from testbed.account import account

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ["SERVER_ROOT"])
CLUSTER: dict[str, Any] = json.loads((ROOT / hosts.NOTE).read_text())
pytestmark = pytest.mark.skipif(bool(CLUSTER["obstacle"]), reason=f"NOT RUN: {CLUSTER['obstacle']}")

# What a client reads
IN = "in"
NO = "no pg_hba.conf entry for"
DENY = "pg_hba.conf rejects connection for host"
WRONG = "password authentication failed for user"
CLOSED = "permission denied for database"
POOL_HBA = "login rejected"
POOL_WRONG = "SASL authentication failed"  # also for whom the pool doesn't know

# Where it is tried from
APPLICATION, ANALYST, CONTROLLER = "application", "analyst", "controller"
PRIMARY, REPLICA, OFFLINE = hosts.SERVERS

# from, user, how, TLS, database, and what comes of it at the primary, the replica, the offline instance
DIRECT = [
    (APPLICATION, "shop_app", "IPv4", "no TLS", "shop", IN, IN, DENY),
    (APPLICATION, "shop_app", "IPv4", "TLS", "shop", IN, IN, DENY),
    (APPLICATION, "shop_app", "IPv6", "no TLS", "shop", IN, IN, DENY),
    (APPLICATION, "shop_app", "IPv6", "TLS", "shop", IN, IN, DENY),
    (APPLICATION, "shop_app", "IPv4", "no TLS", "vault", CLOSED, CLOSED, DENY),
    (APPLICATION, "shop_app with a wrong password", "IPv4", "TLS", "shop", WRONG, WRONG, DENY),
    (APPLICATION, "shop_owner", "IPv6", "TLS", "vault", IN, IN, DENY),
    (APPLICATION, "ada", "IPv4", "TLS", "shop", IN, IN, DENY),
    (APPLICATION, "etl", "IPv4", "no TLS", "shop", NO, NO, IN),
    (APPLICATION, "etl", "IPv6", "TLS", "shop", NO, NO, IN),
    (APPLICATION, "lone", "IPv4", "no TLS", "shop", NO, NO, NO),
    (APPLICATION, "lone", "IPv6", "TLS", "shop", NO, NO, NO),
    (APPLICATION, "dbuser_dba", "IPv4", "no TLS", "shop", IN, IN, IN),
    (APPLICATION, "dbuser_dba", "IPv6", "TLS", "vault", IN, IN, IN),
    (APPLICATION, "dbuser_monitor", "IPv4", "no TLS", "postgres", IN, IN, DENY),
    (APPLICATION, "replicator", "IPv4", "no TLS", "postgres", IN, IN, IN),
    (APPLICATION, "replicator", "IPv4", "no TLS", "replication", IN, IN, IN),
    (APPLICATION, "the superuser", "IPv4", "TLS", "postgres", NO, NO, NO),
    (ANALYST, "etl", "IPv4", "no TLS", "shop", NO, NO, IN),
    (ANALYST, "etl", "IPv4", "TLS", "shop", NO, NO, IN),
    (ANALYST, "etl", "IPv6", "TLS", "shop", NO, NO, IN),
    (ANALYST, "etl", "IPv4", "TLS", "vault", NO, NO, CLOSED),
    (ANALYST, "etl with a wrong password", "IPv6", "no TLS", "shop", NO, NO, WRONG),
    (ANALYST, "ada", "IPv6", "no TLS", "shop", IN, IN, DENY),
    (ANALYST, "lone", "IPv4", "TLS", "shop", NO, NO, NO),
    (CONTROLLER, "shop_app", "IPv4", "no TLS", "shop", NO, NO, NO),
    (CONTROLLER, "shop_app", "IPv6", "TLS", "shop", NO, NO, NO),
    (CONTROLLER, "etl", "IPv4", "TLS", "shop", NO, NO, NO),
    (CONTROLLER, "dbuser_dba", "IPv4", "no TLS", "postgres", NO, NO, NO),
    (CONTROLLER, "dbuser_dba", "IPv4", "TLS", "postgres", IN, IN, IN),
    (CONTROLLER, "dbuser_dba", "IPv6", "no TLS", "postgres", NO, NO, NO),
    (CONTROLLER, "dbuser_dba", "IPv6", "TLS", "postgres", IN, IN, IN),
    (CONTROLLER, "dbuser_monitor", "IPv4", "no TLS", "postgres", IN, IN, IN),
    (CONTROLLER, "dbuser_monitor", "IPv6", "TLS", "postgres", IN, IN, IN),
    (CONTROLLER, "replicator", "IPv4", "TLS", "replication", NO, NO, NO),
    (CONTROLLER, "lone", "IPv6", "TLS", "shop", NO, NO, NO),
    (REPLICA, "replicator", "IPv4", "TLS", "replication", IN, IN, IN),
    (REPLICA, "replicator", "IPv6", "no TLS", "replication", IN, IN, IN),
    (REPLICA, "shop_app", "IPv6", "TLS", "shop", IN, IN, DENY),
    (OFFLINE, "replicator", "IPv6", "TLS", "replication", IN, IN, IN),
    (OFFLINE, "etl", "IPv6", "TLS", "shop", NO, NO, IN),
]
# On the server's own host, over its socket
SOCKET = [
    (PRIMARY, "the superuser", "postgres", IN),
    (PRIMARY, "the superuser", "replication", IN),
    (PRIMARY, "replicator", "replication", IN),
    (PRIMARY, "dbuser_monitor", "postgres", IN),
    (PRIMARY, "shop_app", "shop", IN),
    (PRIMARY, "etl", "shop", NO),
    (PRIMARY, "lone", "shop", NO),
    (REPLICA, "the superuser", "postgres", IN),
    (REPLICA, "ada", "shop", IN),
    (OFFLINE, "the superuser", "postgres", IN),
    (OFFLINE, "etl", "shop", NO),
]
# Through the pool on the primary's host
POOL = [
    (APPLICATION, "shop_app", "IPv4", "shop", IN),
    (APPLICATION, "shop_app", "IPv6", "shop", IN),
    (APPLICATION, "shop_app", "IPv4", "vault", CLOSED),
    (APPLICATION, "shop_app with a wrong password", "IPv4", "shop", POOL_WRONG),
    (APPLICATION, "ada", "IPv4", "shop", IN),
    (APPLICATION, "etl", "IPv4", "shop", POOL_WRONG),
    (APPLICATION, "lone", "IPv4", "shop", POOL_WRONG),
    (APPLICATION, "shop_owner", "IPv4", "shop", POOL_WRONG),
    (APPLICATION, "dbuser_dba", "IPv4", "shop", IN),
    (APPLICATION, "dbuser_monitor", "IPv4", "shop", POOL_HBA),
    (ANALYST, "ada", "IPv6", "shop", IN),
    (ANALYST, "etl", "IPv6", "shop", POOL_WRONG),
    (CONTROLLER, "shop_app", "IPv4", "shop", POOL_HBA),
    (CONTROLLER, "dbuser_dba", "IPv4", "shop", POOL_HBA),
]


class Attempt(NamedTuple):
    """One row for one instance; `how` is the path."""

    source: str
    user: str
    target: str
    how: str
    tls: str
    database: str
    expected: str

    def login(self) -> dict[str, Any]:
        """What the driver is told."""
        name, _with, wrong = self.user.partition(" with ")
        options = {
            "user": CLUSTER["user"] if name == "the superuser" else name,
            "password": "not-this-one" if wrong else CLUSTER["password"],
            "port": hosts.POOL_PORT if self.how.startswith("pool") else hosts.PORT,
            "host": self.host(),
            "sslmode": "require" if self.tls == "TLS" else "disable",
        }
        database = {"replication": True} if self.database == "replication" else {"dbname": self.database}
        return {**options, **database}

    def host(self) -> str:
        """The address, or the folder of the socket."""
        place: dict[str, str] = CLUSTER["hosts"][self.target]
        return place["home"] if self.how == "socket" else place["ipv6" if self.how.endswith("IPv6") else "ipv4"]


def attempts() -> Iterator[Attempt]:
    """All rows, by the host that they are tried from."""
    for source, user, how, tls, database, *results in DIRECT:
        for target, expected in zip(hosts.SERVERS, results, strict=True):
            yield Attempt(source, user, target, how, tls, database, expected)
    for source, user, database, expected in SOCKET:
        yield Attempt(source, user, source, "socket", "no TLS", database, expected)
    for source, user, how, database, expected in POOL:
        yield Attempt(source, user, PRIMARY, f"pool, {how}", "no TLS", database, expected)


def tried(source: str, rows: list[Attempt]) -> list[str]:
    """Try rows in one process on their host, as the servers' user."""
    who = ["setpriv", f"--reuid={account().pw_uid}", f"--regid={account().pw_gid}", "--clear-groups"]
    command = ["ip", "netns", "exec", CLUSTER["hosts"][source]["namespace"], *who, CLUSTER["python"], "-"]
    program = (HERE / "knock.py").read_text()
    asked = json.dumps([row.login() for row in rows])
    text = program.replace("json.load(sys.stdin)", f"json.loads({asked!r})")
    alone = {"PATH": os.environ["PATH"], "HOME": "/", "LC_ALL": "C"}
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd="/", env=alone)
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def table() -> list[tuple[Attempt, str]]:
    """Every row with what came of it."""
    rows = sorted(attempts(), key=lambda row: row.source)
    found = []
    for source, group in groupby(rows, key=lambda row: row.source):
        mine = list(group)
        found += list(zip(mine, tried(source, mine), strict=True))
    return found


def test_everybody_gets_where_they_are_declared_to_and_nowhere_else(
    table: list[tuple[Attempt, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print("\nfrom | user | to | how | TLS | database | expected | got")
        print(*(" | ".join([*row, " ".join(said.split())]) for row, said in table), sep="\n")
    assert len(table) == 3 * len(DIRECT) + len(SOCKET) + len(POOL)
    assert [(row, said) for row, said in table if not as_expected(row, said)] == []


def as_expected(row: Attempt, said: str) -> bool:
    """Whether an answer is what the row has."""
    came_in = said == IN or said.startswith("in as ")
    return came_in if row.expected == IN else not came_in and row.expected in said


def test_whoever_is_in_is_who_they_say(table: list[tuple[Attempt, str]]) -> None:
    named = [(row, said) for row, said in table if said.startswith("in as ")]
    assert len(named) > 50
    assert [row for row, said in named if said != f"in as {row.login()['user']}"] == []


def test_a_name_that_is_refused_is_told_whether_tls_was_used(table: list[tuple[Attempt, str]]) -> None:
    over_tls = [said for row, said in table if row.expected == NO and row.tls == "TLS"]
    assert over_tls
    assert [said for said in over_tls if "no encryption" in said or "SSL off" in said] == []
