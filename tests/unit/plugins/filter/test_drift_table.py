"""Deviations as a table of text."""

from __future__ import annotations

import unicodedata
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.filter.drift_table import drift_table
from hypothesis import given
from hypothesis import strategies as st

ROW = {
    "part": "databases",
    "database": "shop",
    "object_class": "TABLE",
    "object": "app.users",
    "role": "ada",
    "privilege": "SELECT",
    "state": "too much",
    "grantor": "bob",
    "summary": "revoke SELECT on table app.users from ada",
    "sql": "",
}
TABLE = """
database  object           who  what    is        granted by
--------  ---------------  ---  ------  --------  ----------
shop      table app.users  ada  SELECT  too much  bob
""".strip()


def rows(**more: Any) -> list[dict[str, Any]]:
    return [{**ROW, **more}]


def test_a_row_stands_under_its_head():
    assert drift_table(rows()) == TABLE


def test_without_rows_there_is_no_drift():
    assert drift_table([]) == "no drift"


def test_rows_are_sorted_whatever_their_order():
    two = [*rows(database="b"), *rows(database="a")]
    assert drift_table(two) == drift_table(two[::-1])


def test_several_hosts_are_told_apart():
    summary = {"hosts": {"pg1": {"rows": rows()}, "pg2": {"rows": rows()}}}
    assert [line.split()[0] for line in drift_table(summary).splitlines()] == ["host", "----", "pg1", "pg2"]


def test_errors_and_what_was_not_compared_stand_below():
    gap = [{"part": "roles", "message": "passwords\nof ada"}]
    summary = {"hosts": {"pg1": {"rows": [], "errors": [], "unchecked": gap}}}
    assert drift_table(summary).splitlines() == ["no drift", "not checked: pg1: roles: passwords\\nof ada"]


def test_without_a_privilege_the_sentence_says_what_deviates():
    assert "alter role ada: NOCREATEDB" in drift_table(rows(privilege="", summary="alter role ada: NOCREATEDB"))


def test_what_is_about_a_database_stands_under_it():
    assert drift_table(rows(database="", object_class="DATABASE", object="shop")).splitlines()[2].startswith("shop ")
    assert "(cluster)" in drift_table(rows(database="", object_class="ROLE", object="ada"))


def test_long_cells_are_wrapped_and_nothing_is_lost():
    found = drift_table(rows(object="app." + "x" * 300), 90)
    assert max(map(len, found.splitlines())) <= 90
    assert found.count("x") == 300


def test_a_terminal_that_is_too_narrow_cuts_nothing_off():
    found = drift_table(rows(role="r" * 50), 10)
    assert found.count("r" * 8) == 6


def test_control_characters_are_written_as_escapes():
    found = drift_table(rows(object="a\x1b[2J\nb\u202ec\u00a0d\ud800"))
    assert "table a\\x1b[2J\\nb\\u202ec\\xa0d\\ud800" in found
    assert len(found.splitlines()) == 3


def test_wide_characters_keep_the_columns_straight():
    head, _rule, line = drift_table(rows(database="表表表表表")).splitlines()
    assert head.index("object") == line.index("table app.users") + 5


@given(st.text(), st.text(), st.integers(1, 200))
def test_any_name_makes_a_table_without_control_characters(name: str, role: str, width: int):
    found = drift_table(rows(object=name, role=role), width)
    assert not [one for one in found if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Cs")]
