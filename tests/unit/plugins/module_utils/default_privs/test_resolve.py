"""Resolve and diff default privileges without a server, for any rules and any state."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import PUBLIC
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.change import GRANT_DEFAULT, REVOKE_DEFAULT, ordered
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.model import (
    DefaultPrivilege,
    Defaults,
    builtin,
    classes,
    parse_rules,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.plan import diff_defaults, undo_defaults
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.resolve import (
    Inside,
    exact_defaults,
    resolve_defaults,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.wanted import wanted_of, wants_by_database
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from hypothesis import assume, given
from hypothesis import strategies as st

VERSION = 180004
SCHEMAS = frozenset({"app", "public"})
PRIVILEGES = {"TABLES": ["SELECT", "INSERT", "MAINTAIN"], "FUNCTIONS": ["EXECUTE"], "SCHEMAS": ["USAGE", "CREATE"]}
SERVER = Server(VERSION, "18.4", "postgres", "postgres", True, "postgres", False, "postgres")
CREATORS = ("owner", "reader")


def inside(rules: list[Any], exact: bool = False, acts_for: frozenset[str] | None = None) -> Inside:
    wants, problems = wants_by_database(parse_rules(rules), ["shop"], VERSION)
    if problems:
        raise InputError("; ".join(problems))
    return Inside("shop", frozenset(), wants["shop"], exact, SERVER, acts_for, Assume())


def after(rules: list[Any], state: Defaults, exact: bool = False) -> Defaults:
    return resolve_defaults(inside(rules, exact), state).after


BUILTIN = Defaults(builtin(CREATORS, VERSION), SCHEMAS, CREATORS)


@st.composite
def a_rule(draw: st.DrawFn, states: tuple[str, ...] = ("present", "absent")) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(PRIVILEGES)))
    state = draw(st.sampled_from(states))
    privileges = draw(st.sampled_from([["ALL"], *([one] for one in PRIVILEGES[name]), PRIVILEGES[name]]))
    grantees = draw(st.lists(st.sampled_from(["reader", "writer", "owner", "PUBLIC"]), min_size=1, unique=True))
    rule: dict[str, Any] = {"privs": privileges, "on": name, "to": grantees, "state": state}
    rule["databases"] = draw(st.sampled_from([None, None, ["shop"], ["other"]]))
    rule["creators"] = draw(st.sampled_from([None, None, ["owner"], ["owner", "reader"]]))
    if name != "SCHEMAS" and draw(st.booleans()):
        rule["schemas"] = draw(st.sampled_from([["app"], ["app", "public"]]))
    if state == "present":
        options = [None, False] if "PUBLIC" in grantees else [None, False, True]
        rule["grant_option"] = draw(st.sampled_from(options))
    return rule


facts = st.builds(
    DefaultPrivilege,
    st.sampled_from(CREATORS),
    st.sampled_from(["", "app"]),
    st.just("TABLES"),
    st.sampled_from(["reader", "writer", "owner"]),
    st.sampled_from(PRIVILEGES["TABLES"]),
    st.booleans(),
)


def state_of(more: list[DefaultPrivilege]) -> Defaults:
    known = {(fact.creator, fact.place()): fact for fact in [*BUILTIN.facts, *more]}
    return Defaults(frozenset(known.values()), SCHEMAS, CREATORS)


def possible(rules: list[Any], state: Defaults, exact: bool) -> Defaults:
    try:
        return after(rules, state, exact)
    except InputError:
        assume(False)
        raise


@given(st.lists(a_rule(), max_size=5), st.lists(facts, max_size=6), st.booleans(), st.randoms())
def test_what_is_resolved_stays_so_and_doesnt_depend_on_the_order(
    rules: list[Any], more: list[DefaultPrivilege], exact: bool, random: Any
) -> None:
    state = state_of(more)
    result = possible(rules, state, exact)
    assert after(rules, result, exact) == result
    shuffled = random.sample(rules, len(rules))
    assert after(shuffled, state, exact) == result
    assert diff_defaults(state, after(shuffled, state, exact)) == diff_defaults(state, result)
    assert (diff_defaults(state, result) == ()) == (state == result)


@given(st.lists(a_rule(("present",)), max_size=4), st.lists(facts, max_size=6))
def test_grants_alone_take_nothing_away_additively_but_declared_options(
    rules: list[Any], more: list[DefaultPrivilege]
) -> None:
    state = state_of(more)
    result = possible(rules, state, False)
    assert {(fact.creator, fact.place()) for fact in state.facts} <= {(f.creator, f.place()) for f in result.facts}


@given(st.lists(facts, max_size=8), st.lists(facts, max_size=8))
def test_the_statements_lead_from_any_state_to_any_other_and_back(
    ones: list[DefaultPrivilege], others: list[DefaultPrivilege]
) -> None:
    before, end = state_of(ones), state_of(others)
    assert replayed(before, diff_defaults(before, end)) == end.facts
    assert replayed(end, undo_defaults(before, end)) == before.facts


def replayed(state: Defaults, changes: Any) -> frozenset[DefaultPrivilege]:
    """Follow what changes say, as structured data."""
    facts = {(fact.creator, fact.place()): fact for fact in state.facts}
    for change in ordered(changes):
        creator, _separator, schema = change.object.partition(" in schema ")
        name = change.object_class.rpartition(" ON ")[2]
        words = change.privilege.replace(" WITH GRANT OPTION", "").replace("GRANT OPTION FOR ", "")
        for privilege in words.split(", "):
            place = (schema, name, "" if change.role == "PUBLIC" else change.role, privilege)
            if change.action == GRANT_DEFAULT or change.privilege.startswith("GRANT OPTION FOR "):
                facts[creator, place] = DefaultPrivilege(creator, *place, change.privilege.endswith("OPTION"))
            else:
                assert change.action == REVOKE_DEFAULT
                del facts[creator, place]
    return frozenset(facts.values())


@pytest.mark.parametrize(
    "rules",
    [
        ["GRANT SELECT ON TABLES TO r", "REVOKE SELECT ON TABLES FROM r"],
        ["GRANT SELECT ON TABLES TO r WITH GRANT OPTION", "REVOKE GRANT OPTION FOR SELECT ON TABLES FROM r"],
        [
            "GRANT SELECT ON TABLES TO r WITH GRANT OPTION",
            {"privs": ["SELECT"], "on": "TABLES", "to": "r", "grant_option": False},
        ],
        ["IN SCHEMA app, public GRANT SELECT ON TABLES TO r", "IN SCHEMA public REVOKE SELECT ON TABLES FROM r"],
    ],
)
def test_two_rules_that_contradict_each_other_are_both_printed(rules: list[Any]) -> None:
    _wanted, problems = wanted_of(parse_rules(rules), VERSION)
    assert len(problems) == 1
    assert all(rule.source in problems[0] for rule in parse_rules(rules))


@pytest.mark.parametrize(
    "rules",
    [
        ["GRANT SELECT ON TABLES TO r", "REVOKE ALL ON TABLES FROM r"],
        ["GRANT SELECT ON TABLES TO r", "IN SCHEMA app REVOKE SELECT ON TABLES FROM r"],
        ["GRANT SELECT ON TABLES TO r", "REVOKE SELECT ON TABLES FROM s"],
        ["GRANT SELECT ON TABLES TO r", "REVOKE SELECT ON SEQUENCES FROM r"],
        ["GRANT SELECT ON TABLES TO r", "REVOKE GRANT OPTION FOR SELECT ON TABLES FROM r"],
        ["GRANT SELECT ON TABLES TO r WITH GRANT OPTION", "REVOKE GRANT OPTION FOR ALL ON TABLES FROM r"],
        ["REVOKE SELECT ON TABLES FROM r", "REVOKE GRANT OPTION FOR SELECT ON TABLES FROM r"],
        ["GRANT SELECT ON TABLES TO r", "GRANT SELECT, INSERT ON TABLES TO r WITH GRANT OPTION"],
    ],
)
def test_rules_about_different_things_go_together(rules: list[Any]) -> None:
    assert wanted_of(parse_rules(rules), VERSION)[1] == []


OF_OWNER = {"rule": "REVOKE SELECT ON TABLES FROM r", "creators": ["owner"]}
IN_SHOP = {"rule": "REVOKE SELECT ON TABLES FROM r", "databases": ["shop"]}


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (["GRANT SELECT ON TABLES TO r", OF_OWNER], True),
        (["GRANT SELECT ON TABLES TO r", IN_SHOP], True),
        ([{"rule": "GRANT SELECT ON TABLES TO r", "creators": ["reader"]}, OF_OWNER], False),
        ([{"rule": "GRANT SELECT ON TABLES TO r", "databases": ["other"]}, IN_SHOP], False),
        ([{"rule": "GRANT SELECT ON TABLES TO r", "databases": ["other"]}, OF_OWNER], True),
    ],
)
def test_rules_contradict_each_other_only_where_both_count(rules: list[Any], wrong: bool) -> None:
    _wants, problems = wants_by_database(parse_rules(rules), ["shop", "other"], VERSION)
    assert len(problems) == wrong


def test_a_limited_rule_counts_for_its_creators_in_its_databases() -> None:
    grant = {"rule": "GRANT SELECT ON TABLES TO r", "creators": ["owner"]}
    result = after([grant, {**grant, "databases": ["other"], "creators": ["reader"]}], BUILTIN)
    assert {fact.creator for fact in result.facts - BUILTIN.facts} == {"owner"}


def test_a_limited_revoke_of_what_is_built_in_leaves_the_other_creators() -> None:
    result = after([{"rule": "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", "creators": ["owner"]}], BUILTIN, True)
    assert [(fact.creator, fact.grantee) for fact in BUILTIN.facts - result.facts] == [("owner", PUBLIC)]


def test_what_exact_would_take_is_told_whoever_may_do_it() -> None:
    stray = DefaultPrivilege("owner", "", "TABLES", "writer", "SELECT")
    declared = inside([], acts_for=frozenset())
    assert exact_defaults(declared, state_of([stray])).after == BUILTIN
    assert resolve_defaults(declared, state_of([stray])).after == state_of([stray])


def test_everything_that_a_class_or_version_lacks_stands_in_one_list() -> None:
    rules = parse_rules(
        ["GRANT MAINTAIN ON TABLES TO r", "GRANT ALL ON LARGE OBJECTS TO r", "GRANT CREATE ON TYPES TO r"]
    )
    _wanted, problems = wanted_of(rules, 150000)
    assert len(problems) == 3


def test_a_creator_that_the_login_may_not_act_for_counts_only_if_it_changes() -> None:
    declared = inside(["GRANT SELECT ON TABLES TO owner"], acts_for=frozenset({"reader"}))
    assert resolve_defaults(declared, BUILTIN).after != BUILTIN
    declared = inside(["GRANT SELECT ON TABLES TO writer"], acts_for=frozenset({"reader"}))
    (refusal,) = resolve_defaults(declared, BUILTIN).refusals
    assert 'default privileges of owner: run GRANT "owner" TO "postgres"' in refusal


def test_public_in_any_case_is_public() -> None:
    assert {rule.grantees for rule in parse_rules(["GRANT SELECT ON TABLES TO PUBLIC, Public"])} == {(PUBLIC,)}


def test_large_objects_are_a_class_from_18() -> None:
    assert "LARGE OBJECTS" not in classes(170010)
    assert classes(180000)[-1] == "LARGE OBJECTS"
