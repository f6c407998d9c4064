"""Privileges on everything that exists, by rules for classes, schemas, patterns and names."""

from __future__ import annotations

import pytest

from testbed.servers import Server
from tests.server.objects import READ_ONLY, acls, call, direct, make_world, may, sql, statements

__all__ = ["make_world"]

CLASSES = [
    "GRANT USAGE ON SCHEMAS TO readers",
    "GRANT SELECT ON TABLES TO readers",
    "GRANT SELECT ON SEQUENCES TO readers",
    "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTIONS TO readers",
]
RELATIONS = ("users", "orders", "orders_1", "emails", "counts", "foreign_hand", "distant")
ROW_TYPE = "SELECT typacl::text[] FROM pg_type WHERE typname = 'orders'"
EXCEPT = {"except_schemas": ["monitor"]}


def test_rules_for_classes_reach_every_kind_of_object_whoever_made_it(world: Server) -> None:
    """Verified by the role's own attempts, before and after."""
    assert not any(may(world, "readers", f"SELECT FROM app.{name}") for name in RELATIONS if name != "distant")
    call(world, *CLASSES, **EXCEPT)
    assert all(
        may(world, "readers", f"SELECT FROM app.{name}") for name in RELATIONS if name not in ("distant", "counts")
    )
    assert all(direct(world, f"app.{name}", "readers") == "SELECT" for name in RELATIONS)
    assert may(world, "readers", "SELECT last_value FROM app.numbers")
    assert direct(world, "app.users_id_seq", "readers") == "SELECT"
    for routine in ("SELECT app.f(1)", "SELECT app.f(1, '')", "CALL app.p('')", "SELECT app.total(1)"):
        assert may(world, "readers", routine)
        assert not may(world, "stranger", "SET search_path TO app;\n" + routine)


def test_rules_for_many_leave_security_definer_and_excepted_schemas_alone(world: Server) -> None:
    sql(world, "REVOKE EXECUTE ON FUNCTION app.verifier(), monitor.lookup() FROM PUBLIC")
    call(world, *CLASSES, "GRANT EXECUTE ON ALL ROUTINES IN SCHEMA app, monitor TO readers", **EXCEPT)
    found = acls(world)
    assert not any("readers" in item for name in ("app.verifier()", "monitor.lookup()") for item in found[name])
    assert "monitor.heartbeat" not in found
    assert "monitor" not in found, "not even USAGE"


def test_a_rule_that_names_the_object_reaches_it_anyway(world: Server) -> None:
    sql(world, "REVOKE EXECUTE ON FUNCTION monitor.lookup() FROM PUBLIC; GRANT USAGE ON SCHEMA monitor TO support")
    call(world, "GRANT EXECUTE ON FUNCTION monitor.lookup() TO support", **EXCEPT)
    assert may(world, "support", "SELECT monitor.lookup()")
    assert not may(world, "readers", "SELECT monitor.lookup()")


