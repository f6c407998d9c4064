"""pg_role_set: passwords are tested, sent as verifiers, replaced only when they differ, and they log in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

from testbed import servers
from tests.server.role_set import Roles

PLAIN = "correct horse battery"


@pytest.fixture(scope="module")
def roles(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    server = servers.start(pg_version, tmp_path_factory.mktemp("passwords"))
    yield Roles(server)
    servers.stop(server)


def stored(roles: Roles, name: str) -> str | None:
    found = roles.value(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'")
    return None if found is None else str(found)


def logs_in(roles: Roles, name: str, password: str) -> bool:
    try:
        servers.connect(roles.server, user=name, password=password, host="127.0.0.1").close()
    except psycopg2.OperationalError:
        return False
    return True


def test_a_plain_password_is_stored_as_a_verifier_and_logs_in(roles: Roles) -> None:
    roles.proved({"name": "plain", "password": PLAIN})
    first = stored(roles, "plain")
    assert first is not None
    assert first.startswith("SCRAM-SHA-256$4096:")
    assert logs_in(roles, "plain", PLAIN)
    assert not logs_in(roles, "plain", PLAIN + "r")
    roles.unchanged({"name": "plain", "password": PLAIN})
    assert stored(roles, "plain") == first
    roles.apply({"name": "plain", "password": "another one, long"})
    assert logs_in(roles, "plain", "another one, long")


@pytest.mark.parametrize(
    "password",
    [
        "ASCII with spaces and 'quotes' \\ %s $1",
        "I\u00adX\u00aa\u2168 soft hyphen",
        "no\u00a0break\u3000space",
        "Ångström K\u212b",
        "unassigned \u0221\U000e0080",
        "bell \x07 and é",
        "\u0627\u0031 bidirectional",
        "\u00ad",
        "emoji 🐘🐘🐘",
        "x" * 500,
    ],
    ids=range(10),
)
def test_a_password_is_prepared_as_the_server_and_libpq_do(roles: Roles, password: str) -> None:
    roles.apply({"name": "prepared", "password": password})
    assert logs_in(roles, "prepared", password)
    literal = "E'" + password.replace("\\", "\\\\").replace("'", "\\'") + "'"
    roles.sql(f"SET password_encryption TO 'scram-sha-256'; ALTER ROLE prepared PASSWORD {literal}")
    roles.unchanged({"name": "prepared", "password": password})


def test_a_verifier_is_stored_as_it_is_given(roles: Roles) -> None:
    verifier = make_verifier(Secret(PLAIN), 4096).reveal()
    roles.proved({"name": "verified", "password": verifier})
    assert stored(roles, "verified") == verifier
    assert logs_in(roles, "verified", PLAIN)
    roles.unchanged({"name": "verified", "password": PLAIN})
    other = make_verifier(Secret(PLAIN), 4096).reveal()
    assert roles.proved({"name": "verified", "password": other}, undo=False)["changed"]


def md5_of(name: str) -> str:
    return "md5" + hashlib.md5((PLAIN + name).encode(), usedforsecurity=False).hexdigest()


def test_an_md5_hash_is_stored_and_replaced_when_plain_text_is_declared(roles: Roles) -> None:
    result = roles.proved({"name": "hashed", "password": md5_of("hashed")})
    assert stored(roles, "hashed") == md5_of("hashed")
    assert any("MD5" in text for text in result["warnings"]) is (roles.server.version >= 18)
    assert roles.proved({"name": "hashed", "password": PLAIN}, undo=False)["changed"]
    assert str(stored(roles, "hashed")).startswith("SCRAM-SHA-256$")


def test_an_empty_password_clears(roles: Roles) -> None:
    roles.proved({"name": "cleared", "password": PLAIN})
    result = roles.proved({"name": "cleared", "password": ""}, undo=False)
    assert result["sql"] == ['ALTER ROLE "cleared" PASSWORD NULL;']
    assert stored(roles, "cleared") is None
    roles.proved({"name": "never had one", "password": ""})


def test_undo_clears_a_password_that_was_not_there_and_names_one_that_was(roles: Roles) -> None:
    roles.sql("CREATE ROLE undone")
    masked = """-- ALTER ROLE "undone" PASSWORD '********';"""
    result = roles.apply({"name": "undone", "password": PLAIN})
    assert (result["sql"], result["undo_sql"]) == ([masked], ['ALTER ROLE "undone" PASSWORD NULL;'])
    result = roles.apply({"name": "undone", "password": "another password"})
    assert (result["sql"], result["undo_sql"]) == ([masked], [masked])


def test_on_create_leaves_the_passwords_of_existing_roles(roles: Roles) -> None:
    roles.apply({"name": "old one", "password": PLAIN})
    items = [{"name": "old one", "password": "other password"}, {"name": "new one", "password": "other password"}]
    roles.proved(*items, update_password="on_create")
    assert logs_in(roles, "old one", PLAIN)
    assert logs_in(roles, "new one", "other password")


@pytest.mark.parametrize(
    "password",
    ["SCRAM-SHA-256$4096:broken", "scram-sha-256$4096:abc$def:ghi", "MD5" + "0" * 32, "md5" + "X" * 32, "nul\0byte"],
    ids=range(5),
)
def test_what_only_looks_like_a_verifier_is_refused_and_not_quoted(roles: Roles, password: str) -> None:
    message = roles.failure({"name": "other"}, {"name": "broken", "password": password})
    assert message.startswith("role broken: password: ")
    assert password[:20] not in message
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname IN ('other', 'broken')") == []


def test_weak_passwords_get_a_warning_each(roles: Roles) -> None:
    items = [{"name": "shorty", "password": "1234567"}, {"name": "nameless", "password": "a_long_name"}]
    items += [{"name": "a_long_name", "password": "a_long_name"}, {"name": "strong", "password": "12345678"}]
    assert sorted(roles.apply(*items)["warnings"]) == [
        "the password of role a_long_name is the name of a role",
        "the password of role nameless is the name of a role",
        "the password of role shorty has fewer than 8 characters",
    ]


def test_iterations_count_for_new_verifiers_only(roles: Roles) -> None:
    roles.apply({"name": "iterated", "password": PLAIN}, scram_iterations=1000)
    assert str(stored(roles, "iterated")).startswith("SCRAM-SHA-256$1000:")
    roles.unchanged({"name": "iterated", "password": PLAIN}, scram_iterations=2000)
    assert "scram_iterations is 0" in roles.failure({"name": "iterated"}, scram_iterations=0)


@pytest.mark.since(16)
def test_the_servers_iterations_are_the_default(roles: Roles) -> None:
    roles.sql("ALTER ROLE postgres SET scram_iterations TO 1234")
    roles.apply({"name": "iterated as set", "password": PLAIN})
    roles.sql("ALTER ROLE postgres RESET scram_iterations")
    assert str(stored(roles, "iterated as set")).startswith("SCRAM-SHA-256$1234:")


def test_a_login_that_cannot_read_passwords_sets_those_of_new_roles_only(roles: Roles) -> None:
    roles.sql("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'some password'")
    manager = Roles(roles.server, "manager", "some password")
    items = [{"name": "managed_b", "password": PLAIN}, {"name": "managed_a", "password": PLAIN}]
    first = manager.proved(*items, undo=False)
    assert [text for text in first["warnings"] if "can't read" in text] == []
    assert [text for text in first["warnings"] if "may not switch off statement logging" in text] != []
    assert logs_in(roles, "managed_a", PLAIN)
    again = manager.apply(*({**item, "password": "other password"} for item in items))
    assert not again["changed"]
    assert again["warnings"] == [
        "the login can't read stored passwords, so those of existing roles are left as they are: managed_a, managed_b"
    ]
    assert logs_in(roles, "managed_a", PLAIN)
    assert manager.apply(*items, update_password="on_create")["warnings"] == []


def test_a_login_that_was_let_read_passwords_replaces_them(roles: Roles) -> None:
    roles.sql("CREATE ROLE reader LOGIN CREATEROLE PASSWORD 'some password'; GRANT SELECT ON pg_authid TO reader")
    reader = Roles(roles.server, "reader", "some password")
    reader.apply({"name": "read", "password": PLAIN})
    reader.proved({"name": "read", "password": "other password"}, undo=False)
    assert logs_in(roles, "read", "other password")
