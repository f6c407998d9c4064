"""Read the options, choose databases and creators, and find the origin of databases to come."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.checks import (
    creators_in,
    origin,
    resolve_cluster,
    worked_on,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.creators import (
    Creators,
    Everyone,
    parse_creators,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.model import (
    Cluster,
    DefaultPrivs,
    parse_databases,
    parse_default_privs,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError

SERVER = Server(180004, "18.4", "postgres", "postgres", True, "postgres", False, "postgres")


def database(name: str, owner: str = "postgres", **more: Any) -> DatabaseState:
    return DatabaseState(name, owner, "UTF8", "C", "C", "pg_default", **more)


THERE = [
    database("template0", allowconn=False),
    database("template1"),
    database("shop", "shopper"),
    database("shut", allowconn=False),
    database("broken", connlimit=-2),
]


def cluster(**unborn: str) -> Cluster:
    databases = {one.name: one for one in [*THERE, *(database(name) for name in unborn)]}
    return Cluster(SERVER, frozenset({"postgres", "shopper", "reader"}), None, databases, unborn)


def declared(**params: Any) -> DefaultPrivs:
    options = {"databases": "all", "creators": ["postgres"], "privileges": [], "mode": "additive", **params}
    return parse_default_privs(options, Assume())


def test_all_are_those_that_can_be_entered() -> None:
    assert parse_databases("all") is None
    assert worked_on(declared(), cluster(next="template1")) == ("next", "shop", "template1")


def test_named_databases_keep_their_order_and_stand_once() -> None:
    assert parse_databases(["shop", "a", "shop"]) == ("shop", "a")


@pytest.mark.parametrize("value", ["shop", {"a": 1}, None, [5], [""], ["x" * 64]])
def test_databases_of_another_kind_are_refused(value: Any) -> None:
    with pytest.raises(InputError):
        parse_databases(value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b", "a"], Creators(frozenset({"a", "b"}))),
        ([{"database_owner": True}], Creators(owners=True)),
        ([{"database_owner": "yes"}], Creators(owners=True)),
        ([{"database_owner": False}], Creators()),
        (["a", {"database_owner": ["shop"]}], Creators(frozenset({"a"}), owners_of=frozenset({"shop"}))),
        ([{"database_owner": ["x"]}, {"database_owner": ["y"]}], Creators(owners_of=frozenset({"x", "y"}))),
        ([], Creators()),
        ("all", Creators(everyone=True)),
        (["all"], Creators(frozenset({"all"}))),
    ],
)
def test_creators_are_roles_and_owners(values: list[Any], expected: Creators) -> None:
    assert parse_creators(values) == expected


@pytest.mark.parametrize(
    "value", [{}, {"owner": True}, {"database_owner": "shop"}, {"database_owner": None}, 5, "", "PUBLIC"]
)
def test_creators_of_another_kind_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match="creators"):
        parse_creators([value])


@pytest.mark.parametrize("value", ["postgres", {"all": True}, None, 5])
def test_creators_are_a_list_or_the_word_all(value: Any) -> None:
    with pytest.raises(InputError, match="creators has to be a list of roles, or the word all"):
        parse_creators(value)


def test_everyone_is_who_can_create_or_has_rows_and_predefined_roles_only_with_rows() -> None:
    roles = frozenset({"postgres", "shopper", "maker", "reader", "soon", "later", "pg_monitor"})
    born = {"soon": frozenset({"soon", "maker"}), "later": frozenset({"later", "reader"})}
    everyone = Everyone("shop", "shopper", roles, frozenset({"postgres"}), born)
    counted = everyone.counted(["maker"], ["pg_monitor", "reader"], False)
    assert counted == {"postgres", "shopper", "maker", "soon", "reader", "pg_monitor"}
    assert everyone.counted([], [], True) == roles - {"pg_monitor"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"databases": ["template1"]}, "the call doesn't work on database template1: name it in databases, too"),
        ({"databases": ["nowhere"]}, "no such database: nowhere"),
        ({"creators": ["reader"]}, "reader isn't among the creators there: name it in creators, too"),
        ({"creators": ["postgres"], "databases": ["shop"]}, "postgres isn't among the creators there"),
    ],
)
def test_a_rule_limited_to_what_the_call_isnt_about_is_an_error(rule: dict[str, Any], said: str) -> None:
    limited = {"rule": "GRANT SELECT ON TABLES TO reader", **rule}
    call = declared(databases=["shop"], creators=[{"database_owner": True}], privileges=[limited])
    with pytest.raises(InputError, match=said):
        resolve_cluster(call, cluster())


def test_a_rule_limited_to_an_owner_counts() -> None:
    limited = {"rule": "GRANT SELECT ON TABLES TO reader", "creators": ["shopper"]}
    assert resolve_cluster(declared(creators=[{"database_owner": True}], privileges=[limited]), cluster())


def test_owners_count_in_their_own_databases_only() -> None:
    some = declared(creators=["reader", {"database_owner": ["shop"]}])
    assert creators_in(some, cluster(), "shop") == ("reader", "shopper")
    assert creators_in(some, cluster(), "template1") == ("reader",)
    assert creators_in(declared(creators=[{"database_owner": True}]), cluster(), "template1") == ("postgres",)


@pytest.mark.parametrize(
    ("unborn", "expected"),
    [
        ({"new": "template1"}, "template1"),
        ({"new": "shop"}, "shop"),
        ({"new": "template0"}, None),
        ({"new": "shut"}, None),
        ({"new": "broken"}, None),
        ({"new": "nowhere"}, None),
        ({"new": "middle", "middle": "shop"}, "shop"),
        ({"new": "middle", "middle": "template0"}, None),
        ({"new": "middle", "middle": "new"}, None),
    ],
)
def test_a_database_to_come_starts_as_the_end_of_its_templates(unborn: dict[str, str], expected: str | None) -> None:
    assert origin(cluster(**unborn), "new") == expected


def test_an_owner_named_for_a_database_that_isnt_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no such database: nowhere"):
        resolve_cluster(declared(creators=[{"database_owner": ["nowhere"]}]), cluster())


def test_an_owner_named_for_a_database_that_cant_be_entered_is_left_out() -> None:
    resolved = resolve_cluster(declared(creators=[{"database_owner": ["shut", "shop"]}]), cluster())
    assert worked_on(declared(), resolved.after) == ("shop", "template1")
