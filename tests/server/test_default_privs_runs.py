"""What future objects really allow, who may change it, how much is asked, and two runs at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2.errors
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_default_privs

from testbed import servers
from testbed.collection import CHECKOUT, COLLECTIONS
from testbed.servers import Server
from tests.server import modules
from tests.server.defaults import CREATORS, ROLES, RULES, call, catalog, declared, failure, sql

PASSWORD = "a long enough one"
SCRIPT = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from tests.server import modules
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_default_privs
print(json.dumps(modules.outcome(pg_default_privs, **json.loads(sys.argv[3]))))
"""


def person(server: Server, name: str, words: str = "") -> None:
    """Make a role that can log in."""
    sql(server, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {words}")


def test_readers_read_and_dont_write_what_a_creator_makes_afterwards(cluster: Server) -> None:
    sql(cluster, ROLES + "GRANT CREATE ON SCHEMA public TO PUBLIC")
    person(cluster, "maker")
    person(cluster, "reader", "IN ROLE dbrole_readonly")
    person(cluster, "writer", "IN ROLE dbrole_readwrite")
    sql(cluster, "CREATE TABLE public.early (n int)", user="maker", password=PASSWORD)
    call(cluster, creators=["maker"])
    sql(cluster, "CREATE TABLE public.late (n int)", user="maker", password=PASSWORD)
    for who, statement, allowed in (
        ("reader", "SELECT FROM public.late", True),
        ("reader", "INSERT INTO public.late VALUES (1)", False),
        ("writer", "INSERT INTO public.late VALUES (1)", True),
        ("writer", "TRUNCATE public.late", False),
        ("reader", "SELECT FROM public.early", False),
    ):
        assert permitted(lambda: sql(cluster, statement, user=who, password=PASSWORD)) == allowed, (who, statement)  # noqa: B023


def permitted(work: Callable[[], object]) -> bool:
    try:
        work()
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


def test_without_superuser_the_login_acts_only_for_roles_it_is_a_member_of(cluster: Server, pg_version: int) -> None:
    sql(cluster, ROLES)
    person(cluster, "manager")
    login = modules.login(cluster, "manager", PASSWORD)
    message = failure(cluster, creators=["dbrole_admin", "dbrole_offline"], **login)
    how = " WITH INHERIT TRUE" if pg_version >= 16 else ""
    assert "manager may not change the default privileges of dbrole_admin, dbrole_offline" in message
    remedy = f'GRANT "dbrole_admin", "dbrole_offline" TO "manager"{how}'
    assert f"run {remedy}," in message
    assert catalog(cluster) == {"postgres": []}
    sql(cluster, remedy)
    assert call(cluster, creators=["dbrole_admin", "dbrole_offline"], **login)["changed"]
    assert not call(cluster, creators=["dbrole_admin", "dbrole_offline"], **login)["changed"]


def test_a_member_without_inherit_becomes_the_creator_from_16_on(cluster: Server, pg_version: int) -> None:
    sql(cluster, ROLES)
    person(cluster, "manager", "NOINHERIT IN ROLE dbrole_admin")
    login = modules.login(cluster, "manager", PASSWORD)
    result = call(cluster, creators=["dbrole_admin"], **login)
    assert result["changed"]
    assert ('SET LOCAL ROLE "dbrole_admin"' in result["sql"][1]) == (pg_version >= 16)
    assert not call(cluster, creators=["dbrole_admin"], session_role="dbrole_admin", **login)["changed"]


@pytest.mark.since(16)
@pytest.mark.parametrize("self_grant", ["", "set", "set, inherit"])
def test_check_mode_knows_as_whom_the_login_will_act_for_a_role_that_it_makes(cluster: Server, self_grant: str) -> None:
    sql(cluster, ROLES)
    person(cluster, "manager", "CREATEROLE")
    sql(cluster, f"ALTER ROLE manager SET createrole_self_grant = '{self_grant}'")
    run: dict[str, object] = {"creators": ["maker"], **modules.login(cluster, "manager", PASSWORD)}
    assume = {"roles": [{"name": "maker"}]}
    foreseen = modules.outcome(pg_default_privs, True, **declared(cluster, assume=assume, **run))
    sql(cluster, "CREATE ROLE maker", user="manager", password=PASSWORD)
    done = modules.outcome(pg_default_privs, **declared(cluster, **run))
    assert (foreseen.get("msg"), foreseen["sql"]) == (done.get("msg"), done["sql"])
    assert ('GRANT "maker" TO "manager" WITH' in done["sql"][1]) == (self_grant == "")
    assert ('SET LOCAL ROLE "maker"' in done["sql"][1]) == ("inherit" not in self_grant)
    held = "SELECT count(*) FROM pg_auth_members WHERE member = 'manager'::regrole"
    assert sql(cluster, held) == [(1 if self_grant == "" else 2,)]


def test_a_login_without_rights_may_run_where_nothing_changes(cluster: Server) -> None:
    sql(cluster, ROLES)
    person(cluster, "manager")
    call(cluster)
    assert not call(cluster, **modules.login(cluster, "manager", PASSWORD))["changed"]


def test_the_number_of_statements_doesnt_grow_with_rules_and_creators(pg_version: int, tmp_path: Path) -> None:
    server = servers.start(pg_version, tmp_path, settings={"log_statement": "all"})
    try:
        sql(server, ROLES + "".join(f"CREATE ROLE creator_{number};" for number in range(100)))
        many = [*CREATORS, *(f"creator_{number}" for number in range(100))]
        call(server, creators=many)
        few = asked(server, creators=["postgres"], privileges=RULES[1:2])
        assert asked(server, creators=many) == few <= 8
        print(f"statements of a run with nothing to do: {few}")
    finally:
        servers.stop(server)


def asked(server: Server, **options: object) -> int:
    """Count the statements that reach the server during a run with nothing to do."""
    before = len(server.log_file.read_text())
    assert not call(server, **options)["changed"]
    return server.log_file.read_text()[before:].count("LOG:  statement:")


def test_two_runs_at_once_both_succeed(cluster: Server) -> None:
    sql(cluster, ROLES)
    runs = [start(cluster, databases="all", jobs=2) for _number in range(2)]
    results = [finish(run) for run in runs]
    assert not any(result.get("failed") for result in results), results
    assert any(result["changed"] for result in results)
    assert not call(cluster, databases="all")["changed"]


def test_two_runs_that_want_different_things_both_succeed(cluster: Server) -> None:
    sql(cluster, ROLES)
    runs = [start(cluster, privileges=rules) for rules in (RULES[:9], RULES[9:])]
    assert [finish(run)["changed"] for run in runs] == [True, True]
    assert not call(cluster)["changed"]


def start(server: Server, **options: object) -> subprocess.Popen[str]:
    """Start the module in a process of its own."""
    params = {**modules.login(server), "databases": ["postgres"], "creators": CREATORS, "privileges": RULES, **options}
    command = [sys.executable, "-c", SCRIPT, str(CHECKOUT), str(COLLECTIONS), json.dumps(params)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(run: subprocess.Popen[str]) -> modules.Result:
    """Wait for the module's result."""
    output, _errors = run.communicate(timeout=60)
    result: modules.Result = json.loads(output)
    return result


def test_several_databases_are_worked_on_side_by_side(cluster: Server) -> None:
    sql(cluster, ROLES)
    names = ["shop", "wiki", "forum", "mail"]
    for name in names:
        sql(cluster, f"CREATE DATABASE {name} TEMPLATE template0")
    began = time.monotonic()
    done = call(cluster, databases=names, jobs=4)
    print(f"four databases: {time.monotonic() - began:.2f} s")
    assert [line for line in done["sql"] if line.startswith("\\")] == [f'\\connect "{name}"' for name in names]
    assert len({str(rows) for rows in catalog(cluster, *names).values()}) == 1
    assert not call(cluster, databases=names, jobs=4)["changed"]


def test_a_database_that_cant_be_entered_fails_before_anything_is_written(cluster: Server) -> None:
    sql(cluster, ROLES)
    person(cluster, "manager", "IN ROLE dbrole_admin")
    sql(cluster, "CREATE DATABASE shop")
    sql(cluster, "CREATE DATABASE shut")
    sql(cluster, "REVOKE CONNECT ON DATABASE shut FROM PUBLIC")
    login = modules.login(cluster, "manager", PASSWORD)
    message = failure(cluster, databases=["shop", "shut"], creators=["dbrole_admin"], **login)
    assert "shut" in message
    assert catalog(cluster, "shop") == {"shop": []}
