"""A managed service: the login has CREATEROLE and CREATEDB, and nobody is superuser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed import servers
from tests.role.runs import ROLE, Run, blocks, hosts, ok

BLOCKS = blocks(ROLE / "README.md")
(SERVICE,) = [block for block in BLOCKS if "pg_dbsu" in block]
SECRETS = {"service_password": "right-Cloud-77", "shop_password": "right-Shop-77"}
CREATE = "CREATE ROLE cloudadmin LOGIN CREATEROLE CREATEDB PASSWORD 'right-Cloud-77'"


@pytest.fixture(scope="module")
def service(run: Callable[..., Run], server: servers.Server, query: Callable) -> Callable[..., Run]:
    """Run site.yml with the variables of the README as the service's administrator."""
    query(CREATE)
    where = {"service_host": "127.0.0.1", "service_port": server.port, **SECRETS}

    def service(*arguments: str, **more: Any) -> Run:
        return run(*arguments, inventory=[hosts(service={**SERVICE, **where, **more})])

    return service


@pytest.fixture(scope="module")
def story(service: Callable[..., Run], snapshot: Callable) -> list[Any]:
    before = snapshot()
    superuser = service(pg_users=[*SERVICE["pg_users"], {"name": "boss", "superuser": True}])
    after = snapshot()
    return [before == after, superuser, service("--check"), service(), service()]


def test_what_takes_a_superuser_is_refused_before_anything_is_written(story: list[Any]):
    unchanged, superuser, *_rest = story
    assert superuser.code == 2
    assert unchanged
    assert "superuser" in superuser.message().lower()


def test_the_apply_makes_the_changes_that_check_mode_named(story: list[Any]):
    _unchanged, _superuser, check, apply, _again = story
    assert ok(apply).changes() == ok(check).changes() != []


def test_the_second_run_changes_nothing(story: list[Any]):
    assert ok(story[-1]).changed == 0
    assert "can't read stored passwords" in story[-1].said


@pytest.fixture(scope="module")
def table(story: list[Any], query: Callable) -> None:
    """What the owner makes after the apply."""
    query("CREATE TABLE shop.item (id int)", "shop", user="dbuser_shop", password=SECRETS["shop_password"])


def test_the_administrator_comes_in_and_a_stranger_does_not(story: list[Any], query: Callable):
    query("CREATE ROLE stranger LOGIN PASSWORD 'right-Stranger-77'")
    admin = {"user": "cloudadmin", "password": SECRETS["service_password"]}
    assert query("SELECT current_user", "shop", **admin) == [("cloudadmin",)]
    with pytest.raises(Exception, match="permission denied for database"):
        query("SELECT 1", "shop", user="stranger", password="right-Stranger-77")


def test_readers_may_read_what_the_owner_makes(table: None, query: Callable):
    assert query("SELECT has_table_privilege('dbrole_readonly', 'shop.item', 'SELECT')", "shop") == [(True,)]
