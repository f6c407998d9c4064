"""A server that logs all that it can, an inventory with secrets in every place, and runs that are looked at closely.

Some passwords stand in clear in the inventory, which nobody should do: since ansible-core 2.19 a template that can't
be computed is shown with its line and two lines before.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

from testbed import plays, servers
from testbed.collection import COLLECTIONS
from tests.role import watching
from tests.role.markers import Markers
from tests.role.runs import LOCAL, ROLE, Run

LOGGED = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "debug5",
    "log_duration": "on",
    "log_connections": "on",
    "log_lock_waits": "on",
    "log_transaction_sample_rate": "1",
    "log_statement_stats": "on",
    "log_error_verbosity": "verbose",
    "track_activity_query_size": "100kB",
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
    "pg_stat_statements.track": "all",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
}
AROUND = {
    "plain": "{}",
    "quoted": """it's "{}" `here`""",
    "percent": "100%{}%s %(x)s %n",
    "backslash": "\\{}\\n\\\\",
    "newline": "one\n{}\nthree",
    "unicode": "pässwörd ✓ {} فلفل 🔑",
    "regex": ".*+?[{}]()|^$\\d",
    "spaces": "   {}   ",
    "template": "{{ {} }}{%",
    "variable": "{}",
    "vaulted": "{}",
    "merged": "{}",
}
GROUPS = [
    item
    for item in yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())["pg_default_roles"]
    if item["name"] != "postgres"
]
VAULT = b"the key of this test's vault"


class Vaulted(str):
    """A text that the inventory holds encrypted."""

    __slots__ = ()


class Untemplated(str):
    """A text that isn't a template."""

    __slots__ = ()


class Dumper(yaml.SafeDumper):
    """Write an inventory as Ansible reads it."""


Dumper.add_representer(Vaulted, lambda dumper, text: dumper.represent_scalar("!vault", encrypted(text), style="|"))
Dumper.add_representer(Untemplated, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def encrypted(text: str) -> str:
    return VaultLib([("default", VaultSecret(VAULT))]).encrypt(str(text)).decode()


@dataclasses.dataclass(frozen=True)
class Stage:
    """The server, the place of all files, and the secrets that are out there."""

    server: servers.Server
    folder: Path
    markers: Markers
    login: str
    given: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)

    def secret(self, run: str, name: str, around: str = "{}", core: str = "") -> str:
        return self.markers.password(f"{run}: {name}", around, core)

    def passwords(self, run: str) -> dict[str, Any]:
        """Give a password of each kind, all of them new ones for each run."""
        given: dict[str, Any] = {name: self.secret(run, name, around) for name, around in AROUND.items()}
        given["short"] = self.secret(run, "short", core="Q7x" + run[:3])
        given["number"] = int(self.secret(run, "number", core=str(90817263 + len(run))))
        given["verifier"] = make_verifier(Secret(self.secret(run, "of a verifier")), 4096).reveal()
        given["md5"] = "md5" + run.encode().hex().ljust(32, "7")[:32]
        self.markers.stored((name, given[name]) for name in ("verifier", "md5"))
        return self.given.setdefault(run, given)

    def declared(self, run: str) -> dict[str, Any]:
        """Declare users, groups with passwords that are overridden, and the system's users."""
        given = self.passwords(run)
        unlike = {"template": Untemplated(given["template"]), "vaulted": Vaulted(given["vaulted"])}
        shown = {**given, **unlike, "variable": "{{ a_variable }}"}
        overridden = {"name": "dbuser_dba", "password": self.secret(run, "overridden by pg_admin_password")}
        merged = {"name": "u_merged", "password": self.secret(run, "overridden by pg_users")}
        return {
            "a_variable": given["variable"],
            "pg_users": [*({"name": f"u_{name}", "password": text} for name, text in shown.items()), overridden],
            "pg_default_roles": [*GROUPS, merged],
            "pg_admin_password": self.secret(run, "pg_admin_password"),
            "pg_monitor_password": "{{ a_variable }}",
            "pg_replication_password": Vaulted(self.secret(run, "pg_replication_password")),
        }

    def connection(self, run: str) -> dict[str, Any]:
        """Log in with a password; libpq's parameters hold others, which aren't used."""
        where = {"login_host": "127.0.0.1", "login_port": str(self.server.port), "login_user": "chief"}
        unused = {name: self.secret(run, f"connect_params.{name}") for name in ("password", "sslpassword")}
        login = {**where, "login_password": Vaulted(self.login), "connect_params": unused}
        return {**LOCAL, "pg_dbsu": "", "pgsql_access_login": login}

    def inventory(self, run: str, **more: Any) -> Path:
        """Write an inventory of one host with passwords that no other run has."""
        variables = {**self.connection(run), **self.declared(run), **more}
        path = self.folder / f"{run}.yml"
        path.write_text(yaml.dump({"all": {"hosts": {"here": variables}}}, Dumper=Dumper, allow_unicode=True))
        return path

    def run(self, name: str, *arguments: str, **environment: str) -> tuple[Run, dict[str, str]]:
        """Run a playbook and give what was seen on the way and what is left of it afterwards, by the place."""
        files = self.folder / f"{name}-files"
        around = {**watching.environment(files), **environment}
        with watching.Watch(files / "tmp", self.server, "reader") as watch:
            done = plays.play(["--vault-password-file", str(self.folder / "key"), *arguments], COLLECTIONS, around)
        told = {"output": done.output, "results": json.dumps(done.results, ensure_ascii=False)}
        self.markers.stored(stored(self.server))
        return Run(**vars(done)), {**told, **watch.texts(), **watching.kept(files)}


def stored(server: servers.Server) -> list[tuple[str, str]]:
    """Read what the server stores for roles."""
    return sql(server, "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")


def sql(server: servers.Server, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement and let no log have it."""
    with closing(servers.connect(server, options=watching.UNLOGGED)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def running(folder: Path) -> Iterator[Stage]:
    """Run a server with a superuser who has a password, and with somebody who sees all sessions."""
    (folder / "key").write_bytes(VAULT)
    server = servers.start(18, folder / "server", settings=LOGGED)
    markers = Markers()
    login = markers.password("login_password")
    sql(server, "CREATE EXTENSION pg_stat_statements")
    sql(server, "CREATE ROLE reader; GRANT pg_read_all_stats TO reader")
    sql(server, f"CREATE ROLE chief LOGIN SUPERUSER PASSWORD '{make_verifier(Secret(login), 4096).reveal()}'")
    try:
        yield Stage(server, folder, markers, login)
    finally:
        servers.stop(server)


def told(server: servers.Server) -> dict[str, str]:
    """Give what a server has written down."""
    counted = sql(server, "SELECT query FROM pg_stat_statements")
    return {"server log": server.log_file.read_text(), "pg_stat_statements": "\n".join(text for (text,) in counted)}
