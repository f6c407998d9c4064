"""The matrix: what can't be had isn't run and never passed, one failure fails it, and the table says it all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from matrix import cells, environments, interpreters, run, table
from matrix.__main__ import chosen
from matrix.cells import Cell
from matrix.environments import Environment
from matrix.errors import NotHere
from matrix.run import FAILED, NOT_RUN, PASSED, Result
from testbed.collection import CHECKOUT

ALL = cells.cells()
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def printing(text: str, code: int = 0) -> Cell:
    """A cell that prints a line and ends with a code."""
    return Cell(f"prints {text}", ("-c", f"print({text!r}); raise SystemExit({code})"))


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep logs and environments out of the checkout."""
    monkeypatch.setattr(run, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(environments, "CACHE", tmp_path / "environments")


def test_a_cell_that_succeeds_has_passed_and_its_output_is_kept(tmp_path: Path):
    result = run.run(printing("3 passed"))
    assert (result.verdict, result.line) == (PASSED, "3 passed")
    assert (tmp_path / "logs" / "prints-3-passed.log").read_text() == "3 passed\n"


def test_a_cell_that_fails_is_exit_code_1_and_shown_whole():
    results = run.run_all([printing("fine"), printing("1 failed", 1)], 2, lambda _result: None)
    assert [result.verdict for result in results] == [PASSED, FAILED]
    assert table.code(results) == 1
    assert "1 failed\n" in table.told(results[1])


def test_a_missing_interpreter_is_not_run_and_says_so():
    result = run.run(Cell("old", ("-c", ""), controller=Environment("2.6", ())))
    assert result.verdict == NOT_RUN
    assert result.line == "no Python 2.6 on PATH, in pyenv or in uv's folder"


def test_a_missing_interpreter_of_the_target_is_not_run_either():
    assert run.run(Cell("old", ("-c", ""), target=Environment("2.6", ()))).verdict == NOT_RUN


def test_a_package_that_cannot_be_had_is_not_run(monkeypatch: pytest.MonkeyPatch):
    said = "print('Collecting'); print('ERROR: No matching distribution found for odd==1'); raise SystemExit(1)"
    monkeypatch.setattr(
        environments, "make", lambda *_: environments.carefully([sys.executable, "-c", said], "install")
    )
    result = run.run(Cell("odd", ("-c", ""), controller=Environment(OWN, ("odd==1",))))
    assert result.verdict == NOT_RUN
    assert result.line == "could not install: ERROR: No matching distribution found for odd==1"


def test_sanity_tests_whose_packages_cannot_be_had_are_not_run_unless_something_was_found():
    sanity = Cell("sanity", cells.SANITY)
    lacking = "ERROR: Could not install packages due to an OSError: no route to host"
    assert run.missing_package(sanity, f"Collecting dill\n{lacking}\nFATAL: exit status 1.") == lacking
    assert run.missing_package(sanity, f"ERROR: Found 1 pep8 issue(s)\n{lacking}") == ""
    assert run.missing_package(Cell("role", cells.ROLE_TESTS), lacking) == ""


def test_a_version_of_the_server_that_cannot_be_had_is_not_run():
    assert run.run(Cell("old", ("-c", ""), versions=(9,))).verdict == NOT_RUN


def test_any_other_trouble_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "execute", lambda *_arguments: 1 / 0)
    assert run.run(printing("fine")).verdict == FAILED


def test_nothing_that_ran_is_no_success():
    assert table.code([Result("a", NOT_RUN, 0, "no Python 3.9")]) == 1
    assert table.code([Result("a", NOT_RUN, 0, "no Python 3.9"), Result("b", PASSED, 1, "3 passed")]) == 0


def test_the_table_has_a_line_for_each_cell_and_counts_verdicts_apart():
    results = [
        Result("PostgreSQL 18", PASSED, 61.4, "3 passed"),
        Result("core 2.16", FAILED, 5, "1 failed"),
        Result("core 2.20", NOT_RUN, 0, "no Python 3.12"),
    ]
    assert table.table(results).splitlines()[1:] == [
        "===== the matrix =====",
        "PostgreSQL 18  passed      61 s  3 passed",
        "core 2.16      failed       5 s  1 failed",
        "core 2.20      not run      0 s  no Python 3.12",
        "matrix: 1 passed, 1 failed, 1 not run",
    ]


