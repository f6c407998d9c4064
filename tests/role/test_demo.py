"""The demo: all acts as a newcomer sees them, what makes it fail, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import acts, proof
from demo.errors import DemoError
from demo.stage import Stage, stage
from testbed import servers
from testbed.collection import CHECKOUT

COMMAND = [sys.executable, "-m", "demo"]


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module")
def played(server: servers.Server, secrets: Path, patch: pytest.MonkeyPatch) -> Stage:
    """A stage after all acts."""
    patch.setenv("EMBEDDED_SECRETS_DIR", str(secrets))
    here = stage(server, None)
    acts.play_all(here)
    return here


@pytest.fixture(scope="module")
def output(patch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[str]:
    """What the acts print."""
    lines: list[str] = []
    patch.setattr("builtins.print", lambda *words, **_: lines.append(" ".join(map(str, words))))
    request.getfixturevalue("played")
    return lines


def test_every_act_has_a_heading(output: list[str]):
    assert [line.split()[:2] for line in output if line.startswith("Act ")] == [["Act", f"{n}."] for n in range(1, 7)]


def test_the_commands_are_shown_as_they_can_be_typed(output: list[str]):
    commands = [line for line in output if line.startswith("$ ")]
    assert len(commands) == 8
    assert commands[0] == "$ ansible-playbook playbooks/site.yml -i inventories/embedded --check --diff"


def test_check_mode_shows_sql_and_the_apply_says_sentences(output: list[str]):
    said = "\n".join(output)
    assert 'CREATE DATABASE "gitlab" OWNER "dbuser_gitlab"' in said
    assert "create database gitlab from template1, owned by dbuser_gitlab" in said


def test_a_table_that_was_there_before_becomes_readable(output: list[str]):
    refusal = "analyst_ada has logged in to gitlab and is refused: permission denied for schema legacy"
    grant = 'GRANT SELECT ON TABLE legacy.invoices TO "dbrole_offline", "dbrole_readonly";'
    reading = "analyst_ada has logged in and reads the table, and may not delete from it"
    places = [next(n for n, line in enumerate(output) if text in line) for text in (refusal, grant, reading)]
    assert places == sorted(places)


def test_no_password_is_printed(output: list[str], secrets: Path):
    passwords = [path.read_text().strip() for path in secrets.iterdir()]
    assert len(passwords) == 9
    assert [password for password in passwords if password in "\n".join(output)] == []


def test_no_colour_is_printed_where_there_is_no_terminal(output: list[str]):
    assert "\033" not in "".join(output)


def test_the_table_shows_yes_no_and_the_servers_words(output: list[str]):
    rows = [line.split() for line in output if "public.notes" in line and "yes" in line]
    assert ["analyst_ada,", "an", "analyst"] not in rows
    assert any(row.count("no") == 4 for row in rows)
    assert any('permission denied for database "jira"' in line for line in output)


@pytest.mark.parametrize(
    ("statement", "undo", "complaint"),
    [
        (
            "GRANT INSERT ON public.notes TO dbrole_readonly",
            "REVOKE INSERT ON public.notes FROM dbrole_readonly",
            "analyst_ada, an analyst: INSERT in gitlab on public.notes should be refused, and was allowed",
        ),
        (
            "REVOKE SELECT ON team.notes FROM dbrole_offline",
            "GRANT SELECT ON team.notes TO dbrole_offline",
            "offline_etl, offline user: SELECT in gitlab on team.notes should be allowed, and was permission denied",
        ),
        (
            "GRANT CONNECT ON DATABASE jira TO analyst_ada",
            "REVOKE CONNECT ON DATABASE jira FROM analyst_ada",
            "analyst_ada, an analyst: CONNECT in jira on public.notes should be refused, and was allowed",
        ),
    ],
)
def test_one_privilege_too_many_or_too_few_ends_the_demo(played: Stage, statement: str, undo: str, complaint: str):
    played.superuser(statement, "gitlab")
    try:
        with pytest.raises(DemoError) as failure:
            acts.prove(played)
    finally:
        played.superuser(undo, "gitlab")
    assert complaint in str(failure.value)
    assert proof.mismatches(proof.try_all(played)) == []


@pytest.mark.parametrize(
    ("statement", "undo", "complaint"),
    [
        ("REVOKE SELECT ON {} FROM dbrole_readonly", "GRANT SELECT ON {} TO dbrole_readonly", "doesn't read legacy"),
        ("GRANT DELETE ON {} TO analyst_ada", "REVOKE DELETE ON {} FROM analyst_ada", "writes legacy.invoices"),
    ],
)
def test_a_table_that_was_there_before_has_to_be_readable_only(
    played: Stage, statement: str, undo: str, complaint: str
):
    played.superuser(statement.format("legacy.invoices"), "gitlab")
    try:
        with pytest.raises(DemoError, match=complaint):
            acts.legacy_is_readable(played)
    finally:
        played.superuser(undo.format("legacy.invoices"), "gitlab")
    acts.legacy_is_readable(played)
    with pytest.raises(DemoError, match="analyst_ada reads legacy"):
        acts.legacy_refusal(played)


def test_a_failure_that_isnt_a_refusal_ends_the_demo(played: Stage):
    played.superuser("ALTER TABLE public.notes RENAME TO elsewhere", "confluence")
    try:
        with pytest.raises(Exception, match=r'relation "public\.notes" does not exist'):
            acts.prove(played)
    finally:
        played.superuser("ALTER TABLE public.elsewhere RENAME TO notes", "confluence")


def test_a_run_that_changes_something_is_not_unchanged(played: Stage):
    played.superuser("ALTER ROLE dbuser_jira CREATEDB")
    with pytest.raises(DemoError, match="should have changed nothing"):
        acts.unchanged(played.play("--tags", "pgsql_access_roles"))


def test_a_folder_without_the_collection_is_refused(tmp_path: Path):
    command = [*COMMAND, "--collection-path", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"no collection leastpriv.pgsql is installed in {tmp_path}" in done.stderr


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let programs be interrupted that are started here, even if a shell in the background has forbidden it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demo_stops_its_server(how: signal.Signals, code: int, tmp_path: Path):
    environment = {**os.environ, "EMBEDDED_SECRETS_DIR": str(tmp_path), "PGOPTIONS": "-c nonsense=1"}
    with subprocess.Popen(
        COMMAND, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        home = Path(process.stdout.readline().split(",")[0].rpartition(" ")[2])
        assert (home / "data" / "postmaster.pid").exists()
        while not process.stdout.readline().startswith("$ ansible-playbook"):
            assert process.poll() is None
        process.send_signal(how)
        errors = process.communicate()[1]
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert not home.exists()
