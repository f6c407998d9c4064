"""The playbook audit.yml on a real server: in sync, broken by hand, unreachable, and in sync again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from testbed import servers
from testbed.catalogs import differences
from tests.role import runs
from tests.role.runs import READ_ONLY, Run, hosts, ok

AUDIT = runs.PLAYBOOKS / "audit.yml"
COUNT = "Count what deviates"
# What is done by hand, and what its row says: the object, who, and whether that is too much.
BREAKS = {
    "GRANT dbrole_admin TO dbuser_gitlab": ("dbrole_admin", "dbuser_gitlab", "too much"),
    "REVOKE dbrole_readonly FROM analyst_ada": ("dbrole_readonly", "analyst_ada", "missing"),
    "ALTER ROLE dbuser_jira CONNECTION LIMIT 3 CREATEDB": ("dbuser_jira", "dbuser_jira", None),
    "ALTER ROLE analyst_bob PASSWORD 'taken over'": ("analyst_bob", "analyst_bob", "different"),
    "GRANT CONNECT ON DATABASE jira TO PUBLIC": ("jira", "PUBLIC", "too much"),
    "REVOKE CONNECT ON DATABASE gitlab FROM offline_etl": ("gitlab", "offline_etl", "missing"),
    "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin GRANT DELETE ON TABLES TO dbrole_readonly": (
        "dbrole_admin",
        "dbrole_readonly",
        "too much",
    ),
    'CREATE ROLE "str\n{{ 7 * 7 }}ay"; GRANT dbrole_offline TO analyst_ada': (
        "dbrole_offline",
        "analyst_ada",
        "too much",
    ),
}


@dataclasses.dataclass(frozen=True)
class Audit:
    """A run of the playbook, and the files that it wrote."""

    run: Run
    report: dict[str, Any]
    junit: ElementTree.Element

    def rows(self, host: str = "embedded") -> list[dict[str, str]]:
        """What deviates on a host."""
        found: list[dict[str, str]] = self.report["hosts"][host]["rows"]
        return found

    def table(self) -> str:
        """What was shown, on one line."""
        shown = self.run.of(task="Show what deviates")[-1]["result"]["msg"]
        return shown if isinstance(shown, str) else "\n".join(shown)


@dataclasses.dataclass(frozen=True)
class Story:
    """All runs, and what the catalogs held around those that must not write."""

    fresh: Audit
    broken: Audit
    by_monitor: Audit
    tolerated: Audit
    unreachable: Audit
    repaired: Audit
    written: list[str]


@pytest.fixture(scope="module")
def story(
    play: Callable[..., Run],
    snapshot: Callable[[], dict[str, str]],
    query: Callable[..., Any],
    server: servers.Server,
    secrets: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    def audit(**more: Any) -> Audit:
        folder: Path = tmp_path_factory.mktemp("report")
        files = {"pgsql_access_audit_json": str(folder / "r.json"), "pgsql_access_audit_junit": str(folder / "r.xml")}
        run = play(book=AUDIT, **{**files, **more})
        assert (folder / "r.json").is_file(), run.output
        return Audit(run, json.loads((folder / "r.json").read_text()), ElementTree.parse(folder / "r.xml").getroot())

    ok(play())
    before = snapshot()
    fresh = audit(**READ_ONLY)
    written = differences(before, snapshot())
    for statement in BREAKS:
        query(statement)
    before = snapshot()
    broken = audit()
    by_monitor = audit(pgsql_access_login=monitor(server, secrets))
    written += differences(before, snapshot())
    tolerated = audit(pgsql_access_fail_on_drift=False, pgsql_access_audit_width=60)
    partly = {**runs.LOCAL, "pgsql_access_public_schema_in": ["nowhere"]}
    members = {"all": {"children": {"pg_embedded": {"hosts": {"partly": partly}}}}}
    unreachable = audit(inventory=[runs.EMBEDDED, hosts(**lost()), members], pgsql_access_fail_on_drift=False)
    query('DROP ROLE "str\n{{ 7 * 7 }}ay"')
    ok(play())
    repaired = audit(pgsql_access_login=monitor(server, secrets))
    return Story(fresh, broken, by_monitor, tolerated, unreachable, repaired, written)


def monitor(server: servers.Server, secrets: Path) -> dict[str, Any]:
    """The login of a user who is no superuser and may not write."""
    return {
        "login_unix_socket": str(server.socket_dir),
        "login_port": str(server.port),
        "login_user": "dbuser_monitor",
        "login_password": (secrets / "dbuser_monitor").read_text().strip(),
        "connect_params": READ_ONLY["embedded_connect_params"],
    }


def lost() -> dict[str, dict[str, Any]]:
    """Hosts of which one can't be reached, one has no server, and one is declared wrongly."""
    passwords = {f"pg_{user}_password": f"right-{user}-7" for user in ("admin", "monitor", "replication")}
    nowhere = {"login_host": "127.0.0.1", "login_port": "1"}
    return {
        "gone": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
        "serverless": {"pgsql_access_login": nowhere, **passwords},
        "wrong": {"pgsql_access_login": nowhere, **passwords, "pgsql_access_jobs": "many"},
    }


