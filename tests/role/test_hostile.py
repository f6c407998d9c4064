"""Jinja in names, comments, settings and rules stays text: in an inventory with !unsafe, and in what a server tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed import servers
from tests.role.runs import LOCAL, SITE, Run, ok

ROLE, OTHER = "{{ 1 + 1 }}", "{% raw %}'\"\\"
TEMPLATED = "as the user's own template says: {{ 40 + 2 }}"


class Unsafe(str):
    """A text that Ansible takes as it is."""


class Dumper(yaml.SafeDumper):
    """Write texts that are no templates as !unsafe."""


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def rogue(folder: Path) -> Unsafe:
    """Give a template that would leave a file behind, if anything evaluated it."""
    return Unsafe("{{ lookup('pipe', 'touch " + str(folder / "evaluated") + "') }}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rogue")


@pytest.fixture(scope="module")
def inventory(server: servers.Server, folder: Path) -> Path:
    """An inventory whose values are templates to look at."""
    code = rogue(folder)
    variables: dict[str, Any] = {
        **LOCAL,
        "pgsql_access_login": {
            "login_unix_socket": str(server.socket_dir),
            "login_port": str(server.port),
            "login_user": server.superuser,
        },
        "pgsql_access_creators": [Unsafe(ROLE)],
        "pgsql_access_admin_role": "",
        "pg_default_roles": [],
        "pg_users": [
            {"name": Unsafe(ROLE), "comment": code, "parameters": {"hostile.own": code}},
            {"name": Unsafe(OTHER), "comment": TEMPLATED, "roles": [Unsafe(ROLE)], "password": code},
        ],
        "pg_databases": [
            {"name": Unsafe("{{ db }}"), "owner": Unsafe(ROLE), "comment": code, "schemas": [Unsafe("{# no #}")]}
        ],
        "pg_default_privileges": [Unsafe(f'GRANT SELECT ON TABLES TO "{OTHER.replace(chr(34), chr(34) * 2)}"')],
        "pgsql_access_object_privileges": [
            {"privs": "USAGE", "on": "schema", "objects": [Unsafe("{# no #}")], "to": Unsafe(OTHER)}
        ],
        **dict.fromkeys(
            ("pg_replication_username", "pg_monitor_username", "pg_admin_username", "pg_dbsu_password"), ""
        ),
    }
    path = folder / "inventory.yml"
    path.write_text(yaml.dump({"all": {"hosts": {"here": variables}}}, Dumper=Dumper, allow_unicode=True))
    return path


@pytest.fixture(scope="module")
def applied(run: Callable[..., Run], inventory: Path) -> Run:
    """The first run of the role."""
    return ok(run(book=SITE, inventory=[inventory]))


def test_templates_in_values_are_stored_as_they_are_written(applied: Run, query: Callable[..., Any], folder: Path):
    code = str(rogue(folder))
    rows = query(
        "SELECT rolname::text, pg_catalog.shobj_description(oid, 'pg_authid') FROM pg_authid WHERE oid >= 16384"
    )
    assert dict(rows) == {ROLE: code, OTHER: "as the user's own template says: 42"}
    assert query("SELECT setconfig FROM pg_db_role_setting") == [([f"hostile.own={code}"],)]
    assert query("SELECT count(*) FROM pg_namespace WHERE nspname = '{# no #}' AND nspacl IS NOT NULL", "{{ db }}") == [
        (1,)
    ]
    assert query("SELECT count(*) FROM pg_default_acl", "{{ db }}") == [(1,)]
    assert not (folder / "evaluated").exists()


def test_a_second_run_has_nothing_to_do_and_evaluates_nothing(
    applied: Run, run: Callable[..., Run], inventory: Path, folder: Path
):
    assert ok(run(book=SITE, inventory=[inventory])).changed == 0
    assert not (folder / "evaluated").exists()


def test_what_a_server_tells_is_never_evaluated_when_it_is_declared(
    applied: Run, run: Callable[..., Run], inventory: Path, folder: Path
):
    login = {key: f"{{{{ pgsql_access_login.{key} }}}}" for key in ("login_unix_socket", "login_port", "login_user")}
    tasks = [
        {"leastpriv.pgsql.pg_access_info": {**login, "gather": ["declaration"]}, "register": "told"},
        {"leastpriv.pgsql.pg_role_set": {**login, "mode": "exact", "roles": "{{ told.declaration.pg_users }}"}},
        {"leastpriv.pgsql.pg_db_isolation": {**login, "databases": "{{ told.declaration.pg_databases }}"}},
        {"ansible.builtin.debug": {"msg": "{{ told.declaration }}"}},
    ]
    book = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    assert ok(run(book=book, inventory=[inventory])).changed == 0
    assert not (folder / "evaluated").exists()
