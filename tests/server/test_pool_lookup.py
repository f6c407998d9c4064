"""The function by which a pool looks up verifiers: who may call it, whom it tells of, and what is repaired."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import apply
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume, AssumedDatabase, AssumedRole

from testbed import servers
from testbed.datadir import append
from testbed.servers import Server
from tests.server import pool_lookup
from tests.server.isolation import attempt, psql
from tests.server.pool_lookup import GIVEN, READ_ONLY, SHOP, asked, facts, failure, lookup, scene, sql, told_of

FUNCTION = "pgbouncer.user_lookup(text)"
CALL = "SELECT * FROM pgbouncer.user_lookup('ann')"
GOOD = {"ann", "ben", "early"}
STRANGER = "RETURNS TABLE (a text, b text) LANGUAGE sql AS $$ SELECT $1::text, 'evil' $$"
ALTER = f"ALTER FUNCTION {FUNCTION}"
BREAKS = {
    "another body": f"CREATE OR REPLACE FUNCTION {FUNCTION} RETURNS TABLE (user_name text, verifier text) "
    "LANGUAGE sql STABLE STRICT SECURITY DEFINER ROWS 1 SET search_path TO pg_catalog, pg_temp "
    "AS $$ SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1 $$",
    "another owner": f"{ALTER} OWNER TO ann",
    "another search_path": f"{ALTER} SET search_path TO public, pg_catalog",
    "other attributes": f"{ALTER} SECURITY INVOKER CALLED ON NULL INPUT LEAKPROOF PARALLEL SAFE VOLATILE COST 7 ROWS 9",
    "no function, and others": f"DROP FUNCTION {FUNCTION};\n"
    f"CREATE FUNCTION pgbouncer.user_lookup(name) {STRANGER};\n"
    "ALTER FUNCTION pgbouncer.user_lookup(name) OWNER TO ann;\n"
    f"CREATE FUNCTION pgbouncer.user_lookup(varchar, int = 1) {STRANGER};\n"
    "CREATE PROCEDURE pgbouncer.user_lookup(int) LANGUAGE sql AS 'SELECT 1';\n"
    "CREATE AGGREGATE pgbouncer.user_lookup(float8) (SFUNC = float8pl, STYPE = float8)",
    "everybody may call": f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO PUBLIC, pooler WITH GRANT OPTION".replace(
        "PUBLIC, pooler", f"PUBLIC;\nGRANT EXECUTE ON FUNCTION {FUNCTION} TO pooler"
    ),
    "passed on": "GRANT USAGE ON SCHEMA pgbouncer TO ann WITH GRANT OPTION;\n"
    f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO ann WITH GRANT OPTION;\nSET ROLE ann;\n"
    f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO ben, pooler",
    "the pool may not": f"REVOKE EXECUTE ON FUNCTION {FUNCTION} FROM pooler",
    "everybody sees the schema": "GRANT USAGE, CREATE ON SCHEMA pgbouncer TO PUBLIC, pooler",
    "the schema is somebody's": "ALTER SCHEMA pgbouncer OWNER TO ann",
    "more of pg_authid": "GRANT SELECT, UPDATE (rolsuper) ON pg_authid TO pgbouncer_lookup",
    "less of pg_authid": "REVOKE SELECT (rolpassword) ON pg_authid FROM pgbouncer_lookup",
}


@pytest.fixture
def model(cluster: Server) -> Server:
    """A server with people of every kind."""
    scene(cluster)
    return cluster


def test_check_foretells_the_apply_and_a_second_run_changes_nothing(model: Server, tmp_path: Path) -> None:
    before = facts(model)
    foreseen = lookup(model, check=True)
    assert facts(model) == before
    applied = lookup(model)
    for key in ("changed", "changes", "sql", "undo_sql", "diff"):
        assert foreseen[key] == applied[key], key
    assert applied["changed"]
    made = facts(model)
    again = lookup(model, **READ_ONLY)
    assert (again["changed"], again["sql"], again["warnings"]) == (False, [], [])
    psql(model, applied["undo_sql"], tmp_path)
    assert facts(model) == before
    psql(model, applied["sql"], tmp_path)
    assert facts(model) == made


def test_the_function_tells_the_pools_login_of_those_who_may_log_in_and_of_no_superuser(model: Server) -> None:
    lookup(model)
    assert told_of(model) == GOOD
    assert asked(model, "ann") == sql(model, "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = 'ann'")
    assert asked(model, "ANN") == asked(model, "nobody") == asked(model, "a" * 70) == []


def test_nobody_else_calls_the_function_or_looks_into_its_schema(model: Server) -> None:
    lookup(model)
    for user in ("ann", "ben", "early"):
        assert "permission denied for schema pgbouncer" in attempt(model, user, "shop", CALL)
        assert "permission denied for schema pgbouncer" in attempt(model, user, "shop", "CREATE TABLE pgbouncer.t ()")
    sql(model, "GRANT USAGE ON SCHEMA pgbouncer TO PUBLIC", "shop")
    for user in ("ann", "ben", "early"):
        assert "permission denied for function user_lookup" in attempt(model, user, "shop", CALL)
    refused = "permission denied for table pg_authid"
    assert refused in attempt(model, "pooler", "shop", "SELECT rolpassword FROM pg_authid")
    assert "permission denied for schema pgbouncer" in attempt(model, "pooler", "shop", "CREATE TABLE pgbouncer.t ()")
    assert "permission denied" in attempt(model, "pooler", "shop", "SET ROLE pgbouncer_lookup")


def test_the_owner_reads_seven_columns_of_pg_authid_and_nobody_comes_near_it(model: Server) -> None:
    lookup(model)
    mine = "SET ROLE pgbouncer_lookup;\n"
    assert sql(model, f"{mine}SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'ann'", "shop") == [(True,)]
    assert sql(model, "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'pgbouncer_lookup'") == [
        (False, False)
    ]
    held = "SELECT has_table_privilege('pgbouncer_lookup', 'pg_authid', 'SELECT')"
    assert sql(model, held, "shop") == sql(model, held) == [(False,)]
    column = "SELECT has_column_privilege('pgbouncer_lookup', 'pg_authid', 'rolpassword', 'SELECT')"
    assert sql(model, column, "shop") == [(True,)]
    assert sql(model, column) == [(False,)]
    sql(model, "GRANT pgbouncer_lookup TO readonly;\nGRANT readonly TO pooler")
    said = failure(model)
    assert "as a member of pgbouncer_lookup (pooler > readonly > pgbouncer_lookup)" in said
    assert "has members, who read verifiers, too (readonly)" in said


def test_at_no_commit_has_anybody_else_execute(model: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ACL that is there was written by the transaction that created the function: there never was another one."""
    sql(model, "CREATE ROLE pgbouncer_lookup NOLOGIN")
    for creator in ("postgres", "pgbouncer_lookup"):
        sql(model, f"ALTER DEFAULT PRIVILEGES FOR ROLE {creator} {GIVEN}, pooler WITH GRANT OPTION", "shop")
    execute, left = apply.execute, ["readonly", "offline", "PUBLIC"]

    def interrupted(here: Any, changes: Sequence[Any]) -> list[str]:
        while left:
            defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE pgbouncer_lookup GRANT {{}} TO {left.pop()}"
            sql(model, ";\n".join(map(defaults.format, ("ALL ON FUNCTIONS", "ALL ON SCHEMAS"))), "shop")
        return execute(here, changes)

    monkeypatch.setattr(apply, "execute", interrupted)
    lookup(model)
    written = """
    SELECT p.proacl::text[], p.xmin = d.xmin, n.nspacl::text[], n.xmin = d.xmin
    FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    JOIN pg_namespace n ON n.oid = p.pronamespace AND d.refobjid = n.oid
    WHERE p.proname = 'user_lookup'
    """
    acl, schema_acl = (
        ["pgbouncer_lookup=X/pgbouncer_lookup", "pooler=X/pgbouncer_lookup"],
        ["pgbouncer_lookup=UC/pgbouncer_lookup", "pooler=U/pgbouncer_lookup"],
    )
    assert sql(model, written, "shop") == [(acl, True, schema_acl, True)]
    assert not lookup(model)["changed"]


