"""pg_access_info: what a server says of itself, on a primary and on standbys."""

from __future__ import annotations

from contextlib import closing

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Login, connect
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.replay import wait_for_replay
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info

from testbed import servers
from testbed.servers import Server
from testbed.standbys import standby_of
from tests.server import modules
from tests.server.isolation import PASSWORD, READ_ONLY, sql


def info(server: Server, user: str | None = None, check: bool = False, **params: object) -> dict[str, object]:
    password = None if user is None else PASSWORD
    result = modules.call(pg_access_info, check, **modules.login(server, user, password), **params)
    assert (result["changed"], result["warnings"]) == (False, [])
    return result


@pytest.mark.parametrize("check", [False, True])
def test_a_primary_says_its_version_and_has_no_primary(server: Server, pg_version: int, check: bool) -> None:
    found = info(server, check=check, **READ_ONLY)["server"]
    version, text = sql(server, "SELECT current_setting('server_version_num')::int, current_setting('server_version')")[
        0
    ]
    place, started = found.pop("lsn"), found.pop("started")
    assert found == {"version": version, "version_text": text, "in_recovery": False, "primary": None}
    assert sql(server, f"SELECT pg_current_wal_insert_lsn() >= '{place}'") == [(True,)]
    assert sql(server, f"SELECT pg_postmaster_start_time() = '{started}'") == [(True,)]
    assert version // 10000 == pg_version


def test_nothing_asked_for_gives_nothing(server: Server) -> None:
    assert "server" not in info(server, gather=[])


def test_a_standby_names_its_primary_to_who_may_see_it(cluster: Server) -> None:
    sql(cluster, f"CREATE ROLE visitor LOGIN PASSWORD '{PASSWORD}'")
    with standby_of(cluster) as standby:
        expected = {"host": str(cluster.socket_dir), "port": cluster.port}
        assert info(standby)["server"]["in_recovery"] is True
        assert info(standby)["server"]["primary"] == expected
        assert info(standby, "visitor")["server"]["primary"] is None
        assert info(standby)["server"]["started"] != info(cluster)["server"]["started"]
        waits_for_what_was_committed(cluster, standby)
        says_what_the_inventory_is_wrong_about(cluster, standby)


def reaching(server: Server) -> Login:
    return parse_login({**dict.fromkeys(CONNECTION), "lock_timeout": 5.0, **modules.login(server)})


def waits_for_what_was_committed(primary: Server, standby: Server) -> None:
    """A role that was made on the primary is there on the standby after the wait; without replay the wait ends."""
    with closing(connect(reaching(standby))) as connection:
        for number in range(5):
            sql(primary, f"CREATE ROLE later_{number}")
            wait_for_replay(connection, info(primary)["server"]["lsn"])
            assert connection.rows("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %(n)s", n=f"later_{number}")
        assert info(standby)["server"]["lsn"]
        wait_for_replay(connection, None)
        with pytest.raises(AccessError, match=r"has not replayed up to FF/0 within 0\.2 s, it is at 0/"):
            wait_for_replay(connection, "FF/0", 0.2)
        with pytest.raises(AccessError, match="replay_lsn is 'x', which is no place in the log"):
            wait_for_replay(connection, "x")
        sql(standby, "SELECT pg_wal_replay_pause()")
        with pytest.raises(AccessError, match="replay is paused on the standby at 0/"):
            wait_for_replay(connection, "FF/0")
    with closing(connect(reaching(primary))) as connection:
        wait_for_replay(connection, "FF/0", 0)


def says_what_the_inventory_is_wrong_about(primary: Server, standby: Server) -> None:
    said = {
        (name, role): modules.call(pg_access_info, **modules.login(server), instance_role=role)["warnings"]
        for name, server in (("primary", primary), ("standby", standby))
        for role in ("primary", "replica", "offline")
    }
    assert [pair for pair, warnings in said.items() if not warnings] == [
        ("primary", "primary"),
        ("standby", "replica"),
        ("standby", "offline"),
    ]
    (wrong,) = said["standby", "primary"]
    assert f"the inventory says primary, and the server is a standby of {primary.socket_dir}, port" in wrong
    (wrong,) = said["primary", "offline"]
    assert "the inventory says offline, and the server is writable now: correct pg_role" in wrong


def test_a_standby_that_does_not_stream_gives_what_it_was_told(cluster: Server) -> None:
    servers.append(cluster.data_dir / "standby.signal", "")
    settings = {"primary_conninfo": "user=x host='db1.example.invalid' port=6543 password='p host=no'"}
    servers.append(cluster.data_dir / "postgresql.conf", servers.configuration(settings))
    servers.restart(cluster)
    found = info(cluster)
    assert found["server"]["primary"] == {"host": "db1.example.invalid", "port": 6543}
    assert "host=no" not in str(found)
