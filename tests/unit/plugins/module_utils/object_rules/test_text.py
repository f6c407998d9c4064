"""Rules about objects as text."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import PUBLIC
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.model import ObjectName, ObjectRule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.parse import parse_object_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.render import as_item
from hypothesis import given
from hypothesis import strategies as st

WHERE = "privileges: rule 3"
USERS = (ObjectName("users", "app"),)


def granted(privileges: str, object_class: str = "TABLE", grantee: str = "a", **more: Any) -> ObjectRule:
    return ObjectRule("present", tuple(privileges.split(", ")), object_class, (grantee,), **more)


def taken(privileges: str, object_class: str = "TABLE", grantee: str = "a", **more: Any) -> ObjectRule:
    return ObjectRule("absent", tuple(privileges.split(", ")), object_class, (grantee,), **more)


def names(*items: str) -> tuple[ObjectName, ...]:
    return tuple(ObjectName(item) for item in items)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("GRANT SELECT ON app.users TO a", granted("SELECT", objects=USERS)),
        ("grant\n\tselect On table APP.Users to A ;", granted("SELECT", objects=USERS)),
        ("GRANT SELECT, insert, SELECT ON app.users TO a", granted("SELECT, INSERT", objects=USERS)),
        ("GRANT ALL PRIVILEGES ON app.users TO GROUP a, a", granted("ALL", objects=USERS)),
        (
            'GRANT SELECT ON users, "My Table", "S".t, public.users TO PUBLIC',
            granted(
                "SELECT",
                grantee=PUBLIC,
                objects=(ObjectName("users", "public"), ObjectName("My Table", "public"), ObjectName("t", "S")),
            ),
        ),
        ("GRANT SELECT ON app.users TO a WITH GRANT OPTION", granted("SELECT", objects=USERS, grant_option=True)),
        ("REVOKE ALL ON app.users FROM a RESTRICT;", taken("ALL", objects=USERS)),
        (
            "REVOKE GRANT OPTION FOR SELECT ON app.users FROM GROUP a",
            taken("SELECT", objects=USERS, option_only=True),
        ),
        ("GRANT MAINTAIN ON app.users TO a", granted("MAINTAIN", objects=USERS)),
        ("GRANT SELECT ON view TO a", granted("SELECT", objects=(ObjectName("view", "public"),))),
        ("GRANT SELECT ON TABLE tables TO a", granted("SELECT", objects=(ObjectName("tables", "public"),))),
        ('GRANT SELECT ON "tables" TO a', granted("SELECT", objects=(ObjectName("tables", "public"),))),
        ("GRANT USAGE ON SEQUENCE app.users TO a", granted("USAGE", "SEQUENCE", objects=USERS)),
        ("GRANT USAGE ON SCHEMA app, App TO a", granted("USAGE", "SCHEMA", objects=names("app"))),
        ("GRANT USAGE ON TYPE app.users TO a", granted("USAGE", "TYPE", objects=USERS)),
        ("GRANT USAGE ON DOMAIN app.users TO a", granted("USAGE", "TYPE", objects=USERS)),
        ("GRANT USAGE ON LANGUAGE plperl TO a", granted("USAGE", "LANGUAGE", objects=names("plperl"))),
        (
            "GRANT USAGE ON FOREIGN DATA WRAPPER w TO a",
            granted("USAGE", "FOREIGN DATA WRAPPER", objects=names("w")),
        ),
        ("GRANT USAGE ON FOREIGN SERVER s TO a", granted("USAGE", "FOREIGN SERVER", objects=names("s"))),
        (
            "GRANT SELECT ON LARGE OBJECT 00123, 4294967295 TO a",
            granted("SELECT", "LARGE OBJECT", objects=names("123", "4294967295")),
        ),
        (
            'GRANT SET, ALTER SYSTEM ON PARAMETER Work_Mem, my.param, "My"."Param" TO a',
            granted("SET, ALTER SYSTEM", "PARAMETER", objects=names("work_mem", "my.param")),
        ),
        (
            "GRANT CONNECT, TEMP ON DATABASE d TO a",
            granted("CONNECT, TEMPORARY", "DATABASE", objects=names("d")),
        ),
        ("GRANT CREATE ON TABLESPACE t TO a", granted("CREATE", "TABLESPACE", objects=names("t"))),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA x, y TO a", granted("SELECT", schemas=("x", "y"))),
        ("REVOKE ALL ON ALL SEQUENCES IN SCHEMA x, X FROM a", taken("ALL", "SEQUENCE", schemas=("x",))),
        (
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA x TO a",
            granted("EXECUTE", "FUNCTION", schemas=("x",), kinds="faw"),
        ),
        (
            "GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA x TO a",
            granted("EXECUTE", "FUNCTION", schemas=("x",), kinds="p"),
        ),
        ("GRANT EXECUTE ON ALL ROUTINES IN SCHEMA x TO a", granted("EXECUTE", "FUNCTION", schemas=("x",))),
        ("GRANT SELECT ON TABLES TO a", granted("SELECT")),
        ("IN SCHEMA x GRANT SELECT ON TABLES TO a", granted("SELECT", schemas=("x",))),
        ("GRANT EXECUTE ON FUNCTIONS TO a", granted("EXECUTE", "FUNCTION")),
        ("REVOKE EXECUTE ON ROUTINES FROM PUBLIC", taken("EXECUTE", "FUNCTION", PUBLIC)),
        ("IN SCHEMA x GRANT USAGE ON TYPES TO a", granted("USAGE", "TYPE", schemas=("x",))),
        ("GRANT USAGE ON SCHEMAS TO a WITH GRANT OPTION", granted("USAGE", "SCHEMA", grant_option=True)),
        ("GRANT SELECT ON LARGE OBJECTS TO a", granted("SELECT", "LARGE OBJECT")),
    ],
)
def test_a_text_declares_this_rule(text: str, rule: ObjectRule) -> None:
    (found,) = parse_object_rules(text, WHERE)
    assert found == rule
    assert found.source == text.strip()


@pytest.mark.parametrize(
    ("privileges", "found"),
    [
        ("SELECT (id, Email, id)", [("SELECT", ("id", "email"))]),
        ("ALL (id)", [("ALL", ("id",))]),
        ("ALL PRIVILEGES (id)", [("ALL", ("id",))]),
        ("SELECT (id), UPDATE (email), DELETE", [("SELECT", ("id",)), ("UPDATE", ("email",)), ("DELETE", ())]),
        ("SELECT (id), UPDATE (id), SELECT", [("SELECT, UPDATE", ("id",)), ("SELECT", ())]),
        ("SELECT (id), SELECT (email)", [("SELECT", ("id", "email"))]),
        ('REFERENCES ("a, b")', [("REFERENCES", ("a, b",))]),
    ],
)
def test_each_list_of_columns_is_a_rule(privileges: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    expected = [granted(privilege, objects=USERS, columns=columns) for privilege, columns in found]
    assert parse_object_rules(f"GRANT {privileges} ON app.users TO a", WHERE) == tuple(expected)


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("", None),
        ("()", ()),
        ("( INT , Text )", ("int", "text")),
        (
            "(character  varying (10), char varying, national character varying(3), nchar(2))",
            ("character varying(10)", "char varying", "national character varying(3)", "nchar(2)"),
        ),
        (
            "(timestamp (3) with time zone, time without  time zone, timestamp)",
            ("timestamp(3) with time zone", "time without time zone", "timestamp"),
        ),
        (
            "(interval, interval (2), interval day to second (3), interval year)",
            ("interval", "interval(2)", "interval day to second(3)", "interval year"),
        ),
        (
            "(double precision, bit varying(5), numeric (10, 2), float(8), numeric(3, -2))",
            ("double precision", "bit varying(5)", "numeric(10,2)", "float(8)", "numeric(3,-2)"),
        ),
        ("(int [ ], text[3][], app.t array, int ARRAY[4])", ("int[]", "text[3][]", "app.t[]", "int[4]")),
        ('(app."My Type", "char", geometry(Point, 4326))', ('app."My Type"', '"char"', "geometry(point,4326)")),
        ("(VARIADIC int[], IN text, INOUT a.b, IN OUT c)", ("int[]", "text", "a.b", "c")),
        ("(OUT int, x OUT text, y int)", ("int",)),
        ("(OUT int)", ()),
        (
            '(a int, "B" double precision, c IN text, IN d timestamp with time zone, VARIADIC e text[])',
            ("int", "double precision", "text", "timestamp with time zone", "text[]"),
        ),
        ("(double int, year text)", ("int", "text")),
    ],
)
def test_arguments_are_types_as_they_are_written(written: str, arguments: tuple[str, ...] | None) -> None:
    (found,) = parse_object_rules(f"GRANT EXECUTE ON FUNCTION app.f{written} TO a", WHERE)
    assert found == granted("EXECUTE", "FUNCTION", objects=(ObjectName("f", "app", arguments),), kinds="faw")


@pytest.mark.parametrize(("word", "kinds"), [("FUNCTION", "faw"), ("PROCEDURE", "p"), ("ROUTINE", "")])
def test_routines_can_stand_beside_each_other(word: str, kinds: str) -> None:
    (found,) = parse_object_rules(f"GRANT EXECUTE ON {word} f, f(), a.f(int), f TO a", WHERE)
    objects = (ObjectName("f", "public"), ObjectName("f", "public", ()), ObjectName("f", "a", ("int",)))
    assert found == granted("EXECUTE", "FUNCTION", objects=objects, kinds=kinds)


REFUSED = [
    ("^", "expected GRANT or REVOKE, or IN SCHEMA before it"),
    ("^ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a", "expected GRANT or REVOKE"),
    ("^FOR ROLE x GRANT SELECT ON TABLES TO a", "whoever owns them"),
    ("GRANT ^SELCT ON t TO a", "'selct' isn't a privilege: did you mean SELECT"),
    ("GRANT SELECT, ^ALL ON t TO a", "ALL stands alone"),
    ("GRANT ALL (id)^, SELECT ON t TO a", "expected ON"),
    ("GRANT SELECT ^INSERT ON t TO a", "expected a comma or ON"),
    ("GRANT SELECT (^) ON t TO a", "expected a column's name"),
    ("GRANT SELECT (id ^email) ON t TO a", "expected a comma or )"),
    ("GRANT SELECT ^(id) ON SEQUENCE s TO a", "columns go with tables that are named one by one"),
    ("GRANT DELETE, SELECT ^(id) ON ALL TABLES IN SCHEMA x TO a", "columns go with tables"),
    ("GRANT SELECT ^(id) ON TABLES TO a", "columns go with tables"),
    ("GRANT SELECT (id), ^DELETE (id) ON t TO a", "COLUMN has no privilege DELETE, only SELECT, INSERT, UPDATE"),
    ("GRANT SELECT, ^EXECUTE ON t TO a", "TABLE has no privilege EXECUTE, only SELECT, INSERT"),
    ("GRANT ^SELECT ON FUNCTION f TO a", "FUNCTION has no privilege SELECT, only EXECUTE"),
    ("GRANT ^CONNECT ON SCHEMA s TO a", "SCHEMA has no privilege CONNECT, only USAGE, CREATE"),
    ("GRANT ^DELETE ON SEQUENCES TO a", "SEQUENCE has no privilege DELETE"),
    ("GRANT SELECT ON ^TO a", "expected a table's name; TO as a name needs double quotes"),
    ("GRANT SELECT ON TABLE t^ ", "expected a comma or TO"),
    ("GRANT SELECT ON TABEL ^t TO a", "expected a comma or TO"),
    ("GRANT SELECT ON ^VIEW v TO a", "views and foreign tables are of class TABLE"),
    ('GRANT SELECT ON ^MATERIALIZED VIEW "v" TO a', "views and foreign tables are of class TABLE"),
    ("GRANT SELECT ON ^FOREIGN TABLE t TO a", "views and foreign tables are of class TABLE"),
    ("GRANT EXECUTE ON ^AGGREGATE f(int) TO a", "aggregates of class FUNCTION"),
    ("GRANT SELECT ON t, ^ALL TO a", "expected a table's name"),
    ("GRANT SELECT ON d.s^.t TO a", "a name has one schema and no database in front of it"),
    ("GRANT USAGE ON SCHEMA a^.b TO a", "a schema is in no schema: its name stands alone"),
    ("GRANT USAGE ON FOREIGN SERVER a^.b TO a", "a foreign server is in no schema"),
    ("GRANT SELECT ON TABLES^, t TO a", "expected TO; a table with a name like this needs TABLE"),
    ("REVOKE SELECT ON LARGE OBJECTS ^TO a", "expected FROM; a table with"),
    ("GRANT SELECT ON LARGE OBJECT ^x TO a", "expected a large object's number"),
    ("GRANT SELECT ON LARGE OBJECT ^0 TO a", "from 1 to 4294967295"),
    ("GRANT SELECT ON LARGE OBJECT 1, ^4294967296 TO a", "from 1 to 4294967295"),
    ("GRANT SELECT ON LARGE OBJECT ^" + "9" * 5000 + " TO a", "from 1 to 4294967295"),
    ("GRANT SELECT ON LARGE OBJECT ^-1 TO a", "from 1 to 4294967295"),
    ('GRANT SET ON PARAMETER ^"a b" TO a', "can't be a parameter's name"),
    ('GRANT SET ON PARAMETER x, ^"a*" TO a', "can't be a parameter's name"),
    ("GRANT SELECT ON ALL ^TYPES IN SCHEMA x TO a", "expected one of TABLES, SEQUENCES, FUNCTIONS"),
    ('GRANT SELECT ON ALL ^"tables" IN SCHEMA x TO a', "expected one of TABLES"),
    ("GRANT SELECT ON ALL TABLES ^TO a", "expected IN SCHEMA"),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA x^.y TO a", "expected a comma or TO"),
    ("IN SCHEMA x GRANT SELECT ON ^t TO a", "expected one of TABLES, SEQUENCES"),
    ("IN SCHEMA x GRANT SELECT ON ^ALL TABLES IN SCHEMA x TO a", "expected one of TABLES"),
    ("IN SCHEMA x GRANT USAGE ON ^SCHEMAS TO a", "IN SCHEMA can't be used with SCHEMAS"),
    ("GRANT EXECUTE ON FUNCTION f(^*) TO a", "expected a type"),
    ("GRANT EXECUTE ON FUNCTION f(int^ ", "expected a comma or )"),
    ("GRANT EXECUTE ON FUNCTION f(int,^) TO a", "expected a type"),
    ("GRANT EXECUTE ON FUNCTION f(int^(4)) TO a", "expected a comma or )"),
    ("GRANT EXECUTE ON FUNCTION f(^setof int) TO a", "can't be a set"),
    ("GRANT EXECUTE ON FUNCTION f(national ^int) TO a", "expected CHARACTER"),
    ("GRANT EXECUTE ON FUNCTION f(a.b^.c) TO a", "expected a comma or )"),
    ("GRANT EXECUTE ON FUNCTION f(int ^default 5) TO a", "expected a comma or )"),
    ("GRANT EXECUTE ON FUNCTION f(a.b^%type) TO a", "unexpected character '%'"),
    ("GRANT EXECUTE ON FUNCTION f(numeric(^)) TO a", "expected a number or a word"),
    ("GRANT EXECUTE ON FUNCTION f(int[3^) TO a", "expected ]"),
    ("GRANT EXECUTE ON FUNCTION f(timestamp ^with zone) TO a", "expected a comma or )"),
    ("GRANT EXECUTE ON FUNCTION f(^table int) TO a", "TABLE as a name needs double quotes"),
    ("GRANT SELECT ON t TO ^1", "expected a role's name or PUBLIC"),
    ("GRANT SELECT ON t TO ^[a]", "expected a role's name or PUBLIC"),
    ("GRANT SELECT ON t TO a, ^PUBLIC WITH GRANT OPTION", "PUBLIC can't have the grant option"),
    ("REVOKE GRANT OPTION FOR SELECT ON t FROM ^PUBLIC", "PUBLIC can't have the grant option"),
    ("GRANT SELECT ON t TO ^CURRENT_USER", "CURRENT_USER can't be used: name the role"),
    ("GRANT SELECT ON t TO a, ^session_user", "SESSION_USER can't be used"),
    ("GRANT SELECT ON t TO a WITH ^ADMIN OPTION", "expected GRANT"),
    ("GRANT SELECT ON t TO a ^GRANTED BY b", "GRANTED BY can't be used: leave it out"),
    ("REVOKE SELECT ON t FROM a ^GRANTED BY CURRENT_USER CASCADE", "GRANTED BY can't be used"),
    ("REVOKE SELECT ON t FROM a ^CASCADE", "CASCADE can't be used"),
    ("GRANT SELECT ON t TO a; ^GRANT SELECT ON u TO a", "expected the end of the rule"),
    ("GRANT SELECT ON t ^-- no", "can't contain a comment"),
    ("GRANT SELECT ON ^$$t$$ TO a", "can't contain a dollar sign"),
    ('GRANT SELECT ON ^"t TO a', "isn't closed"),
    ("GRANT SELECT ON ^" + "x" * 64 + " TO a", "has 64 bytes"),
]


@pytest.mark.parametrize(("marked", "problem"), REFUSED)
def test_what_is_no_rule_is_shown_with_a_caret_under_the_place(marked: str, problem: str) -> None:
    text = marked.replace("^", "")
    with pytest.raises(InputError) as caught:
        parse_object_rules(text, WHERE)
    first, shown, pointer = str(caught.value).split("\n")
    assert first == f"{WHERE}: not a rule"
    assert shown.split() == text.split()
    assert problem in pointer
    assert pointer.index("^") - 2 == marked.index("^")


@pytest.mark.parametrize("value", [None, 1, True, ["GRANT"]])
def test_a_rule_is_a_text_or_a_dict(value: object) -> None:
    with pytest.raises(InputError, match="a rule is a text or a dict"):
        parse_object_rules(value, WHERE)


WORD_TEXT = """
    GRANT REVOKE ALL SELECT EXECUTE USAGE ON TABLE TABLES FUNCTION LARGE OBJECT OBJECTS PARAMETER FOREIGN SERVER TO FROM
    a "b" , ; . ( ) [ ] 7 -1 int double precision timestamp with time zone interval array variadic out national setof
    IN SCHEMA WITH OPTION FOR PUBLIC GRANTED BY CASCADE view SCHEMAS DATABASE
"""
WORDS = WORD_TEXT.split()


@given(st.text() | st.text("\"';,()[]-/*.$ \nGRANTSELCONTBFUINx0"))
def test_text_raises_nothing_but_input_errors(text: str) -> None:
    with suppress(InputError):
        parse_object_rules(text, WHERE)
    with suppress(InputError):
        parse_object_rules(f"GRANT EXECUTE ON FUNCTION f({text}) TO a", WHERE)


@given(st.lists(st.sampled_from(WORDS)), st.sampled_from(["", "GRANT ALL ON", "REVOKE ALL ON FUNCTION f("]))
def test_words_in_any_order_raise_nothing_but_input_errors(words: list[str], before: str) -> None:
    with suppress(InputError):
        for rule in parse_object_rules(f"{before} {' '.join(words)}", WHERE):
            assert parse_object_rules(as_item(rule), WHERE) == (rule,)
