"""A cluster with doors: a primary with a PgBouncer before it, an offline standby, and people who knock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2

from testbed import pooler, servers
from testbed.account import account
from tests.role.runs import at

USERS = ("dba", "monitor", "replicator", "shop_owner", "shop_app", "ada", "etl")
PASSWORDS = {user: f"right-{user}-7" for user in USERS}
SUPERUSER = {"user": "${dbsu}", "addr": "local", "auth": "trust"}
DECLARED: dict[str, Any] = {
    "pg_admin_password": PASSWORDS["dba"],
    "pg_monitor_password": PASSWORDS["monitor"],
    "pg_replication_password": PASSWORDS["replicator"],
    "pg_users": [
        {"name": "shop_owner", "password": PASSWORDS["shop_owner"], "roles": ["dbrole_admin"]},
        {"name": "shop_app", "password": PASSWORDS["shop_app"], "roles": ["dbrole_readwrite"], "pgbouncer": True},
        {"name": "ada", "password": PASSWORDS["ada"], "roles": ["dbrole_readonly"]},
        {"name": "etl", "password": PASSWORDS["etl"], "roles": ["dbrole_offline"]},
    ],
    "pg_databases": [{"name": "shop", "owner": "shop_owner"}],
    "node_firewall_intranet": ["127.0.0.0/8"],
    # Who runs these tests isn't the servers' user, so peer doesn't let them in.
    "pg_hba_rules": [
        {"title": "the managing login of the tests", "order": 1, **SUPERUSER},
        {"title": "the standby of the tests", "order": 2, "db": "replication", **SUPERUSER},
    ],
    "pgb_hba_rules": [{"title": "the console of the tests", "order": 1, "db": "pgbouncer", **SUPERUSER}],
    "pgsql_access_manage_hba": True,
    "pgsql_access_manage_pool": True,
    "pgsql_access_pool_owner": account().pw_name,
}
# What isn't JSON: an inventory can have a date, which ansible-core before 2.19 doesn't keep in every expression.
DATED = "{all: {hosts: {pg-doors-1: {bought: 2026-11-23}, 10.9.8.7: {bought: 2026-11-23}}}}"
INI = {"auth_type": "hba", "admin_users": "postgres", "pool_mode": "transaction", "default_pool_size": "4"}
FIRST_HBA = "local pgbouncer postgres trust\n"


@dataclass
class Doors:
    """The servers of a cluster and the pool of its primary."""

    primary: servers.Server
    standby: servers.Server
    pool: pooler.Pooler

    def inventory(self, **more: Any) -> dict[str, Any]:
        """The hosts as an inventory of the model has them."""
        console = {"login_unix_socket": str(self.pool.folder), "login_port": self.pool.port, "login_user": "postgres"}
        place = {"pgsql_access_pool_folder": str(self.pool.folder), "pgsql_access_pool_console": console}
        first = {"pg_seq": 1, "pg_role": "primary", "ansible_host": "127.0.0.1", **place}
        second = {"pg_seq": 2, "pg_role": "offline", "pgbouncer_enabled": False, "ansible_host": "::1"}
        members = {"pg-doors-1": at(self.primary, **first), "pg-doors-2": at(self.standby, **second)}
        group = {"hosts": members, "vars": {"pg_cluster": "pg-doors", **DECLARED, **more}}
        return {"all": {"children": {"pg_doors": group, "infra": {"hosts": {"10.9.8.7": {}, "2001:db8::7": {}}}}}}

    def place(self, name: str) -> dict[str, Any]:
        """Where people knock: at the pool, or at a server over TCP."""
        port = self.pool.port if name == "pool" else getattr(self, name).port
        return {"host": "127.0.0.1", "port": port}

    def knock(self, name: str, user: str, password: str = "", database: str = "shop") -> str:
        """Log in and give who that is then, or else what is said against it."""
        secret = password or PASSWORDS.get(user, "")
        login = {"user": user, "password": secret, "dbname": database, "connect_timeout": 20, "sslmode": "disable"}
        try:
            with closing(psycopg2.connect(**self.place(name), **login)) as raw, raw.cursor() as cursor:
                raw.autocommit = True
                cursor.execute("SELECT current_user::text")
                return str(cursor.fetchone()[0])
        except psycopg2.Error as error:
            return str(error)


@contextmanager
def doors_of(primary: servers.Server, standby: servers.Server) -> Iterator[Doors]:
    """Start the pool with nobody in it but who manages it."""
    pool = pooler.make()
    names = {"userlist.txt": '"postgres" ""\n', "pgb_hba.conf": FIRST_HBA, "useropts.txt": "", "database.txt": ""}
    for name, text in names.items():
        pooler.write(pool.folder / name, text)
    files = {"auth_file": str(pool.folder / "userlist.txt"), "auth_hba_file": str(pool.folder / "pgb_hba.conf")}
    includes = [f"%include {pool.folder / name}" for name in ("database.txt", "useropts.txt")]
    try:
        pool = pooler.start(pool, *includes, {**INI, **files})
        yield Doors(primary, standby, pool)
    finally:
        pooler.stop(pool)
