"""The HBA file of a real PgBouncer: the model's rules, groups as their members, refused where it couldn't read them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed import pooler
from testbed.servers import Server
from tests.server import pool
from tests.server.isolation import sql
from tests.server.pool import Place, statements, user

pytestmark = [
    pytest.mark.skipif(not pool.HAS_POOLER, reason=pool.pooler.MISSING),
    pytest.mark.since(18),
]
USERS = [user("adm"), user("ann"), user("bob")]
DATABASES = [{"name": "postgres"}]
DEFAULTS = [
    {"user": "${dbsu}", "db": "pgbouncer", "addr": "local", "auth": "peer", "title": "local admin", "order": 100},
    {"user": "all", "db": "all", "addr": "localhost", "auth": "pwd", "title": "everybody here", "order": 150},
    {"user": "${monitor}", "db": "pgbouncer", "addr": "intra", "auth": "pwd", "title": "monitor", "order": 200},
    {"user": "${monitor}", "db": "all", "addr": "world", "auth": "deny", "title": "no other monitor", "order": 250},
    {"user": "${admin}", "db": "all", "addr": "intra", "auth": "pwd", "title": "admin", "order": 300},
    {"user": "${admin}", "db": "all", "addr": "world", "auth": "deny", "title": "no other admin", "order": 350},
    {"user": "all", "db": "all", "addr": "intra", "auth": "pwd", "title": "everybody", "order": 400},
]
NAMES = {"monitor_user": "bob", "admin_user": "adm", "addresses": {"intra": ["10.0.0.0/8"]}}
CONSOLE = {"user": "adm", "db": "pgbouncer", "addr": "localhost", "auth": "pwd"}


def is_shut_out(place: Place, name: str) -> bool:
    """Tell whether no rule lets a user in; PgBouncer says so in other words from 1.25."""
    said = place.enter(name)
    return "login rejected" in said or "no authentication method" in said


@pytest.fixture
def place(cluster: Server) -> Iterator[Place]:
    sql(cluster, statements() + ";\nCREATE ROLE staff;\nCREATE ROLE team;\nGRANT staff TO team;\nGRANT team TO ann")
    with pool.place(cluster) as found:
        found.options = NAMES
        found.apply(USERS, DATABASES, require_running=False, hba_rules=DEFAULTS)
        found.start(auth_type="hba")
        yield found


def test_the_models_rules_let_in_and_are_stable(place: Place) -> None:
    assert place.enter("ann") == "ann@postgres"
    assert place.apply(USERS, DATABASES, hba_rules=DEFAULTS)["changed"] is False
    refusing = [{"user": "ann", "db": "all", "addr": "world", "auth": "deny", "order": 1}, *DEFAULTS]
    foreseen = place.check(USERS, DATABASES, hba_rules=refusing)
    result = place.apply(USERS, DATABASES, hba_rules=refusing)
    assert result["changes"] == foreseen["changes"]
    assert is_shut_out(place, "ann")
    assert place.enter("bob") == "bob@postgres"
    assert place.apply(USERS, DATABASES, hba_rules=DEFAULTS)["changed"]
    assert place.enter("ann") == "ann@postgres"
    assert "WARNING could not parse" not in place.pool.log


def test_a_group_stands_for_its_members_in_the_pool(place: Place) -> None:
    rules = [CONSOLE, {"user": "+staff", "addr": "localhost", "auth": "pwd"}]
    assert place.apply(USERS, DATABASES, hba_rules=rules)["changed"]
    assert place.enter("ann") == "ann@postgres"
    assert is_shut_out(place, "bob")
    sql(place.server, "GRANT staff TO bob;\nREVOKE team FROM ann")
    assert place.apply(USERS, DATABASES, hba_rules=rules)["changed"]
    assert place.enter("bob") == "bob@postgres"
    assert is_shut_out(place, "ann")
    sql(place.server, "REVOKE staff FROM bob")
    assert place.apply(USERS, DATABASES, hba_rules=rules)["changed"]
    assert is_shut_out(place, "bob")
    assert place.apply(USERS, DATABASES, hba_rules=rules)["changed"] is False


def test_lines_with_groups_are_read_as_well(place: Place) -> None:
    rules = [CONSOLE, {"rules": ["host all +staff,bob 127.0.0.1/32 scram-sha-256"]}]
    place.apply(USERS, DATABASES, hba_rules=rules)
    assert "ann,bob" in place.text("pgb_hba.conf")
    assert place.enter("ann") == "ann@postgres"
    assert place.enter("bob") == "bob@postgres"


def test_odd_names_in_rules_are_only_names(place: Place) -> None:
    odd = ['we"ird', "sp ace", "Ünï", "a,b", "#no", "all", "replication", "sameuser", "@file", "+staff"]
    for name in odd:
        sql(place.server, "CREATE ROLE \"{}\" LOGIN PASSWORD 'of all of them'".format(name.replace('"', '""')))
    users = [*USERS, *map(user, odd)]
    rules = [CONSOLE, {"user": ['"{}"'.format(name.replace('"', '""')) for name in odd], "addr": "localhost"}]
    place.apply(users, DATABASES, hba_rules=rules)
    assert {name: place.enter(name, "of all of them") for name in odd} == {name: f"{name}@postgres" for name in odd}
    assert is_shut_out(place, "ann")


def test_what_pgbouncer_would_drop_silently_is_refused(place: Place) -> None:
    cases = [
        ({"rules": ["host all all all scram-sha-256"]}, "the address all needs PgBouncer 1.23: write world"),
        ({"rules": ["local all all peer map=staff"]}, "options need PgBouncer 1.23"),
        ({"user": "+nobody_of_that_name", "addr": "intra"}, "PgBouncer knows no groups"),
        ({"user": "all", "addr": "samenet"}, "samenet"),
        ({"user": "all", "addr": "db.example.org"}, "host name"),
        ({"user": "all", "db": "replication", "addr": "intra"}, "replication"),
        ({"user": "all", "addr": "intra", "auth": "gss"}, "gss"),
    ]
    before = place.text("pgb_hba.conf")
    for rule, expected in cases[2:] if pooler.version() >= (1, 23) else cases:
        assert expected in place.failure(USERS, DATABASES, hba_rules=[CONSOLE, rule])
    assert place.text("pgb_hba.conf") == before


def test_rules_that_shut_out_the_console_are_put_back(place: Place) -> None:
    before = place.text("pgb_hba.conf")
    for rules in ([], [{"user": "ann", "addr": "localhost"}]):
        said = place.failure(USERS, DATABASES, hba_rules=rules)
        assert said.startswith("the new rules shut out the login of the console")
        assert said.endswith("the former files are back")
    assert place.text("pgb_hba.conf") == before
    assert place.apply(USERS, DATABASES, hba_rules=DEFAULTS)["changed"] is False


def test_rules_that_the_pool_does_not_read_are_an_error(place: Place) -> None:
    pooler.halt(place.pool)
    place.start(auth_type="scram-sha-256")
    said = place.failure(USERS[:2], DATABASES, hba_rules=DEFAULTS)
    assert "PgBouncer's auth_type is scram-sha-256: set auth_type = hba in pgbouncer.ini" in said
    assert said.endswith("the former files are back")
    assert place.enter("bob") == "bob@postgres"


def test_rules_for_the_instance_that_the_server_is_now_count(place: Place) -> None:
    offline = [*DEFAULTS, {"user": "ann", "addr": "world", "auth": "deny", "role": "offline", "order": 1}]
    result = place.apply(USERS, DATABASES, hba_rules=offline, instance_role="offline")
    assert result["warnings"] == [
        "instance_role is offline, but the server is a primary now: the rules for that one count"
    ]
    assert place.enter("ann") == "ann@postgres"
    place.apply(USERS, DATABASES, hba_rules=offline, instance_role="primary", offline_query=True)
    assert is_shut_out(place, "ann")
