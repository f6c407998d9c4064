"""HBA rules while runs are killed, while two run at once, on standbys, and over TLS."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_access_info, pg_hba_rules

from testbed.servers import Server
from tests.server import faults, hba_rules, modules
from tests.server.hba_rules import (
    PASSWORD,
    SENDER,
    answer,
    arguments,
    call,
    certificate,
    failure,
    has_openssl,
    hba,
    people,
    settled,
    standby_of,
    streaming,
)
from tests.server.isolation import READ_ONLY

ANN = {"title": "ann", "user": "ann", "addr": "localhost"}


@pytest.fixture
def door(cluster: Server) -> Server:
    """A server that has read its files, with two people."""
    people(cluster, "ann", "bob")
    settled(cluster)
    return cluster


def dying_at(words: str) -> faults.Hook:
    """Kill the run right before a statement with these words."""

    def hook(_number: int, _connection: Any, statement: str, _values: Any) -> None:
        if words in statement:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


@pytest.mark.in_process
@pytest.mark.parametrize("where", ["pg_catalog.pg_hba_file_rules()", "SELECT pg_catalog.pg_reload_conf()"])
def test_a_run_that_is_killed_before_its_reload_is_completed_by_the_next(door: Server, where: str) -> None:
    told = faults.run(pg_hba_rules, arguments(door, ANN), dying_at(where))
    assert told.signal == signal.SIGKILL
    assert "# ann" in hba(door).read_text()
    assert answer(door, "bob") == "in"
    result = call(door, ANN)
    assert [change["action"] for change in result["changes"]] == ["reload"]
    assert answer(door, "bob").startswith("no pg_hba.conf entry")
    assert not call(door, ANN)["changed"]
    assert not list(door.data_dir.glob(".leastpriv-*"))


@pytest.mark.in_process
def test_what_a_killed_run_has_begun_to_write_is_removed(door: Server) -> None:
    left = door.data_dir / ".leastpriv-pg_hba.conf.x1"
    left.write_text("half")
    assert call(door, ANN)["changed"]
    assert not left.exists()


@pytest.mark.in_process
def test_ctrl_c_before_the_reload_brings_the_old_file_back(door: Server) -> None:
    before = hba(door).read_text()

    def hook(_number: int, _connection: Any, statement: str, _values: Any) -> None:
        if "pg_hba_file_rules() ORDER" in statement:
            os.kill(os.getpid(), signal.SIGINT)

    result = faults.run(pg_hba_rules, arguments(door, ANN), hook).result or {}
    assert result["msg"].startswith("interrupted by the signal SIGINT")
    assert hba(door).read_text() == before


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("words", "count", "lost", "said", "is_new"),
    [
        ("FROM pg_catalog.pg_stat_replication", 1, False, "; nothing was changed", False),
        ("FROM pg_catalog.pg_stat_replication", 2, False, "; nothing was changed", False),
        ("clock_timestamp()", 1, False, "the former file is back, and the server hasn't read the new one", False),
        ("SELECT pg_catalog.pg_reload_conf()", 1, True, "whether the server has read it isn't known", True),
        ("FROM pg_catalog.pg_stat_replication", 3, False, "only a second look failed", True),
    ],
    ids=["looking", "locked", "before", "in", "after"],
)
def test_a_run_that_loses_its_session_says_how_far_it_came(
    door: Server, words: str, count: int, lost: bool, said: str, is_new: bool
) -> None:
    blow = faults.blows(door)["answer lost" if lost else "session terminated"]
    seen: list[str] = []

    def hook(striking: faults.Hook) -> faults.Hook:
        def strike(number: int, here: Any, statement: str, more: Any) -> None:
            if words in statement:
                seen.append(statement)
                if len(seen) == count:
                    striking(number, here, statement, more)

        return strike

    hooks = (faults.nothing, hook(blow.after)) if lost else (hook(blow.before), faults.nothing)
    result = faults.run(pg_hba_rules, arguments(door, ANN), *hooks).result or {}
    assert said in result["msg"]
    assert ("# ann" in hba(door).read_text()) is is_new
    call(door, ANN)
    assert answer(door, "bob").startswith("no pg_hba.conf entry")
    assert not call(door, ANN)["changed"]


def at_once(door: Server, *rules: dict[str, Any]) -> list[modules.Result]:
    """Run the module once for each rule, all at the same time, each in a process of its own."""
    with ThreadPoolExecutor(len(rules)) as pool:
        told = pool.map(lambda rule: faults.run(pg_hba_rules, arguments(door, rule)), rules)
        return [one.result or {} for one in told]


@pytest.mark.in_process
def test_two_runs_at_once_both_succeed(door: Server) -> None:
    rules = [ANN, {"title": "bob", "user": "bob", "addr": "localhost"}]
    results = at_once(door, *rules)
    assert [result["msg"] for result in results if result.get("failed")] == []
    inside = {user for user in ("ann", "bob") if answer(door, user) == "in"}
    assert inside in ({"ann"}, {"bob"})
    assert not call(door, rules[0] if inside == {"ann"} else rules[1])["changed"]


@pytest.mark.in_process
def test_the_same_rules_at_once_are_written_once(door: Server) -> None:
    results = at_once(door, ANN, ANN)
    assert sorted(result["changed"] for result in results) == [False, True], results


def test_a_standby_has_its_own_rules(door: Server) -> None:
    offline = {"title": "offline only", "user": "ann", "addr": "localhost", "role": "offline"}
    with standby_of(door) as standby:
        faults.until(lambda: streaming(door), "the standby doesn't stream")
        settled(standby)
        given: dict[str, Any] = {"instance_role": "offline"}

        checked = call(standby, SENDER, offline, check=True, **given)
        applied = call(standby, SENDER, offline, **given)
        assert checked["changes"] == applied["changes"]
        assert applied["instance_role"] == "offline"
        assert answer(standby, "ann") == "in"
        assert answer(standby, "bob").startswith("no pg_hba.conf entry")
        assert not call(standby, SENDER, offline, **given, **READ_ONLY)["changed"]
        result = call(standby, SENDER, offline, instance_role="primary")
        assert result["instance_role"] == "replica"
        assert any("the inventory says primary, and the server is a standby" in text for text in result["warnings"])
        assert answer(standby, "ann").startswith("no pg_hba.conf entry")
        lsn = modules.call(pg_access_info, **modules.login(door))["server"]["lsn"]
        assert not call(standby, SENDER, offline, instance_role="replica", replay_lsn=lsn)["changed"]


@pytest.mark.before(18)
@pytest.mark.skipif(not has_openssl(), reason="openssl isn't installed, so no certificate can be made")
def test_over_tls_the_login_in_use_is_judged_as_it_may_come_in(door: Server) -> None:
    certificate(door)
    hba_rules.sql(door, f"CREATE ROLE boss SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    tcp = {"login_host": "127.0.0.1", "login_unix_socket": None, "login_user": "boss", "login_password": PASSWORD}
    encrypted = {"title": "over TLS", "user": "boss", "addr": "127.0.0.1/32", "auth": "ssl"}
    plain = {"title": "without TLS", "rules": ["hostnossl all boss 127.0.0.1/32 scram-sha-256"]}
    assert call(door, encrypted, **tcp)["changed"]
    assert answer(door, "boss").startswith("no pg_hba.conf entry")
    said = failure(door, plain, **tcp, ssl_mode="require")
    assert "would shut out boss to database postgres from 127.0.0.1" in said
    assert call(door, plain, **tcp)["changed"]
    assert answer(door, "boss") == "in"
