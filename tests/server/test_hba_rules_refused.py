"""HBA rules that the server refuses, or that would shut out those who could repair them."""

from __future__ import annotations

import os
import pwd

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_hba_rules

from testbed.servers import Server
from tests.server import faults, hba_rules, modules
from tests.server.hba_rules import DBSU, SENDER, answer, call, failure, hba, people, settled, standby_of, streaming
from tests.server.isolation import sql

ANN = {"title": "ann", "user": "ann", "addr": "localhost"}


@pytest.fixture
def door(cluster: Server) -> Server:
    """A server that has read its files, with one person."""
    people(cluster, "ann")
    settled(cluster)
    return cluster


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("bsd", 'invalid authentication method "bsd": not supported by this build'),
        (
            "radius radiusservers=nowhere.invalid radiussecrets=hush",
            "it doesn't say why; a name that can't be resolved",
        ),
    ],
    ids=["method", "name"],
)
def test_a_file_that_the_server_refuses_is_taken_back_before_anything_is_reloaded(
    door: Server, method: str, words: str
) -> None:
    before = hba(door).read_text()
    loaded = sql(door, "SELECT pg_conf_load_time()")
    bad = {"title": "not here", "rules": [f"host all ann 192.0.2.0/24 {method}"]}
    said = failure(door, ANN, bad)
    line = len(hba_rules.call(door, ANN, bad, check=True)["diff"][0]["after"].rstrip("\n").split("\n"))
    assert f"pg_hba.conf line {line} (rules 3 (not here)): {words}" in said
    assert "the former file is back, and the server hasn't read the new one" in said
    assert hba(door).read_text() == before
    assert sql(door, "SELECT pg_conf_load_time()") == loaded
    assert answer(door, "ann") == "in"
    assert call(door, ANN)["changed"]
    assert not call(door, ANN)["changed"]


def test_a_line_for_tls_without_tls_is_written_with_a_warning(door: Server) -> None:
    result = call(door, {**ANN, "addr": "192.0.2.0/24", "auth": "ssl", "title": "over TLS"})
    assert any("over TLS" in text and "ssl is off" in text for text in result["warnings"]), result["warnings"]
    assert not call(door, {**ANN, "addr": "192.0.2.0/24", "auth": "ssl", "title": "over TLS"})["changed"]


def test_rules_that_would_shut_out_the_login_in_use_are_refused_unless_allowed(door: Server) -> None:
    sql(door, "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'x'")
    boss = {"title": "boss", "user": "boss", "addr": "localhost", "auth": "trust"}
    for check in (True, False):
        said = failure(door, boss, keep=False, check=check)
        assert "would shut out postgres to database postgres over the Unix socket (no line is for that)" in said
        assert "allow_lockout: [self]" in said
    result = call(door, boss, keep=False, allow_lockout=["self"])
    assert any("isn't let in any more, as allow_lockout says" in text for text in result["warnings"])
    assert answer(door, "ann").startswith("no pg_hba.conf entry")
    assert answer(door, "boss") == "in"


def test_rules_that_shut_out_every_superuser_are_refused_unless_allowed(door: Server) -> None:
    sql(door, "GRANT pg_monitor TO ann")
    functions = "pg_hba_file_rules(), pg_reload_conf()"
    sql(door, f"GRANT EXECUTE ON FUNCTION {functions} TO ann")
    as_ann = {**modules.login(door, "ann", hba_rules.PASSWORD), "dbsu": "ann"}
    everybody = {"title": "all but", "user": "postgres", "addr": "local", "auth": "deny", "order": 1}
    late = {"title": "too late", "user": "postgres", "db": "all,replication", "addr": "local", "auth": "trust"}
    said = failure(door, everybody, late, **as_ann, check=True)
    assert "would shut out every superuser (postgres): add a rule, or allow it with allow_lockout: [superusers]" in said
    assert "[self]" not in said, said
    assert call(door, everybody, late, **as_ann, allow_lockout=["superusers"])["changed"]
    assert answer(door, "postgres", host=None).startswith("pg_hba.conf rejects connection")


def test_rules_that_shut_out_standbys_are_refused_unless_allowed(door: Server) -> None:
    people(door, "sender")
    sql(door, "ALTER ROLE sender REPLICATION")
    declared = {"replication_user": "sender"}
    nowhere = "would shut out sender, the role for replication, from everywhere"
    assert nowhere in failure(door, ANN, **declared)
    assert nowhere in failure(door, ANN, {"title": "no database", "user": "${repl}", "addr": "world"}, **declared)
    wanted = {"title": "standbys", "user": "${repl}", "db": "replication", "addr": "10.0.0.0/8"}
    assert call(door, ANN, wanted, **declared)["changed"]
    with standby_of(door):
        faults.until(lambda: streaming(door), "the standby doesn't stream")
        said = failure(door, ANN, wanted, **declared)
        assert "would shut out postgres, connected for replication from the Unix socket (walreceiver)" in said
        assert nowhere not in said
        assert call(door, ANN, wanted, SENDER, **declared)["changed"]
        assert call(door, ANN, allow_lockout=["replication"], **declared)["changed"]


def test_a_login_that_the_rules_name_and_the_server_refuses_brings_the_old_file_back(door: Server) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    before = hba(door).read_text()
    wrong = {"title": "peer", "user": "postgres", "addr": "local", "auth": "peer", "order": 1}
    assert me != "postgres"
    said = failure(door, wrong, ANN, keep=False)
    assert "by the new rules the managing login doesn't come in" in said
    assert "Peer authentication failed" in said
    assert said.endswith("the former file is back in force")
    assert hba(door).read_text() == before
    assert answer(door, "postgres", host=None) == "in"


def test_all_that_is_wrong_is_one_error(door: Server) -> None:
    said = failure(door, {"addr": "nowhere!"}, {"addr": "local", "color": 1}, ident=[{**MAP, "map": ""}], check=True)
    assert "rules 2: addr" in said
    assert "rules 3: unknown key color" in said
    assert "ident 1: map is empty" in said


MAP = {"map": "staff", "system_user": "x", "database_user": "ann"}


def test_a_killed_run_that_left_a_refused_file_is_told(door: Server) -> None:
    bad = [ANN, {"title": "bad", "rules": ["host all ann 192.0.2.0/24 bsd"]}]
    text = call(door, *bad, check=True)["diff"][0]["after"]
    hba(door).write_text(text)
    assert "a run that was killed has left it so" in failure(door, *bad)
    assert call(door, ANN)["changed"]
    assert DBSU["title"] in hba(door).read_text()
    assert answer(door, "ann") == "in"
    assert modules.call(pg_hba_rules, **hba_rules.arguments(door, ANN))["changed"] is False
