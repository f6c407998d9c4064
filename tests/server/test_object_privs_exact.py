"""What exact takes, what report tells, and what neither ever touches."""

from __future__ import annotations

from testbed.servers import Server
from tests.server.objects import READ_ONLY, acls, call, direct, failure, make_world, may, sql, statements

__all__ = ["make_world"]

RULES = ["GRANT USAGE ON SCHEMA app TO readers", "GRANT SELECT ON TABLES TO readers"]
MESS = """
GRANT DELETE ON app.users TO readers; GRANT SELECT ON app.users TO stranger;
GRANT UPDATE (secret) ON app.users TO readers; GRANT SELECT ON app.emails TO readers WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION app.f(int) TO readers; GRANT USAGE ON TYPE app.mood TO readers;
GRANT USAGE ON FOREIGN SERVER far TO readers; GRANT SELECT ON LARGE OBJECT 4711 TO readers;
GRANT USAGE ON LANGUAGE sql TO readers; GRANT CREATE ON SCHEMA app TO readers;
GRANT SELECT ON app.users TO PUBLIC; GRANT SELECT ON monitor.heartbeat TO readers
"""


def test_additive_leaves_what_report_tells_and_exact_takes(world: Server) -> None:
    call(world, *RULES, except_schemas=["monitor"])
    clean = acls(world)
    sql(world, MESS)
    messed = acls(world)
    options = {"except_schemas": ["monitor"], "grantees": ["readers", "stranger", "PUBLIC"]}
    assert not call(world, *RULES, **options)["changed"]
    told = call(world, *RULES, mode="report", **options, **READ_ONLY)
    assert not told["changed"]
    assert acls(world) == messed
    taken = call(world, *RULES, mode="exact", **options)
    assert taken["sql"] == told["drift_sql"]
    assert taken["destructive"]
    assert all(change["destructive"] for change in taken["changes"])
    assert "destructive: " in taken["diff"][-1]["prepared"]
    after = acls(world)
    if world.version < 15:
        del after["public"], clean["public"]  # there PUBLIC may create in it, which nobody declares
    assert after.pop("monitor.heartbeat") == messed["monitor.heartbeat"], "out of scope"
    assert {name: items for name, items in after.items() if clean.get(name)} == {k: v for k, v in clean.items() if v}
    strays = [item for name in after if not clean.get(name) for item in after[name]]
    assert not any("readers" in item or "stranger" in item for item in strays)
    assert not call(world, *RULES, mode="exact", **options, **READ_ONLY)["changed"]


def test_exact_leaves_grantees_out_of_scope_alone(world: Server) -> None:
    sql(world, "GRANT SELECT, DELETE ON app.users TO stranger, readers")
    call(world, *RULES, mode="exact")
    assert direct(world, "app.users", "stranger") == "DELETE SELECT"
    assert direct(world, "app.users", "readers") == "SELECT"
    call(world, *RULES, mode="exact", grantees=["stranger"])
    assert direct(world, "app.users", "stranger") == ""


def test_exact_keeps_the_owners_own_and_what_public_has_from_the_beginning(world: Server) -> None:
    call(world, mode="exact", grantees="all")
    assert may(world, "app_owner", "SELECT FROM app.users")
    assert may(world, "stranger", "SET search_path TO pg_catalog;\nSELECT 'good'::text")
    sql(world, "GRANT USAGE ON SCHEMA app TO stranger")
    assert may(world, "stranger", "SELECT app.f(1)")


def test_exact_stays_within_owners_and_schemas(world: Server) -> None:
    sql(world, "GRANT DELETE ON app.users, app.foreign_hand, public.loose TO stranger")
    call(world, mode="exact", grantees="all", owners=["other_owner"], schemas=["app"])
    found = [direct(world, name, "stranger") for name in ("app.users", "app.foreign_hand", "public.loose")]
    assert found == ["DELETE", "", "DELETE"]


