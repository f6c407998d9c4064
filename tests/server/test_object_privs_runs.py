"""How much is asked and written; several databases; check mode ahead of what earlier tasks make; many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Connection, connect
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.task import object_privs_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION

from testbed.servers import Server
from tests.server import modules
from tests.server.objects import READ_ONLY, call, declared, direct, failure, make_world, may, sql, statements

__all__ = ["make_world"]

MANY = """DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('CREATE TABLE app.many_%s (n int)', i); END LOOP; END $$"""
XMIN = "SELECT oid::regclass::text, xmin::text FROM pg_class WHERE oid >= 16384"
RULES = [
    "GRANT USAGE ON SCHEMA app TO readers, writers",
    "GRANT SELECT ON TABLES TO readers, writers",
    "GRANT INSERT, UPDATE, DELETE ON TABLES TO writers",
]


def test_one_deviation_writes_one_row_and_nothing_to_do_writes_none(world: Server) -> None:
    sql(world, MANY)
    first = call(world, *RULES)
    assert len([line for line in statements(first) if line.count("app.many_") > 250]) >= 4, "some hundred a statement"
    assert not any(" ON ALL " in line for line in statements(first))
    before = dict(sql(world, XMIN))
    assert not call(world, *RULES, mode="exact", **READ_ONLY)["changed"]
    assert dict(sql(world, XMIN)) == before
    sql(world, "REVOKE SELECT ON app.many_7 FROM writers")
    before = dict(sql(world, XMIN))
    assert statements(call(world, *RULES)) == ['GRANT SELECT ON TABLE app.many_7 TO "writers";']
    assert [name for name, xmin in sql(world, XMIN) if before[name] != xmin] == ["app.many_7"]


def asked(server: Server, *rules: object) -> int:
    """Count the statements that reading takes, for the cluster and one database."""
    params = {**dict.fromkeys([*CONNECTION, "owners", "schemas", "except_schemas", "grantees"]), "mode": "exact"}
    params = {**params, "allow_self": False, "lock_timeout": 5.0, **declared(server, *rules)}
    task = object_privs_task(params, Assume())
    connection: Connection = connect(parse_login(params))
    try:
        before = connection.statements
        task.cluster.read(connection)
        return connection.statements - before
    finally:
        connection.close()


def test_the_number_of_statements_doesnt_grow_with_rules_and_objects(world: Server) -> None:
    few = asked(world, *RULES)
    sql(world, MANY)
    many = [f"GRANT SELECT ON TABLE app.many_{i} TO readers" for i in range(1, 500)]
    assert asked(world, *many) == few


def test_several_databases_are_worked_on_and_all_leaves_out_what_cant_be_entered(world: Server) -> None:
    sql(world, "CREATE DATABASE one;\nCREATE DATABASE two;\nCREATE DATABASE closed ALLOW_CONNECTIONS false")
    for name in ("one", "two"):
        sql(world, "CREATE TABLE public.t (n int)", name)
    rule = "GRANT SELECT ON TABLES TO readers"
    result = call(world, rule, databases="all", jobs=3)
    assert {change["database"] for change in result["changes"]} == {"one", "two", "postgres"}
    assert may(world, "readers", "SELECT FROM public.t", "two")
    assert "allows no connections" in failure(world, rule, databases=["closed"])


def test_check_mode_foresees_a_database_from_its_template(world: Server) -> None:
    sql(world, "CREATE TABLE public.seed (n int)", "template1")
    assume = {"databases": [{"name": "shop", "schemas": ["orders"]}], "roles": [{"name": "newcomer"}]}
    rules = ["GRANT SELECT ON TABLES TO newcomer", "GRANT USAGE ON SCHEMA orders TO newcomer"]
    foreseen = call(world, *rules, databases=["shop"], assume=assume, check=True)
    assert statements(foreseen) == ['GRANT SELECT ON TABLE public.seed TO "newcomer";']
    assert any("schema orders" in text for text in foreseen["warnings"])
    assert "no such database" in failure(world, *rules, databases=["shop"])
    sql(world, "CREATE ROLE newcomer;\nCREATE DATABASE shop")
    sql(world, "CREATE SCHEMA orders", "shop")
    made = call(world, *rules, databases=["shop"])
    assert set(statements(foreseen)) <= set(statements(made))


def test_check_mode_says_what_a_database_from_template0_will_not_have(world: Server) -> None:
    assume = {"databases": [{"name": "bare", "template": "template0", "schemas": ["orders"]}]}
    options = {"databases": ["bare"], "assume": assume, "check": True}
    message = failure(world, "GRANT SELECT ON TABLE orders.missing TO readers", **options)
    assert "database bare: 'GRANT SELECT ON TABLE orders.missing TO readers': no such table orders.missing" in message
    fine = ["GRANT USAGE ON SCHEMA public, orders TO readers", "GRANT EXECUTE ON FUNCTION pg_catalog.now() TO readers"]
    assert statements(call(world, *fine, **options)) == ['GRANT USAGE ON SCHEMA public TO "readers";']


def test_an_object_of_a_role_that_is_not_declared_is_covered_by_the_next_run(world: Server) -> None:
    call(world, *RULES)
    sql(world, "SET ROLE other_owner;\nCREATE TABLE app.later (n int)")
    assert not may(world, "readers", "SELECT FROM app.later")
    assert len(statements(call(world, *RULES))) == 2
    assert may(world, "readers", "SELECT FROM app.later")


@pytest.mark.parametrize("mode", ["additive", "exact"])
def test_four_runs_at_once_all_succeed(world: Server, mode: str) -> None:
    sql(world, "GRANT DELETE ON app.users TO readers")
    script = [declared(world, *RULES, mode=mode) for _number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(in_a_process, script))
    assert [result.get("msg") for result in results] == [None] * 4
    assert sum(result["changed"] for result in results) >= 1
    assert direct(world, "app.users", "readers") == ("SELECT" if mode == "exact" else "DELETE SELECT")


def in_a_process(params: dict[str, object]) -> modules.Result:
    """Run the module in a process of its own."""
    return modules.in_a_process("pg_object_privs", params)


def test_the_same_rules_in_another_order_are_the_same_statements(world: Server) -> None:
    rules = [*RULES, "GRANT SELECT (id) ON app.users TO support"]
    assert call(world, *rules, check=True)["sql"] == call(world, *reversed(rules), check=True)["sql"]