@pytest.mark.parametrize(
    ("rule", "name", "item"),
    [
        ("GRANT SELECT ON TABLE app.users TO support", "app.users", "support=r/app_owner"),
        ("GRANT SELECT, INSERT ON app.users TO support WITH GRANT OPTION", "app.users", "support=a*r*/app_owner"),
        ("GRANT SELECT (id, email) ON app.users TO support", "app.users.email", "support=r/app_owner"),
        ("GRANT ALL (secret) ON TABLE app.users TO support", "app.users.secret", "support=arwx/app_owner"),
        ("GRANT UPDATE ON SEQUENCE app.numbers TO support", "app.numbers", "support=w/app_owner"),
        ("GRANT EXECUTE ON FUNCTION app.f(int, text) TO support", "app.f(integer,text)", "support=X/app_owner"),
        ("GRANT EXECUTE ON PROCEDURE app.p(varchar) TO support", "app.p(character varying)", "support=X/app_owner"),
        ("GRANT EXECUTE ON ROUTINE app.total TO support", "app.total(integer)", "support=X/app_owner"),
        ("GRANT CREATE ON SCHEMA app TO support", "app", "support=C/app_owner"),
        ("GRANT USAGE ON TYPE app.mood TO support", "app.mood", "support=U/app_owner"),
        ("GRANT USAGE ON DOMAIN app.percent TO support", "app.percent", "support=U/app_owner"),
        ("GRANT USAGE ON LANGUAGE plpgsql TO support", "plpgsql", "support=U/postgres"),
        ("GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO support", "wrapper", "support=U/postgres"),
        ("GRANT USAGE ON FOREIGN SERVER far TO support", "far", "support=U/postgres"),
        ("GRANT SELECT, UPDATE ON LARGE OBJECT 4711 TO support", "large object 4711", "support=rw/postgres"),
        ({"privs": "SELECT", "tables": ["app.orders*"], "to": "support"}, "app.orders_1", "support=r/app_owner"),
        ({"privs": ["USAGE"], "on": "TYPES", "to": "support", "schemas": ["app"]}, "app.mood", "support=U/app_owner"),
    ],
    ids=str,
)
def test_each_form_is_planned_applied_unchanged_broken_and_repaired(
    world: Server, rule: object, name: str, item: str
) -> None:
    foreseen = call(world, rule, check=True)
    assert item not in acls(world).get(name, [])
    made = call(world, rule)
    assert made["sql"] == foreseen["sql"]
    assert item in acls(world)[name] or item.replace("a*r*", "r*a*") in acls(world)[name]
    assert not call(world, rule, **READ_ONLY)["changed"]
    for line in filter(lambda line: not line.startswith("\\connect"), made["undo_sql"]):
        sql(world, line)
    assert item not in acls(world).get(name, []), "the undo is the break"
    assert call(world, rule)["sql"] == made["sql"]


def test_what_public_has_from_the_beginning_goes_by_a_rule(world: Server) -> None:
    rules = ["REVOKE USAGE ON TYPE app.mood FROM PUBLIC", "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA app FROM PUBLIC"]
    sql(world, "GRANT USAGE ON SCHEMA app TO stranger")
    assert may(world, "stranger", "SELECT app.f(1)")
    call(world, *rules)
    assert acls(world)["app.mood"] == ["app_owner=U/app_owner"]
    assert not may(world, "stranger", "SELECT app.f(1)")
    assert may(world, "stranger", "SELECT app.verifier()"), "a rule for many leaves SECURITY DEFINER alone"
    assert not call(world, *rules, **READ_ONLY)["changed"]


