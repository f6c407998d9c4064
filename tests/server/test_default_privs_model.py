"""The model's 17 rules: whatever their order, their form and the server's version, the same state, and only once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import DEFAULT_CLASSES, default_acl
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.model import classes
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_default_privs

from testbed.servers import Server
from tests.server import modules
from tests.server.defaults import CREATORS, ROLES, RULES, call, catalog, lent, plans, sql

MERGED = [
    "GRANT USAGE ON SCHEMAS TO dbrole_readonly, dbrole_offline",
    "GRANT SELECT ON TABLES TO dbrole_readonly, dbrole_offline",
    "GRANT SELECT ON SEQUENCES TO dbrole_readonly, dbrole_offline",
    "grant execute on routines to dbrole_readonly, DBROLE_OFFLINE;",
    {"privs": ["INSERT", "UPDATE", "DELETE"], "on": "TABLES", "to": "dbrole_readwrite"},
    {"privs": "USAGE, UPDATE", "on": "sequences", "to": ["dbrole_readwrite"]},
    'GRANT TRUNCATE, REFERENCES, TRIGGER ON TABLES TO "dbrole_admin"',
    "GRANT CREATE ON SCHEMAS TO GROUP dbrole_admin",
]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A shared server with the model's roles."""
    yield from lent(server)


def expected(creator: str, version: int) -> dict[str, set[str]]:
    """Give what psql's ddp shows for a creator; dbrole_admin's entry for its own objects is the owner's."""
    full = "arwdDxtm" if version >= 17 else "arwdDxt"
    readers = ("dbrole_readonly", "dbrole_offline")
    table = {
        "r": {f"{creator}={full}", "dbrole_readwrite=awd", "dbrole_admin=Dxt", *(f"{name}=r" for name in readers)},
        "S": {f"{creator}=rwU", "dbrole_readwrite=wU", *(f"{name}=r" for name in readers)},
        "f": {f"{creator}=X", "=X", *(f"{name}=X" for name in readers)},
        "n": {f"{creator}=UC", "dbrole_admin=C", *(f"{name}=U" for name in readers)},
    }
    own = {"dbrole_admin=Dxt", "dbrole_admin=C"} if creator == "dbrole_admin" else set()
    return {letter: entries - own for letter, entries in table.items()}


def shown(server: Server, database: str = "postgres") -> dict[tuple[str, str], set[str]]:
    """Give the catalog's entries without their grantors."""
    rows = catalog(server, database)[database]
    return {(who, letter): {entry.rpartition("/")[0] for entry in acl} for who, _schema, letter, acl in rows}


def wanted(creators: list[str], version: int) -> dict[tuple[str, str], set[str]]:
    return {(who, letter): acl for who in creators for letter, acl in expected(who, version).items()}


def test_the_listing_is_the_models_cell_by_cell(cluster: Server, pg_version: int) -> None:
    sql(cluster, ROLES)
    sql(cluster, "CREATE ROLE owner_of_shop LOGIN")
    sql(cluster, "CREATE DATABASE shop OWNER owner_of_shop")
    call(cluster, databases="all", creators=[*CREATORS, {"database_owner": ["shop"]}])
    assert shown(cluster, "shop") == wanted([*CREATORS, "owner_of_shop"], pg_version)
    for database in ("postgres", "template1"):
        assert shown(cluster, database) == wanted(CREATORS, pg_version)


def test_one_rule_a_call_in_any_order_ends_in_the_same_state(model: Server, pg_version: int) -> None:
    for rule in random.Random(2).sample(RULES, len(RULES)):
        assert call(model, privileges=[rule])["changed"]
    assert shown(model) == wanted(CREATORS, pg_version)
    assert not call(model)["changed"]
    for rule in RULES:
        assert not call(model, privileges=[rule])["changed"]


def test_merged_rules_end_in_the_same_state(model: Server, pg_version: int) -> None:
    call(model, privileges=MERGED)
    assert shown(model) == wanted(CREATORS, pg_version)
    assert not call(model, mode="exact")["changed"]


def test_the_order_of_rules_and_creators_changes_no_statement(model: Server) -> None:
    first = call(model, check=True)["sql"]
    for seed in range(4):
        rules = random.Random(seed).sample(RULES, len(RULES))
        assert call(model, check=True, privileges=rules, creators=CREATORS[::-1])["sql"] == first
    assert call(model, check=True, privileges=MERGED)["sql"] == first


