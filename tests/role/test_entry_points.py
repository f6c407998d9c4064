"""Every documented way to run a part of the role repairs that part, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from testbed.collection import CHECKOUT

ROLE = {"name": "leastpriv.pgsql.pgsql_access"}
BREAKS = {
    "roles": "ALTER ROLE dbuser_jira CREATEDB",
    "databases": "GRANT CONNECT ON DATABASE jira TO PUBLIC",
    "default_privileges": "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin REVOKE SELECT ON TABLES FROM dbrole_readonly",
}
TASKS = {
    "roles": "Provision the roles",
    "databases": "Provision the databases and who may connect",
    "default_privileges": "Provision the default privileges",
}


def book(*tasks: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """A playbook of the tasks."""
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}]


@pytest.fixture(scope="module")
def applied(play: Any, succeeded: Any) -> None:
    succeeded(play())


@pytest.fixture
def broken(applied: None, play: Any, query: Any) -> Any:
    for statement in BREAKS.values():
        query(statement)
    return play


def repaired(run: Any) -> set[str]:
    """The parts that a run changed."""
    assert run.code == 0, run.output
    tasks = {task for task, _summary in run.changes()}
    return {part for part, name in TASKS.items() if any(task.endswith(name) for task in tasks)}


@pytest.mark.parametrize("part", BREAKS)
def test_a_tag_runs_its_part_only(broken: Any, part: str):
    assert repaired(broken("--tags", f"pgsql_access_{part}")) == {part}


@pytest.mark.parametrize("part", BREAKS)
def test_an_imported_entry_point_runs_its_part_only(broken: Any, part: str):
    call = {"ansible.builtin.import_role": {**ROLE, "tasks_from": part}}
    assert repaired(broken(playbook=book(call))) == {part}


@pytest.mark.parametrize("part", BREAKS)
def test_an_included_entry_point_runs_with_tags_that_are_applied(broken: Any, part: str):
    include = {**ROLE, "tasks_from": part, "apply": {"tags": ["access"]}}
    call = {"ansible.builtin.include_role": include, "tags": ["access"]}
    assert repaired(broken("--tags", "access", playbook=book(call))) == {part}


def test_an_imported_role_runs_all_parts(broken: Any):
    assert repaired(broken(playbook=book({"ansible.builtin.import_role": ROLE}))) == set(BREAKS)


def test_the_playbook_for_roles_runs_roles_only(broken: Any):
    assert repaired(broken(playbook=CHECKOUT / "playbooks" / "roles.yml")) == {"roles"}


def test_the_example_of_an_include_runs_all_parts(broken: Any):
    assert repaired(broken(playbook=CHECKOUT / "playbooks" / "include_example.yml")) == set(BREAKS)


def test_the_example_of_an_include_runs_roles_by_tag(broken: Any):
    example = CHECKOUT / "playbooks" / "include_example.yml"
    assert repaired(broken("--tags", "access_roles", playbook=example)) == {"roles"}


def test_other_hosts_are_chosen_by_a_variable(play: Any, applied: None):
    run = play("--check", variables={"pgsql_access_hosts": "nobody_of_that_name"})
    assert (run.code, run.results) == (0, ())