@pytest.mark.since(15)
def test_parameters_can_be_granted_and_taken_away(world: Server) -> None:
    rule = "GRANT SET, ALTER SYSTEM ON PARAMETER log_min_duration_statement TO support"
    assert not may(world, "support", "SET log_min_duration_statement = 5")
    result = call(world, rule)
    assert result["changes"][0]["database"] is None, "a parameter belongs to the cluster"
    assert may(world, "support", "SET log_min_duration_statement = 5")
    assert not call(world, rule)["changed"]
    call(world, rule.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
    assert not may(world, "support", "SET log_min_duration_statement = 5")


@pytest.mark.since(17)
def test_maintain_is_a_privilege_from_17(world: Server) -> None:
    call(world, "GRANT MAINTAIN ON TABLES TO support", "GRANT USAGE ON SCHEMA app TO support")
    assert direct(world, "app.users", "support") == "MAINTAIN"


def test_databases_and_tablespaces_are_the_clusters_part(world: Server) -> None:
    sql(world, "CREATE DATABASE shop OWNER app_owner")
    rules = ["GRANT CREATE, TEMP ON DATABASE shop TO support", "GRANT CREATE ON TABLESPACE pg_default TO support"]
    result = call(world, *rules)
    assert statements(result) == [
        'GRANT CREATE, TEMPORARY ON DATABASE shop TO "support";',
        'GRANT CREATE ON TABLESPACE pg_default TO "support";',
    ]
    assert may(world, "support", "CREATE SCHEMA mine", "shop")
    assert not call(world, *rules, **READ_ONLY)["changed"]


def test_a_tables_row_type_is_reached_by_its_name_only(world: Server) -> None:
    rule = "REVOKE USAGE ON TYPE app.orders FROM PUBLIC"
    call(world, rule)
    assert [*sql(world, ROW_TYPE)[0][0]] == ["app_owner=U/app_owner"]
    sql(world, "GRANT USAGE ON TYPE app.orders TO PUBLIC")
    assert call(world, rule)["changed"]
    call(world, "GRANT USAGE ON TYPES TO readers")
    assert [*sql(world, ROW_TYPE)[0][0]] == ["app_owner=U/app_owner"]


def test_the_narrower_rule_counts(world: Server) -> None:
    rules = [
        "GRANT SELECT ON TABLES TO readers",
        "GRANT USAGE ON SCHEMAS TO readers",
        {"privs": "ALL", "tables": ["app.orders*"], "to": "readers", "state": "absent"},
        "GRANT SELECT ON TABLE app.orders_1 TO readers",
        "REVOKE SELECT ON TABLE app.emails FROM readers",
    ]
    sql(world, "GRANT ALL ON ALL TABLES IN SCHEMA app TO readers")
    call(world, *rules)
    kept = [name for name in RELATIONS if "SELECT" in direct(world, f"app.{name}", "readers")]
    assert kept == ["users", "orders_1", "counts", "foreign_hand", "distant"]
    assert not call(world, *rules, **READ_ONLY)["changed"]


def test_exceptions_are_left_out(world: Server) -> None:
    rule = {"privs": ["SELECT"], "on": "TABLES", "to": "readers", "schemas": ["app"], "except": ["users", "app.o*"]}
    call(world, rule)
    kept = [name for name in RELATIONS if direct(world, f"app.{name}", "readers")]
    assert kept == ["emails", "counts", "foreign_hand", "distant"]


def test_all_spares_what_another_rule_grants(world: Server) -> None:
    sql(world, "GRANT ALL ON app.users TO support WITH GRANT OPTION")
    rules = ["REVOKE ALL ON TABLE app.users FROM support", "GRANT SELECT ON TABLE app.users TO support"]
    call(world, *rules)
    assert direct(world, "app.users", "support") == "SELECT*", "nothing was said about the option"
    call(world, *rules, "REVOKE GRANT OPTION FOR SELECT ON app.users FROM support")
    assert direct(world, "app.users", "support") == "SELECT"


def test_a_revoke_on_the_table_gives_its_columns_back(world: Server) -> None:
    """PostgreSQL's REVOKE on a table takes the same privilege from its columns."""
    sql(world, "GRANT SELECT ON app.users TO support; GRANT USAGE ON SCHEMA app TO support")
    rules = ["REVOKE SELECT ON TABLE app.users FROM support", "GRANT SELECT (email) ON app.users TO support"]
    result = call(world, *rules)
    assert [change["action"] for change in result["changes"]] == ["grant", "revoke", "grant again"]
    assert may(world, "support", "SELECT email FROM app.users")
    assert not may(world, "support", "SELECT secret FROM app.users")
    assert not call(world, *rules, **READ_ONLY)["changed"]


def test_somebody_elses_grant_counts_and_goes_as_whoever_made_it(world: Server) -> None:
    sql(world, "GRANT USAGE ON SCHEMA app TO support; GRANT SELECT ON app.users TO support WITH GRANT OPTION")
    sql(world, "SET ROLE support;\nGRANT SELECT ON app.users TO readers")
    assert not call(world, "GRANT SELECT ON app.users TO readers")["changed"]
    result = call(world, "REVOKE SELECT ON app.users FROM readers")
    assert "SET LOCAL ROLE" in statements(result)[0]
    assert direct(world, "app.users", "readers") == ""


def test_a_text_can_be_limited_to_databases(world: Server) -> None:
    sql(world, "CREATE DATABASE shop")
    sql(world, "CREATE TABLE public.only_here (n int)", "shop")
    rules = [
        {"rule": "GRANT SELECT ON only_here TO readers", "databases": ["shop"]},
        "GRANT SELECT ON TABLES TO writers",
    ]
    result = call(world, *rules, databases=["postgres", "shop"])
    assert {change["database"] for change in result["changes"]} == {"postgres", "shop"}
    assert may(world, "readers", "SELECT FROM public.only_here", "shop")
    assert not call(world, *rules, databases=["postgres", "shop"], **READ_ONLY)["changed"]
