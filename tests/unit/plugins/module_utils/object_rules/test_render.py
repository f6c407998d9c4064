"""Rules about objects, written for people, read back as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import LETTERS, OBJECT_CLASSES, PUBLIC
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.model import (
    IN_SCHEMA,
    SHARED,
    ObjectName,
    ObjectRule,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.parse import parse_object_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.render import (
    as_dict,
    as_item,
    name_sql,
    render_object_rule,
)
from hypothesis import given
from hypothesis import strategies as st

WHERE = "privileges[3]"
GLOBAL = ("SCHEMA", "LARGE OBJECT", "DATABASE", "LANGUAGE", "FOREIGN DATA WRAPPER", "FOREIGN SERVER", "TABLESPACE")
CLASSES = (*sorted(IN_SCHEMA), *GLOBAL, "PARAMETER")
WITHOUT_NAMES = (*sorted(IN_SCHEMA), "SCHEMA", "LARGE OBJECT")
TYPES = (
    *("int", "text", "character varying(10)", "timestamp(3) with time zone", "numeric(10,2)", "int[]", '"char"'),
    *('app."My Type"', "interval day to second(3)", "double precision", "national char varying", 'x."a""b"[3][]'),
)
NAMES = (
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)
    .map(lambda name: name.encode()[:63].decode(errors="ignore"))
    .filter(lambda name: name != "")
) | st.sampled_from(["a", "b_1", "select", "A", "a.b", "a b", "x*", "f(int)", 'q"q', "tables", "group", "time", " a "])
ROLES = NAMES.filter(lambda name: name.lower() not in ("public", "none")) | st.just(PUBLIC)
PATTERNS = st.text("abC_*?é%", min_size=1, max_size=5)
ARGUMENTS = st.none() | st.lists(st.sampled_from(TYPES), max_size=3).map(tuple)
PARAMETERS = st.from_regex(r"\A[a-z_é][a-z0-9_$]{0,5}(\.[a-z_][a-z0-9_$é]{0,5}){0,2}\Z")
NUMBERS = st.integers(1, 2**32 - 1).map(str)


def lists(items: st.SearchStrategy[Any], smallest: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=smallest, max_size=3, unique=True).map(tuple)


def names_of(object_class: str) -> st.SearchStrategy[ObjectName]:
    if object_class == "FUNCTION":
        return st.builds(ObjectName, NAMES, NAMES, ARGUMENTS)
    if object_class in IN_SCHEMA:
        return st.builds(ObjectName, NAMES, NAMES)
    return st.builds(ObjectName, {"PARAMETER": PARAMETERS, "LARGE OBJECT": NUMBERS}.get(object_class, NAMES))


def patterns_of(object_class: str) -> st.SearchStrategy[ObjectName]:
    if object_class in IN_SCHEMA:
        named = st.builds(ObjectName, PATTERNS, PATTERNS.filter(lambda schema: schema != "*"))
        any_schema = st.builds(ObjectName, NAMES.filter(lambda name: not {*name} & {*"*?"}) | PATTERNS)
        return named.filter(lambda name: bool({*"*?"} & {*name.name, *name.schema})) | any_schema
    fitting = st.text("abc_*?", min_size=1, max_size=5) if object_class == "PARAMETER" else PATTERNS
    return st.builds(ObjectName, fitting.filter(lambda name: bool({*"*?"} & {*name})))


def exceptions_of(object_class: str) -> st.SearchStrategy[ObjectName]:
    if object_class in ("LARGE OBJECT", "PARAMETER"):
        return names_of(object_class)
    plain = NAMES.filter(lambda name: not {*name} & {*"*?"})
    schemas = plain | PATTERNS.filter(lambda schema: schema != "*") | st.just("")
    return st.builds(ObjectName, plain | PATTERNS, schemas if object_class in IN_SCHEMA else st.just(""))


def privileges_of(object_class: str) -> st.SearchStrategy[tuple[str, ...]]:
    known = [LETTERS[letter] for letter in OBJECT_CLASSES[object_class].letters]
    return st.just(("ALL",)) | lists(st.sampled_from(known))


def rules_on(object_class: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[ObjectRule]:
    privileges = more.pop("privileges", privileges_of(object_class))
    states = st.sampled_from(["present", "absent"])
    return st.builds(
        ObjectRule, states, privileges, st.just(object_class), lists(ROLES), databases=databases(object_class), **more
    )


def databases(object_class: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() if object_class in SHARED else st.none() | lists(NAMES)


def with_option(rule: ObjectRule, option: bool) -> ObjectRule:
    if not option or PUBLIC in rule.grantees:
        return rule
    return replace(rule, grant_option=True) if rule.state == "present" else replace(rule, option_only=True)


def by_name(object_class: str) -> st.SearchStrategy[ObjectRule]:
    kinds = st.sampled_from(["", "p", "faw"] if object_class == "FUNCTION" else [""])
    return rules_on(object_class, objects=lists(names_of(object_class)), kinds=kinds)


def by_column() -> st.SearchStrategy[ObjectRule]:
    return rules_on("TABLE", privileges=privileges_of("COLUMN"), objects=lists(names_of("TABLE")), columns=lists(NAMES))


def without_names(object_class: str) -> st.SearchStrategy[ObjectRule]:
    return rules_on(object_class, schemas=lists(NAMES, 0) if object_class in IN_SCHEMA else st.just(()))


def in_schemas_of_a_kind() -> st.SearchStrategy[ObjectRule]:
    return rules_on("FUNCTION", schemas=lists(NAMES), kinds=st.sampled_from(["p", "faw"]))


TEXTS = st.builds(
    with_option,
    st.sampled_from(CLASSES).flatmap(by_name)
    | by_column()
    | st.sampled_from(WITHOUT_NAMES).flatmap(without_names)
    | in_schemas_of_a_kind(),
    st.booleans(),
)


@st.composite
def dict_rules(draw: st.DrawFn) -> ObjectRule:
    object_class = draw(st.sampled_from(CLASSES))
    rule = draw(by_name(object_class))
    rule = replace(rule, kinds=draw(st.sampled_from(["", "p"])) if object_class == "FUNCTION" else "")
    if draw(st.booleans()) and rule.state == "present":
        return replace(rule, grant_option=False)
    if object_class != "LARGE OBJECT":
        rule = replace(rule, objects=(), patterns=draw(lists(patterns_of(object_class))))
    rule = replace(rule, objects=(), exceptions=draw(lists(exceptions_of(object_class), int(not rule.patterns))))
    if object_class in IN_SCHEMA and not any(name.schema for name in rule.patterns):
        rule = replace(rule, schemas=draw(lists(NAMES, 0)))
    option = draw(st.booleans()) and rule.state == "present" and PUBLIC not in rule.grantees
    return replace(rule, grant_option=option or None)


@given(TEXTS)
def test_a_rule_with_a_text_reads_back_as_it_was(rule: ObjectRule) -> None:
    assert parse_object_rules(as_item(rule), WHERE) == (rule,)
    everywhere = replace(rule, databases=None)
    assert as_item(everywhere) == render_object_rule(everywhere)
    assert parse_object_rules(f"\n{render_object_rule(everywhere)} ; ", WHERE) == (everywhere,)
    assert parse_object_rules(as_dict(rule), WHERE) == (rule,)


@given(dict_rules())
def test_a_rule_without_a_text_reads_back_as_it_was(rule: ObjectRule) -> None:
    item = as_item(rule)
    assert isinstance(item, dict)
    assert "rule" not in item
    assert parse_object_rules(item, WHERE) == (rule,)


@given(TEXTS, st.sampled_from([";", "--", "'", "$$", "/*", "; DROP ROLE x", "\0", "\\", '"']), st.data())
def test_nothing_foreign_gets_in_outside_of_quotes(rule: ObjectRule, foreign: str, data: st.DataObject) -> None:
    text = render_object_rule(replace(rule, databases=None))
    outside = [place for place in range(len(text)) if text[:place].count('"') % 2 == 0]
    place = data.draw(st.sampled_from(outside))
    with pytest.raises(InputError):
        parse_object_rules(text[:place] + foreign + text[place:], WHERE)


@pytest.mark.parametrize(
    "text",
    [
        'GRANT SELECT, INSERT ON TABLE app.users, public."My Table" TO a, PUBLIC',
        "GRANT SELECT (id, email), UPDATE (id, email) ON TABLE app.users TO support WITH GRANT OPTION",
        "GRANT EXECUTE ON FUNCTION public.f(int, character varying), app.g, app.h() TO a",
        "REVOKE ALL ON PROCEDURE app.p(numeric(10,2)) FROM PUBLIC",
        "GRANT EXECUTE ON ROUTINE app.r TO a",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO a",
        "GRANT EXECUTE ON ALL ROUTINES IN SCHEMA app, crm TO a",
        "REVOKE GRANT OPTION FOR SELECT ON ALL TABLES IN SCHEMA app FROM a",
        "IN SCHEMA app GRANT USAGE ON TYPES TO a",
        "GRANT EXECUTE ON FUNCTIONS TO a",
        "GRANT SELECT ON LARGE OBJECTS TO a",
        "GRANT SELECT ON LARGE OBJECT 123 TO a",
        'GRANT SET ON PARAMETER work_mem, my."pa$ram" TO a',
        "GRANT USAGE ON FOREIGN DATA WRAPPER w TO a",
        'GRANT USAGE ON SCHEMA "time", "select", "A", "1a", "é", tables TO "group", "user"',
        "GRANT USAGE ON TYPE app.t TO a",
    ],
)
def test_a_text_is_written_as_people_write_it(text: str) -> None:
    (rule,) = parse_object_rules(text, WHERE)
    assert render_object_rule(rule) == text
    assert as_item(rule) == text


def test_a_text_for_some_databases_is_a_dict_with_the_text() -> None:
    item = {"rule": "GRANT SELECT ON TABLES TO a", "databases": ["d", "e"]}
    (rule,) = parse_object_rules(item, WHERE)
    assert as_item(rule) == item
    with pytest.raises(InputError, match="has no text"):
        render_object_rule(rule)


@pytest.mark.parametrize(
    "item",
    [
        {"privs": ["SELECT"], "tables": ["audit_*", "app.x?"], "except": ["audit_1"], "to": ["a", "PUBLIC"]},
        {"privs": ["ALL"], "tables": ["*.users", "t_*"], "schemas": ["a", "b"], "to": ["a"], "databases": ["d"]},
        {"privs": ["SELECT"], "on": "TABLES", "except": ["app.*"], "to": ["a"], "state": "absent"},
        {
            "privs": ["EXECUTE"],
            "on": "PROCEDURE",
            "functions": ["app.p(int, text)"],
            "to": ["a"],
            "grant_option": False,
        },
        {"privs": ["EXECUTE"], "on": "PROCEDURES", "to": ["a"]},
        {"privs": ["SELECT"], "tables": ['app."a.b"'], "columns": ["id"], "to": ["a"], "grant_option": False},
        {"privs": ["USAGE"], "on": "FOREIGN SERVER", "objects": ["x.*"], "to": ["a"], "grant_option": True},
        {"privs": ["USAGE"], "on": "SCHEMA", "objects": ["a.b", '"c*"'], "to": ["a"], "grant_option": False},
    ],
)
def test_what_has_no_text_is_a_dict(item: dict[str, object]) -> None:
    (rule,) = parse_object_rules(item, WHERE)
    assert as_item(rule) == item
    assert as_dict(rule) == item
    with pytest.raises(InputError, match="has no text"):
        render_object_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        ObjectRule("absent", ("ALL",), "TABLE", ("a",), patterns=(ObjectName("t*"),), option_only=True),
        ObjectRule("present", ("ALL",), "FUNCTION", ("a",), patterns=(ObjectName("t*"),), kinds="faw"),
        ObjectRule("present", ("ALL",), "TABLE", ("Public",), patterns=(ObjectName("t*"),)),
    ],
)
def test_what_neither_a_text_nor_a_dict_can_say_is_an_error(rule: ObjectRule) -> None:
    with pytest.raises(InputError, match="can't be written as a dict"):
        as_item(rule)


@pytest.mark.parametrize("name", ["a", "a_1", "public", "tables", "granted", "_"])
def test_a_plain_name_needs_no_quotes(name: str) -> None:
    assert name_sql(name) == name


@pytest.mark.parametrize("name", ["A", "1a", "a b", "é", "a$", "select", "user", "left", "int", 'a"b', "grouping"])
def test_any_other_name_stands_in_quotes(name: str) -> None:
    assert name_sql(name) == '"' + name.replace('"', '""') + '"'
