"""Run cells, several at the same time, and keep how each ended."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from matrix.cells import SANITY, Cell
from matrix.environments import CACHE, python_of
from matrix.errors import NotHere
from scripts import side_by_side
from testbed import binaries
from testbed.collection import CHECKOUT, COLLECTIONS
from testbed.errors import TestbedError

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
LONGEST_SECONDS = 3600.0
LOGS = CACHE / "logs"
# What would change which tests run and on what, and what would lead Python, Ansible or libpq somewhere else.
OTHERS = ("PG", "LEASTPRIV_", "TARGET_PYTHON", "ANSIBLE_", "PYTHONPATH", "PYTHONHOME", "PYTEST_", "MAKE", "MFLAGS")


@dataclass(frozen=True)
class Result:
    """How a cell ended: the verdict, and its closing line or why it wasn't run."""

    cell: str
    verdict: str
    seconds: float
    line: str
    output: str = ""


def run_all(cells: Sequence[Cell], at_once: int, show: Callable[[Result], None]) -> list[Result]:
    """Run all cells, and show each as it ends."""
    with ThreadPoolExecutor(at_once) as pool:
        pending = [pool.submit(run, cell) for cell in cells]
        try:
            for future in as_completed(pending):
                show(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            side_by_side.end_all()
            raise
    return [future.result() for future in pending]


def run(cell: Cell) -> Result:
    """Run a cell if the machine has what it needs; whatever else goes wrong is a failure."""
    begin = time.monotonic()
    try:
        return execute(cell, *prepared(cell))
    except (NotHere, TestbedError) as error:
        result = Result(cell.name, NOT_RUN, 0, str(error))
    except Exception as error:  # noqa: BLE001  the other cells go on
        result = Result(cell.name, FAILED, 0, f"{type(error).__name__}: {error}")
    return replace(result, seconds=time.monotonic() - begin)


def prepared(cell: Cell) -> tuple[Path, dict[str, str]]:
    """Give the Python and the variables of a cell, after fetching and installing what it needs."""
    for version in cell.versions:
        binaries.installation(version)
    python = python_of(cell.controller) if cell.controller else Path(sys.executable)
    target = {"TARGET_PYTHON": str(python_of(cell.target))} if cell.target else {}
    return python, {**clean(), **places(python), **versions(cell), **target, **cell.variables}


def clean() -> dict[str, str]:
    """Return the environment without what would change the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}


def places(python: Path) -> dict[str, str]:
    """Return the variables of the Makefile that lead Ansible, for the programs beside a Python."""
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_HOME": str(CHECKOUT / ".ansible"),
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "LC_ALL": "C.UTF-8",
    }


def versions(cell: Cell) -> dict[str, str]:
    """Return the variable that chooses versions of PostgreSQL."""
    return {"PG_VERSIONS": " ".join(map(str, cell.versions))} if cell.versions else {}


def execute(cell: Cell, python: Path, environment: dict[str, str]) -> Result:
    """Run a cell's tests, and keep all that they say in a file of the cell's own."""
    command = [str(python), *cell.arguments]
    done = side_by_side.execute(cell.name, command, environment, LONGEST_SECONDS)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{re.sub('[^a-z0-9.]+', '-', cell.name.lower()).strip('-')}.log").write_text(done.output)
    lacking = missing_package(cell, done.output) if done.code else ""
    if lacking:
        return Result(cell.name, NOT_RUN, done.seconds, lacking, done.output)
    return Result(cell.name, FAILED if done.code else PASSED, done.seconds, done.closing(), done.output)


def missing_package(cell: Cell, output: str) -> str:
    """Give the error if ansible-test had no findings but couldn't install what one of its tests asks for.

    In 2.22 that of pylint is an archive on GitHub.
    """
    lines = output.splitlines()
    if cell.arguments != SANITY or any(line.startswith("ERROR: Found ") for line in lines):
        return ""
    errors = ("ERROR: Could not install packages", "ERROR: No matching distribution found")
    return next((line for line in lines if line.startswith(errors)), "")
