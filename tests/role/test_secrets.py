"""The role gives away no password and no verifier, wherever it is declared and wherever one looks."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from testbed import servers
from tests.role.runs import PLAYBOOKS, Run, ok
from tests.role.secret_stage import Stage, running, told
from tests.width import WIDE

Seen = tuple[Run, dict[str, str]]
LOUD = ("-vvvv", "--diff")
SITE = str(PLAYBOOKS / "site.yml")
ROLES = ("--tags", "pgsql_access_roles")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("secrets")) as stage:
        yield stage


@pytest.fixture(scope="module")
def first(stage: Stage) -> Seen:
    return stage.run("first", *LOUD, "-i", str(stage.inventory("first")), SITE)


@pytest.fixture(scope="module")
def audited(stage: Stage, first: Seen) -> Seen:
    """An audit of what has other passwords by now; it takes as long as all other runs together."""
    if not WIDE:
        pytest.skip("an audit is looked at with LEASTPRIV_TESTS=wide only, for it takes long")
    reports = [f"pgsql_access_audit_{kind}={stage.folder / 'audit-files' / kind}.txt" for kind in ("json", "junit")]
    book = str(PLAYBOOKS / "audit.yml")
    return stage.run("audit", *LOUD, "-i", str(stage.inventory("audit")), *(f"-e{one}" for one in reports), book)


@pytest.fixture(scope="module")
def kept(stage: Stage, first: Seen) -> Seen:
    how = {"ANSIBLE_KEEP_REMOTE_FILES": "true", "ANSIBLE_PIPELINING": "false"}
    return stage.run("kept", "-vvvv", "-i", str(stage.inventory("kept")), *ROLES, SITE, **how)


@pytest.fixture(scope="module")
def failed(stage: Stage, kept: Seen) -> Seen:
    """A run in which the server refuses a setting of a role that gets a password as well."""
    inventory = stage.inventory("failed")
    inventory.write_text(
        inventory.read_text().replace("name: u_plain", "parameters: {work_mem: no size}\n        name: u_plain")
    )
    how = {"ANSIBLE_STDOUT_CALLBACK": "minimal", "ANSIBLE_PIPELINING": "false"}
    return stage.run("failed", *LOUD, "-i", str(inventory), *ROLES, SITE, **how)


def test_no_place_of_a_run_holds_a_password_or_a_verifier(stage: Stage, first: Seen) -> None:
    run, places = first
    assert len(ok(run).changes()) > len(stage.markers.sought) / 2
    assert {"journal.txt", "ansible.log", "tree/here"} < places.keys()
    assert stage.markers.found(places) == set()


@pytest.mark.parametrize("place", ["output", "results", "command lines", "environments", "pg_stat_activity as reader"])
def test_the_places_were_looked_at(first: Seen, place: str) -> None:
    sign = {"output": "u_vaulted", "results": "u_vaulted", "environments": "JOURNAL_FILE="}
    assert sign.get(place, "ansible" if place == "command lines" else "pg_catalog") in first[1][place]


def test_the_passwords_are_those_that_were_declared(stage: Stage, first: Seen) -> None:
    ok(first[0])
    declared = {name: str(text) for name, text in stage.given["first"].items() if name not in ("verifier", "md5")}
    for name, text in declared.items():
        with closing(servers.connect(stage.server, user=f"u_{name}", password=text)) as connection:
            assert connection.info.user == f"u_{name}"


def test_the_reports_of_an_audit_hold_no_secret(stage: Stage, audited: Seen) -> None:
    run, places = audited
    assert any("set the password of role u_quoted" in text for _task, text in run.changes())
    assert "set the password of role u_quoted" in places["json.txt"]
    assert "set the password of role u_quoted" in places["junit.txt"]
    assert stage.markers.found(places) == set()


def test_only_ansibles_own_files_of_a_module_hold_what_it_was_given_and_only_where_they_are_kept(
    stage: Stage, kept: Seen
) -> None:
    run, places = kept
    ok(run)
    found = {place for place, _name in stage.markers.found(places)} - {"passing files"}
    assert found
    assert {Path(place).name for place in found} == {"AnsiballZ_pg_role_set.py", "AnsiballZ_pg_access_info.py"}
    folders = [(stage.folder / "kept-files" / place).parent for place in found]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_refusal_by_the_server_holds_no_secret_and_nothing_stays_without_pipelining(
    stage: Stage, failed: Seen
) -> None:
    run, places = failed
    assert "invalid value for parameter" in run.message()
    assert {place for place, _name in stage.markers.found(places)} == {"passing files"}


def test_the_server_writes_no_secret_down(stage: Stage, first: Seen, failed: Seen) -> None:
    places = told(stage.server)
    assert all("CREATE ROLE" in text for text in places.values())
    assert stage.markers.found(places) == set()