def test_privileges_of_one_class_and_grantee_go_in_one_statement(model: Server) -> None:
    lines = call(model, check=True, creators=["postgres"])["sql"]
    assert lines.count('\\connect "postgres"') == 1
    head = 'ALTER DEFAULT PRIVILEGES FOR ROLE "postgres" GRANT'
    assert f'{head} INSERT, UPDATE, DELETE ON TABLES TO "dbrole_readwrite";' in lines
    assert f'{head} TRUNCATE, REFERENCES, TRIGGER ON TABLES TO "dbrole_admin";' in lines
    assert len(lines) == 1 + 12


def test_what_the_plan_says_is_what_is_read_back_and_the_next_plan_is_empty(cluster: Server) -> None:
    sql(cluster, ROLES)
    sql(cluster, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO dbrole_admin")
    rules = [*RULES, "IN SCHEMA public GRANT ALL ON TYPES TO PUBLIC", "REVOKE ALL ON FUNCTIONS FROM PUBLIC"]
    options = {"privileges": rules, "mode": "exact"}
    foreseen = [plan.after for plan in plans(cluster, **options).insides]
    assert call(cluster, **options)["changed"]
    again = plans(cluster, **options)
    assert [plan.before for plan in again.insides] == foreseen
    assert not again.anything()


def test_built_in_privileges_are_those_of_the_server(model: Server) -> None:
    version = int(sql(model, "SHOW server_version_num")[0][0])
    assert ("LARGE OBJECTS" in classes(version)) == (version >= 180000)
    for name, creator in itertools.product(classes(version), ("postgres", "dbrole_admin")):
        letter = DEFAULT_CLASSES[name].acldefault
        question = f"""
            SELECT CASE WHEN grantee = 0 THEN '' ELSE grantee::regrole::text END, privilege_type, is_grantable
            FROM aclexplode(acldefault('{letter}', '{creator}'::regrole))"""
        assert set(sql(model, question)) == default_acl(name, creator, version)


@pytest.mark.since(18)
def test_large_objects_have_defaults_from_18(model: Server) -> None:
    options = {"privileges": ["GRANT SELECT ON LARGE OBJECTS TO dbrole_readonly"], "creators": ["postgres"]}
    call(model, **options)
    assert shown(model)["postgres", "L"] == {"postgres=rw", "dbrole_readonly=r"}
    assert not call(model, **options, mode="exact")["changed"]


def test_odd_names_are_only_names(cluster: Server) -> None:
    sql(cluster, ROLES)
    odd = 'we"ird; DROP ROLE x --'
    quoted = '"' + odd.replace('"', '""') + '"'
    sql(cluster, f"CREATE ROLE {quoted}; CREATE SCHEMA {quoted}")
    sql(cluster, f"CREATE DATABASE {quoted}")
    rules = [
        {"privs": ["SELECT"], "on": "TABLES", "to": [odd], "schemas": [odd]},
        f"GRANT SELECT ON TABLES TO {quoted}",
    ]
    assert call(cluster, privileges=rules, creators=[odd, "postgres"])["changed"]
    assert not call(cluster, privileges=rules, creators=[odd, "postgres"], mode="exact")["changed"]
    assert call(cluster, databases=[odd], privileges=["GRANT SELECT ON TABLES TO public"])["changed"]


@pytest.mark.parametrize("name", ["pg_monitor", "dbrole_admin"])
def test_predefined_roles_may_be_grantees(cluster: Server, name: str) -> None:
    sql(cluster, ROLES)
    rule = f"GRANT SELECT ON TABLES TO {name}"
    assert call(cluster, privileges=[rule], creators=["postgres"])["changed"]


def test_every_example_of_the_documentation_runs(cluster: Server) -> None:
    sql(cluster, ROLES)
    sql(cluster, "CREATE ROLE importer")
    sql(cluster, "CREATE DATABASE gitlab")
    examples = yaml.safe_load(pg_default_privs.EXAMPLES)
    assert len(examples) == 3
    for example in examples:
        params = {**example["leastpriv.pgsql.pg_default_privs"], **modules.login(cluster)}
        assert modules.call(pg_default_privs, **params)["changed"]
        assert not modules.call(pg_default_privs, **params)["changed"]
