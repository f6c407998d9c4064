"""Rules of default privileges, as text and as dicts."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import DEFAULT_CLASSES, PRIVILEGES, PUBLIC
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.rules.model import GLOBAL_ONLY, Rule, render
from ansible_collections.leastpriv.pgsql.plugins.module_utils.rules.parse import parse_rule
from hypothesis import given
from hypothesis import strategies as st

WHERE = "privileges[3]"
WORDS = ["GRANT", "REVOKE", "ALL", "SELECT", "ON", "TABLES", "TO", "FROM", "a", '"b"', ",", ";", "IN", "SCHEMA", "WITH"]
NAMES = (
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)
    .map(lambda name: name.encode()[:63].decode(errors="ignore"))
    .filter(lambda name: name not in ("", "public", "none"))
)


def lists(items: st.SearchStrategy[str], smallest: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, min_size=smallest, max_size=3, unique=True).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    object_class = draw(st.sampled_from([*DEFAULT_CLASSES]))
    state = draw(st.sampled_from(["present", "absent"]))
    privileges = draw(st.just(("ALL",)) | lists(st.sampled_from(sorted(PRIVILEGES))))
    schemas = () if object_class in GLOBAL_ONLY else draw(lists(NAMES, 0))
    option = draw(st.booleans())
    grantees = draw(lists(NAMES if option else NAMES | st.just(PUBLIC)))
    given_option = True if option and state == "present" else None
    return Rule(state, privileges, object_class, grantees, schemas, given_option, option and state == "absent")


@given(rules())
def test_a_rendered_rule_reads_back_as_the_rule(rule: Rule) -> None:
    assert parse_rule(render(rule), WHERE) == rule
    assert parse_rule(f"\n{render(rule)} ; ", WHERE) == rule


@given(rules(), st.sampled_from([";", "--", "'", "$$", "/*", "; DROP ROLE x", "\0", "\\", '"']), st.data())
def test_nothing_foreign_gets_in_outside_of_quotes(rule: Rule, foreign: str, data: st.DataObject) -> None:
    text = render(rule)
    outside = [place for place in range(len(text)) if text[:place].count('"') % 2 == 0]
    place = data.draw(st.sampled_from(outside))
    with pytest.raises(InputError):
        parse_rule(text[:place] + foreign + text[place:], WHERE)


@given(st.text() | st.text("\"';,()-/*$ \nGRANTSELCONTBSOx0"))
def test_text_raises_nothing_but_input_errors(text: str) -> None:
    with suppress(InputError):
        parse_rule(text, WHERE)


@given(st.lists(st.sampled_from(WORDS)))
def test_words_in_any_order_raise_nothing_but_input_errors(words: list[str]) -> None:
    with suppress(InputError):
        rule = parse_rule(" ".join(words), WHERE)
        assert parse_rule(render(rule), WHERE) == rule


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["privs", "on", "to", "schemas", "grant_option", "state", "onn", "rule", "databases", "creators"]
)


@given(st.dictionaries(KEYS, JSON) | JSON)
def test_dicts_of_anything_raise_nothing_but_input_errors(value: object) -> None:
    with suppress(InputError):
        parse_rule(value, WHERE)


TABLES_TO_A = Rule("present", ("SELECT",), "TABLES", ("a",))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("GRANT SELECT ON TABLES TO a", TABLES_TO_A),
        ("grant\n\tselect On tables to A;", TABLES_TO_A),
        ("GRANT SELECT ON TABLES TO GROUP a, a, GROUP a", TABLES_TO_A),
        ('GRANT SELECT ON TABLES TO"A b"', Rule("present", ("SELECT",), "TABLES", ("A b",))),
        ("GRANT ALL ON ROUTINES TO a", Rule("present", ("ALL",), "FUNCTIONS", ("a",))),
        ("GRANT ALL PRIVILEGES ON LARGE OBJECTS TO a", Rule("present", ("ALL",), "LARGE OBJECTS", ("a",))),
        (
            "GRANT SELECT, insert ,TEMP ON TABLES TO a",
            Rule("present", ("SELECT", "INSERT", "TEMPORARY"), "TABLES", ("a",)),
        ),
        (
            'IN SCHEMA App, "B" GRANT USAGE ON TYPES TO pUbLiC',
            Rule("present", ("USAGE",), "TYPES", (PUBLIC,), ("app", "B")),
        ),
        ('GRANT SELECT ON TABLES TO "public", "PUBLIC"', Rule("present", ("SELECT",), "TABLES", (PUBLIC, "PUBLIC"))),
        ('GRANT SELECT ON TABLES TO "current_user"', Rule("present", ("SELECT",), "TABLES", ("current_user",))),
        ("GRANT SELECT ON TABLES TO a WITH GRANT OPTION;", Rule("present", ("SELECT",), "TABLES", ("a",), (), True)),
        ("REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", Rule("absent", ("EXECUTE",), "FUNCTIONS", (PUBLIC,))),
        ("REVOKE ALL ON TABLES FROM a, b RESTRICT ;", Rule("absent", ("ALL",), "TABLES", ("a", "b"))),
        (
            "REVOKE GRANT OPTION FOR SELECT ON TABLES FROM a",
            Rule("absent", ("SELECT",), "TABLES", ("a",), option_only=True),
        ),
        (
            "GRANT SELECT ON TABLES TO cascade, restrict",
            Rule("present", ("SELECT",), "TABLES", ("cascade", "restrict")),
        ),
    ],
)
def test_a_text_declares_this_rule(text: str, rule: Rule) -> None:
    found = parse_rule(text, WHERE)
    assert found == rule
    assert found.source == text.strip()


REFUSED = [
    ("^", "expected GRANT or REVOKE, or IN SCHEMA before it"),
    ("^ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a", "expected GRANT or REVOKE"),
    ("^FOR ROLE x GRANT SELECT ON TABLES TO a", "creators are declared beside the rules"),
    ("GRANT ^SELCT ON TABLES TO a", "'selct' isn't a privilege: did you mean SELECT"),
    ('GRANT ^"select" ON TABLES TO a', "expected a privilege"),
    ("GRANT ^ON TABLES TO a", "expected a privilege"),
    ("GRANT SELECT, ^ALL ON TABLES TO a", "ALL stands alone"),
    ("GRANT ALL^, SELECT ON TABLES TO a", "expected ON"),
    ("GRANT SELECT ^(a) ON TABLES TO a", "expected a comma or ON"),
    ("GRANT SELECT ON ^TABLE x TO a", "expected one of TABLES, SEQUENCES"),
    ("GRANT SELECT ON ^ALL TABLES IN SCHEMA x TO a", "expected one of TABLES"),
    ('GRANT SELECT ON ^"tables" TO a', "expected one of TABLES"),
    ("GRANT SELECT ON TABLES ^FROM a", "expected TO"),
    ("REVOKE SELECT ON TABLES ^TO a", "expected FROM"),
    ("GRANT SELECT ON TABLES TO^ ", "expected a role's name or PUBLIC"),
    ("GRANT SELECT ON TABLES TO a,^", "expected a role's name or PUBLIC"),
    ("GRANT SELECT ON TABLES TO ^select", "SELECT as a name needs double quotes"),
    ("GRANT SELECT ON TABLES TO a ^b", "expected the end of the rule"),
    ("GRANT SELECT ON TABLES TO a WITH ^ADMIN OPTION", "expected GRANT"),
    ("GRANT SELECT ON TABLES TO a ^RESTRICT", "expected the end of the rule"),
    ("REVOKE SELECT ON TABLES FROM a ^CASCADE", "CASCADE can't be used"),
    ("REVOKE GRANT OPTION ^SELECT ON TABLES FROM a", "expected FOR"),
    ("GRANT SELECT ON TABLES TO ^CURRENT_USER", "CURRENT_USER can't be used: name the role"),
    ("GRANT SELECT ON TABLES TO GROUP ^session_user", "SESSION_USER can't be used"),
    ("GRANT SELECT ON TABLES TO a, ^CURRENT_ROLE", "CURRENT_ROLE can't be used"),
    ("GRANT SELECT ON TABLES TO ^USER", "USER can't be used"),
    ("GRANT SELECT ON TABLES TO ^none", "NONE is no role"),
    ("GRANT SELECT ON TABLES TO a, ^PUBLIC WITH GRANT OPTION", "PUBLIC can't have the grant option"),
    ("REVOKE GRANT OPTION FOR ALL ON TABLES FROM ^public", "PUBLIC can't have the grant option"),
    ("IN SCHEMA a GRANT USAGE ON ^SCHEMAS TO b", "IN SCHEMA can't be used with SCHEMAS"),
    ("IN SCHEMA a GRANT SELECT ON ^LARGE OBJECTS TO b", "IN SCHEMA can't be used with LARGE OBJECTS"),
    ("IN SCHEMA a ^SELECT ON TABLES TO b", "expected GRANT or REVOKE"),
    ("IN SCHEMA a^.b GRANT SELECT ON TABLES TO b", "expected GRANT or REVOKE"),
    ("IN SCHEMA a ^IN SCHEMA b GRANT SELECT ON TABLES TO b", "expected GRANT or REVOKE"),
    ("GRANT SELECT ON TABLES TO a; ^DROP ROLE b", "expected the end of the rule"),
    ("GRANT SELECT ON TABLES TO a;^;", "expected the end of the rule"),
    ("GRANT SELECT ON TABLES TO a ^-- no", "can't contain a comment"),
    ("GRANT ^/* no */ SELECT ON TABLES TO a", "can't contain a comment"),
    ("GRANT SELECT ON TABLES TO ^'a'", "can't contain a string"),
    ("GRANT SELECT ON TABLES TO ^$$a$$", "can't contain a dollar sign"),
    ("GRANT SELECT ON TABLES TO ^a$$b", "put the name in double quotes"),
    ('GRANT SELECT ON TABLES TO ^"a', "isn't closed"),
    ('GRANT SELECT ON TABLES TO ^""', "a name is empty"),
    ('GRANT SELECT ON TABLES TO ^U&"a"', "U& can't be used"),
    ("GRANT SELECT ON TABLES TO ^\\", "unexpected character"),
    ("GRANT SELECT ON TABLES TO ^a\u00a0", "invisible character"),
    ("GRANT SELECT ON TABLES TO ^" + "x" * 64, "has 64 bytes"),
    ("GRANT\n\tSELECT ON TABLES TO ^1", "unexpected character '1'"),
]


@pytest.mark.parametrize(("marked", "problem"), REFUSED)
def test_what_is_no_rule_is_shown_with_a_caret_under_the_place(marked: str, problem: str) -> None:
    text = marked.replace("^", "")
    with pytest.raises(InputError) as caught:
        parse_rule(text, WHERE)
    first, shown, pointer = str(caught.value).split("\n")
    assert first == f"{WHERE}: not a rule"
    assert shown.split() == text.split()
    assert pointer.index("^") - 2 == marked.index("^")
    assert problem in pointer


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({"privs": "select", "on": "tables", "to": "a"}, TABLES_TO_A),
        ({"privs": ["SELECT"], True: "TABLES", "to": ["a"], "state": "present"}, TABLES_TO_A),
        ({"privs": ["SELECT"], "on": "TABLES", "to": ["a"], "schemas": None, "grant_option": None}, TABLES_TO_A),
        (
            {"privs": "SELECT, INSERT", "on": "TABLES", "to": ["A", "public", "Public"], "schemas": "S"},
            Rule("present", ("SELECT", "INSERT"), "TABLES", ("A", PUBLIC), ("S",)),
        ),
        (
            {"privs": "ALL PRIVILEGES", "on": "routines", "to": "a", "grant_option": True},
            Rule("present", ("ALL",), "FUNCTIONS", ("a",), (), True),
        ),
        (
            {"privs": "ALL", "on": "large objects", "to": "a", "grant_option": False},
            Rule("present", ("ALL",), "LARGE OBJECTS", ("a",), (), False),
        ),
        (
            {"privs": "ALL", "on": "TYPES", "to": "a, b", "state": "absent", "grant_option": False},
            Rule("absent", ("ALL",), "TYPES", ("a, b",)),
        ),
    ],
)
def test_a_dict_declares_this_rule(value: dict[object, object], rule: Rule) -> None:
    found = parse_rule(value, WHERE)
    assert found == rule
    assert found.source == render(rule)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"databases": "shop"}, '(databases "shop")'),
        ({"creators": ["a", "B"]}, '(creators "a", "B")'),
        ({"databases": ["shop"], "creators": ["a"]}, '(databases "shop"; creators "a")'),
    ],
)
@pytest.mark.parametrize(
    "form", [{"rule": "GRANT SELECT ON TABLES TO a"}, {"privs": "select", "on": "tables", "to": "a"}]
)
def test_a_rule_in_either_form_can_be_limited(form: dict[str, object], limits: dict[str, object], said: str) -> None:
    found = parse_rule({**form, **limits}, WHERE)
    named = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in limits.items()}
    assert found == replace(TABLES_TO_A, **named)
    assert found.is_limited()
    assert found.source.startswith("GRANT SELECT ON TABLES TO ")
    assert found.source.endswith(said)
    assert not parse_rule(form, WHERE).is_limited()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rule": 5}, "privileges[3].rule: must be a text, not 5 (int)"),
        ({"rule": None, "creators": ["a"]}, "privileges[3]: missing rule"),
        ({"rule": "GRANT", "to": "a"}, "privileges[3]: unknown key 'to'"),
        ({"rule": "GRANT"}, "privileges[3].rule: not a rule"),
        ({"rule": "GRANT SELECT ON TABLES TO a", "creators": []}, "privileges[3].creators: is an empty list"),
        ({"rule": "GRANT SELECT ON TABLES TO a", "databases": [5]}, "privileges[3].databases: must contain texts"),
    ],
)
def test_a_wrong_limited_rule_is_refused_with_item_and_key(value: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_rule(value, WHERE)
    assert str(caught.value).startswith(message)


def test_a_bare_on_of_yaml_is_the_key_on_even_after_json() -> None:
    value = json.loads(json.dumps({"privs": "SELECT", True: "TABLES", "to": "a"}))
    assert parse_rule(value, WHERE) == TABLES_TO_A


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"privilege": "x"}, "privileges[3]: unknown key 'privilege', did you mean 'privs'?"),
        ({"xyz": "x"}, "privileges[3]: unknown key 'xyz': the keys are privs, on, to, schemas, grant_option, state, d"),
        ({True: "TABLES"}, "privileges[3]: key 'on' stands there twice"),
        ({"to": None}, "privileges[3]: missing to"),
        ({"to": []}, "privileges[3].to: is an empty list"),
        ({"to": [1]}, "privileges[3].to: must contain texts only, not 1 (int)"),
        ({"to": {"a": 1}}, "privileges[3].to: must be a text or a list of texts, not {'a': 1} (dict)"),
        ({"to": ""}, "privileges[3].to: a name is empty"),
        ({"to": "none"}, "privileges[3].to: 'none' is no role"),
        ({"schemas": []}, "privileges[3].schemas: is an empty list"),
        ({"schemas": ["a"], "on": "SCHEMAS"}, "privileges[3].schemas: can't be given with SCHEMAS"),
        ({"on": "TABLE"}, "privileges[3].on: must be one of TABLES, SEQUENCES"),
        ({"on": 1}, "privileges[3].on: must be one of TABLES"),
        ({"privs": "SELCT"}, "privileges[3].privs: 'SELCT' isn't a privilege: did you mean SELECT"),
        ({"privs": "SELECT,"}, "privileges[3].privs: '' isn't a privilege"),
        ({"privs": ["ALL", "SELECT"]}, "privileges[3].privs: ALL stands alone"),
        ({"state": "gone"}, "privileges[3].state: must be present or absent, not 'gone' (str)"),
        ({"grant_option": "yes"}, "privileges[3].grant_option: must be true or false, not 'yes' (str)"),
        ({"grant_option": True, "to": "Public"}, "privileges[3].to: PUBLIC can't have the grant option"),
        ({"grant_option": True, "state": "absent"}, "privileges[3].grant_option: state absent takes the option away"),
    ],
)
def test_a_wrong_dict_is_refused_with_item_and_key(changed: dict[object, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_rule({"privs": "SELECT", "on": "TABLES", "to": "a", **changed}, WHERE)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("value", [None, 1, True, ["GRANT"]])
def test_a_rule_is_a_text_or_a_dict(value: object) -> None:
    with pytest.raises(InputError, match="a rule is a text or a dict"):
        parse_rule(value, WHERE)
