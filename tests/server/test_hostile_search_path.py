"""Objects of an attacker, named like everything that the modules' questions use, and first in every search path.

Each of them notes down when it is used. What counts is that nothing is noted, for any module, from a session's very
first statement on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from types import ModuleType
from typing import Any

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import session
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from testbed.collection import CHECKOUT
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import READ_ONLY, sql

UTILS = CHECKOUT / "plugins" / "module_utils"
SOURCE = "\n".join(path.read_text() for path in sorted(UTILS.rglob("*.py")))
FACTS = list(pg_access_info.SPEC["gather"]["choices"])
HOSTILE_PATH = "evil, public, pg_catalog"
TYPES = ("text", "name", "oid", '"char"', "int4", "int8", "bool", "regclass", "aclitem", "text[]", "name[]", "oid[]")
PAIRS = (
    *(f"{one}, {one}" for one in TYPES),
    *("name, text", "text, name", '"char", text', "oid, regclass", "int4, oid", "oid, int4", "anyelement, anyarray"),
)
OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "||", "~", "!~", "~~", "!~~", "~*", "+", "-", "@>", "&&")
SCHEMA = """
CREATE SCHEMA evil;
GRANT ALL ON SCHEMA evil, public TO PUBLIC;
CREATE TABLE evil.called (what text, who text);
GRANT ALL ON evil.called TO PUBLIC;
ALTER TABLE evil.called OWNER TO attacker
"""
NOTE = """
CREATE FUNCTION evil.note(pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE sql SECURITY DEFINER SET search_path = ''
AS $$ INSERT INTO evil.called VALUES ($1, session_user); SELECT true $$
"""


STEP = """
CREATE FUNCTION {schema}.step(name, name) RETURNS name LANGUAGE sql AS $$
SELECT CASE WHEN evil.note('aggregate') THEN $1 END $$
"""


def used(pattern: str) -> set[str]:
    """Give what the modules' source has in these places."""
    return set(re.findall(pattern, SOURCE))


FUNCTIONS = sorted(used(r"pg_catalog\.([a-z_0-9]+)\(") | {"coalesce_", "set_config", "now", "count", "lower"})
RELATIONS = sorted(used(r"pg_catalog\.(pg_[a-z_]+)\b(?!\()") - {"pg_catalog"})
BUILT_IN_TYPES = ("text", "name", "oid", "int4", "int8", "bool", "jsonb", "aclitem", "timestamptz", "date")
ALIASES = ("regclass", "regproc", "regtype", "regprocedure", "regrole")


def traps(schema: str) -> Iterator[str]:
    """Give statements for everything that an ordinary role can put in the way."""
    for name in FUNCTIONS:
        for arguments in ("", *TYPES, "anyelement", *PAIRS[:7], "text, text, bool", "VARIADIC anyarray"):
            yield function(schema, name, arguments)
    for number, operator in enumerate(OPERATORS):
        for pair, arguments in enumerate(PAIRS):
            yield function(schema, f"op_{number}_{pair}", arguments)
            left, right = arguments.split(", ")
            yield (
                f"CREATE OPERATOR {schema}.{operator} "
                f"(LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = {schema}.op_{number}_{pair})"
            )
    for name in (*BUILT_IN_TYPES, *ALIASES):
        yield f"CREATE DOMAIN {schema}.{name} AS pg_catalog.{name} CHECK (evil.note('type {name}'))"
    for name in RELATIONS:
        yield f"CREATE VIEW {schema}.{name} AS SELECT * FROM pg_catalog.{name} WHERE evil.note('relation {name}')"
    yield STEP.format(schema=schema)
    for name in ("array_agg", "string_agg", "min", "max", "count", "bool_or", "jsonb_agg", "bool_and"):
        yield f"CREATE AGGREGATE {schema}.{name}(pg_catalog.name) (SFUNC = {schema}.step, STYPE = pg_catalog.name)"


def function(schema: str, name: str, arguments: str) -> str:
    """Give a function that notes its name."""
    head = f"CREATE FUNCTION {schema}.{name}({arguments})"
    return f"{head} RETURNS pg_catalog.bool LANGUAGE sql AS $$ SELECT evil.note('{name}') $$"


def laid(server: Server, dbname: str) -> int:
    """Lay all traps that PostgreSQL lets an ordinary role lay; give how many."""
    done = 0
    with closing(servers.connect(server, dbname)) as connection, connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, [*SCHEMA.split(";\n"), NOTE])):
            cursor.execute(statement)
        cursor.execute("SET SESSION AUTHORIZATION attacker; SET search_path = pg_catalog")
        for statement in (trap for schema in ("evil", "public") for trap in traps(schema)):
            with suppress(psycopg2.Error):
                cursor.execute(statement)
                done += 1
    return done