def test_tests_see_nothing_of_the_callers_choices(monkeypatch: pytest.MonkeyPatch):
    for name in ("PG_VERSIONS", "PG_QUICK", "PGHOST", "LEASTPRIV_DRIVER", "TARGET_PYTHON", "ANSIBLE_STRATEGY"):
        monkeypatch.setenv(name, "wrong")
    cell = Cell("prints", ("-c", "import os; print([n for n in os.environ if os.environ[n] == 'wrong'])"))
    assert run.run(cell).line == "[]"


def test_a_cells_variables_and_versions_reach_its_tests():
    code = "import os; print(os.environ['PG_VERSIONS'], os.environ['PG_DRIVER'])"
    assert (
        run.run(Cell("prints", ("-c", code), versions=(18,), variables={"PG_DRIVER": "psycopg"})).line == "18 psycopg"
    )


def test_every_version_meets_every_driver_and_the_role():
    names = {cell.name for cell in ALL}
    for version in cells.VERSIONS:
        assert {f"PostgreSQL {version}, {part}" for part in ("psycopg2", "psycopg", "role")} <= names


def test_the_oldest_core_is_the_one_that_the_collection_asks_for():
    wanted = re.search(r'requires_ansible: ">=([\d.]+)"', (CHECKOUT / "meta" / "runtime.yml").read_text())
    assert wanted is not None
    assert next(iter(cells.CORES)) == wanted.group(1)


def test_all_pins_are_exact_and_those_of_one_core_win_over_the_common_ones():
    environments_used = {each for cell in ALL for each in (cell.controller, cell.target) if each}
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for each in environments_used for pin in each.wanted())
    (old,) = [each for each in environments_used if "ansible-core==2.16.19" in each.pins]
    assert [pin for pin in old.wanted() if pin.startswith("resolvelib")] == ["resolvelib==1.0.1"]


def test_the_common_pins_are_those_of_the_checkouts_own_environment():
    def pins(path: Path) -> set[str]:
        return {line.lower().replace("-", "_") for line in path.read_text().splitlines() if "==" in line}

    assert pins(environments.HERE / "requirements-core.txt") <= pins(CHECKOUT / "requirements-constraints.txt")


def test_cells_are_chosen_by_patterns():
    def names(*patterns: str, without: tuple[str, ...] = ()) -> list[str]:
        return [cell.name for cell in chosen(ALL, patterns, without)]

    assert names("Core 2.16*role") == ["core 2.16.19 on Python 3.11, role"]
    assert len(names()) == len(ALL) == len({cell.name for cell in ALL})
    assert not [name for name in names(without=("*sanity",)) if "sanity" in name]


def test_a_pattern_that_fits_nothing_is_an_error():
    command = [sys.executable, "-m", "matrix", "--only", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert (done.returncode, done.stdout) == (1, "matrix: no cell has such a name: see --list\n")


def test_interpreters_are_found_on_path_and_where_pyenv_and_uv_keep_them(tmp_path: Path):
    folders = [".pyenv/versions/3.9.1/bin", ".local/share/uv/python/cpython-3.9.2/bin", "path"]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "python3.9").symlink_to("/bin/true")
    found = list(interpreters.candidates("3.9", {"HOME": str(tmp_path), "PATH": str(tmp_path / "path")}))
    assert [str(path.relative_to(tmp_path)) for path in found if tmp_path in path.parents] == [
        "path/python3.9",
        ".pyenv/versions/3.9.1/bin/python3.9",
        ".local/share/uv/python/cpython-3.9.2/bin/python3.9",
    ]


def test_a_shim_for_an_interpreter_that_is_not_there_does_not_count(tmp_path: Path):
    shim = tmp_path / "python3.9"
    shim.write_text("#!/bin/sh\necho 'python3.9: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert interpreters.probe(shim) == ("", [])


def test_an_interpreter_without_venv_is_named_with_the_package_that_has_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(interpreters, "probe", lambda _path: ("3.1", ["ensurepip"]))
    with pytest.raises(NotHere, match=re.escape("(package python3.1-venv)")):
        interpreters.find("3.1")


def test_an_environment_is_made_once_and_again_when_its_pins_change():
    python = environments.python_of(Environment(OWN, ()))
    folder = python.parent.parent
    (folder / "left").touch()
    assert environments.python_of(Environment(OWN, ())) == python
    assert (folder / "left").exists()
    (folder / "complete").write_text("other pins")
    assert environments.python_of(Environment(OWN, ())) == python
    assert not (folder / "left").exists()
