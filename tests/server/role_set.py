"""Declare roles on a real server, and prove what was declared: foreseen, applied, read back, again, undone."""

from __future__ import annotations

import dataclasses
import subprocess
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.module_utils.apply import opened
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.inspect import read_role_set
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.model import (
    RoleSet,
    RoleSetState,
    parse_role_set,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.plan import resolve_role_set
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import secured
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import servers
from testbed.binaries import client_tools
from tests.server import interpreters, modules

Item = dict[str, Any]
SET = {"mode": "additive", "update_password": "always", "allow_self": False, "unlisted_roles": "ignore"}
DEFAULTS = dict.fromkeys(pg_role_set.SPEC) | SET


@dataclasses.dataclass(frozen=True)
class Roles:
    """pg_role_set on one server, by one login."""

    server: servers.Server
    user: str | None = None
    password: str | None = None

    def login(self) -> dict[str, str]:
        return modules.login(self.server, self.user, self.password)

    def apply(self, *items: Item, **options: Any) -> modules.Result:
        return modules.call(pg_role_set, **{**self.login(), **options}, roles=list(items))

    def check(self, *items: Item, **options: Any) -> modules.Result:
        return modules.call(pg_role_set, check=True, **{**self.login(), **options}, roles=list(items))

    def failure(self, *items: Item, **options: Any) -> str:
        return modules.failure(pg_role_set, **{**self.login(), **options}, roles=list(items))

    def sql(self, text: str, dbname: str = "postgres", **login: Any) -> list[tuple[Any, ...]]:
        """Run SQL as the superuser, in a session of its own."""
        connection = servers.connect(self.server, dbname, **login)
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, text: str) -> Any:
        return self.sql(text)[0][0]

    def state(self, declared: RoleSet) -> RoleSetState:
        with opened(parse_login({**dict.fromkeys(CONNECTION), **self.login()})) as connection:
            return read_role_set(connection, declared)

    def proved(self, *items: Item, undo: bool = True, **options: Any) -> modules.Result:
        """Apply what differs, and hold the module to its word on the way."""
        declared = declaration(*items, **options)
        before = self.state(declared)
        after = resolve_role_set(declared, before).after
        foreseen = self.check(*items, **options)
        assert self.state(declared) == before, "check mode wrote something"
        result = self.apply(*items, **options)
        assert foreseen["changes"] == result["changes"]
        assert foreseen["sql"] == result["sql"]
        assert same(self.state(declared), after), "what was foreseen isn't what is read back"
        self.unchanged(*items, **options)
        if undo:
            self.undone(declared, before, result)
            assert self.apply(*items, **options)["changes"] == result["changes"]
        return result

    def unchanged(self, *items: Item, **options: Any) -> None:
        again = self.apply(*items, **options)
        assert not again["changed"], again["changes"]
        assert (again["changes"], again["sql"], again["undo_sql"], again["diff"]) == ([], [], [], [])

    def undone(self, declared: RoleSet, before: RoleSetState, result: modules.Result) -> None:
        psql(self.server, result["undo_sql"])
        now = self.state(declared)
        assert now.roles == before.roles
        assert now.memberships == before.memberships
        assert now.settings == before.settings


def declaration(*items: Item, **options: Any) -> RoleSet:
    """Parse items as the module does."""
    params = secured("", {**DEFAULTS, **options, "roles": list(items)})
    return parse_role_set(params, Assume())


def same(state: RoleSetState, foreseen: RoleSetState) -> bool:
    """Compare states; passwords only where the login can read them and this process chose the salt."""
    if state.passwords is None or interpreters.OTHER:
        state, foreseen = (dataclasses.replace(each, passwords=None) for each in (state, foreseen))
    return state == foreseen


def psql(server: servers.Server, lines: list[str]) -> None:
    """Run lines as `psql -f` does, all of them or none."""
    command = [client_tools() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", server.socket_dir, "-f", "-"]
    command += ["-p", str(server.port), "-U", server.superuser, "-d", "postgres"]
    script = "\n".join(lines) + "\n"
    run = subprocess.run(command, input=script, text=True, capture_output=True, check=False)
    assert run.returncode == 0, f"{run.stderr}\n{script}"
