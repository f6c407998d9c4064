"""playbooks/adopt.yml: a live cluster as a file of variables, which site.yml then has nothing to do for."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from testbed import catalogs, servers
from tests.role.runs import PLAYBOOKS, Run, hosts, ok
from tests.server import adoption
from tests.server.isolation import sql

ADOPT = PLAYBOOKS / "adopt.yml"
PASSWORD = "Geh3imnis zum Raten"
STATEMENTS = f"""
CREATE USER new_user WITH CREATEDB PASSWORD '{PASSWORD}';
CREATE ROLE "{{{{ 1 + 1 }}}}";
COMMENT ON ROLE new_user IS 'says {{% raw %}} and {{{{ lookup(''pipe'', ''id'') }}}}: # "yes"';
CREATE GROUP readonly NOLOGIN;
GRANT readonly TO new_user;
CREATE DATABASE shop OWNER new_user;
REVOKE ALL ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO readonly
"""
INSIDE = """
CREATE TABLE users (id int, email text);
GRANT SELECT ON users TO readonly WITH GRANT OPTION;
GRANT UPDATE (email) ON users TO "{{ 1 + 1 }}";
ALTER DEFAULT PRIVILEGES FOR ROLE new_user GRANT SELECT ON TABLES TO readonly
"""


class Loader(yaml.SafeLoader):
    """Read variables as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.fixture(scope="module")
def history(server: servers.Server) -> servers.Server:
    """A server that somebody has worked on by hand."""
    sql(server, STATEMENTS)
    sql(server, INSIDE, "shop")
    return server


@pytest.fixture(scope="module")
def play(run: Callable[..., Run], history: servers.Server) -> Callable[..., Run]:
    """Run a playbook over the local socket."""
    where = {
        "pg_localhost": str(history.socket_dir),
        "pg_port": history.port,
        "pgsql_access_login": {
            "login_unix_socket": str(history.socket_dir),
            "login_port": str(history.port),
            "login_user": history.superuser,
        },
    }
    inventory = [hosts(here=where)]
    return lambda *arguments, book=ADOPT, **more: run(*arguments, book=book, inventory=inventory, **more)


@pytest.fixture(scope="module")
def folder(play: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder after an adoption without passwords."""
    place = tmp_path_factory.mktemp("adopt") / "adopted"
    ok(play(pgsql_access_adopt_folder=str(place)))
    return place


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def verifiers(server: servers.Server) -> list[str]:
    return [text for (text,) in sql(server, "SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")]


def test_the_file_says_what_the_module_read(folder: Path, history: servers.Server) -> None:
    assert [path.name for path in folder.iterdir()] == ["here.yml"]
    assert mode_of(folder / "here.yml") == 0o644
    variables = yaml.load((folder / "here.yml").read_text(), Loader)
    assert variables == adoption.adopted(history)
    assert list(variables) == list(adoption.adopted(history))


def test_adopting_writes_nothing_on_the_server_and_the_same_bytes_again(
    play: Callable[..., Run], folder: Path, history: servers.Server
) -> None:
    before, text = catalogs.snapshot(history), (folder / "here.yml").read_bytes()
    again = ok(play(pgsql_access_adopt_folder=str(folder)))
    assert again.changed == 0
    assert catalogs.differences(before, catalogs.snapshot(history)) == []
    assert (folder / "here.yml").read_bytes() == text


def test_check_mode_shows_the_difference_and_writes_no_file(play: Callable[..., Run], tmp_path: Path) -> None:
    ok(play("--check", pgsql_access_adopt_folder=str(tmp_path / "none")))
    assert not (tmp_path / "none").exists()
    (tmp_path / "here.yml").write_text("---\nan: old file\n")
    shown = ok(play("--check", "--diff", pgsql_access_adopt_folder=str(tmp_path)))
    assert "-an: old file" in shown.output
    assert (tmp_path / "here.yml").read_text() == "---\nan: old file\n"


def test_applying_what_was_adopted_has_nothing_to_do(play: Callable[..., Run], folder: Path) -> None:
    planned = ok(play("--check", "-e", f"@{folder / 'here.yml'}", book=PLAYBOOKS / "site.yml"))
    assert planned.changes() == []


def test_what_is_changed_by_hand_afterwards_is_named_and_put_back(
    play: Callable[..., Run], folder: Path, history: servers.Server
) -> None:
    sql(history, "GRANT DELETE ON users TO readonly", "shop")
    site = {"book": PLAYBOOKS / "site.yml"}
    planned = ok(play("--check", "-e", f"@{folder / 'here.yml'}", **site))
    assert [text for _task, text in planned.changes()] == ["revoke DELETE on table public.users from readonly"]
    ok(play("-e", f"@{folder / 'here.yml'}", **site))
    assert ok(play("--check", "-e", f"@{folder / 'here.yml'}", **site)).changes() == []


def test_passwords_are_in_a_file_of_their_own_and_nowhere_else(
    play: Callable[..., Run], history: servers.Server, tmp_path: Path
) -> None:
    asked = {"pgsql_access_adopt_folder": str(tmp_path), "pgsql_access_adopt_passwords": True}
    done = ok(play("-vvv", "--diff", **asked))
    apart = tmp_path / "here.passwords.yml"
    stored = verifiers(history)
    assert stored
    assert mode_of(apart) == 0o600
    assert yaml.safe_load(apart.read_text())["pgsql_access_adopted_passwords"] == [
        {"name": "new_user", "password": stored[0]}
    ]
    said = done.output + json.dumps(done.results) + (tmp_path / "here.yml").read_text()
    assert [text for text in stored if text in said or text.split("$")[2] in said] == []
    both = ["-e", f"@{tmp_path / 'here.yml'}", "-e", f"@{apart}"]
    assert ok(play("--check", *both, book=PLAYBOOKS / "site.yml")).changes() == []
    assert ok(play("--check", *both[:2], book=PLAYBOOKS / "site.yml")).changes() == []


def test_passwords_are_encrypted_where_there_is_a_vault_password(
    play: Callable[..., Run], history: servers.Server, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("a long vault password\n")
    asked = {
        "pgsql_access_adopt_folder": str(tmp_path / "adopted"),
        "pgsql_access_adopt_passwords": True,
        "pgsql_access_adopt_vault_password_file": str(key),
    }
    ok(play(**asked))
    apart = tmp_path / "adopted" / "here.passwords.yml"
    vault = VaultLib([("default", VaultSecret(b"a long vault password"))])
    assert verifiers(history)[0] in vault.decrypt(apart.read_bytes()).decode()
    assert ok(play(**asked)).changed == 0
    files = ["-e", f"@{apart.with_name('here.yml')}", "-e", f"@{apart}", "--vault-password-file", str(key)]
    assert ok(play("--check", *files, book=PLAYBOOKS / "site.yml")).changes() == []


def test_passwords_that_the_login_may_not_read_are_an_error(
    play: Callable[..., Run], history: servers.Server, tmp_path: Path
) -> None:
    login = {"login_unix_socket": str(history.socket_dir), "login_port": str(history.port), "login_user": "new_user"}
    asked = {"pgsql_access_adopt_folder": str(tmp_path), "pgsql_access_adopt_passwords": True}
    login["login_password"] = PASSWORD
    failed = play(**asked, pgsql_access_login=login)
    assert failed.message().startswith("passwords: new_user may not read pg_authid; log in as a superuser")
    assert not (tmp_path / "here.passwords.yml").exists()
