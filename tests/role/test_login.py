"""How the role reaches the server: the local socket as another user, and the driver that may be missing."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from testbed import servers
from testbed.account import account, shared_temp, succeeds
from tests.role.runs import LOCAL, PLAYBOOKS, Run, hosts, ok

PASSWORDS = {f"pg_{user}_password": f"right-{user}-7" for user in ("admin", "monitor", "replication")}
STAY = {**LOCAL, "pgsql_access_become": False}
SYSTEM = "/usr/bin/python3"


@pytest.fixture(scope="module")
def local(run: Callable[..., Run], server: servers.Server) -> Callable[..., Run]:
    """Run roles.yml over the local socket, without pgsql_access_login, on hosts with these variables."""
    socket = {"pg_localhost": str(server.socket_dir), "pg_port": server.port, **PASSWORDS}

    def local(*arguments: str, **variables: dict[str, Any]) -> Run:
        inventory = hosts(**{host: {**socket, **own} for host, own in variables.items()})
        return run(*arguments, book=PLAYBOOKS / "roles.yml", inventory=[inventory])

    return local


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


def test_the_login_stays_where_it_is_the_servers_owner_already(local: Callable[..., Run], tmp_path: Path):
    me = getpass.getuser()
    own = servers.start(18, tmp_path, superuser=me)
    try:
        socket = {"pg_localhost": str(own.socket_dir), "pg_port": own.port, "pg_dbsu": me}
        assert ok(local("--check", here={**LOCAL, **socket, "ansible_become_method": "no_such_method"})).changes()
    finally:
        servers.stop(own)


@pytest.fixture
def open_python(wheel: str) -> Iterator[str]:
    """An interpreter with a driver that the servers' user can run."""
    with tempfile.TemporaryDirectory(dir=shared_temp()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        subprocess.run([SYSTEM, "-m", "venv", "--without-pip", folder / "venv"], check=False)
        with zipfile.ZipFile(wheel) as archive:
            for packages in folder.glob("venv/lib/python*/site-packages"):
                archive.extractall(packages)
        candidates = [sys.executable, str(folder / "venv" / "bin" / "python")]
        able = [python for python in candidates if succeeds([python, "-c", "import psycopg2"])]
        if not able:
            pytest.skip(f"{account().pw_name} can run none of {', '.join(candidates)} with a driver")
        yield able[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user without a password")
def test_the_role_becomes_another_user_for_the_local_socket(local: Callable[..., Run], open_python: str):
    method = {"ansible_become_method": "su", "ansible_become_flags": "-s /bin/sh"}
    other = {"pgsql_access_become_user": account().pw_name, "ansible_python_interpreter": open_python}
    assert ok(local("--check", here={**LOCAL, **other, **method})).changes()


@pytest.fixture(scope="module")
def without_driver(local: Callable[..., Run], bare_python: str) -> Run:
    """A check on hosts whose interpreter has no driver."""
    bare = {**STAY, "ansible_python_interpreter": bare_python}
    return local("--check", virtual=bare, system={**STAY, "ansible_python_interpreter": SYSTEM})


def test_a_missing_driver_is_a_clear_error_in_check_mode(without_driver: Run, bare_python: str):
    message = without_driver.message("virtual")
    assert f"{bare_python} on virtual has no driver for PostgreSQL, and check mode installs nothing" in message
    assert "install psycopg2-binary with its pip" in message


@pytest.mark.skipif(
    subprocess.run([SYSTEM, "-c", "import psycopg2"], capture_output=True, check=False).returncode == 0,
    reason="the system's Python has the driver",
)
def test_the_systems_python_gets_its_driver_from_a_package(without_driver: Run):
    assert without_driver.message("system").endswith("check mode installs nothing: install python3-psycopg2")


def test_a_missing_driver_is_a_clear_error_where_nothing_may_be_installed(local: Callable[..., Run], bare_python: str):
    never = {"ansible_python_interpreter": bare_python, "pgsql_access_install_driver": "false"}
    assert "pgsql_access_install_driver is false" in local(here={**STAY, **never}).message()


def test_a_missing_driver_is_installed_with_pip_in_a_virtual_environment(
    local: Callable[..., Run], without_driver: Run, bare_python: str, wheel: str
):
    virtual = {**STAY, "ansible_python_interpreter": bare_python, "pgsql_access_driver_pip": wheel}
    run = ok(local(virtual=virtual))
    assert any(task.endswith("Install the driver in the virtual environment") for task in run.tasks("ok"))
    assert run.changes()
    assert ok(local("--check", virtual=virtual)).changed == 0


def test_a_server_that_is_not_there_is_an_error_of_the_connection(local: Callable[..., Run]):
    run = local("--check", here={**STAY, "pg_port": 1})
    assert run.of()[-1]["task"].endswith("Ask the server again")
    assert "driver" not in run.message()