def test_whatever_is_changed_by_hand_is_found_and_repaired(model: Server) -> None:
    lookup(model)
    good = facts(model)
    for name, statements in BREAKS.items():
        sql(model, statements, "shop")
        assert facts(model) != good, name
        assert lookup(model, verify=False)["changed"], name
        assert facts(model) == good, name
    assert not lookup(model, **READ_ONLY)["changed"]
    assert told_of(model) == GOOD


def test_an_undone_repair_leaves_privileges_as_they_were(model: Server, tmp_path: Path) -> None:
    lookup(model)
    for name in ("everybody may call", "the pool may not", "everybody sees the schema", "more of pg_authid"):
        sql(model, BREAKS[name], "shop")
    before = facts(model)
    undo = lookup(model)["undo_sql"]
    psql(model, undo, tmp_path)
    assert facts(model) == before


def test_objects_of_the_same_names_deceive_nobody(model: Server) -> None:
    lookup(model)
    sql(
        model, "GRANT CREATE ON SCHEMA public TO ann;\nALTER DATABASE shop SET search_path = public, pg_catalog", "shop"
    )
    sql(model, "ALTER ROLE pooler SET search_path = public, pg_temp, pg_catalog")
    yes = "RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    hostile = [
        *(f"CREATE FUNCTION public.yes({kinds}) {yes}" for kinds in ("name, text", "name, name", "text, text")),
        "CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.yes)",
        "CREATE OPERATOR public.<> (LEFTARG = name, RIGHTARG = name, FUNCTION = public.yes)",
        "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.yes)",
        "CREATE FUNCTION public.pg_has_role(oid, oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
        "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '1999-01-01' $$",
        f"CREATE FUNCTION public.user_lookup(text) {STRANGER}",
        "CREATE TABLE public.pg_authid (LIKE pg_catalog.pg_roles)",
        "CREATE VIEW public.pg_roles AS SELECT oid, false AS rolsuper FROM pg_catalog.pg_roles",
    ]
    for statement in hostile:
        assert attempt(model, "ann", "shop", statement) == "ok"
    assert told_of(model) == GOOD
    assert not lookup(model, **READ_ONLY)["changed"]
    sql(model, "DROP SCHEMA pgbouncer CASCADE", "shop")
    lookup(model)
    assert told_of(model) == GOOD


