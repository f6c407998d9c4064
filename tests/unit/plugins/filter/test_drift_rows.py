"""What deviates, read from what the modules return in check mode."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.filter.drift_json import drift_json
from ansible_collections.leastpriv.pgsql.plugins.filter.drift_report import drift_report
from ansible_collections.leastpriv.pgsql.plugins.filter.drift_rows import drift_rows
from ansible_collections.leastpriv.pgsql.plugins.module_utils import change
from ansible_collections.leastpriv.pgsql.plugins.module_utils.change import Change
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.checks import warnings_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.plan import UNREADABLE
from ansible_collections.leastpriv.pgsql.plugins.plugin_utils import drift

CONNECT = {
    "role": "ada",
    "privilege": "CONNECT",
    "grantor": "owner",
    "sql": 'GRANT CONNECT ON DATABASE "shop" TO "ada"',
}


def made(action: str, object_class: str = "DATABASE", name: str = "shop", **more: Any) -> dict[str, Any]:
    """A change as a module returns it."""
    values = {"summary": f"{action} {name}", "sql": "", **more}
    return Change(action, object_class, name, **values).as_result()


def rows(*changes: dict[str, Any], left: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    return drift_rows({"databases": {"changes": list(changes), "drift": left or []}})


def test_a_grant_to_be_made_is_missing():
    (row,) = rows(made(change.GRANT, **CONNECT))
    assert {key: row[key] for key in ("object", "role", "privilege", "state", "grantor")} == {
        "object": "shop",
        "role": "ada",
        "privilege": "CONNECT",
        "state": "missing",
        "grantor": "owner",
    }


@pytest.mark.parametrize("action", sorted(drift.TAKING))
def test_what_is_to_be_taken_away_is_too_much(action: str):
    assert [row["state"] for row in rows(made(action))] == ["too much"]


@pytest.mark.parametrize("action", sorted(set(change.ORDER) - drift.GIVING - drift.TAKING))
def test_what_is_to_be_altered_is_different(action: str):
    assert [row["state"] for row in rows(made(action))] == ["different"]


@pytest.mark.parametrize("action", change.ORDER)
def test_whatever_takes_something_away_is_too_much(action: str):
    assert [row["state"] for row in rows(made(action, destructive=True))] == ["too much"]


def test_options_of_a_membership_are_different_and_the_membership_is_not_missing():
    changing = made(
        change.GRANT_MEMBERSHIP, "MEMBERSHIP", "readers", summary="change readers of ada: with admin option"
    )
    fresh = made(change.GRANT_MEMBERSHIP, "MEMBERSHIP", "writers", summary="grant writers to ada")
    assert [row["state"] for row in rows(changing, fresh)] == ["different", "missing"]


def test_what_nobody_declared_counts_like_what_is_declared():
    left = made(change.REVOKE, **CONNECT, destructive=True)
    assert [row["state"] for row in rows(left=[left])] == ["too much"]


def test_a_statement_about_many_is_a_row_for_each_object_and_role():
    many = made(change.GRANT, "TABLE", objects=("a", "b"), roles=("ada", "bob"), privilege="SELECT")
    assert [(row["object"], row["role"]) for row in rows(many)] == [
        ("a", "ada"),
        ("a", "bob"),
        ("b", "ada"),
        ("b", "bob"),
    ]


def test_what_two_parts_name_counts_once():
    one = {"changes": [made(change.GRANT, **CONNECT)]}
    (row,) = drift_rows({"databases": one, "objects": one})
    assert row["part"] == "databases"


def test_what_is_granted_again_after_another_change_is_no_deviation():
    taken = made(change.REVOKE, "TABLE", "t", role="ada", privilege="SELECT")
    again = made(change.GRANT_AGAIN, "COLUMN", "t.c", role="ada", privilege="SELECT")
    assert [row["object"] for row in rows(taken, again)] == ["t"]
    assert [row["object"] for row in rows(again)] == ["t.c"]


def test_what_is_missing_is_not_also_different():
    new = [made(change.CREATE_DATABASE), made(change.OPEN_DATABASE), made(change.GRANT, **CONNECT)]
    assert [row["state"] for row in rows(*new, made(change.OPEN_DATABASE, name="other"))] == [
        "different",
        "missing",
        "missing",
    ]


def test_each_row_has_its_statement():
    result = {
        "changes": [made(change.GRANT, name="a"), made(change.GRANT, name="b")],
        "sql": ["GRANT 1;", '\\connect "b"', "GRANT 2;"],
    }
    assert [row["sql"] for row in drift_rows({"databases": result})] == ["GRANT 1;", "GRANT 2;"]


def test_a_failure_is_an_error_and_gives_no_row():
    failed = {"failed": True, "msg": "no such host", "changes": [made(change.GRANT)]}
    report = drift_report({"roles": failed, "databases": {"changes": []}})
    assert (report["drift"], report["errors"]) == (0, [{"part": "roles", "message": "no such host"}])


def test_what_failed_outside_of_a_module_is_an_error():
    report = drift_report({"roles": {}}, {"connect": "refused", "roles": "no such variable"})
    assert [error["part"] for error in report["errors"]] == ["connect", "roles"]
    assert report["unchecked"] == []


def test_a_part_that_was_not_run_is_unchecked():
    assert drift_report({"roles": None})["unchecked"] == [{"part": "roles", "message": "not run"}]


def test_a_part_that_had_nothing_to_do_is_not_unchecked():
    assert drift_report({"roles": {"changes": []}, "deferred roles": {"skipped": True}})["unchecked"] == []


def test_a_host_where_every_part_was_skipped_is_unchecked():
    found = drift_report({"roles": {"skipped": True}, "databases": {"skipped": True}})
    assert [gap["part"] for gap in found["unchecked"]] == ["roles", "databases"]


def test_a_part_that_was_skipped_beside_an_error_is_unchecked():
    found = drift_report({"roles": {"failed": True, "msg": "no"}, "deferred roles": {"skipped": True}})
    assert found["unchecked"] == [{"part": "deferred roles", "message": "not run"}]


def test_passwords_that_cannot_be_read_are_unchecked():
    text = UNREADABLE.format(names="ada")
    report = drift_report({"roles": {"changes": [], "warnings": [text, "a weak password"]}})
    assert report["unchecked"] == [{"part": "roles", "message": text}]


def test_a_database_that_cannot_be_entered_is_unchecked():
    text = "database shop allows no connections: nothing inside of it is read or written"
    assert "allows no connections" in inspect.getsource(warnings_of)
    assert drift_report({"databases": {"warnings": [text]}})["unchecked"][0]["message"] == text


def test_what_a_module_says_about_itself_counts_more_than_its_warnings():
    result = {"changes": [], "unchecked": ["the passwords of ada"], "warnings": ["x allows no connections"]}
    assert [gap["message"] for gap in drift_report({"roles": result})["unchecked"]] == ["the passwords of ada"]


def test_a_host_without_a_report_is_an_error():
    found = drift_json({"pg1": None, "pg2": drift_report({"databases": {"changes": [made(change.GRANT)]}})})
    assert (found["drift"], found["errors"]) == (1, 1)
    assert "unreachable" in found["hosts"]["pg1"]["errors"][0]["message"]
