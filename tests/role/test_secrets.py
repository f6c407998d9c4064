"""Neither a password nor a verifier stands anywhere that somebody else could read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testbed import servers


@pytest.fixture(scope="module")
def runs(play: Any, query: Any, succeeded: Any, secrets: Path) -> list[Any]:
    """A check, an apply, a run after all passwords have been replaced, and one with a wrong value."""
    check = succeeded(play("--check", "--diff", "-vvv"))
    apply = succeeded(play("--diff", "-vvv"))
    for file in secrets.iterdir():
        file.write_text(file.read_text().strip()[::-1] + "\n")
    rotate = succeeded(play("--diff", "-vvv"))
    wrong = play("--diff", "-vvv", variables={"pgsql_access_creators": ["nobody_of_that_name"]})
    assert wrong.code == 2
    return [check, apply, rotate, wrong]


@pytest.fixture(scope="module")
def hidden(runs: list[Any], query: Any, secrets: Path) -> list[str]:
    """All passwords, the former ones too, and all verifiers with their parts."""
    passwords = [file.read_text().strip() for file in secrets.iterdir()]
    verifiers = [row[0] for row in query("SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")]
    parts = [part for verifier in verifiers for part in verifier.split("$", 2)[2].replace(":", "$").split("$")]
    assert len(passwords) == len(verifiers) == 9
    return [*passwords, *(password[::-1] for password in passwords), *verifiers, *parts]


def test_the_passwords_were_set_and_replaced(runs: list[Any], query: Any, secrets: Path):
    assert len(runs[2].changes()) == 9
    password = (secrets / "dbuser_dba").read_text().strip()
    assert query("SELECT current_user", user="dbuser_dba", password=password) == [("dbuser_dba",)]


def test_no_secret_stands_in_the_output(runs: list[Any], hidden: list[str]):
    said = "".join(run.output for run in runs)
    assert [secret for secret in hidden if secret in said] == []


def test_no_secret_stands_in_a_result(runs: list[Any], hidden: list[str]):
    said = repr([run.results for run in runs])
    assert [secret for secret in hidden if secret in said] == []


def test_no_secret_stands_in_the_servers_log(hidden: list[str], server: servers.Server):
    log = server.log_file.read_text()
    assert "CREATE ROLE" in log
    assert [secret for secret in hidden if secret in log] == []


def test_no_secret_stands_in_pg_stat_statements(hidden: list[str], query: Any):
    statements = "\n".join(text for (text,) in query("SELECT query FROM pg_stat_statements"))
    assert "CREATE ROLE" in statements
    assert [secret for secret in hidden if secret in statements] == []
