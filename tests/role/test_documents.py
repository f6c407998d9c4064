"""The role's variables stand in the defaults, in the argument specs and in the README, with the same values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.role.runs import PLAYBOOKS, ROLE

DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
ENTRIES = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]
OPTIONS = ENTRIES["main"]["options"]
README = (ROLE / "README.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", README.partition("## Results")[0], re.MULTILINE))
IN_WORDS = {
    "pg_default_roles",
    "pg_default_privileges",
    "pgsql_access_creators",
    "pgsql_access_become",
    "pgsql_access_become_user",
    "pg_default_hba_rules",
    "pgb_default_hba_rules",
    "pgsql_access_file_become",
    "pgsql_access_patroni",
    "node_firewall_intranet",
    "pgsql_access_pool_console",
    "pgsql_access_pool_console_users",
}


RESULTS = (
    *("server", "writer", "roles_result", "databases_result", "default_privileges_result", "objects_result"),
    *("hba_result", "pool_result"),
)
MODULES = {
    *("pg_access_info", "pg_role_set", "pg_db_isolation", "pg_default_privs", "pg_object_privs", "pgsql_access"),
    *("pg_hba_rules", "pgbouncer_users"),
}
# Catalogs that the README names.
CATALOGS = {"pg_authid"}
# What holds verifiers, and shows no diff.
HIDDEN = {"Read the stored verifiers", "Make the new verifiers"}
# Entry points that read only.
READING = {"audit", "adopt"}
# What the playbook of an entry point imports besides.
IMPORTED = {"audit_summary"}


def shown(value: Any) -> str:
    """A default as the README writes it."""
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def test_the_argument_specs_have_every_default_with_its_value():
    assert set(OPTIONS) - set(DEFAULTS) == {"pg_cluster", "pg_role", "pg_seq"}
    assert set(DEFAULTS) <= set(OPTIONS)
    documented = {name: option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert documented == {name: DEFAULTS[name] for name in documented}


def test_the_readme_has_a_row_for_every_variable():
    assert set(ROWS) == set(OPTIONS)


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - IN_WORDS))
def test_the_readme_gives_the_default(name: str):
    if DEFAULTS[name] in ("", None):
        assert not ROWS[name].startswith("`"), "an empty default is described in words"
    elif str(DEFAULTS[name]).startswith("DBUser."):
        assert ROWS[name] == "well known, refused"
    else:
        assert ROWS[name] == shown(DEFAULTS[name])


def test_the_readme_names_no_variable_that_is_not_there():
    named = set(re.findall(r"`(pg\w*[a-z])`", README))
    others = {f"pgsql_access_{name}" for name in (*RESULTS, *ENTRIES)}
    assert named - set(OPTIONS) - others - MODULES - CATALOGS == set()


def test_the_readme_lists_what_the_role_leaves_behind():
    text = "".join(path.read_text() for path in (ROLE / "tasks").rglob("*.yml"))
    for name in RESULTS:
        assert f"pgsql_access_{name}" in text
        assert f"| `pgsql_access_{name}` |" in README


def test_every_entry_point_takes_the_same_arguments():
    assert set(ENTRIES) == {path.stem for path in (ROLE / "tasks").glob("*.yml")} - IMPORTED
    assert all(entry["options"] == OPTIONS for entry in ENTRIES.values())


def test_lists_of_items_are_not_checked_by_the_argument_specs():
    for name in ("pg_default_roles", "pg_users", "pg_databases"):
        assert OPTIONS[name]["elements"] == "dict"
        assert "options" not in OPTIONS[name]


def tasks(path: Any) -> list[dict[str, Any]]:
    """The tasks of a file."""
    return yaml.safe_load(path.read_text())


def test_no_task_of_the_role_hides_its_output_or_loops():
    for path in (ROLE / "tasks").rglob("*.yml"):
        found = [task["name"] for task in tasks(path) if {"no_log", "loop", "with_items"} & set(task)]
        assert set(found) <= HIDDEN, path


def test_the_role_imports_its_tasks_and_tags_each_part():
    parts = {f"pgsql_access_{part}" for part in set(ENTRIES) - {"main"} - READING}
    for entry in set(ENTRIES) - READING:
        listed = tasks(ROLE / "tasks" / f"{entry}.yml")
        assert all("ansible.builtin.import_tasks" in task for task in listed)
        assert all(task["tags"] and set(task["tags"]) <= parts for task in listed)
    validate, connect, *rest = tasks(ROLE / "tasks" / "main.yml")
    apart = {"pgsql_access_rotate"}
    assert set(validate["tags"]) == set(connect["tags"]) == parts - apart
    assert {tag for task in rest for tag in task["tags"]} == parts - apart


def test_every_variable_of_the_model_says_why_it_has_no_prefix():
    lines = (ROLE / "defaults" / "main.yml").read_text().splitlines()
    model = [line for line in lines if re.match(r"(?!pgsql_access_)[a-z]\w+:", line)]
    assert len(model) == len([name for name in DEFAULTS if not name.startswith("pgsql_access_")])
    assert [line for line in model if "# noqa: var-naming[no-role-prefix] name of the access model" not in line] == []


def test_playbooks_import_from_the_first_folder_where_ansible_core_2_16_looks():
    text = "".join(path.read_text() for path in PLAYBOOKS.glob("*.yml"))
    named = {Path(name).with_suffix("").as_posix() for name in re.findall(r"tasks_from: (\S+)", text)}
    assert IMPORTED < named <= {*ENTRIES, *IMPORTED}


def test_playbooks_gather_no_facts():
    plays = [play for path in PLAYBOOKS.glob("*.yml") for play in tasks(path)]
    assert {play["gather_facts"] for play in plays} == {False}
