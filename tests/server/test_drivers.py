"""A target without a driver: every module says which two there are and how to get them."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import pytest

from tests.server import interpreters

MODULES = sorted(
    path.stem for path in (interpreters.COLLECTION / "plugins" / "modules").glob("*.py") if path.stem != "__init__"
)
REQUIRED = {
    "pg_role_set": {"roles": []},
    "pg_db_isolation": {"databases": []},
    "pg_default_privs": {"databases": [], "creators": [], "privileges": []},
    "pg_object_privs": {"databases": [], "privileges": []},
    "pg_hba_rules": {"rules": []},
    "pgbouncer_users": {"users": [], "databases": []},
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target's interpreter in a virtual environment that holds nothing."""
    folder = tmp_path_factory.mktemp("bare")
    if interpreters.OTHER:
        subprocess.run([interpreters.OTHER, "-m", "venv", "--without-pip", folder], check=True)
    else:
        venv.create(folder)
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", MODULES)
def test_a_target_without_a_driver_is_told_both_and_how_to_get_them(bare: Path, name: str) -> None:
    result = json.loads(interpreters.ask_alone(name, REQUIRED.get(name, {}), str(bare)))
    assert result["failed"]
    for part in ("psycopg2", "python3-psycopg2", "pip install psycopg2-binary", "psycopg 3", "'psycopg[binary]'"):
        assert part in result["msg"]
