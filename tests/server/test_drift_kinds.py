"""Each change that somebody can make by hand is found, named and repaired; and no column of a catalog is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from testbed import servers
from tests.server.drift_cluster import SHOP, Cluster, converged
from tests.server.drift_kinds import KINDS, Kind

CATALOGS = ("pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_default_acl")
COLUMNS = """
SELECT c.relname || '.' || a.attname
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND (a.atttypid = 'aclitem[]'::regtype OR c.relname = ANY (%s))
ORDER BY 1
"""
NUMBER = "names the row, and says nothing"
AT_CREATION = "set at creation; a difference from what is declared is an error that says what to do"
UPKEEP = "the server's own upkeep"
EXCEPTIONS = {
    "pg_auth_members.oid": NUMBER,
    "pg_default_acl.oid": NUMBER,
    "pg_init_privs.initprivs": "what objects have from initdb and from extensions, which nobody declares",
    "pg_database.encoding": AT_CREATION,
    "pg_database.datlocprovider": AT_CREATION,
    "pg_database.datcollate": AT_CREATION,
    "pg_database.datctype": AT_CREATION,
    "pg_database.datlocale": AT_CREATION,
    "pg_database.daticulocale": AT_CREATION,
    "pg_database.daticurules": AT_CREATION,
    "pg_database.dattablespace": "databases aren't moved: a difference is an error with the statement to run",
    "pg_database.datcollversion": "the version of a library, not access",
    "pg_database.dathasloginevt": "says that there is an event trigger on logins, which isn't access",
    "pg_database.datlastsysoid": UPKEEP,
    "pg_database.datfrozenxid": UPKEEP,
    "pg_database.datminmxid": UPKEEP,
}


def params() -> list[Any]:
    """All kinds, for the versions that have them."""
    return [pytest.param(kind, id=kind.name, marks=marks_of(kind)) for kind in KINDS]


def marks_of(kind: Kind) -> list[pytest.MarkDecorator]:
    """Say for which versions a kind is."""
    return [pytest.mark.since(kind.since), pytest.mark.before(kind.before)]


@pytest.fixture(scope="module")
def audited(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster that is as declared; each test leaves it so."""
    server = servers.start(pg_version, tmp_path_factory.mktemp("audited"))
    yield converged(server)
    servers.stop(server)


def test_what_was_just_applied_shows_no_drift(audited: Cluster):
    assert (audited.rows(), audited.audit()["unchecked"]) == ([], [])


@pytest.mark.parametrize("kind", params())
def test_a_change_by_hand_is_named_and_repaired(audited: Cluster, kind: Kind):
    audited.sql(kind.database, *kind.sql)
    rows = audited.rows()
    audited.apply()
    audited.sql(kind.database, *kind.remedy)
    assert any(map(kind.named_by, rows)), seen(rows)
    assert audited.rows() == []


def seen(rows: list[dict[str, str]]) -> str:
    """Give what an audit said, a line for each row."""
    return "\n".join(str({key: value for key, value in row.items() if value}) for row in rows)


def test_all_changes_together_are_named_and_repaired(audited: Cluster, pg_version: int):
    kinds = [kind for kind in KINDS if kind.fits(pg_version) and kind.name not in APART]
    for kind in kinds:
        audited.sql(kind.database, *kind.sql)
    rows = audited.rows()
    audited.apply()
    for kind in kinds:
        audited.sql(kind.database, *kind.remedy)
    assert [kind.name for kind in kinds if not any(kind.named_by(row, together=True) for row in rows)] == []
    assert audited.rows() == []


# What would undo another change of the list, or hide it.
APART = {
    "role: password cleared",
    "role: comment removed",
    "role: renamed",
    "membership: ADMIN taken",
    "setting: of a role reset",
    "setting: in a database reset",
    "setting: of a database reset",
    "database: owner",
    "database: dropped",
    "schema: owner",
}


def test_there_are_more_than_forty_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 40


def test_every_column_that_holds_access_is_covered_or_excepted_in_words(audited: Cluster, pg_version: int):
    with closing(servers.connect(audited.server, SHOP)) as connection, connection.cursor() as cursor:
        cursor.execute(COLUMNS, (list(CATALOGS),))
        columns = {name for (name,) in cursor.fetchall()}
    covered = {column for kind in KINDS if kind.fits(pg_version) for column in kind.covers}
    assert sorted(columns - covered - EXCEPTIONS.keys()) == [], "a kind of drift that no audit finds yet"
    assert sorted(covered - columns) == []
    assert sorted(covered & EXCEPTIONS.keys()) == []