def count(audit: Audit) -> str:
    """What the last task said."""
    return str(audit.run.results[-1]["result"]["msg"])


def test_a_cluster_that_was_just_provisioned_has_no_drift(story: Story):
    assert (ok(story.fresh.run).code, count(story.fresh)) == (0, "drift: 0")
    assert story.fresh.table().startswith("no drift")


def test_an_audit_writes_nothing(story: Story):
    assert story.written == []


def test_drift_fails_the_audit(story: Story):
    assert story.broken.run.code == 2
    assert story.broken.report["errors"] == 0
    assert count(story.broken).startswith(f"drift: {story.broken.report['drift']}")


@pytest.mark.parametrize("statement", BREAKS)
def test_each_thing_that_was_broken_by_hand_is_named(story: Story, statement: str):
    thing, who, state = BREAKS[statement]
    found = [row for row in story.broken.rows() if (row["object"], row["role"]) == (thing, who)]
    assert [row["state"] for row in found if state in (None, row["state"])]
    lines = [line for line in story.broken.table().splitlines() if thing in line and who in line]
    assert lines


def test_a_login_that_may_not_repair_names_the_same_drift_but_for_passwords(story: Story):
    def told(audit: Audit) -> set[tuple[str, str, str]]:
        return {(row["object"], row["role"], row["state"]) for row in audit.rows()}

    assert story.by_monitor.report["errors"] == 0, story.by_monitor.report["hosts"]
    assert told(story.broken) - told(story.by_monitor) == {("analyst_bob", "analyst_bob", "different")}
    assert told(story.by_monitor) <= told(story.broken)


def test_the_table_says_by_which_grantor(story: Story):
    (line,) = [line for line in story.broken.table().splitlines() if "jira" in line and "PUBLIC" in line]
    assert line.split()[-1] == "dbuser_jira"


def test_the_last_task_tells_the_count_whether_it_fails_or_not(story: Story):
    for audit in (story.fresh, story.broken, story.tolerated, story.unreachable, story.repaired):
        assert audit.run.results[-1]["task"].endswith(COUNT)
        assert count(audit).startswith(f"drift: {audit.report['drift']}")
        assert f"drift: {audit.report['drift']}" in audit.run.output.partition("PLAY RECAP")[0].rpartition("TASK [")[2]


def test_json_and_junit_agree(story: Story):
    for audit in (story.fresh, story.broken, story.unreachable):
        drift = {suite.get("name"): suite.find("properties/property").get("value") for suite in audit.junit}
        told = {host: str(report["drift"]) for host, report in audit.report["hosts"].items()}
        assert drift == {"all hosts": str(audit.report["drift"]), **told}
        assert (int(audit.junit.get("errors")) > 0) == (audit.report["errors"] > 0)
        assert (int(audit.junit.get("failures")) > 0) == (audit.report["drift"] > 0 and not audit.report["errors"]) or (
            audit.report["errors"]
        )


def test_drift_can_be_tolerated(story: Story):
    assert ok(story.tolerated.run).code == 0
    assert story.tolerated.report["hosts"] == story.broken.report["hosts"]


def test_a_host_that_cannot_be_asked_is_an_error_and_no_drift(story: Story):
    assert story.unreachable.run.code == 2
    for host in lost():
        report = story.unreachable.report["hosts"][host]
        assert (report["drift"], len(report["errors"])) == (0, 1)
    assert story.unreachable.rows() == story.broken.rows()
    assert f"errors: {len(lost()) + 1}" in count(story.unreachable)


def test_a_part_that_fails_does_not_stop_the_others(story: Story):
    report = story.unreachable.report["hosts"]["partly"]
    assert [error["part"] for error in report["errors"]] == ["databases"]
    assert "nowhere" in report["errors"][0]["message"]
    assert story.unreachable.rows("partly") == [row for row in story.broken.rows() if row["part"] != "databases"]


def test_errors_say_why(story: Story):
    reasons = {host: story.unreachable.report["hosts"][host]["errors"][0]["message"] for host in lost()}
    assert "refused" in reasons["gone"]
    assert "refused" in reasons["serverless"]
    assert "pgsql_access_jobs" in reasons["wrong"]


def test_after_a_repair_another_login_without_superuser_finds_no_drift(story: Story):
    assert (ok(story.repaired.run).code, count(story.repaired)) == (0, "drift: 0")


def test_what_that_login_cannot_read_is_listed(story: Story):
    gaps = story.repaired.report["hosts"]["embedded"]["unchecked"]
    assert "stored passwords" in gaps[0]["message"]
    assert "not checked: embedded: roles" in story.repaired.table()
    assert [case.get("name") for case in story.repaired.junit.iter("testcase") if case.find("skipped") is not None]
