"""What README and docs show is run: playbooks, commands, the diff, examples; and the changelog is up to date."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed import servers
from testbed.collection import CHECKOUT
from tests import markdown
from tests.role.runs import ROLE, Run, book, hosts, ok

README = CHECKOUT / "README.md"
DOCUMENTS = [README, CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
YAML = [yaml.safe_load(block.text) for path in DOCUMENTS for block in markdown.blocks(path, "yaml")]
PLAYS = [block for block in YAML if isinstance(block, list) and "hosts" in block[0]]
TASKS = [task for block in YAML if isinstance(block, list) and "hosts" not in block[0] for task in block]
INCLUDES = [task for task in TASKS if "ansible.builtin.include_role" in task]
VARIABLES = [block for block in YAML if isinstance(block, dict)]
(DIFF,) = [block.text for block in markdown.blocks(README, "diff")]
OPTIONS = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
SECTIONS = {name for name, _title in yaml.safe_load((CHECKOUT / "changelogs" / "config.yaml").read_text())["sections"]}
USERS = ["dba", "monitor", "replicator", "owner", "app", "ada"]
SECRETS = {f"vault_{name}_password": f"right-Horse-{name}" for name in USERS}
BREAKS = [
    ("postgres", "REVOKE dbrole_readonly FROM analyst_ada"),
    ("postgres", "GRANT CONNECT ON DATABASE shop TO PUBLIC"),
    ("shop", "ALTER DEFAULT PRIVILEGES FOR ROLE dbuser_shop REVOKE SELECT ON TABLES FROM dbrole_readonly"),
]


@pytest.fixture(scope="module")
def adapted(run: Callable[..., Run], server: servers.Server) -> Callable[..., Run]:
    """Run a playbook on the file's server as the README's host, db1."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": str(server.port), "login_user": "postgres"}
    inventory = hosts(db1={"pgsql_access_login": login, **SECRETS})
    inventory["all"]["children"] = {"pg_shop": {"hosts": {"db1": {}}}}
    return lambda *arguments, book=PLAYS[0]: ok(run(*arguments, book=book, inventory=[inventory]))


@pytest.fixture(scope="module")
def first(adapted: Callable[..., Run]) -> Run:
    """The README's playbook in check mode on an empty cluster."""
    return adapted("--check", "--diff")


@pytest.fixture(scope="module")
def applied(first: Run, adapted: Callable[..., Run]) -> Run:
    return adapted()


@pytest.fixture(scope="module")
def broken(applied: Run, adapted: Callable[..., Run], query: Callable, server: servers.Server) -> Run:
    """The same in check mode after what the README says that somebody has done; then every task that is shown.

    Where those log in comes from libpq's environment.
    """
    for database, statement in BREAKS:
        query(statement, database)
    where = {"PGHOST": str(server.socket_dir), "PGPORT": str(server.port), "PGUSER": "postgres"}
    return adapted("--check", "--diff", book=[*PLAYS[0], {**book(*reached(), hosts="db1")[0], "environment": where}])


ADDRESS = (
    "login_host",
    "login_unix_socket",
    "ssl_mode",
    "ca_cert",
    "ssl_cert",
    "ssl_key",
    "connect_params",
    "session_role",
)


def reached() -> list[dict[str, Any]]:
    """The tasks of modules without the address that is in them; the ways to log in are tested with the modules."""
    return [{key: without_address(value) for key, value in task.items()} for task in TASKS if task not in INCLUDES]


def without_address(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    left_out = {*ADDRESS, *(() if "login_password" in value else ("login_user",))}
    return {key: part for key, part in value.items() if key not in left_out}


def test_the_playbook_to_adapt_does_what_check_mode_says(first: Run, applied: Run):
    assert applied.changes() == first.changes() != []


def test_the_diff_is_what_a_run_prints(broken: Run):
    printed = [line for line in broken.output.splitlines() if not line.startswith(("---", "+++", "@@"))]
    start = printed.index(DIFF.splitlines()[0])
    shown = [line for line in printed[start:] if line and not line.startswith("skipping")]
    expected = [line for line in DIFF.splitlines() if line]
    assert shown[: len(expected)] == expected


def test_the_guide_to_diffs_shows_lines_of_a_real_one(first: Run, broken: Run):
    guide = CHECKOUT / "docs" / "reading-a-diff.md"
    lines = [code for row in markdown.rows(guide) for code in markdown.code(row[0]) if ": " in code]
    (piece,) = [block.text.splitlines() for block in markdown.blocks(guide, "diff")]
    (password,) = [block.text.splitlines() for block in markdown.blocks(guide, "sql")]
    assert len(lines) == 7
    assert [line for line in lines if f"+{line}" not in first.output.splitlines()] == []
    assert [line for line in piece if line not in broken.output.splitlines()] == []
    assert [line for line in password if line not in first.output.splitlines()] == []


def test_every_module_that_is_shown_runs(broken: Run):
    done = [entry["task"] for entry in broken.results if entry["status"] == "ok"]
    shown = [task["name"] for task in reached()]
    assert shown == done[-len(shown) :]


def test_the_include_is_the_one_of_the_roles_readme_which_is_run_elsewhere():
    blocks = markdown.blocks(ROLE / "README.md", "yaml")
    assert len(INCLUDES) == 1
    assert INCLUDES in [yaml.safe_load(block.text) for block in blocks]


def test_variables_that_are_shown_are_the_roles_or_ansibles():
    known = {*OPTIONS, *SECTIONS, "ansible_become_method", "ansible_become_flags"}
    assert {name for block in VARIABLES for name in block} <= known


CHANGELOG = Path(sys.executable).parent / "antsibull-changelog"


@pytest.mark.skipif(not CHANGELOG.exists(), reason="antsibull-changelog isn't in this environment")
def test_the_changelog_is_what_its_data_say(tmp_path: Path):
    for name in ("galaxy.yml", "CHANGELOG.md"):
        shutil.copy(CHECKOUT / name, tmp_path)
    shutil.copytree(CHECKOUT / "changelogs", tmp_path / "changelogs")
    subprocess.run([CHANGELOG, "generate"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "CHANGELOG.md").read_text() == (CHECKOUT / "CHANGELOG.md").read_text()
