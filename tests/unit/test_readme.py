"""What README, CONTRIBUTING and docs name is there: links, targets, commands, options, tests, files, versions."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils import keys, spec
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_hba_rules,
    pg_object_privs,
    pg_role_set,
    pgbouncer_users,
)

from matrix import cells
from testbed.collection import CHECKOUT
from tests import markdown

README, CONTRIBUTING = CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"
DOCS = sorted((CHECKOUT / "docs").glob("*.md"))
DOCUMENTS = [README, CONTRIBUTING, *DOCS]
LINKED = [*DOCUMENTS, CHECKOUT / "roles" / "pgsql_access" / "README.md", CHECKOUT / "inventories" / "README.md"]
UTILS = CHECKOUT / "plugins" / "module_utils"
MODULES = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")}
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
SOURCES = [path for folder in ("tests", "molecule") for path in (CHECKOUT / folder).rglob("*.py")]
TESTS = {name for path in SOURCES for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}
RETURNED = {
    *(
        "changes",
        "sql",
        "undo_sql",
        "diff",
        "warnings",
        "summary",
        "destructive",
        "server",
        "drift",
        "drift_sql",
        "scope",
    ),
}
# What is neither an option nor a key: names of roles and databases, settings of the server, words of Ansible, verbs.
OTHERS = {
    *("analyst_ada", "dbuser_shop", "shop_app", "shop", "cloudadmin", "postgres", "template1", "replicator", "public"),
    *("dbrole_readonly", "dbrole_readwrite", "dbrole_admin", "dbrole_offline", "dbuser_dba", "dbuser_monitor"),
    *("log_statement", "log_duration", "log_min_duration_statement", "log_min_error_statement", "pg_stat_statements"),
    *("changed", "register", "include_role", "apply", "tags", "no_log", "debug", "sudo", "su", "setfacl", "trivial"),
    *("present", "absent", "recreate", "exact", "additive", "all", "infinity", "nobody", "venv", "x"),
    *("parse", "read", "resolve", "undo", "lines", "predict", "main", "mypy", "ruff", "auto_explain", "pgaudit"),
    *("major_changes", "minor_changes", "breaking_changes", "deprecated_features", "removed_features"),
    *("security_fixes", "bugfixes", "known_issues", "version_added", "match", "assert", "false", "true", "ok"),
    *("report", "ignore", "nologin", "drop", "stricter", "brownfield", "drift", "monitor"),
    *("plugins", "playbooks", "inventories", "testbed", "demo", "bench", "molecule", "apply", "upsert"),
}


def load(*path: str) -> Any:
    return yaml.safe_load(CHECKOUT.joinpath(*path).read_text())


ROLE_OPTIONS = set(load("roles", "pgsql_access", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"])
MODULE_FILES = (
    *(pg_access_info, pg_db_isolation, pg_default_privs, pg_hba_rules, pg_object_privs, pg_role_set),
    pgbouncer_users,
)
MODULE_OPTIONS = {
    *spec.CONNECTION,
    *(name for module in MODULE_FILES for name in module.SPEC),
}
ITEM_KEYS = {
    *(key for item in (keys.ROLE_ITEM, keys.DATABASE_ITEM, keys.MEMBERSHIP_ITEM) for key in item),
    *(key for item in (keys.SCHEMA_ITEM, keys.EXTENSION_ITEM, keys.DATABASE_GRANT_ITEM) for key in item),
}


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(path: Path):
    for target in markdown.links(path):
        if not target.startswith(("http:", "https:")):
            name, _mark, anchor = target.partition("#")
            there = (path.parent / name).resolve() if name else path
            assert there.exists(), target
            assert not anchor or anchor in markdown.anchors(there), target


def test_every_guide_is_linked_from_the_readme():
    linked = {(CHECKOUT / target.partition("#")[0]).resolve() for target in markdown.links(README)}
    assert set(DOCS) <= linked


def test_every_target_of_make_exists():
    named = {name for path in DOCUMENTS for name in re.findall(r"\bmake ([a-z-]+)", backticked(path))}
    assert named <= TARGETS
    assert TARGETS - named <= {"venv", "setup", "fetch", "docs-lint"}, "targets that CONTRIBUTING doesn't name"


def backticked(path: Path) -> str:
    """Everything in a document that is written as code."""
    return "\n".join([*markdown.code(markdown.prose(path)), *(block.text for block in markdown.blocks(path, "sh"))])


def commands(*programs: str) -> list[list[str]]:
    """The words of every command in a block of shell, of some programs or of all."""
    lines = [line for path in DOCUMENTS for block in markdown.blocks(path, "sh") for line in block.text.splitlines()]
    words = [shlex.split(line) for line in lines]
    return [line for line in words if Path(line[0]).name in programs or not programs]


def test_every_command_is_one_that_a_test_knows():
    known = {"make", "ansible-playbook", "ansible-doc", "ansible-galaxy", "python", "antsibull-changelog"}
    assert {Path(line[0]).name for line in commands()} <= known


def test_python_runs_what_is_there():
    for _python, _m, module, *arguments in commands("python"):
        assert module == "pytest" or (CHECKOUT / module / "__main__.py").exists()
        assert all((CHECKOUT / name).exists() for name in arguments if "/" in name)
        pattern = arguments[arguments.index("-k") + 1] if "-k" in arguments else ""
        assert any(pattern in name for name in TESTS)


def test_the_playbooks_and_tags_of_the_commands_are_there():
    tasks = load("roles", "pgsql_access", "tasks", "main.yml")
    for line in commands("ansible-playbook"):
        (book,) = [word for word in line if word.startswith("leastpriv.pgsql.")]
        assert (CHECKOUT / "playbooks" / f"{book.rpartition('.')[2]}.yml").exists()
        assert (CHECKOUT / line[line.index("-i") + 1]).is_dir()
        assert "--tags" not in line or any(line[line.index("--tags") + 1] in task["tags"] for task in tasks)


def test_the_documentation_of_the_commands_is_that_of_modules():
    assert {name.rpartition(".")[2] for line in commands("ansible-doc") for name in line[1:]} <= MODULES


def test_the_archive_is_called_as_it_is_built():
    (line,) = commands("ansible-galaxy")
    galaxy = load("galaxy.yml")
    assert line[-1] == ".cache/dist/{namespace}-{name}-{version}.tar.gz".format(**galaxy)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_name_in_a_table_is_an_option_a_key_or_a_known_word(path: Path):
    named = {word for row in markdown.rows(path) for cell in row for word in markdown.code(cell)}
    words = {word for word in named if re.fullmatch(r"[a-z][a-z_0-9]*", word) and not word.startswith("test_")}
    known = ROLE_OPTIONS | MODULE_OPTIONS | ITEM_KEYS | MODULES | TARGETS | RETURNED | OTHERS
    assert words - known == set()


def test_every_variable_of_the_role_exists():
    parts = {path.stem for path in (CHECKOUT / "roles" / "pgsql_access" / "tasks").glob("*.yml")}
    known = ROLE_OPTIONS | {f"pgsql_access_{part}" for part in parts} | {"pgsql_access_server"}
    named = {name for path in DOCUMENTS for name in re.findall(r"\bpgsql_access_[a-z_]+", path.read_text())}
    assert named <= known


def test_every_key_that_the_readme_lists_exists():
    (users, databases) = re.search(
        r"Most keys of a user: (.+?)\. Most keys of a database: (.+?)\. All", flat(README)
    ).groups()
    assert set(markdown.code(users)) <= set(keys.ROLE_ITEM)
    assert set(markdown.code(databases)) <= set(keys.DATABASE_ITEM)


def flat(path: Path) -> str:
    return " ".join(path.read_text().split())


def test_the_readme_lists_every_module():
    assert {markdown.code(row[0])[0] for row in markdown.rows(README) if row[0].startswith("`pg")} & MODULES == MODULES
    assert set(load("meta", "runtime.yml")["action_groups"]["all"]) == MODULES


def test_every_test_that_a_document_names_exists():
    named = {name for path in DOCUMENTS for name in re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", path.read_text())}
    assert named <= TESTS


REPEATED = {"model.py", "inspect.py", "plan.py", "task.py", "rights.py", "lockout.py"}


def test_the_architecture_names_every_file_and_package():
    text = (CHECKOUT / "docs" / "architecture.md").read_text()
    files = {path.name for path in UTILS.glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in UTILS.glob("*/__init__.py")}
    assert {name for name in files | packages if name not in text} == set()
    assert set(re.findall(r"`(\w+\.py)`", text)) <= files | REPEATED
    assert set(re.findall(r"^ +(\w+/) ", text, re.MULTILINE)) == packages


def test_the_versions_are_those_that_are_pinned():
    pins = dict(line.split("==") for line in lines("requirements-dev.txt"))
    table = {row[0]: row[1:] for row in markdown.rows(README)}
    assert load("meta", "runtime.yml")["requires_ansible"] == f">={table['ansible-core'][0].split()[0]}"
    everyday, wide = zip(*(table[row][1].split("; the matrix: ") for row in TESTED), strict=True)
    assert everyday[0] == f"every change on {pins['ansible-core']}"
    assert everyday[-1] == pins["psycopg2-binary"]
    assert wide[0].split(" to ") == [next(iter(cells.CORES)), [core for core in cells.CORES if "rc" not in core][-1]]
    assert {pins["psycopg[binary]"], *re.findall(r" (\S+) on", " ".join(cells.TARGETS))} > set(
        re.findall(r"[\d.]+", wide[-1])
    )


TESTED = ("ansible-core", "Python on the controller", "Python on the managed host", "driver on the managed host")


def lines(name: str) -> list[str]:
    return [line for line in (CHECKOUT / name).read_text().splitlines() if line and not line.startswith("#")]


def test_the_first_screen_has_both_commands_and_the_picture():
    command, picture = markdown.blocks(README)[:2]
    assert command.text.split("\n") == ["make demo", "make test", ""]
    assert "apply" in picture.text
    assert len(picture.text.splitlines()) <= 16


def test_the_playbook_to_adapt_has_15_lines():
    assert len(markdown.blocks(README, "yaml")[0].text.splitlines()) == 15
