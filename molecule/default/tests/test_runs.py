"""What the runs of the scenario said."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from testbed.plays import Run, read_runs

REPAIRS = {
    "revoke dbrole_admin from dbuser_gitlab",
    "grant dbrole_readonly to analyst_ada",
    "alter role dbuser_jira: NOCREATEDB",
    "set the password of role offline_etl",
    "revoke CONNECT on database jira from PUBLIC",
    "grant CONNECT on database gitlab to analyst_bob",
    "give database confluence to dbuser_confluence",
    "database confluence: connection limit 100",
    "revoke DELETE on future tables of dbrole_admin from dbrole_readonly",
    "grant SELECT on future tables of postgres to dbrole_offline",
}


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """The runs of converge.yml in the order of the scenario."""
    recorded = read_runs(Path(os.environ["RESULTS_FILE"]))
    return [run for run in recorded if run.playbook == "converge.yml" and run.results]


def test_check_mode_runs_before_each_apply_and_idempotence_after_it(runs: list[Run]):
    assert [run.check for run in runs] == [True, False, False, True, False, False]


def test_every_apply_makes_the_changes_that_check_mode_named(runs: list[Run]):
    check, apply, check_after_break, repair = runs[0], runs[1], runs[3], runs[4]
    assert apply.changes() == check.changes()
    assert repair.changes() == check_after_break.changes()


def test_every_second_run_changes_nothing(runs: list[Run]):
    assert runs[2].changes() == runs[5].changes() == []
    assert (runs[2].changed, runs[5].changed) == (0, 0)


def test_the_repair_mends_each_thing_that_was_broken_and_nothing_else(runs: list[Run]):
    assert {summary for _task, summary in runs[4].changes()} == REPAIRS


def test_the_role_comes_from_the_installed_collection(runs: list[Run]):
    home = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "collections" / "ansible_collections"
    paths = [entry["path"] for run in runs for entry in run.results if "/tasks/" in entry["path"]]
    assert paths
    assert [path for path in paths if not path.startswith(f"{home}/leastpriv/pgsql/roles/")] == []
    assert (home / "leastpriv" / "pgsql" / "MANIFEST.json").is_file()


def test_no_password_stands_in_a_result(runs: list[Run]):
    passwords = [path.read_text().strip() for path in Path(os.environ["EMBEDDED_SECRETS_DIR"]).iterdir()]
    said = repr([run.results for run in runs])
    assert len(passwords) == 9
    assert not [password for password in passwords if re.search(re.escape(password), said)]
