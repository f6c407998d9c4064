"""Which ACL rules lead to, and by which statements; pure."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.looking import Looking
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.model import Objects, Scope, Shape
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.plan import diff_objects, resolve_objects
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.wanted import entries_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_rules.parse import parse_object_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.acting import Actor
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import Privilege

SERVER = Server(180000, "18.0", "postgres", "postgres", True, "postgres", False, "postgres")
ANYBODY = frozenset({"maker", "a", "b"})
ROOT = Actor("postgres", True, frozenset(), ANYBODY, ANYBODY, frozenset({"postgres"}))


def looking(*texts: str, exact: bool = False) -> Looking:
    """What to look for in a database, by rules as text."""
    rules = tuple(rule for text in texts for rule in parse_object_rules(text, "rule"))
    entries, problems = entries_of(rules, SERVER.version)
    assert not problems
    return Looking("shop", rules, entries, Scope(), ROOT, exact=exact, seeks_excess=exact)


def table(*items: tuple[str, str, str, bool], rules: tuple[int, ...] = (0,), **more: object) -> Shape:
    """A table of maker's, with what others have on it."""
    own = {Privilege("TABLE", "", "maker", name, "maker") for name in ("SELECT", "INSERT", "UPDATE")}
    entries = {Privilege("TABLE", "", *item) for item in items}
    return Shape("TABLE", ("app.t", "app.u"), "maker", frozenset(own | entries), rules, **more)


def planned(look: Looking, *shapes: Shape) -> list[str]:
    """The statements that shapes lead to."""
    before = Objects(SERVER, shapes)
    return [change.sql for change in diff_objects(look, before, resolve_objects(look, before).after)]


def test_objects_that_look_alike_share_a_statement():
    assert planned(looking("GRANT SELECT ON TABLES TO a, b"), table()) == [
        'GRANT SELECT ON TABLE app.t, app.u TO "a", "b"'
    ]


def test_some_hundred_objects_go_into_one_statement():
    many = dataclasses.replace(table(), objects=tuple(f"app.t{number:04}" for number in range(650)))
    statements = planned(looking("GRANT SELECT ON TABLES TO a"), many)
    assert [text.count("app.t") for text in statements] == [300, 300, 50]


def test_what_somebody_else_granted_is_enough():
    shape = table(("b", "SELECT", "maker", True), ("a", "SELECT", "b", False))
    assert planned(looking("GRANT SELECT ON TABLES TO a"), shape) == []


def test_exact_takes_what_nobody_declares_and_grants_before_it_revokes():
    shape = table(("a", "INSERT", "maker", False), ("b", "SELECT", "maker", True))
    first, *rest = planned(looking("GRANT SELECT ON TABLES TO a", exact=True), shape)
    assert first == 'GRANT SELECT ON TABLE app.t, app.u TO "a"'
    assert sorted(rest) == [
        'REVOKE INSERT ON TABLE app.t, app.u FROM "a"',
        'REVOKE SELECT ON TABLE app.t, app.u FROM "b"',
    ]


def test_exact_takes_nothing_where_it_has_no_scope():
    shape = table(("b", "SELECT", "maker", True), scoped=False, rules=())
    assert planned(looking("GRANT SELECT ON TABLES TO a", exact=True), shape) == []


def test_what_stands_aside_neither_gets_nor_loses_by_rules_for_many():
    own = Privilege("FUNCTION", "", "a", "EXECUTE", "maker")
    shape = Shape("FUNCTION", ("app.f()",), "maker", frozenset({own}), (0,), aside=True)
    rules = "GRANT EXECUTE ON FUNCTIONS TO a, b"
    assert planned(looking(rules, exact=True), shape) == []
    assert planned(looking("REVOKE EXECUTE ON FUNCTIONS FROM a"), shape) == []
    named = looking("GRANT EXECUTE ON FUNCTION app.f() TO b")
    assert planned(named, shape) == ['GRANT EXECUTE ON ROUTINE app.f() TO "b"']


def test_a_grantor_who_loses_the_option_is_followed_by_the_owner():
    shape = table(("b", "SELECT", "maker", True), ("a", "SELECT", "b", False))
    assert planned(looking("GRANT SELECT ON TABLES TO a", exact=True), shape) == [
        'GRANT SELECT ON TABLE app.t, app.u TO "a"',
        'REVOKE SELECT ON TABLE app.t, app.u FROM "a"',
        'REVOKE SELECT ON TABLE app.t, app.u FROM "b"',
    ]


def test_what_would_lose_its_ground_is_an_error():
    shape = table(("b", "SELECT", "maker", True), ("a", "SELECT", "b", False))
    with pytest.raises(InputError, match="SELECT of a would lose its ground, for b"):
        planned(looking("REVOKE SELECT ON TABLES FROM b"), shape)