def test_extension_members_and_system_schemas_stay_as_they_are(world: Server) -> None:
    sql(world, "CREATE EXTENSION pg_stat_statements SCHEMA app")
    sql(world, "GRANT SELECT ON app.pg_stat_statements, pg_catalog.pg_authid TO stranger")
    call(world, *RULES, mode="exact", grantees="all")
    assert "SELECT" in direct(world, "app.pg_stat_statements", "stranger")
    assert direct(world, "pg_authid", "stranger") == "SELECT"
    assert direct(world, "app.pg_stat_statements", "readers") == ""


def test_exact_takes_a_chain_of_grants_apart(world: Server) -> None:
    sql(world, "GRANT USAGE ON SCHEMA app TO support, stranger; GRANT SELECT ON app.users TO support WITH GRANT OPTION")
    sql(world, "SET ROLE support;\nGRANT SELECT ON app.users TO stranger WITH GRANT OPTION")
    sql(world, "SET ROLE stranger;\nGRANT SELECT ON app.users TO readers")
    result = call(world, "GRANT SELECT ON TABLE app.users TO readers", mode="exact", grantees="all")
    assert direct(world, "app.users", "readers") == "SELECT"
    assert {direct(world, "app.users", role) for role in ("support", "stranger")} == {""}
    assert len([line for line in statements(result) if "SET LOCAL ROLE" in line]) == 2


def test_a_grantor_who_may_not_enter_the_schema_is_let_in_for_the_revoke_only(world: Server) -> None:
    sql(world, "GRANT USAGE ON SCHEMA app TO support; GRANT SELECT ON app.users TO support WITH GRANT OPTION")
    sql(world, "SET ROLE support;\nGRANT SELECT ON app.users TO readers")
    sql(world, "REVOKE USAGE ON SCHEMA app FROM support")
    result = call(world, mode="exact", grantees="all")
    assert direct(world, "app.users", "readers") == direct(world, "app.users", "support") == ""
    assert not may(world, "support", "SELECT 'app.users'::regclass")
    assert "support" not in str(acls(world)["app"])
    assert any(line.startswith('BEGIN; GRANT USAGE ON SCHEMA "app" TO "support"; SET') for line in statements(result))


def test_the_scope_is_stated(world: Server) -> None:
    result = call(world, *RULES, mode="exact", owners=["app_owner"], check=True)
    assert result["scope"] == {
        "mode": "exact",
        "databases": ["postgres"],
        "owners": ["app_owner"],
        "schemas": "all",
        "except_schemas": [],
        "grantees": ["readers"],
    }


def test_a_database_is_exact_only_where_a_rule_is_about_it(world: Server) -> None:
    sql(world, "CREATE DATABASE shop;\nGRANT CREATE ON DATABASE shop, postgres TO stranger")
    call(world, "GRANT CONNECT ON DATABASE shop TO readers", mode="exact", grantees="all")
    assert not may(world, "stranger", "CREATE SCHEMA mine", "shop")
    assert may(world, "stranger", "CREATE SCHEMA mine")


def test_undo_leads_back(world: Server) -> None:
    sql(world, MESS)
    before = acls(world)
    result = call(world, *RULES, mode="exact", grantees="all")
    assert acls(world) != before
    for line in (line for line in result["undo_sql"] if not line.startswith("\\connect")):
        sql(world, line)
    nothing = {name for name in acls(world) if name not in before}
    assert {name: items for name, items in acls(world).items() if name not in nothing} == before


def test_a_grantor_that_became_a_superuser_is_named_in_the_error(world: Server) -> None:
    sql(world, "GRANT USAGE ON SCHEMA app TO support; GRANT SELECT ON app.users TO support WITH GRANT OPTION")
    sql(world, "SET ROLE support;\nGRANT SELECT ON app.users TO readers")
    sql(world, "ALTER ROLE support SUPERUSER")
    message = failure(world, "REVOKE SELECT ON TABLE app.users FROM readers")
    assert "table app.users" in message
    assert "support" in message
    assert "NOSUPERUSER" in message
