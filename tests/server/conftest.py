"""Real servers for the tests of this folder: every test runs once for each version in PG_VERSIONS.

PG_DRIVER chooses the driver of the modules under test: psycopg2 or psycopg. With PG_QUICK=ends, versions between the
first and the last run only the files of SHORT and the tests that are marked for a range of versions; with PG_QUICK=1
all but the first do, and that one leaves out the files of LONG.

TARGET_PYTHON names another interpreter, with its own driver, that runs the modules; tests that reach into the modules
of this process (they ask for `monkeypatch` themselves or for a fixture of REACHING, or are marked `in_process`) are
skipped.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from testbed import collection, servers
from tests.server import interpreters

collection.link()
VERSIONS = [int(version) for version in os.environ.get("PG_VERSIONS", "18 15 13").split()]
SHORT = {
    "test_borders.py",
    "test_db_isolation_models.py",
    "test_default_privs_model.py",
    "test_role_set_memberships.py",
}
LONG = (
    "test_adoption.py",
    "test_blockers.py",
    "test_concurrency.py",
    "test_drift_kinds.py",
    "test_faults*.py",
    "test_hostile_*.py",
    "test_limits.py",
    "test_login_*.py",
    "test_not_locked_out.py",
    "test_object_privs_scale.py",
    "test_races.py",
    "test_session_settings.py",
)
REACHING = {"meanwhile", "either_driver"}
if "PG_DRIVER" in os.environ:
    os.environ["LEASTPRIV_DRIVER"] = os.environ["PG_DRIVER"]
ELSEWHERE = pytest.mark.skip(reason="it reaches into the modules of its own process, and TARGET_PYTHON runs them")


@pytest.fixture(scope="session", params=VERSIONS, ids=str)
def pg_version(request: pytest.FixtureRequest) -> int:
    """The major version that the test runs on."""
    return request.param


@pytest.fixture(scope="session")
def server(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A server that all tests share: for those that leave nothing behind."""
    running = servers.start(pg_version, tmp_path_factory.mktemp("server"))
    yield running
    servers.stop(running)


@pytest.fixture
def cluster(pg_version: int, tmp_path: Path) -> Iterator[servers.Server]:
    """A fresh cluster of the test's own, in 0.1 s."""
    running = servers.start(pg_version, tmp_path / "cluster")
    yield running
    servers.stop(running)


def pytest_configure(config: pytest.Config) -> None:
    """Explain the marker of this folder."""
    config.addinivalue_line("markers", "in_process: the test reaches into the modules of its own process")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a marker says is not for the version."""
    fitting = [item for item in items if fits(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in fitting])
    items[:] = fitting
    for item in items:
        if interpreters.OTHER and reaches_in(item):
            item.add_marker(ELSEWHERE)


def reaches_in(item: pytest.Item) -> bool:
    """Tell whether a test changes the modules that run in its own process."""
    asked = inspect.signature(item.function).parameters if isinstance(item, pytest.Function) else ()
    fixtures = set(getattr(item, "fixturenames", ()))
    return "monkeypatch" in asked or bool(REACHING & fixtures) or item.get_closest_marker("in_process") is not None


def fits(item: pytest.Item) -> bool:
    """Tell whether the markers `since` and `before` allow the version that an item is for."""
    callspec = getattr(item, "callspec", None)
    version = callspec.params.get("pg_version") if callspec else None
    oldest = max((mark.args[0] for mark in item.iter_markers("since")), default=0)
    newest = min((mark.args[0] for mark in item.iter_markers("before")), default=99)
    return version is None or (oldest <= version < newest and wanted(item, version))


def wanted(item: pytest.Item, version: int) -> bool:
    """Tell whether a quick run takes the test on this version."""
    quick = os.environ.get("PG_QUICK", "")
    if not quick or (quick == "ends" and version in (VERSIONS[0], VERSIONS[-1])):
        return True
    if quick != "ends" and version == VERSIONS[0]:
        return not any(fnmatch(item.path.name, pattern) for pattern in LONG)
    return item.path.name in SHORT or bool(next(item.iter_markers("since"), next(item.iter_markers("before"), None)))