def test_a_wrong_login_or_owner_is_refused_before_anything_is_written(model: Server) -> None:
    sql(model, "ALTER ROLE pooler NOLOGIN CREATEROLE REPLICATION;\nGRANT readonly TO pooler;\nGRANT boss TO readonly")
    sql(model, "CREATE ROLE pgbouncer_lookup LOGIN;\nGRANT pgbouncer_lookup TO ann")
    before = facts(model)
    said = failure(model)
    for words in (
        "auth_user pooler can't log in: declare login: true",
        "auth_user pooler has REPLICATION, CREATEROLE, and needs nothing of that",
        'as a member of boss (pooler > readonly > boss): run REVOKE "readonly" FROM "pooler"',
        'lookup_owner pgbouncer_lookup can log in, and reads verifiers: run ALTER ROLE "pgbouncer_lookup" NOLOGIN',
        "lookup_owner pgbouncer_lookup has members, who read verifiers, too (ann)",
    ):
        assert words in said
    assert facts(model) == before
    assert "auth_user postgres has SUPERUSER" in failure(model, auth_user="postgres")
    assert "no such role: nobody_at_all" in failure(model, auth_user="nobody_at_all")
    assert "no such database: shed" in failure(model, {"name": "shed"}, auth_user="ben", lookup_owner="other")
    assert "lookup_owner postgres is a superuser" in failure(model, auth_user="ben", lookup_owner="postgres")


def test_a_login_without_superuser_is_told_so_and_needs_nothing_for_an_empty_plan(model: Server) -> None:
    assert "ann can't create role pgbouncer_lookup: log in as a superuser" in failure(model, **as_ann(model))
    lookup(model)
    assert not lookup(model, **as_ann(model))["changed"]
    sql(model, BREAKS["everybody may call"], "shop")
    assert "database shop: ann can't change who reads verifiers" in failure(model, **as_ann(model))


def as_ann(server: Server) -> dict[str, Any]:
    """Give the login of an ordinary user."""
    host = {"login_unix_socket": None, "login_host": "127.0.0.1", "login_port": str(server.port)}
    return {**host, "login_user": "ann", "login_password": pool_lookup.PASSWORD}


