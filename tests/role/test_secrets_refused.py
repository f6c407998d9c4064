"""What the role refuses before it asks a server is named without a password, in whatever shape that was written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.role import runs
from tests.role.markers import Markers
from tests.role.runs import Run

MARKERS = Markers()
secret = MARKERS.password
LOGIN = {"login_host": "127.0.0.1", "login_port": "1", "login_user": "nobody"}
REFUSED = {
    "misspelt": {"pg_users": [{"name": "a", "pasword": secret("misspelt", "it's\n{}")}]},
    "inside": {"pg_users": [{"name": "a", "roles": [{"name": "b", "pasword": secret("inside")}]}]},
    "dictionary": {"pg_users": [{"name": "a", "password": {"b": secret("dictionary")}}]},
    "list": {"pg_users": [{"name": "a", "password": [secret("list")]}]},
    "two": {"pg_users": [{"name": "a", "password": secret("one")}, {"name": "a", "password": secret("two")}]},
    "nameless": {"pg_users": [{"password": secret("nameless")}]},
    "text": {"pg_users": [secret("text", "a:{}")]},
    "database": {"pg_databases": [{"name": "a", "password": secret("database")}]},
    "variable": {"pg_admin_password": {"a": secret("variable")}},
    "option": {"pgsql_access_login": {**LOGIN, "login_pasword": secret("option")}},
    "parameters": {"pgsql_access_login": {**LOGIN, "connect_params": secret("parameters", "password {}")}},
}
PASSWORDS = {
    f"pg_{user}_password": "{{ 'long-' ~ inventory_hostname }}" for user in ("admin", "monitor", "replication")
}
SHOW = {"ansible.builtin.debug": {"var": "ansible_failed_result"}}
TRY = {"ansible.builtin.import_role": {"name": "leastpriv.pgsql.pgsql_access"}}


@pytest.fixture(scope="module")
def refused(run: Callable[..., Run]) -> Run:
    """Run the role on a host for each of them, and show what it failed with."""
    book = runs.book({"block": [TRY], "rescue": [SHOW]})
    hosts = runs.hosts(**{name: {**PASSWORDS, "pgsql_access_login": LOGIN, **own} for name, own in REFUSED.items()})
    return runs.ok(run("-vvvv", book=book, inventory=[hosts]))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_before_a_server_is_asked(refused: Run, name: str) -> None:
    failures = [entry["task"] for entry in refused.of(name) if entry["status"] == "failed"]
    assert len(failures) == 1
    assert "erver" not in failures[0]


def test_no_refusal_shows_a_password(refused: Run) -> None:
    places = {"output": refused.output, "results": json.dumps(refused.results)}
    assert "ansible_failed_result" in places["output"]
    assert MARKERS.found(places) == set()
