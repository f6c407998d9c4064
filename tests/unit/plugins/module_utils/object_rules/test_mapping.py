"""Rules about objects as dicts."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import PUBLIC
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.mapping import KEYS
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.model import (
    BY_NAME,
    BY_PATTERN,
    IN_SCHEMAS,
    WHOLE_CLASS,
    ObjectName,
    ObjectRule,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.parse import parse_object_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.render import as_item
from hypothesis import given
from hypothesis import strategies as st

WHERE = "privileges[3]"


def rule(object_class: str = "TABLE", privilege: str = "SELECT", **more: Any) -> ObjectRule:
    return ObjectRule(
        **{"state": "present", "grantees": ("a",), **more}, privileges=(privilege,), object_class=object_class
    )


def named(names: list[tuple[str, str]]) -> tuple[ObjectName, ...]:
    return tuple(ObjectName(name, schema) for schema, name in names)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"tables": ["users"]}, rule(objects=named([("public", "users")]))),
        ({"tables": "app.Users", "on": "table"}, rule(objects=named([("app", "Users")]))),
        ({"objects": "app.users", True: "Tables"}, rule(objects=named([("app", "users")]))),
        ({"tables": ["app.users", " app . users ", '"app".users']}, rule(objects=named([("app", "users")]))),
        (
            {"tables": ['"my.schema".t', 'app."odd.name"', '"a""b"', '"x*".y', "two words"]},
            rule(
                objects=named(
                    [("my.schema", "t"), ("app", "odd.name"), ("public", 'a"b'), ("x*", "y"), ("public", "two words")]
                )
            ),
        ),
        (
            {"tables": ["t", "app.u"], "schemas": ["x", "y"]},
            rule(objects=named([("x", "t"), ("y", "t"), ("app", "u")])),
        ),
        ({"on": "tables"}, rule()),
        ({"on": "TABLE", "schemas": "x"}, rule(schemas=("x",))),
        (
            {"on": "tables", "except": ["users", "tmp_*.*", "x.*"]},
            rule(exceptions=named([("", "users"), ("tmp_*", "*"), ("x", "*")])),
        ),
        ({"tables": ["audit_*"]}, rule(patterns=named([("", "audit_*")]))),
        ({"tables": ["*.users", "app.?"]}, rule(patterns=named([("", "users"), ("app", "?")]))),
        (
            {"tables": ["*_log"], "schemas": ["x"], "except": ["y.a_log"]},
            rule(patterns=named([("", "*_log")]), schemas=("x",), exceptions=named([("y", "a_log")])),
        ),
        (
            {"tables": ["app.users"], "columns": ["id", "Email", "id"]},
            rule(objects=named([("app", "users")]), columns=("id", "Email")),
        ),
        (
            {"tables": ["t"], "columns": "id", "privs": "ALL"},
            rule(privilege="ALL", objects=named([("public", "t")]), columns=("id",)),
        ),
        ({"on": "tables", "databases": ["d", "e", "d"]}, rule(databases=("d", "e"))),
        ({"on": "tables", "to": "Public", "grant_option": False}, rule(grantees=(PUBLIC,), grant_option=False)),
        ({"on": "tables", "grant_option": True}, rule(grant_option=True)),
        ({"on": "tables", "state": "absent", "grant_option": False}, rule(state="absent")),
        (
            {"sequences": ["s"], "privs": "USAGE"},
            rule("SEQUENCE", "USAGE", objects=named([("public", "s")])),
        ),
        ({"types": ["app.t"], "privs": "USAGE", "on": "domain"}, rule("TYPE", "USAGE", objects=named([("app", "t")]))),
        (
            {"functions": ["app.f(INT, numeric(10, 2))", "f", "g ()", '"a(b"'], "privs": "EXECUTE"},
            rule(
                "FUNCTION",
                "EXECUTE",
                objects=(
                    ObjectName("f", "app", ("int", "numeric(10,2)")),
                    ObjectName("f", "public"),
                    ObjectName("g", "public", ()),
                    ObjectName("a(b", "public"),
                ),
            ),
        ),
        (
            {"functions": ["f"], "on": "PROCEDURE", "privs": "EXECUTE"},
            rule("FUNCTION", "EXECUTE", objects=named([("public", "f")]), kinds="p"),
        ),
        ({"on": "functions", "privs": "EXECUTE"}, rule("FUNCTION", "EXECUTE")),
        ({"on": "function", "privs": "EXECUTE"}, rule("FUNCTION", "EXECUTE")),
        ({"on": "procedures", "privs": "EXECUTE"}, rule("FUNCTION", "EXECUTE", kinds="p")),
        (
            {"on": "schemas", "privs": "USAGE", "objects": ["a.b", "x(y"]},
            rule("SCHEMA", "USAGE", objects=named([("", "a.b"), ("", "x(y")])),
        ),
        (
            {"on": "schema", "privs": "USAGE", "except": "monitor"},
            rule("SCHEMA", "USAGE", exceptions=named([("", "monitor")])),
        ),
        (
            {"on": "foreign  servers", "privs": "USAGE", "objects": ["*"]},
            rule("FOREIGN SERVER", "USAGE", patterns=named([("", "*")])),
        ),
        ({"on": "large objects", "objects": [7, "08", 7]}, rule("LARGE OBJECT", objects=named([("", "7"), ("", "8")]))),
        ({"on": "large object", "objects": 7}, rule("LARGE OBJECT", objects=named([("", "7")]))),
        (
            {"on": "parameter", "privs": "SET", "objects": ["Work_Mem", "my.Param"]},
            rule("PARAMETER", "SET", objects=named([("", "work_mem"), ("", "my.param")])),
        ),
        (
            {"on": "parameters", "privs": "SET", "objects": ["My.*"]},
            rule("PARAMETER", "SET", patterns=named([("", "my.*")])),
        ),
        (
            {"on": "database", "privs": "CONNECT", "objects": "d"},
            rule("DATABASE", "CONNECT", objects=named([("", "d")])),
        ),
    ],
)
def test_a_dict_declares_this_rule(value: dict[object, object], found: ObjectRule) -> None:
    value = {"privs": "SELECT", "to": "a", "schemas": None, **value}
    assert parse_object_rules(value, WHERE) == (found,)
    assert parse_object_rules(json.loads(json.dumps(value)), WHERE) == (found,)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (
            {"tables": ["t_*", "users", "x.t_*"], "except": ["t_1"]},
            (
                rule(objects=named([("public", "users")])),
                rule(patterns=named([("", "t_*"), ("x", "t_*")]), exceptions=named([("", "t_1")])),
            ),
        ),
        (
            {"tables": ["t_*", "x.t_*", "users"], "schemas": ["y"]},
            (
                rule(objects=named([("y", "users")])),
                rule(patterns=named([("", "t_*")]), schemas=("y",)),
                rule(patterns=named([("x", "t_*")])),
            ),
        ),
    ],
)
def test_names_and_patterns_of_one_dict_are_rules_of_their_own(
    value: dict[object, object], found: tuple[ObjectRule, ...]
) -> None:
    assert parse_object_rules({"privs": "SELECT", "to": "a", **value}, WHERE) == found


def test_a_text_can_be_limited_to_databases() -> None:
    text = "GRANT SELECT (id), DELETE ON t TO a"
    found = parse_object_rules({"rule": text, "databases": ["d", "E"]}, WHERE)
    objects = named([("public", "t")])
    assert found == (
        rule(objects=objects, columns=("id",), databases=("d", "E")),
        rule(privilege="DELETE", objects=objects, databases=("d", "E")),
    )
    assert found[0].source == f'{text} (databases d, "E")'
    assert parse_object_rules({"rule": text}, WHERE) == parse_object_rules(text, WHERE)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"on": "tables", "schemas": ["x"]}, "GRANT SELECT ON ALL TABLES IN SCHEMA x TO a"),
        ({"tables": ["t"], "databases": ["d"]}, "GRANT SELECT ON TABLE public.t TO a (databases d)"),
        ({"tables": ["t*"]}, '{"privs": ["SELECT"], "tables": ["t*"], "to": ["a"]}'),
    ],
)
def test_the_source_of_a_dict_is_its_text_or_the_dict(value: dict[object, object], source: str) -> None:
    (found,) = parse_object_rules({"privs": "SELECT", "to": "a", **value}, WHERE)
    assert found.source == source


def test_the_level_is_how_narrowly_the_rule_says_what_it_is_about() -> None:
    values: list[dict[str, object]] = [
        {"on": "tables"},
        {"on": "tables", "schemas": "x"},
        {"tables": "t_*", "schemas": "x"},
        {"tables": "t"},
    ]
    found = [parse_object_rules({"privs": "ALL", "to": "a", **value}, WHERE)[0].level() for value in values]
    assert found == [WHOLE_CLASS, IN_SCHEMAS, BY_PATTERN, BY_NAME]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"table": ["t"]}, ": unknown key 'table', did you mean 'tables'?"),
        ({"collumns": ["t"]}, ": unknown key 'collumns', did you mean 'columns'?"),
        ({"xyz": 1}, ": unknown key 'xyz': the keys are privs, on, to, tables, sequences, functions, types, objects"),
        ({"rule": "GRANT ALL ON t TO a"}, ": unknown key 'privs': the keys are rule, databases"),
        ({True: "TABLES"}, ": key 'on' stands there twice"),
        ({"to": None}, ": missing to"),
        ({"on": None}, ": missing on"),
        ({"on": None, "objects": ["t"]}, ": missing on"),
        ({"on": "COLUMN"}, ".on: must be one of TABLE, SEQUENCE, FUNCTION, PROCEDURE, ROUTINE, TYPE, DOMAIN, SCHEMA"),
        ({"on": ["TABLE"]}, ".on: must be one of TABLE"),
        ({"functions": ["f"]}, ".on: is TABLE, and functions are of class FUNCTION: leave on out"),
        ({"tables": ["t"], "objects": ["t"]}, ": tables and objects can't stand in one rule"),
        ({"on": "DATABASE"}, ": missing objects: on DATABASE, name them or give a pattern"),
        ({"on": "PARAMETERS", "except": ["x"]}, ": missing objects"),
        ({"on": "SCHEMA", "schemas": ["x"]}, ".schemas: can't be given with SCHEMA"),
        ({"tables": ["x.t", "x.u*"], "schemas": ["y"]}, ".schemas: every name has a schema of its own"),
        ({"tables": ["t"], "except": ["u"]}, ".except: goes with patterns, schemas and whole classes"),
        ({"columns": ["id"]}, ".columns: go with tables that are named"),
        ({"columns": ["id"], "tables": ["t*"]}, ".columns: go with tables that are named"),
        ({"columns": ["id"], "tables": ["t*", "t"]}, ".columns: go with tables that are named"),
        ({"columns": ["id"], "on": "SEQUENCE", "objects": ["s"]}, ".columns: go with tables that are named"),
        ({"columns": [], "tables": ["t"]}, ".columns: is an empty list"),
        (
            {"columns": ["id"], "tables": ["t"], "privs": "DELETE"},
            ".privs: COLUMN has no privilege DELETE, only SELECT",
        ),
        ({"privs": "EXECUTE"}, ".privs: TABLE has no privilege EXECUTE, only SELECT"),
        ({"privs": ["SELECT (id)"]}, ".privs: 'SELECT (id)' isn't a privilege"),
        ({"privs": ["SELECT", "ALL"]}, ".privs: ALL stands alone"),
        ({"databases": []}, ".databases: is an empty list"),
        ({"databases": "all"}, ".databases: leave them out for all"),
        ({"databases": [1]}, ".databases: must contain texts only"),
        (
            {"on": "DATABASE", "objects": "d", "privs": "ALL", "databases": ["d"]},
            ".databases: a DATABASE belongs to the",
        ),
        ({"to": "PUBLIC", "grant_option": True}, ".to: PUBLIC can't have the grant option"),
        ({"grant_option": True, "state": "absent"}, ".grant_option: state absent takes the option away"),
        ({"grant_option": "yes"}, ".grant_option: must be true or false"),
        ({"state": "gone"}, ".state: must be present or absent"),
        ({"tables": []}, ".tables: is an empty list"),
        ({"tables": [1]}, ".tables: must contain texts only, not 1 (int)"),
        ({"tables": True}, ".tables: must contain texts only, not True (bool)"),
        ({"tables": {"a": 1}}, ".tables: must be a text or a list of texts"),
        ({"on": "LARGE OBJECT", "objects": [True]}, ".objects: must contain texts only, not True (bool)"),
        ({"except": ["f(int)"], "on": "FUNCTIONS", "privs": "ALL"}, ".except: not a name"),
    ],
)
def test_a_wrong_dict_is_refused_with_item_and_key(changed: dict[object, object], message: str) -> None:
    value: dict[object, object] = {"privs": "SELECT", "on": "TABLE", "to": "a"}
    with pytest.raises(InputError) as caught:
        parse_object_rules({**value, **changed}, WHERE)
    assert str(caught.value).startswith(f"{WHERE}{message}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rule": None}, ": missing rule"),
        ({"rule": {"privs": "ALL"}}, ".rule: must be a text"),
        ({"rule": "GRANT ALL ON t TO a", "on": "TABLE"}, ": unknown key 'on': the keys are rule, databases"),
        ({"rule": "GRANT ALL ON t TO a", "databases": []}, ".databases: is an empty list"),
        ({"rule": "GRANT ALL ON DATABASE t TO a", "databases": ["t"]}, ".databases: a DATABASE belongs to the cluster"),
        ({"rule": "GRANT"}, ".rule: not a rule\n  GRANT\n       ^ expected a privilege"),
    ],
)
def test_a_wrong_limit_of_a_text_is_refused(value: dict[object, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_object_rules(value, WHERE)
    assert str(caught.value).startswith(f"{WHERE}{message}")


NO_NAMES = [
    ("tables", "^", "a name is empty"),
    ("tables", "app.^", "a name is empty"),
    ("tables", "^.t", "a name is empty"),
    ("tables", "d.s^.t", "a name has one schema in front of it"),
    ("tables", '^"a', "the quotation mark isn't closed"),
    ("tables", 'a^"b"', "put the whole name in double quotes"),
    ("tables", '"a"^b', "expected the end of the name"),
    ("tables", "x.^" + "y" * 64, "has 64 bytes"),
    ("tables", '^"a*".b?', "in a pattern, * and ? can't stand for themselves"),
    ("functions", "f(int^", "expected a comma or )"),
    ("functions", "f(int) ^g", "expected the end of the name"),
    ("functions", "f(int)^;", "expected the end of the name"),
    ("functions", "f(^'x')", "a rule can't contain a string"),
    ("functions", "f_*^(int)", "leave the brackets out"),
    ("except", '^"a*"', "in a pattern, * and ? can't stand for themselves"),
    ("except", "f^(int)", "leave the brackets out"),
]


@pytest.mark.parametrize(("key", "marked", "problem"), NO_NAMES)
def test_what_is_no_name_is_shown_with_a_caret_under_the_place(key: str, marked: str, problem: str) -> None:
    text = marked.replace("^", "")
    object_class = "TABLE" if key == "tables" else "FUNCTION"
    with pytest.raises(InputError) as caught:
        parse_object_rules({"privs": "ALL", "on": object_class, "to": "a", key: [text]}, WHERE)
    first, shown, pointer = str(caught.value).split("\n")
    assert first == f"{WHERE}.{key}: not a name"
    assert shown.strip() == text.strip()
    assert pointer.index("^") - 2 == marked.index("^")
    assert problem in pointer


@pytest.mark.parametrize("name", ["a b", "a..b", '"a*"', "1a", "a-*"])
def test_a_parameter_has_the_name_of_one(name: str) -> None:
    with pytest.raises(InputError, match=r"\.objects: not a name\n.*\n.*(parameter's name|is empty)"):
        parse_object_rules({"privs": "ALL", "on": "PARAMETER", "to": "a", "objects": [name]}, WHERE)


@pytest.mark.parametrize("name", [0, -1, 2**32, "x", "1*", "9" * 60])
def test_a_large_object_has_a_number(name: object) -> None:
    with pytest.raises(InputError, match="a large object's name is its number, from 1 to 4294967295"):
        parse_object_rules({"privs": "ALL", "on": "LARGE OBJECT", "to": "a", "objects": [name]}, WHERE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["TABLE", "a*", "f(int)", "SELECT", "ALL"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.text(".\"(),*? abi[]7'", max_size=9)


@given(st.dictionaries(st.sampled_from([*KEYS, "rule", "onn"]), JSON) | JSON)
def test_dicts_of_anything_raise_nothing_but_input_errors(value: object) -> None:
    with suppress(InputError):
        parse_object_rules(value, WHERE)


@given(
    st.sampled_from(["TABLE", "FUNCTION", "PROCEDURE", "TYPE", "SCHEMA", "PARAMETER", "LARGE OBJECT", "DATABASE"]),
    st.dictionaries(st.sampled_from(["objects", "except", "schemas", "columns"]), st.lists(ITEMS, min_size=1)),
    st.sampled_from([{}, {"databases": ["d"]}, {"grant_option": False}, {"state": "absent"}]),
)
def test_what_is_read_from_names_of_any_kind_reads_back(
    object_class: str, lists: dict[str, list[str]], more: dict[str, object]
) -> None:
    with suppress(InputError):
        for found in parse_object_rules({"privs": "ALL", "on": object_class, "to": "a", **lists, **more}, WHERE):
            assert parse_object_rules(as_item(found), WHERE) == (found,)