def test_a_login_that_was_given_all_verifiers_before_is_refused_until_it_has_lost_them(model: Server) -> None:
    sql(model, "GRANT SELECT ON pg_shadow TO readonly;\nGRANT SELECT (rolpassword) ON pg_authid TO pooler", "shop")
    sql(model, "GRANT readonly TO pooler")
    said = failure(model)
    for table in ("pg_authid", "pg_shadow"):
        assert f"database shop: auth_user pooler reads verifiers without the function, from {table}: run" in said
    sql(model, "REVOKE ALL ON pg_authid FROM pooler;\nREVOKE ALL ON pg_shadow FROM readonly", "shop")
    assert lookup(model)["changed"]


def test_a_schema_with_other_things_in_it_is_refused(model: Server) -> None:
    sql(model, "CREATE SCHEMA pgbouncer;\nCREATE TABLE pgbouncer.notes (a int)", "shop")
    assert "schema pgbouncer holds other things (table pgbouncer.notes): give lookup_schema a name" in failure(model)
    assert lookup(model, lookup_schema='odd "name"')["changed"]
    assert not lookup(model, lookup_schema='odd "name"')["changed"]


def test_a_database_that_is_no_longer_pooled_loses_the_function_and_one_that_is_not_named_keeps_it(
    model: Server, tmp_path: Path
) -> None:
    before = [*facts(model), ("pgbouncer_lookup",)]
    sql(model, "CREATE DATABASE shed")
    lookup(model, SHOP, {"name": "shed"})
    made = facts(model)
    assert not lookup(model, {"name": "shed"})["changed"]
    removal = lookup(model, {"name": "shed"}, {**SHOP, "pgbouncer": False})
    assert facts(model) == before
    assert told_of(model, dbname="shed") == GOOD
    assert not lookup(model, {"name": "shed"}, {**SHOP, "pgbouncer": False}, **READ_ONLY)["changed"]
    psql(model, removal["undo_sql"], tmp_path)
    assert facts(model) == made
    sql(model, "DROP DATABASE shed;\nDROP DATABASE shop;\nDROP ROLE pgbouncer_lookup")


def test_each_database_has_the_login_that_asks_there(model: Server) -> None:
    items = [{**SHOP, "pool_auth_user": "early"}, {"name": "postgres"}]
    lookup(model, *items, auth_dbname="template1")
    assert told_of(model, "early") == {"ann", "ben", "pooler"}
    assert "permission denied" in attempt(model, "pooler", "shop", CALL)
    assert told_of(model, dbname="template1") == GOOD
    assert told_of(model, "early", "template1") == {"ann", "ben", "pooler"}


def test_a_clone_of_template1_has_the_function_as_it_is_there(model: Server) -> None:
    lookup(model, {"name": "template1"})
    sql(model, "CREATE DATABASE clone")
    assert facts(model, "clone") == facts(model, "template1")
    assert told_of(model, dbname="clone") == GOOD
    assert not lookup(model, {"name": "clone"}, **READ_ONLY)["changed"]


def test_check_mode_foresees_databases_and_logins_of_earlier_tasks(model: Server) -> None:
    assume = Assume((AssumedRole("asker", superuser=False),), (AssumedDatabase("new", template="shop"),), check=True)
    result = lookup(model, {"name": "new"}, auth_user="asker", check=True, assume=assume)
    assert {change["database"] for change in result["changes"]} == {None, "new"}
    lookup(model)
    inherited = lookup(model, {"name": "new"}, check=True, assume=assume)
    assert not inherited["changed"]


def test_a_login_that_cannot_connect_is_warned_of(model: Server) -> None:
    sql(model, "REVOKE CONNECT ON DATABASE shop FROM PUBLIC")
    said = "database shop: auth_user pooler has no CONNECT there, so PgBouncer can't look up anybody"
    assert any(said in warning for warning in lookup(model)["warnings"])


def test_a_standby_needs_nothing_if_the_function_is_there_and_is_never_written_to(model: Server) -> None:
    lookup(model)
    append(model.data_dir / "standby.signal", "")
    servers.restart(model)
    assert not lookup(model)["changed"]
    assert told_of(model) == GOOD
    assert "the server is a standby and can't be changed" in failure(model, {"name": "postgres"})
