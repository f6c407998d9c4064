"""A real PgBouncer before a real server, for the tests of the pool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.modules import pgbouncer_users

from testbed import pooler
from testbed.account import account
from testbed.servers import Server
from tests.server import modules

PASSWORDS = {"adm": "console-of-adm", "ann": "letters-of-ann", "bob": "letters-of-bob"}
AS_ADM = {"login_user": "adm", "login_password": PASSWORDS["adm"]}
INI = {"auth_type": "scram-sha-256", "admin_users": "adm", "pool_mode": "transaction"}
Item = dict[str, Any]


@dataclass
class Place:
    """A server, the folder of a pool before it, and the pool while it runs."""

    server: Server
    pool: pooler.Pooler
    options: Item = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, **settings: str) -> None:
        """Start the pool on the files that are there; later starts keep port and settings."""
        files = {"auth_file": str(self.file("userlist.txt")), "auth_hba_file": str(self.file("pgb_hba.conf"))}
        self.settings = {**INI, **files, **self.settings, **settings}
        for name in ("database.txt", "useropts.txt"):
            if not self.file(name).exists():
                pooler.write(self.file(name), "")
        includes = [f"%include {self.file(name)}" for name in ("database.txt", "useropts.txt")]
        self.pool = pooler.start(self.pool, *includes, self.settings)

    def file(self, name: str) -> Path:
        return self.pool.folder / name

    def text(self, name: str) -> str:
        return self.file(name).read_text()

    def arguments(self, users: list[Item], databases: list[Item], options: Item) -> Item:
        console = {"login_host": "127.0.0.1", "login_port": str(self.pool.port or 1), **AS_ADM}
        own = {"folder": str(self.pool.folder), "owner": account().pw_name, "console": console}
        return {**modules.login(self.server), **own, **self.options, "users": users, "databases": databases, **options}

    def apply(self, users: list[Item], databases: list[Item], **options: Any) -> modules.Result:
        return modules.call(pgbouncer_users, **self.arguments(users, databases, options))

    def check(self, users: list[Item], databases: list[Item], **options: Any) -> modules.Result:
        return modules.call(pgbouncer_users, check=True, **self.arguments(users, databases, options))

    def failure(self, users: list[Item], databases: list[Item], **options: Any) -> str:
        return modules.failure(pgbouncer_users, **self.arguments(users, databases, options))

    def output(self, users: list[Item], databases: list[Item], **options: Any) -> str:
        return modules.output(pgbouncer_users, **self.arguments(users, databases, options))

    def enter(self, user: str, password: str | None = None, database: str = "postgres") -> str:
        """Log in through the pool and ask the server who that is; give the refusal instead if there is one."""
        secret = PASSWORDS.get(user) if password is None else password
        where = {"host": "127.0.0.1", "port": self.pool.port, "dbname": database}
        try:
            with closing(psycopg2.connect(user=user, password=secret, connect_timeout=10, **where)) as raw:
                raw.autocommit = True
                with raw.cursor() as cursor:
                    cursor.execute("SELECT current_user || '@' || current_database()")
                    return str(cursor.fetchone()[0])
        except psycopg2.Error as error:
            return str(error).strip()

    def show(self, what: str) -> dict[str, Item]:
        """Ask the console; rows by their first column."""
        where = {"host": "127.0.0.1", "port": self.pool.port, "dbname": "pgbouncer"}
        with closing(psycopg2.connect(user="adm", password=PASSWORDS["adm"], **where)) as raw:
            raw.autocommit = True
            with raw.cursor() as cursor:
                cursor.execute(what)
                if not cursor.description:
                    return {}
                names = [column[0] for column in cursor.description]
                return {str(row[0]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


@contextmanager
def place(server: Server) -> Iterator[Place]:
    """Make a folder for a pool, and end what ran in it."""
    found = Place(server, pooler.make())
    try:
        yield found
    finally:
        pooler.stop(found.pool)


def user(name: str, **more: Any) -> Item:
    """Give the item of a role that goes through the pool."""
    return {"name": name, "pgbouncer": True, **more}


def statements() -> str:
    """Give the statements that make everybody of PASSWORDS."""
    return ";\n".join(f"CREATE ROLE {name} LOGIN PASSWORD '{secret}'" for name, secret in PASSWORDS.items())


HAS_POOLER = pooler.program() is not None
ROOT = os.geteuid() == 0