def noted(server: Server, dbname: str) -> set[str]:
    """Give what was used in a database."""
    return {f"{what} by {who}" for what, who in sql(server, "SELECT what, who FROM evil.called", dbname)}


@pytest.fixture(scope="module")
def trapped(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A cluster whose databases, new ones too, are full of traps, with a search path that leads into them."""
    running = servers.start(pg_version, tmp_path_factory.mktemp("trapped"), settings={"search_path": HOSTILE_PATH})
    sql(running, "CREATE ROLE attacker LOGIN")
    assert laid(running, "template1") > 1000
    sql(running, "DROP DATABASE postgres", "template1")
    sql(running, "CREATE DATABASE postgres", "template1")
    for whom in ("ROLE postgres", "DATABASE postgres", "ROLE postgres IN DATABASE postgres", "ROLE ALL"):
        sql(running, f"ALTER {whom} SET search_path = {HOSTILE_PATH}")
    yield running
    servers.stop(running)


def test_the_traps_work(trapped: Server):
    for text in (
        "SELECT set_config('a.b', '', false)",
        "SELECT 1 FROM pg_roles WHERE rolname = 'postgres'",
        "SELECT 1::int8",
    ):
        sql(trapped, text)
    found = {entry.removesuffix(" by postgres") for entry in noted(trapped, "postgres")}
    assert found & {"relation pg_roles"}
    assert any(entry.startswith("op_") for entry in found)
    assert "set_config" in found
    sql(trapped, "TRUNCATE evil.called")


DECLARED: list[tuple[ModuleType, dict[str, Any]]] = [
    (
        pg_role_set,
        {
            "roles": [
                {"name": "maker", "comment": "makes", "parameters": {"work_mem": "8MB"}, "expire_in": 30},
                {
                    "name": "reader",
                    "roles": ["maker", {"name": "attacker", "admin": True}],
                    "password": "correct horse",
                },
                {"name": "reader2", "database_parameters": {"postgres": {"search_path": ["app"]}}},
            ]
        },
    ),
    (
        pg_db_isolation,
        {
            "revoke_create": True,
            "admin_role": "maker",
            "databases": [
                {
                    "name": "shop",
                    "owner": "maker",
                    "revokeconn": True,
                    "connect": ["reader"],
                    "schemas": ["app", {"name": "other", "owner": "reader"}],
                    "extensions": [{"name": "pg_trgm", "schema": "app"}],
                    "parameters": {"work_mem": "8MB"},
                    "comment": "sells",
                }
            ],
        },
    ),
    (
        pg_default_privs,
        {
            "databases": "all",
            "creators": "all",
            "privileges": ["GRANT SELECT ON TABLES TO reader", "IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO reader"],
        },
    ),
    (
        pg_object_privs,
        {
            "databases": ["postgres", "shop"],
            "mode": "exact",
            "grantees": "all",
            "privileges": [
                "GRANT SELECT ON TABLES TO reader",
                "GRANT EXECUTE ON FUNCTION evil.note(text) TO reader",
                "GRANT USAGE ON TYPE evil.text TO reader",
                "GRANT UPDATE (what) ON evil.called TO reader",
                {"privs": "EXECUTE", "on": "function", "objects": ["evil.op_*"], "to": "reader"},
            ],
        },
    ),
]


def test_nothing_of_an_attackers_is_ever_used(trapped: Server):
    """The first time as the login itself, which makes it so, then as a role, which finds nothing to do."""
    for options in ({}, {"session_role": "postgres"}):
        everything_is_done(trapped, options)
    assert [noted(trapped, name) for name in ("template1", "postgres", "shop")] == [set(), set(), set()]


def everything_is_done(trapped: Server, options: dict[str, Any]) -> None:
    """Check, apply and apply again what is declared, and read the facts."""
    path = {"connect_params": {"options": f"-c search_path={HOSTILE_PATH.replace(' ', '')}"}}
    for number, (module, declared) in enumerate(DECLARED):
        call = {**modules.login(trapped), **declared, **options}
        modules.call(module, check=True, **{**call, **path})
        result = modules.call(module, **call)
        assert result["changed"] is not bool(options), number
        assert modules.call(module, **{**call, **READ_ONLY})["changed"] is False
    facts = modules.call(pg_access_info, gather=FACTS, **modules.login(trapped), **options)
    assert "declaration" in facts


def test_roles_and_databases_go_without_using_anything_of_an_attackers(trapped: Server):
    sql(trapped, "CREATE ROLE leaver;\nCREATE DATABASE attic OWNER leaver")
    sql(trapped, "SET ROLE leaver;\nCREATE TABLE evil.mine (n pg_catalog.bool DEFAULT evil.lower(''))", "attic")
    drop = {"name": "leaver", "state": "absent", "reassign_to": "postgres", "terminate": True}
    modules.call(pg_role_set, roles=[drop], **modules.login(trapped))
    gone = {"name": "attic", "schemas": [{"name": "evil", "state": "absent", "cascade": True}]}
    found = noted(trapped, "attic")
    modules.call(pg_db_isolation, databases=[gone], **modules.login(trapped))
    modules.call(pg_db_isolation, databases=[{"name": "attic", "state": "absent"}], **modules.login(trapped))
    assert found | noted(trapped, "postgres") == set()


WORDS = frozenset(
    re.findall(r"\w+", "coalesce any all exists in as array values and or not from where on using over nullif")
)
TYPE_WORDS = frozenset(
    {"text", "int", "int8", "float8", "date", "timestamptz", "bool", "name", "oid", "jsonb"}
)  # the path is empty by then
ADVICE = frozenset({"pg_terminate_backend"})  # in a hint, for a person to run
ALIAS_BEFORE = re.compile(r"(?:\)|\bAS|\bWITH|\bRECURSIVE|\bORDINALITY|,)\s*\Z")
CALL = re.compile(r"(?<![.\w\"])([a-z_][a-z_0-9]*)\s*\(")


def questions() -> Iterator[tuple[str, str]]:
    """Give every constant of the modules that is SQL which reads, without the texts in it."""
    for path in sorted(UTILS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\bSELECT\b", node.value):
                yield path.name, re.sub(r"'(?:[^']|'')*'", "''", node.value)


def unqualified(text: str, tables: frozenset[str]) -> Iterator[str]:
    """Give the functions, relations and types that stand without their schema."""
    for call in CALL.finditer(text):
        if call[1] not in {*WORDS, *TYPE_WORDS, *ADVICE} and not ALIAS_BEFORE.search(text[: call.start()]):
            yield f"{call[1]}()"
    text = text.replace("DISTINCT FROM", "")
    for relation in re.findall(r"\b(?:FROM|JOIN)\s+([a-z_][a-z_.0-9]*)", text):
        if not relation.startswith("pg_catalog.") and relation not in tables:
            yield relation
    for kind in re.findall(r"::([a-z_][a-z_.0-9]*)", text):
        if not kind.startswith("pg_catalog.") and kind not in TYPE_WORDS:
            yield kind


def test_every_question_names_functions_and_relations_with_their_schema():
    found = list(questions())
    named = r"(?:WITH|RECURSIVE|,)\s+([a-z_]+)\s*(?:\([a-z_, ]+\)\s*)?AS\s+(?:MATERIALIZED\s+)?\("
    tables = frozenset(name for _path, text in found for name in re.findall(named, text))
    assert len(found) > 60
    assert {f"{path}: {name}" for path, text in found for name in unqualified(text, tables)} == set()
    assert list(unqualified("SELECT lower(a) FROM pg_roles JOIN x.y ON a::z = 1", tables)) == [
        "lower()",
        "pg_roles",
        "x.y",
        "z",
    ]


@pytest.mark.parametrize("question", [session.PROCESS, session.SESSION], ids=["first", "second"])
def test_what_a_session_asks_before_its_path_is_empty_has_no_operator_and_no_cast(question: str):
    """They would be looked for in the path that the login comes with."""
    bare = re.sub(r"'(?:[^']|'')*'|%\(\w+\)s", "", question)
    assert re.findall(r"[-+*/<>=~!@#%^&|`?:]|\bIN\b|\bLIKE\b|\bBETWEEN\b|\bDISTINCT\b", bare) == []
    assert list(unqualified(bare, frozenset())) == []
