"""How the role reaches the server: the local socket as another user, and the driver that may be missing."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from testbed import servers
from testbed.account import account, shared_temp, succeeds
from testbed.collection import CHECKOUT

ROLES = CHECKOUT / "playbooks" / "roles.yml"
NO_SYSTEM_PACKAGE = {"pgsql_access_driver_package": "no-such-package-leastpriv"}


@pytest.fixture(scope="module")
def local(play: Any, server: servers.Server) -> Any:
    """Run roles.yml over the local socket, without pgsql_access_login."""

    def run(*arguments: str, **variables: Any) -> Any:
        socket = {"pgsql_access_login": {}, "pg_localhost": str(server.socket_dir), "pg_port": server.port}
        return play(*arguments, playbook=ROLES, variables={**NO_SYSTEM_PACKAGE, **socket, **variables})

    return run


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter of a virtual environment without a driver."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    return str(folder / "bin" / "python")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The driver of this environment as a file that pip can install without a network."""
    driver = metadata.distribution("psycopg2-binary")
    (tag,) = [line.split(": ")[1] for line in driver.read_text("WHEEL").splitlines() if line.startswith("Tag: ")][:1]
    path = tmp_path_factory.mktemp("wheel") / f"psycopg2_binary-{driver.version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in driver.files:
            if "__pycache__" not in file.parts and ".." not in file.parts:
                archive.write(driver.locate_file(file), str(file))
    return str(path)


def test_the_login_stays_where_it_is_the_servers_owner_already(local: Any, succeeded: Any, tmp_path: Path):
    own = servers.start(18, tmp_path, superuser=getpass.getuser())
    try:
        socket = {"pg_localhost": str(own.socket_dir), "pg_port": own.port, "pg_dbsu": getpass.getuser()}
        assert succeeded(local("--check", ansible_become_method="no_such_method", **socket)).changes()
    finally:
        servers.stop(own)


@pytest.fixture
def open_python(wheel: str) -> Iterator[str]:
    """An interpreter with a driver that the servers' user can run."""
    with tempfile.TemporaryDirectory(dir=shared_temp()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", folder / "venv"], check=False)
        with zipfile.ZipFile(wheel) as archive:
            for packages in folder.glob("venv/lib/python*/site-packages"):
                archive.extractall(packages)
        candidates = [sys.executable, str(folder / "venv" / "bin" / "python")]
        able = [python for python in candidates if succeeds([python, "-c", "import psycopg2"])]
        if not able:
            pytest.skip(f"{account().pw_name} can run none of {', '.join(candidates)} with a driver")
        yield able[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user without a password")
def test_the_role_becomes_another_user_for_the_local_socket(local: Any, succeeded: Any, open_python: str):
    method = {"ansible_become_method": "su", "ansible_become_flags": "-s /bin/sh"}
    user = {"pgsql_access_become_user": account().pw_name, "ansible_python_interpreter": open_python}
    assert succeeded(local("--check", **user, **method)).changes()


def test_a_missing_driver_is_a_clear_error_in_check_mode(local: Any, bare_python: str):
    run = local("--check", pgsql_access_become=False, ansible_python_interpreter=bare_python)
    assert run.code == 2
    said = " ".join(run.output.split())
    assert f"{bare_python} on embedded has no driver for PostgreSQL, and check mode installs nothing" in said
    assert "install psycopg2-binary with its pip" in said


def test_a_missing_driver_is_a_clear_error_where_nothing_may_be_installed(local: Any, bare_python: str):
    never = {"pgsql_access_install_driver": "false", "pgsql_access_become": False}
    run = local(ansible_python_interpreter=bare_python, **never)
    assert run.code == 2
    assert "pgsql_access_install_driver is false" in " ".join(run.output.split())


def test_a_missing_driver_is_installed_with_pip_in_a_virtual_environment(
    local: Any, bare_python: str, wheel: str, succeeded: Any
):
    surroundings = {"ansible_python_interpreter": bare_python, "pgsql_access_driver_pip": wheel}
    run = succeeded(local(pgsql_access_become=False, **surroundings))
    assert any(task.endswith("Install the driver in the virtual environment") for task in run.tasks("ok"))
    assert run.changes()
    assert succeeded(local("--check", pgsql_access_become=False, **surroundings)).changed == 0


def test_a_server_that_is_not_there_is_an_error_of_the_connection(local: Any):
    run = local("--check", pgsql_access_become=False, pg_port=1)
    assert run.code == 2
    assert run.results[-1]["task"].endswith("Ask the server again")
    assert "driver" not in run.results[-1]["result"]["msg"]
