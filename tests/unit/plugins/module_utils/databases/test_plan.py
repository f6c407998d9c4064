"""Databases: what a creation says, what an alteration says, and what can't be altered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.fit import deviations, normal_locale
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseSpec, DatabaseState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.plan import (
    alter,
    create,
    newborn,
    resolve_database,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.trial import Locales

TEMPLATE = DatabaseState("template1", "postgres", "UTF8", "C", "C", "pg_default", is_template=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("en_US.UTF-8", "en_US.utf8", True),
        ("C", "C", True),
        ("de_DE.ISO-8859-1@euro", "de_DE.iso88591@euro", True),
        ("en_US.UTF-8", "en_GB.UTF-8", False),
        ("C", "C.UTF-8", False),
        ("de_DE@euro", "de_DE", False),
    ],
)
def test_locales_are_compared_by_what_they_mean(one: str, other: str, same: bool) -> None:
    assert (normal_locale(one) == normal_locale(other)) is same


def test_a_new_database_is_closed_and_takes_after_its_template() -> None:
    new = newborn(DatabaseSpec("shop", owner="own", ctype="x"), TEMPLATE, "me", 180000)
    assert new == DatabaseState("shop", "own", "UTF8", "C", "x", "pg_default", connlimit=0)
    assert newborn(DatabaseSpec("shop"), None, "me", 180000).owner == "me"


@pytest.mark.parametrize(
    ("there", "declared", "then"), [(0, None, -1), (0, 0, 0), (7, None, 7), (7, -1, -1), (-1, 3, 3)]
)
def test_limit_0_is_kept_only_if_it_is_declared(there: int, declared: int | None, then: int) -> None:
    state = replace(TEMPLATE, name="shop", connlimit=there)
    assert resolve_database(DatabaseSpec("shop", connlimit=declared), state).connlimit == then


def test_strategy_is_for_15_and_newer() -> None:
    spec = DatabaseSpec("shop", strategy="WAL_LOG")
    state = newborn(spec, TEMPLATE, "me", 180000)
    assert "STRATEGY WAL_LOG" in create(spec, state, 150000).sql
    assert "STRATEGY" not in create(spec, state, 140000).sql


def test_what_stays_the_same_is_not_altered() -> None:
    assert list(alter(TEMPLATE, TEMPLATE)) == []
    new = replace(TEMPLATE, owner='o"', comment="it's", allowconn=False)
    assert [change.sql for change in alter(TEMPLATE, new)] == [
        'ALTER DATABASE "template1" OWNER TO "o"""',
        "COMMENT ON DATABASE \"template1\" IS 'it''s'",
        'ALTER DATABASE "template1" ALLOW_CONNECTIONS false',
    ]
    assert next(alter(new, replace(new, comment=None))).sql.endswith("IS NULL")


def test_only_what_is_declared_can_deviate() -> None:
    assert list(deviations(DatabaseSpec("template1"), TEMPLATE, Locales(180000))) == []
    spec = DatabaseSpec("template1", encoding="LATIN1", locale="x", tablespace="fast")
    assert len(list(deviations(spec, TEMPLATE, Locales(180000)))) == 4
