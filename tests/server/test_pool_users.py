"""Users and databases of a real PgBouncer: declared, in force, proved by logging in through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.account import account
from testbed.servers import Server
from tests.server import hba_rules, pool
from tests.server.isolation import READ_ONLY, sql
from tests.server.pool import PASSWORDS, Place, statements, user

pytestmark = pytest.mark.skipif(not pool.HAS_POOLER, reason=pool.pooler.MISSING)
USERS = [user("adm"), user("ann", pool_mode="session", pool_connlimit=3), user("bob")]
DATABASES = [{"name": "postgres", "pool_size": 3}]
REFUSED = "authentication failed"


@pytest.fixture
def place(cluster: Server) -> Iterator[Place]:
    sql(cluster, statements())
    with pool.place(cluster) as found:
        yield found


@pytest.fixture
def running(place: Place) -> Place:
    place.apply(USERS, DATABASES, require_running=False)
    place.start()
    return place


def test_check_mode_writes_nothing_and_says_what_an_apply_then_does(place: Place) -> None:
    foreseen = place.check(USERS, DATABASES, require_running=False)
    assert not place.file("userlist.txt").exists()
    result = place.apply(USERS, DATABASES, require_running=False)
    assert foreseen["changes"] == result["changes"]
    assert foreseen["diff"] == result["diff"]
    place.start()
    assert place.enter("ann") == "ann@postgres"
    assert place.enter("bob") == "bob@postgres"
    assert REFUSED in place.enter("bob", "something else")


def test_a_second_run_changes_nothing_and_lets_nothing_be_read_again(running: Place) -> None:
    before = running.pool.log
    result = running.apply(USERS, DATABASES, **READ_ONLY)
    assert (result["changed"], result["changes"], result["warnings"]) == (False, [], [])
    assert (result["reloaded"], result["running"]) == (False, True)
    assert "RELOAD" not in running.pool.log[len(before) :]


def test_verifiers_are_the_servers_and_only_the_owner_reads_them(running: Place) -> None:
    stored = dict(sql(running.server, "SELECT rolname::text, rolpassword FROM pg_authid WHERE rolpassword <> ''"))
    text = running.text("userlist.txt")
    assert all(f'"{name}" "{stored[name]}"\n' in text for name in PASSWORDS)
    status = running.file("userlist.txt").stat()
    assert (status.st_mode & 0o777, status.st_uid) == (0o600, account().pw_uid)


def test_who_is_no_longer_declared_comes_in_no_more(running: Place) -> None:
    result = running.apply(USERS[:2], DATABASES)
    assert [change["action"] for change in result["changes"]] == ["write file", "write file", "reload"]
    assert REFUSED in running.enter("bob")
    assert running.enter("ann") == "ann@postgres"
    assert running.apply([*USERS[:2], {**USERS[2], "pgbouncer": False}], DATABASES)["changed"] is False
    assert running.apply(USERS, DATABASES)["changed"]
    assert running.enter("bob") == "bob@postgres"


def test_expired_shut_and_passwordless_roles_are_left_out_by_name(running: Place) -> None:
    sql(running.server, "ALTER ROLE ann VALID UNTIL '2001-01-01';\nALTER ROLE bob NOLOGIN;\nCREATE ROLE eve LOGIN")
    result = running.apply([*USERS, user("eve")], DATABASES)
    said = "left out of the pool: ann (its password has expired), bob (can't log in), eve (it has no password)"
    assert result["warnings"] == [said]
    assert REFUSED in running.enter("ann")
    assert REFUSED in running.enter("bob")
    assert '"ann"' not in running.text("userlist.txt")
    sql(running.server, "ALTER ROLE ann VALID UNTIL 'infinity'")
    assert running.apply(USERS[:2], DATABASES)["changed"]
    assert running.enter("ann") == "ann@postgres"


def test_what_was_changed_by_hand_is_repaired(running: Place) -> None:
    for name in ("userlist.txt", "useropts.txt", "database.txt"):
        good = running.text(name)
        running.file(name).write_text(good.replace("ann", "eve").replace("pool_size=3", "pool_size=4"))
        assert running.apply(USERS, DATABASES)["changed"]
        strip = [line for line in running.text(name).splitlines() if "leastpriv.pgsql " not in line]
        assert strip == [line for line in good.splitlines() if "leastpriv.pgsql " not in line]
    assert running.apply(USERS, DATABASES)["changed"] is False
    running.file("userlist.txt").chmod(0o644)
    assert running.apply(USERS, DATABASES)["changed"]
    assert running.file("userlist.txt").stat().st_mode & 0o777 == 0o600


def test_a_broken_list_is_repaired_and_nothing_of_it_is_shown(running: Place) -> None:
    running.file("userlist.txt").write_text('"ann" "plain secret"\nnonsense "more secret"\n')
    written = running.output(USERS, DATABASES)
    assert "secret" not in written
    assert running.enter("bob") == "bob@postgres"


def test_a_rotated_password_works_and_the_old_one_no_longer(running: Place) -> None:
    sql(running.server, "ALTER ROLE ann PASSWORD 'another one now'")
    assert running.enter("ann") != "ann@postgres"
    result = running.apply(USERS, DATABASES)
    assert result["changes"][0]["summary"].endswith("another verifier of ann")
    assert result["diff"][0]["before"] != result["diff"][0]["after"]
    assert running.enter("ann", "another one now") == "ann@postgres"
    assert REFUSED in running.enter("ann")
    assert running.apply(USERS, DATABASES)["changed"] is False


def test_the_old_password_goes_on_until_the_pool_has_read_its_list(running: Place) -> None:
    sql(running.server, "ALTER ROLE ann PASSWORD 'another one now'")
    unread = "PgBouncer has not read the files since they were written"
    written = running.apply(USERS, DATABASES, reload=False)
    assert written["warnings"] == [f"reload is false, and not everything is in force: {unread}"]
    assert running.enter("ann", "another one now") != "ann@postgres"
    foreseen = running.check(USERS, DATABASES)
    assert [change["action"] for change in foreseen["changes"]] == ["reload"]
    result = running.apply(USERS, DATABASES)
    assert (result["changes"], result["diff"]) == (foreseen["changes"], [])
    assert running.enter("ann", "another one now") == "ann@postgres"
    assert running.apply(USERS, DATABASES)["changed"] is False


def test_no_secret_is_in_any_result(running: Place) -> None:
    sql(running.server, "ALTER ROLE ann PASSWORD 'another one now'")
    verifiers = [row[0] for row in sql(running.server, "SELECT rolpassword FROM pg_authid WHERE rolpassword <> ''")]
    outputs = [
        running.output(USERS, DATABASES, _ansible_verbosity=3),
        running.output([user("ann", pool_modes="session", password="letters-of-ann")], DATABASES),
        running.output([*USERS, user("nobody else")], DATABASES),
        running.output(USERS[:1], DATABASES, userlist_file="elsewhere.txt"),
    ]
    for secret in [*verifiers, *PASSWORDS.values(), verifiers[0][30:50]]:
        assert all(secret not in written for written in outputs)


def test_a_fresh_standby_gets_a_pool_of_its_own_and_follows_a_rotation(place: Place) -> None:
    with hba_rules.standby_of(place.server) as standby, pool.place(standby) as there:
        there.apply(USERS, DATABASES, require_running=False)
        there.start()
        assert there.enter("ann") == "ann@postgres"
        sql(place.server, "ALTER ROLE ann PASSWORD 'another one of ann'")
        lsn = sql(place.server, "SELECT pg_current_wal_insert_lsn()::text")[0][0]
        assert there.apply(USERS, DATABASES, replay_lsn=lsn)["changed"]
        assert there.enter("ann", "another one of ann") == "ann@postgres"
        assert REFUSED in there.enter("ann")
        assert not there.apply(USERS, DATABASES, replay_lsn=lsn)["changed"]
