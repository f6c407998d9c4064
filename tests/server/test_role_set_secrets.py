"""pg_role_set: no password and no verifier comes to light, whatever happens."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import retry
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set import task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set

from testbed import servers
from tests.server import modules
from tests.server.role_set import Roles

PLAIN = "Tr0ub4dor&3 geheim"
LOGIN = "L0gin geheim"
VERIFIER = make_verifier(Secret("Verifi3r geheim"), 4096).reveal()
MD5 = "md5" + "0123456789abcdef" * 2
SECRETS = [PLAIN, LOGIN, VERIFIER, VERIFIER.split("$")[2], MD5, "geheim"]
ITEMS: list[dict[str, Any]] = [
    {"name": "plain", "password": PLAIN, "comment": "e"},
    {"name": "verified", "password": VERIFIER},
    {"name": "hashed", "password": MD5},
]
EVERYTHING = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "debug5",
    "log_duration": "on",
    "log_min_duration_sample": "0",
    "log_statement_sample_rate": "1",
    "log_transaction_sample_rate": "1",
    "log_error_verbosity": "verbose",
    "log_lock_waits": "on",
    "deadlock_timeout": "50ms",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
}


@pytest.fixture(scope="module")
def roles(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    settings = EVERYTHING
    server = servers.start(pg_version, tmp_path_factory.mktemp("secrets"), settings=settings)
    running = Roles(server)
    running.sql("CREATE EXTENSION pg_stat_statements; CREATE ROLE root LOGIN SUPERUSER")
    running.sql(f"SET log_statement TO none; ALTER ROLE root PASSWORD '{make_verifier(Secret(LOGIN), 4096).reveal()}'")
    yield Roles(server, "root", LOGIN)
    servers.stop(server)


@pytest.fixture(autouse=True)
def nothing_left(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(retry, "PAUSES", (0.01,) * 5)
    yield
    roles.sql("DROP ROLE IF EXISTS plain, verified, hashed")


def leaks(text: str, *more: str) -> list[str]:
    return [secret for secret in (*SECRETS, *more) if secret in text or json.dumps(secret)[1:-1] in text]


def verifiers(roles: Roles) -> list[str]:
    found = roles.sql("SELECT rolpassword FROM pg_authid WHERE rolname IN ('plain', 'verified', 'hashed')")
    return [text for (text,) in found if text]


def test_results_hold_no_secret(roles: Roles) -> None:
    for check in (True, False, False):
        text = modules.output(pg_role_set, check, **roles.login(), roles=ITEMS)
        assert '"changed"' in text
        assert leaks(text, *verifiers(roles)) == []
    text = modules.output(pg_role_set, **roles.login(), roles=[{**item, "password": "short"} for item in ITEMS])
    assert "short" not in text.replace("has fewer", "")


def test_a_short_password_falsifies_nothing(roles: Roles) -> None:
    result = roles.check({"name": "plain", "password": "e", "comment": "the user's text"})
    assert result["sql"][0] == 'CREATE ROLE "plain" LOGIN;'
    assert result["changes"][0]["summary"] == "create role plain (LOGIN)"


@pytest.mark.parametrize(
    "params",
    [
        {"roles": [*ITEMS, {"name": "plain", "password": PLAIN + "x"}]},
        {"roles": [*ITEMS, {"name": "x", "password": VERIFIER[:-3]}]},
        {"roles": [{**ITEMS[0], "unknown_key": PLAIN}]},
        {"roles": [{**ITEMS[0], "connlimit": "many"}]},
        {"roles": ITEMS, "unknown_option": 1},
        {"roles": ITEMS, "login_password": PLAIN},
        {"roles": ITEMS, "login_port": "1"},
        {"roles": ITEMS, "login_host": "both"},
        {"roles": ITEMS, "connect_params": {"password": PLAIN, "nonsense": 1}},
        {"roles": ITEMS, "connect_params": {"sslpassword": PLAIN, "sslmode": "wrong"}},
        {"roles": [*ITEMS, {"name": "x", "roles": ["missing"]}]},
    ],
    ids=range(11),
)
def test_failures_hold_no_secret(roles: Roles, params: dict[str, Any]) -> None:
    text = modules.output(pg_role_set, **{**roles.login(), **params})
    assert '"failed": true' in text
    assert leaks(text) == []


def test_an_internal_error_holds_no_secret(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError(f"something about {PLAIN}")

    monkeypatch.setattr(task, "diff_role_set", broken)
    text = modules.output(pg_role_set, **roles.login(), roles=ITEMS)
    assert "internal error RuntimeError at " in text
    assert leaks(text) == []


def seen(roles: Roles) -> str:
    """Give what the server keeps: its log, and the statements that it counts."""
    counted = roles.sql("SELECT query FROM pg_stat_statements", user="postgres")
    return roles.server.log_file.read_text() + "".join(text for (text,) in counted)


def test_the_server_keeps_no_secret_of_statements_that_succeed(roles: Roles) -> None:
    roles.apply(*ITEMS)
    made = verifiers(roles)
    roles.apply(*({**item, "password": PLAIN * 2} for item in ITEMS))
    text = seen(roles)
    assert 'CREATE ROLE "plain"' in text
    assert leaks(text, *made, *verifiers(roles)) == []


def test_the_server_keeps_no_secret_of_statements_that_fail(roles: Roles) -> None:
    roles.apply(*({**item, "password": None} for item in ITEMS))
    other = hold(roles)
    text = modules.output(pg_role_set, **roles.login(), roles=ITEMS, lock_timeout=0.2)
    other.close()
    assert "lock timeout (during: one of 3 changes from 'set the password of role hashed'" in text
    assert leaks(text) == []
    assert leaks(seen(roles)) == []


def test_the_report_of_a_deadlock_holds_no_secret_and_the_module_tries_again(roles: Roles) -> None:
    roles.apply(*({**item, "password": None} for item in ITEMS))
    other = hold(roles)
    done: list[modules.Result] = []
    run = threading.Thread(target=lambda: done.append(roles.apply(*ITEMS)))
    run.start()
    wait_until(roles, "SELECT count(*) FROM pg_locks WHERE NOT granted", 1)
    with contextlib.suppress(psycopg2.errors.DeadlockDetected):
        other.cursor().execute("ALTER ROLE hashed CONNECTION LIMIT 5")
    other.close()
    run.join()
    assert done[0]["changed"]
    assert "deadlock detected" in roles.server.log_file.read_text()
    assert leaks(seen(roles), *verifiers(roles)) == []


def hold(roles: Roles) -> psycopg2.extensions.connection:
    """Change a role and don't commit, so that its password can't be set."""
    other = servers.connect(roles.server)
    other.autocommit = False
    other.cursor().execute("ALTER ROLE verified CONNECTION LIMIT 5")
    return other


def wait_until(roles: Roles, question: str, answer: object) -> None:
    deadline = time.monotonic() + 10
    while roles.value(question) != answer:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_trees_of_statements_are_not_logged(roles: Roles) -> None:
    names = ["debug_print_parse", "debug_print_rewritten", "debug_print_plan"]
    printing = {"options": " ".join(f"-c {name}=on" for name in names)}
    roles.apply(*ITEMS, connect_params=printing)
    made = verifiers(roles)
    roles.apply(*({**item, "password": PLAIN * 2} for item in ITEMS), connect_params=printing)
    text = seen(roles)
    assert "parse tree:" in text
    assert leaks(text, *made, *verifiers(roles)) == []


def test_nobody_sees_a_verifier_in_the_list_of_sessions(roles: Roles) -> None:
    roles.apply(*({**item, "password": None} for item in ITEMS))
    other = hold(roles)
    run = threading.Thread(target=lambda: roles.apply(*ITEMS))
    run.start()
    wait_until(roles, "SELECT count(*) FROM pg_locks WHERE NOT granted", 1)
    queries = "".join(text for (text,) in roles.sql("SELECT coalesce(query, '') FROM pg_stat_activity"))
    other.close()
    run.join()
    assert leaks(queries) == []
