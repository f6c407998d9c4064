"""What can't be done is said before anything is written: the object, who stands in the way, and the remedy."""

from __future__ import annotations

import pytest

from testbed.servers import Server
from tests.server import modules
from tests.server.objects import acls, call, direct, failure, make_world, may, sql

__all__ = ["make_world"]

ADMIN = {"login_user": "admin", "login_host": "127.0.0.1", "login_unix_socket": None, "login_password": "sesame"}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("GRANT SELECT ON TABLE app.usr TO readers", "no such table app.usr: make it first, or correct the name"),
        ("GRANT SELECT ON TABLE app.user TO readers", "no such table app.user"),
        ("GRANT SELECT ON TABLE users TO readers", "no such table public.users"),
        ("GRANT SELECT (mail) ON app.users TO readers", "table app.users has no column mail"),
        ("GRANT EXECUTE ON FUNCTION app.f TO readers", "there are 2 of function app.f: write the types"),
        ("GRANT EXECUTE ON FUNCTION app.f(money) TO readers", "no such function app.f(money)"),
        ("GRANT EXECUTE ON FUNCTION app.f(monney) TO readers", "no type monney: write its schema before it"),
        ("GRANT EXECUTE ON PROCEDURE app.f(int) TO readers", "no such function app.f(int)"),
        ("GRANT SELECT ON SEQUENCE app.users TO readers", "no such sequence app.users"),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA apps TO readers", "no such schema: apps"),
        ("GRANT SELECT ON LARGE OBJECT 1 TO readers", "no such large object 1"),
        ("GRANT CREATE ON DATABASE nowhere TO readers", "no such database nowhere"),
        ("GRANT SELECT ON TABLES TO reader", "no such role: reader"),
        ({"rule": "GRANT SELECT ON TABLES TO readers", "databases": ["template1"]}, "limited to database template1"),
        ({"rule": "GRANT SELECT ON TABLES TO readers", "databases": ["nowhere"]}, "no such database: nowhere"),
    ],
    ids=str,
)
def test_a_name_that_stands_for_nothing_is_an_error_and_nothing_is_written(
    world: Server, rule: object, text: str
) -> None:
    before = acls(world)
    assert text in failure(world, rule, "GRANT SELECT ON TABLE app.orders TO readers")
    assert acls(world) == before


@pytest.mark.since(15)
def test_an_unknown_parameter_is_an_error(world: Server) -> None:
    assert "no such parameter work_men" in failure(world, "GRANT SET ON PARAMETER work_men TO readers")


@pytest.mark.before(17)
def test_maintain_before_17_is_an_error(world: Server) -> None:
    assert "MAINTAIN" in failure(world, "GRANT MAINTAIN ON TABLE app.users TO readers")


def test_all_that_is_wrong_is_said_at_once(world: Server) -> None:
    message = failure(world, "GRANT SELECT ON app.a TO readers", "GRANT SELECT ON app.b TO nobody", "GRANT")
    assert "rule 3" in message
    message = failure(world, "GRANT SELECT ON app.a, app.b TO readers")
    assert "app.a" in message
    assert "app.b" in message


def test_rules_that_contradict_each_other_are_both_printed(world: Server) -> None:
    one, other = "GRANT SELECT ON TABLE app.users TO readers", "REVOKE SELECT ON TABLE app.users FROM readers"
    message = failure(world, one, other)
    assert one in message
    assert other in message
    patterns = [
        {"privs": "SELECT", "tables": [p], "to": "readers", "state": s}
        for p, s in (("app.u*", "present"), ("app.*s", "absent"))
    ]
    assert "table app.users" in failure(world, *patterns)


def test_a_login_without_the_right_is_refused_with_object_grantor_and_remedy(world: Server) -> None:
    sql(world, "CREATE ROLE admin LOGIN PASSWORD 'sesame'; GRANT USAGE ON SCHEMA app TO admin")
    sql(world, "GRANT SELECT ON app.users TO admin WITH GRANT OPTION")
    call(world, "GRANT SELECT ON TABLE app.users TO readers", **ADMIN)
    assert direct(world, "app.users", "readers") == "SELECT", "who holds the option can pass it on"
    message = failure(world, "GRANT SELECT ON TABLE app.users, app.orders TO support", **ADMIN)
    assert "table app.orders: admin may not grant or revoke SELECT: log in as its owner app_owner" in message
    assert direct(world, "app.users", "support") == "", "nothing was written"


