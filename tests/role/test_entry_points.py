"""Every documented way to run the role or a part of it does that part, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed import servers
from tests.role.runs import EMBEDDED, LOCAL, PLAYBOOKS, READ_ONLY, ROLE, Run, blocks, book, hosts, ok

NAME = {"name": "leastpriv.pgsql.pgsql_access"}
PARTS = {
    "roles": ("Provision the roles", "ALTER ROLE dbuser_jira CREATEDB"),
    "databases": ("Provision the databases and who may connect", "GRANT CONNECT ON DATABASE jira TO PUBLIC"),
    "default_privileges": (
        "Provision the default privileges",
        "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin REVOKE SELECT ON TABLES FROM dbrole_readonly",
    ),
    "objects": ("Provision the privileges on what is there", "GRANT CREATE ON TABLESPACE pg_default TO analyst_ada"),
}
BLOCKS = blocks(ROLE / "README.md")
HOSTS = {"pg_embedded": {"hosts": dict.fromkeys((*PARTS, "plain"), LOCAL)}}


@pytest.fixture(scope="module")
def broken(play: Callable[..., Run], query: Callable) -> Callable[..., Run]:
    """Run something in check mode on a server of which every part was changed by hand."""
    ok(play())
    for _task, statement in PARTS.values():
        query(statement)

    def check(*arguments: str, **more: Any) -> Run:
        return play("--check", *arguments, **{"inventory": [EMBEDDED, HOSTS], **READ_ONLY, **more})

    return check


def parts(run: Run, host: str = "") -> set[str]:
    """The parts that would change something."""
    changing = {task for task, _summary in ok(run).changes(host)}
    return {part for part, (name, _statement) in PARTS.items() if any(task.endswith(name) for task in changing)}


def each(call: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """A playbook that does each part on a host of the part's name."""
    return [play for part in PARTS for play in book(call(part), hosts=part)]


@pytest.mark.parametrize("part", PARTS)
def test_a_tag_runs_its_part_only(broken: Callable[..., Run], part: str):
    assert parts(broken("-l", "embedded", "--tags", f"pgsql_access_{part}")) == {part}


def test_an_imported_entry_point_runs_its_part_only(broken: Callable[..., Run]):
    run = broken(book=each(lambda part: {"ansible.builtin.import_role": {**NAME, "tasks_from": part}}))
    assert [parts(run, part) for part in PARTS] == [{part} for part in PARTS]


def test_an_included_entry_point_runs_with_tags_that_are_applied_and_not_with_plain_ones(broken: Callable[..., Run]):
    def include(part: str, **more: Any) -> dict[str, Any]:
        return {"ansible.builtin.include_role": {**NAME, "tasks_from": part, **more}, "tags": ["access"]}

    plain = book(include("roles"), hosts="plain")
    run = broken("--tags", "access", book=each(lambda part: include(part, apply={"tags": ["access"]})) + plain)
    assert [parts(run, part) for part in PARTS] == [{part} for part in PARTS]
    done = [task for task in run.tasks("ok", "plain") if "include_role" not in task]
    assert [task for task in done if "Validating arguments" not in task] == []
    assert len(done) == 1


def test_the_include_of_the_readme_is_one_that_applies_its_tags():
    (task,) = BLOCKS[1]
    include = {**NAME, "tasks_from": "roles", "apply": {"tags": ["access"]}}
    assert (task["ansible.builtin.include_role"], task["tags"]) == (include, ["access"])


def test_the_play_of_the_readme_runs_all_parts(run: Callable[..., Run], server: servers.Server, broken: Any):
    vault = ("vault_pg_admin_password", "vault_pg_monitor_password", "vault_pg_replication_password")
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}
    variables = {**dict.fromkeys((*vault, "vault_shop_password"), "right-7-right"), "pgsql_access_login": login}
    assert parts(run("--check", book=BLOCKS[0], inventory=[hosts(pg_shop=variables)])) == set(PARTS)


def test_the_playbook_for_roles_runs_roles_only(broken: Callable[..., Run]):
    assert parts(broken("-l", "embedded", book=PLAYBOOKS / "roles.yml")) == {"roles"}


def test_the_example_of_an_include_runs_all_parts(broken: Callable[..., Run]):
    assert parts(broken("-l", "embedded", book=PLAYBOOKS / "include_example.yml")) == set(PARTS)


def test_the_example_of_an_include_runs_roles_by_tag(broken: Callable[..., Run]):
    example = PLAYBOOKS / "include_example.yml"
    assert parts(broken("-l", "embedded", "--tags", "access_roles", book=example)) == {"roles"}


def test_a_part_alone_takes_nothing_for_granted_in_check_mode(broken: Callable[..., Run]):
    new = {"pg_users": [{"name": "nobody_yet"}], "pg_databases": [{"name": "new", "owner": "nobody_yet"}]}
    run = broken("-l", "embedded", "--tags", "pgsql_access_databases,pgsql_access_default_privileges", **new)
    assert run.code == 2
    assert "nobody_yet" in run.message("embedded")


def test_other_hosts_are_chosen_by_a_variable(play: Callable[..., Run]):
    run = play("--check", pgsql_access_hosts="nobody_of_that_name")
    assert (run.code, run.results) == (0, ())
