"""Servers whose HBA file is declared: the least rules that keep the tests' own logins, and who comes in by them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_hba_rules

from testbed import process, servers, standbys
from testbed.account import run as as_servers_user
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import sql

PASSWORD = "a long password of the tests"
DBSU = {"title": "dbsu", "user": "${dbsu}", "addr": "local", "auth": "trust"}
SENDER = {"title": "standbys", "user": "${dbsu}", "db": "replication", "addr": "local", "auth": "trust"}
Rule = dict[str, Any]


def people(server: Server, *names: str) -> None:
    """Make roles that can log in with the tests' password."""
    for name in names:
        sql(server, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")


def arguments(server: Server, *rules: Rule, keep: bool = True, **more: Any) -> dict[str, Any]:
    """Give the module's arguments: the superuser keeps its socket unless `keep` is false."""
    return {**modules.login(server), "rules": [*([DBSU] if keep else []), *rules], **more}


def call(server: Server, *rules: Rule, check: bool = False, **more: Any) -> modules.Result:
    """Run the module, which has to succeed."""
    return modules.call(pg_hba_rules, check, **arguments(server, *rules, **more))


def failure(server: Server, *rules: Rule, check: bool = False, **more: Any) -> str:
    """Run the module, which has to fail, and give what it says."""
    result = modules.outcome(pg_hba_rules, check, **arguments(server, *rules, **more))
    assert result.get("failed"), result["changes"]
    assert "internal error" not in result["msg"], result["msg"]
    return str(result["msg"])


def answer(server: Server, user: str, host: str | None = "127.0.0.1", database: str = "postgres", **more: Any) -> str:
    """Log in, and give what happens: `in`, or the server's refusal."""
    where = {"host": host} if host else {}
    try:
        servers.connect(server, database, user, PASSWORD, sslmode="disable", **where, **more).close()
    except psycopg2.OperationalError as error:
        return str(error).strip().rpartition("FATAL:")[2].strip()
    return "in"


def hba(server: Server) -> Path:
    """Give the path of the HBA file."""
    return server.data_dir / "pg_hba.conf"


def write(server: Server, text: str) -> None:
    """Change the HBA file by hand and into force."""
    hba(server).write_text(text)
    settled(server)


def settled(server: Server) -> None:
    """Let the server read the files that it was started with once more: they are made only just before it starts."""
    process.time.sleep(0.03)
    before = sql(server, "SELECT clock_timestamp()::text")[0][0]
    servers.reload(server)
    while not sql(server, f"SELECT pg_conf_load_time() >= '{before}'")[0][0]:
        process.time.sleep(0.01)


@contextmanager
def standby_of(primary: Server, **conninfo: str) -> Iterator[Server]:
    """Run a standby of a server that has read its files."""
    with standbys.standby_of(primary, **conninfo) as standby:
        settled(primary)
        yield standby


def certificate(server: Server) -> None:
    """Turn SSL on, with a certificate that the server signs itself."""
    files = ["-keyout", str(server.data_dir / "server.key"), "-out", str(server.data_dir / "server.crt")]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", *files]
    as_servers_user(made)
    sql(server, "ALTER SYSTEM SET ssl = on")
    settled(server)


def streaming(primary: Server) -> bool:
    """Tell whether a standby is connected."""
    with closing(servers.connect(primary)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")
        return bool(cursor.fetchone()[0])


def has_openssl() -> bool:
    """Tell whether certificates can be made."""
    try:
        return subprocess.run(["openssl", "version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