def test_a_member_of_the_owner_acts_for_it(world: Server) -> None:
    sql(world, "CREATE ROLE admin LOGIN PASSWORD 'sesame' IN ROLE app_owner")
    call(world, "GRANT SELECT ON TABLES TO readers", owners=["app_owner"], **ADMIN)
    assert "readers=r/app_owner" in acls(world)["app.users"]
    assert not call(world, "GRANT SELECT ON TABLES TO readers", owners=["app_owner"], **ADMIN)["changed"]


def test_report_tells_what_could_not_be_judged_and_the_rest_is_done(world: Server) -> None:
    sql(world, "CREATE ROLE admin LOGIN PASSWORD 'sesame' IN ROLE app_owner")
    sql(world, "GRANT DELETE ON app.users, app.foreign_hand TO stranger")
    result = call(world, "GRANT SELECT ON TABLE app.users TO readers", mode="report", grantees="all", **ADMIN)
    assert direct(world, "app.users", "readers") == "SELECT"
    told = str(result["drift"]) + str(result["warnings"])
    assert "foreign_hand" in told


def test_a_dropped_schema_public_is_no_obstacle(world: Server) -> None:
    sql(world, "DROP TABLE public.loose; DROP SCHEMA public")
    rule = {"privs": ["CREATE"], "on": "SCHEMA", "objects": ["public"], "to": "readers"}
    assert not call(world, rule)["changed"]


def test_hostile_names_are_only_names(world: Server) -> None:
    for name in ("a.b", 'q"uote', "per%s cent", "back\\slash", "sem;i", "Ünï", "select", " space "):
        quoted = '"' + name.replace('"', '""') + '"'
        sql(world, f"CREATE SCHEMA {quoted};\nCREATE TABLE {quoted}.{quoted} ({quoted} int);\nCREATE ROLE {quoted}")
        rules = [
            {"privs": ["SELECT"], "tables": [f"{quoted}.{quoted}"], "columns": [name], "to": name},
            {"privs": ["INSERT"], "on": "TABLES", "schemas": [name], "to": name},
            f"GRANT USAGE ON SCHEMA {quoted} TO {quoted}",
        ]
        call(world, *rules)
        assert may(world, quoted, f"SELECT {quoted} FROM {quoted}.{quoted}")
        assert may(world, quoted, f"INSERT INTO {quoted}.{quoted} VALUES (1)")
        assert not call(world, *rules)["changed"]


def test_hostile_objects_of_the_same_name_are_not_used(world: Server) -> None:
    sql(
        world,
        """CREATE FUNCTION public.aclexplode(aclitem[]) RETURNS int LANGUAGE sql AS 'SELECT 1/0';
        CREATE FUNCTION public.quote_ident(text) RETURNS text LANGUAGE sql AS 'SELECT $$evil$$';
        CREATE TABLE public.pg_class (n int);
        ALTER DATABASE postgres SET search_path TO public, pg_catalog;
        ALTER DATABASE postgres SET quote_all_identifiers TO on
        """,
    )
    result = call(world, "GRANT SELECT ON TABLE app.users TO readers")
    assert direct(world, "app.users", "readers") == "SELECT"
    assert "evil" not in str(result["sql"])


def test_options_of_the_wrong_kind_are_errors_in_words(world: Server) -> None:
    assert "grantees has to be a list" in failure(world, grantees={"a": 1})
    assert "databases has to be a list" in failure(world, databases={"a": 1})
    assert "give 1 or more" in modules.failure(
        __import__("ansible_collections.leastpriv.pgsql.plugins.modules.pg_object_privs", fromlist=["main"]),
        **{**modules.login(world), "databases": [], "privileges": [], "jobs": 0},
    )
