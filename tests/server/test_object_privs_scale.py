"""Twenty thousand tables: what is asked and written, beside GRANT … ON ALL TABLES; -rP shows the figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.statements import AT_ONCE

from bench import tables
from bench.tables import Measured
from testbed import servers
from testbed.servers import Server
from tests.server.objects import READ_ONLY, call, may, statements

SCHEMAS = 100
TABLES = SCHEMAS * tables.TABLES_EACH
MANY = {"databases": ["many"]}
READING = 30
"""Statements that aren't grants: to come in, to lock, and to read before, under the lock and after."""


@pytest.fixture(name="many", params=os.environ.get("PG_VERSIONS", "18").split()[:1])
def make_many(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with 20,000 tables, of the first version only: the others would show the same, and take as long."""
    running = servers.start(int(request.param), tmp_path / "many", settings=tables.SETTINGS)
    tables.build(running, "many", SCHEMAS)
    yield running
    servers.stop(running)


def tell(what: str, figures: Measured) -> None:
    """Print the figures."""
    print(f"{what}: {figures.statements} statements, {figures.rows} rows written, {figures.seconds:.2f} s")


def test_on_twenty_thousand_tables_only_what_deviates_is_written(many: Server) -> None:
    reading = first_grant(many)
    for mode in ("additive", "exact"):
        nothing_to_do(many, mode)
    assert one_deviation(many) == reading, "as much is read, however much deviates"
    grant_on_all_tables_writes_all_rows_again(many)
    nothing_to_do(many, "exact")


def first_grant(many: Server) -> int:
    """Grant everything; give the number of statements that aren't grants."""
    with tables.measuring(many, "many") as figures:
        granted = statements(call(many, *tables.RULES, **MANY))
    tell("pg_object_privs, first grant", figures)
    assert not any(" ON ALL " in line for line in granted)
    assert len(granted) == 1 + 2 * ceil(TABLES / AT_ONCE), "of the schemas, for the readers, for the writer"
    grantees = len(tables.ROLES) * (SCHEMAS + TABLES)
    assert figures.written == {"pg_class": 2 * TABLES, "pg_namespace": SCHEMAS, "pg_shdepend": grantees}
    assert figures.statements <= len(granted) + READING
    assert may(many, "reader_one", "SELECT FROM app_099.t_200", "many")
    assert not may(many, "reader_one", "DELETE FROM app_099.t_200", "many")
    return figures.statements - len(granted)


def nothing_to_do(many: Server, mode: str) -> None:
    """Read, and write nothing."""
    with tables.measuring(many, "many") as figures:
        assert not call(many, *tables.RULES, mode=mode, grantees="all", **MANY, **READ_ONLY)["changed"]
    tell(f"pg_object_privs, nothing to do, {mode}", figures)
    assert figures.written == {}
    assert figures.statements < READING / 2


def one_deviation(many: Server) -> int:
    """Repair one table; give the number of statements that aren't grants."""
    tables.run(many, "many", tables.BREAK)
    assert not may(many, "writer", "DELETE FROM app_000.t_7", "many")
    with tables.measuring(many, "many") as figures:
        assert statements(call(many, *tables.RULES, **MANY)) == [tables.REPAIR]
    tell("pg_object_privs, one deviation", figures)
    assert figures.written == {"pg_class": 1}
    assert may(many, "writer", "DELETE FROM app_000.t_7", "many")
    return figures.statements - 1


def grant_on_all_tables_writes_all_rows_again(many: Server) -> None:
    """Grant by hand what is granted already."""
    by_hand = tables.by_hand(SCHEMAS)
    with tables.measuring(many, "many") as figures:
        tables.run(many, "many", *by_hand)
    tell("GRANT … ON ALL TABLES, nothing to do", figures)
    each = len(tables.ROLES)
    assert figures.written == {"pg_class": each * TABLES, "pg_namespace": each * SCHEMAS}
    assert figures.statements >= len(by_hand)
