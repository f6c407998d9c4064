"""Large declarations, small enough for every day; `python -m bench limits` measures the large ones."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed.servers import Server
from tests.server import modules
from tests.server.hostile import READ_ONLY, read, roles, run, tidied

GRANTEES = """
SELECT count(*) FROM pg_class c, pg_catalog.aclexplode(c.relacl) a
WHERE c.relname = 'crowded' AND a.grantee <> c.relowner
"""


def settled(server: Server, module: Any, **options: Any) -> modules.Result:
    """Apply, and find nothing to do on a read-only session."""
    result = modules.call(module, **options, **modules.login(server))
    again = modules.call(module, **{**options, **modules.login(server), **READ_ONLY})
    assert (again["changed"], again["sql"]) == (False, [])
    return result


def test_more_than_a_thousand_roles_go_in_one_list(server: Server):
    names = [f"user_{number:04}" for number in range(1200)]
    with tidied(server):
        items = [{"name": name, "comment": name, "connlimit": 3} for name in names]
        assert len(settled(server, pg_role_set, roles=items)["changes"]) >= len(names)
        assert set(names) <= roles(server)
        settled(server, pg_role_set, roles=[{"name": name, "state": "absent"} for name in names])
        assert not set(names) & roles(server)


def test_a_role_can_be_in_hundreds_of_groups_and_leave_them(server: Server):
    groups = [f"group_{number:03}" for number in range(400)]
    with tidied(server):
        items = [{"name": "joiner", "roles": groups}, *({"name": name, "login": False} for name in groups)]
        settled(server, pg_role_set, roles=items, mode="exact")
        members = "SELECT count(*) FROM pg_auth_members WHERE member = 'joiner'::regrole"
        assert read(server, members) == [(400,)]
        settled(server, pg_role_set, roles=[{"name": "joiner", "roles": groups[:1]}], mode="exact")
        assert read(server, members) == [(1,)]


@pytest.fixture
def readers(cluster: Server) -> list[str]:
    """Thousands of roles, and a table that can't have them all in its ACL."""
    names = [f"reader_{number:05}" for number in range(4000)]
    run(cluster, [";".join(f"CREATE ROLE {name}" for name in names), "CREATE TABLE crowded (n int)"])
    return names


def crowd(names: list[str]) -> dict[str, Any]:
    rule = {"privs": ["SELECT"], "tables": ["crowded"], "to": names}
    return {"databases": ["postgres"], "privileges": [rule]}


@pytest.mark.since(18)
def test_an_acl_that_doesnt_fit_into_a_page_is_an_error_that_names_the_object_and_changes_nothing(
    cluster: Server, readers: list[str]
):
    settled(cluster, pg_object_privs, **crowd(readers[:800]))
    assert read(cluster, GRANTEES) == [(800,)]
    result = modules.outcome(pg_object_privs, **crowd(readers), **modules.login(cluster))
    assert "row is too big" in result["msg"]
    assert "SQLSTATE 54000" in result["msg"]
    assert "table public.crowded" in result["msg"]
    assert read(cluster, GRANTEES) == [(800,)]


@pytest.mark.since(18)
def test_a_database_can_have_more_entries_than_a_page_holds(cluster: Server, readers: list[str]):
    grants = [{"role": name, "privs": ["CONNECT"]} for name in readers[:1500]]
    settled(cluster, pg_db_isolation, databases=[{"name": "postgres", "grants": grants}])


@pytest.mark.parametrize("count", [12])
def test_many_databases_are_worked_on_in_one_call(cluster: Server, count: int):
    names = [f"shop_{number:02}" for number in range(count)]
    settled(cluster, pg_db_isolation, databases=[{"name": name, "schemas": ["app"]} for name in names])
    rules = {"databases": names, "privileges": ["GRANT SELECT ON TABLES TO pg_monitor"]}
    settled(cluster, pg_default_privs, **rules, creators=["postgres"])
    for name in names:
        run(cluster, ["CREATE TABLE app.t (n int)"], name)
    acl = "SELECT relacl::text FROM pg_class WHERE relname = 't'"
    assert all("pg_monitor=r/postgres" in read(cluster, acl, name)[0][0] for name in names)
