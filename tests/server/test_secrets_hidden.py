"""No password comes to light of what a module refuses, nor of what a login without superuser may not hush up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.quiet import QUIET
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_hba_rules,
    pg_object_privs,
    pg_role_set,
    pgbouncer_users,
)

from testbed import servers
from tests.server import interpreters, modules
from tests.server.role_set import Roles
from tests.server.test_role_set_secrets import EVERYTHING

HUSH = "Hush77Hush"
ODD = f'it\'s\n"{HUSH}"\\ ü%s'
MODULES = [
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_hba_rules,
    pg_object_privs,
    pg_role_set,
    pgbouncer_users,
]
SAMPLED = "log_transaction_sample_rate"


def item(**keys: Any) -> dict[str, Any]:
    return {"roles": [{"name": "somebody", **keys}]}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (item(pasword=ODD), "pasword"),
        (item(password=ODD, connlimit="many"), "connlimit"),
        (item(password=ODD, state="gone"), "state has to be one of"),
        (item(password=ODD + "\0"), "NUL"),
        (item(password={"a": ODD}, colimit=1), "colimit"),
        (item(password=[ODD], colimit=1), "colimit"),
        (item(roles=[{"name": "a", "pasword": ODD}]), "pasword"),
        ({"roles": [f"somebody:{ODD}"]}, "dict"),
        ({"roles": f"somebody:{ODD}"}, "dict"),
        ({"roles": [{"password": ODD}]}, "name"),
        ({"roles": [{"name": "a", "password": ODD}, {"name": "a", "password": HUSH}]}, "stands twice"),
        ({"roles": [], "login_pasword": ODD}, "login_pasword"),
        ({"roles": [], "connect_params": f"pasword {ODD}"}, "connect_params"),
        ({"roles": [], "connect_params": {"pasword": ODD}}, "pasword"),
        ({"roles": [], "connect_params": {"sslpassword": ODD, "sslmode": "wrong"}}, "ssl"),
    ],
    ids=range(15),
)
def test_what_is_refused_does_not_come_back(server: servers.Server, params: dict[str, Any], said: str) -> None:
    text = modules.output(pg_role_set, **modules.login(server), **params, _ansible_verbosity=4)
    assert json.loads(text)["failed"]
    assert said in json.loads(text)["msg"]
    assert HUSH not in text


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_module_returns_a_misspelt_option(server: servers.Server, module: Any) -> None:
    text = modules.output(module, **modules.login(server), login_pasword=ODD)
    assert json.loads(text)["failed"]
    assert HUSH not in text


@pytest.mark.skipif(bool(interpreters.OTHER), reason="the log of another process can't be replaced from here")
def test_the_systems_log_gets_the_names_of_parameters_only(
    server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "_log_to_syslog", lambda _self, text: logged.append(str(text)))
    login = {**modules.login(server), "connect_params": {"password": HUSH, "sslpassword": HUSH}}
    modules.output(pg_role_set, check=True, **login, roles=[{"name": "odd", "password": ODD}])
    assert "Invoked with" in logged[0]
    assert "roles" in logged[0]
    assert "odd" not in "".join(logged)
    assert HUSH not in "".join(logged)


@pytest.fixture(scope="module")
def watched(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """A server that logs everything in every format, and a login without superuser that makes roles."""
    formats = "stderr,csvlog,jsonlog" if pg_version >= 15 else "stderr,csvlog"
    collected = {"logging_collector": "on", "log_directory": "log", "log_destination": formats}
    server = servers.start(pg_version, tmp_path_factory.mktemp("hidden"), settings={**EVERYTHING, **collected})
    yield Roles(server)
    servers.stop(server)


@pytest.fixture
def manager(watched: Roles) -> Iterator[Roles]:
    watched.sql("SET log_statement TO none; CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'manages them'")
    yield Roles(watched.server, "manager", "manages them")
    watched.sql("DROP ROLE IF EXISTS odd; DROP OWNED BY manager; DROP ROLE manager")


def written(server: servers.Server) -> str:
    """Give all files of the server's log."""
    files = [path.read_text() for path in (server.data_dir / "log").iterdir()]
    assert len(files) > 1
    return "".join(files)


def test_a_login_that_may_not_hush_the_log_is_told_what_stays_on(watched: Roles, manager: Roles) -> None:
    result = manager.apply({"name": "odd", "password": ODD})
    (warning,) = [text for text in result["warnings"] if "statement logging" in text]
    named = {SAMPLED, *(name for name, _value in QUIET if not name.startswith(("pg_stat_statements", "debug_print")))}
    assert [name for name in named if name not in warning] == []
    again = manager.apply({"name": "odd", "password": ODD + "2"}, update_password="on_create")
    assert not again["changed"]
    text = written(watched.server) + json.dumps([result, again])
    assert 'ALTER ROLE "odd" PASSWORD' in text
    assert HUSH not in text


@pytest.mark.since(15)
def test_a_login_that_was_granted_the_settings_leaves_no_verifier(watched: Roles, manager: Roles) -> None:
    granted(watched)
    watched.sql(f"ALTER ROLE manager SET {SAMPLED} TO 0")
    result = manager.apply({"name": "odd", "password": ODD + "3"})
    assert [text for text in result["warnings"] if "statement logging" in text] == []
    assert parts_found(watched, json.dumps(result)) == []


@pytest.mark.since(15)
def test_a_login_that_was_granted_the_settings_leaves_the_sample_of_transactions(
    watched: Roles, manager: Roles
) -> None:
    granted(watched)
    result = manager.apply({"name": "odd", "password": ODD + "4"})
    assert parts_found(watched, json.dumps(result)) == []


def granted(watched: Roles) -> None:
    """Let the login switch off what logs statements."""
    names = ", ".join(name for name, _value in QUIET if not name.startswith("debug_print"))
    watched.sql(f"GRANT SET ON PARAMETER {names}, {SAMPLED} TO manager")


def parts_found(watched: Roles, more: str) -> list[str]:
    """Give what the log and a text hold of the password and its verifier."""
    stored = watched.value("SELECT rolpassword FROM pg_authid WHERE rolname = 'odd'")
    salt, keys = stored.split("$")[1:]
    text = written(watched.server) + more
    return [part for part in (HUSH, salt.partition(":")[2], *keys.split(":")) if part in text]


def test_our_own_threads_and_processes_show_no_secret(watched: Roles) -> None:
    before = set(threading.enumerate())
    seen: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.extend(
                path.read_bytes().decode() for path in Path("/proc/self").glob("[ce][mn][dv]*") if path.is_file()
            )

    thread = threading.Thread(target=look)
    thread.start()
    watched.apply({"name": "odd", "password": ODD})
    over.set()
    thread.join()
    watched.sql("DROP ROLE odd")
    assert set(threading.enumerate()) == before
    assert seen
    assert HUSH not in "".join(seen)
