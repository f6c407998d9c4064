"""What is in force in a real PgBouncer, and what happens where that isn't what was declared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer import apply

from testbed import collection, pooler
from testbed.servers import Server
from tests.server import pool
from tests.server.isolation import sql
from tests.server.pool import PASSWORDS, Place, statements, user

pytestmark = [
    pytest.mark.skipif(not pool.HAS_POOLER, reason=pool.pooler.MISSING),
    pytest.mark.since(18),
]
USERS = [user("adm"), user("ann"), user("bob")]
DATABASES = [{"name": "postgres"}]
EVERYTHING = {
    "name": "app.main-1",
    "pool_mode": "statement",
    "pool_size": 7,
    "pool_size_min": 1,
    "pool_reserve": 2,
    "pool_connlimit": 9,
    "pool_auth_user": "ann",
}


@pytest.fixture
def place(cluster: Server) -> Iterator[Place]:
    sql(cluster, statements() + ';\nCREATE DATABASE "app.main-1"')
    with pool.place(cluster) as found:
        found.apply(USERS, DATABASES, require_running=False)
        found.start()
        yield found


def test_a_pool_that_does_not_run_is_an_error_or_where_allowed_a_warning(place: Place) -> None:
    pooler.halt(place.pool)
    before = place.text("userlist.txt")
    said = place.failure(USERS[:2], DATABASES)
    assert "Connection refused" in said
    assert said.endswith("start it, or give require_running: false to write its files only")
    assert place.text("userlist.txt") == before
    result = place.apply(USERS[:2], DATABASES, require_running=False)
    assert (result["running"], result["reloaded"], result["changed"]) == (False, False, True)
    assert "nothing is in force that its files say" in result["warnings"][0]
    assert place.apply(USERS[:2], DATABASES, require_running=False)["changed"] is False
    place.start()
    assert place.apply(USERS[:2], DATABASES)["changed"] is False
    assert place.enter("ann") == "ann@postgres"


def test_every_setting_of_a_database_is_in_force_and_goes_again(place: Place) -> None:
    result = place.apply(USERS, [*DATABASES, EVERYTHING])
    assert result["warnings"] == []
    row = place.show("SHOW DATABASES")["app.main-1"]
    assert (row["pool_size"], row["min_pool_size"], reserve_of(row), row["max_connections"]) == (7, 1, 2, 9)
    assert (row["pool_mode"], row["port"]) == ("statement", place.server.port)
    assert place.enter("bob", database="app.main-1") == "bob@app.main-1"
    assert place.apply(USERS, [*DATABASES, EVERYTHING])["changed"] is False
    place.apply(USERS, [*DATABASES, {"name": "app.main-1"}])
    row = place.show("SHOW DATABASES")["app.main-1"]
    assert (row["pool_mode"], row["pool_size"]) == (None, 20)
    place.apply(USERS, [*DATABASES, {"name": "app.main-1", "pgbouncer": False}])
    assert "app.main-1" not in place.show("SHOW DATABASES")


def test_settings_of_a_user_that_are_no_longer_declared_are_taken_away(place: Place) -> None:
    place.apply([user("adm"), user("ann", pool_mode="session"), user("bob", pool_mode="session")], DATABASES)
    assert place.show("SHOW USERS")["ann"]["pool_mode"] == "session"
    place.apply(USERS[:2], DATABASES)
    assert place.show("SHOW USERS")["ann"]["pool_mode"] is None
    place.apply(USERS, DATABASES)
    assert place.show("SHOW USERS")["bob"]["pool_mode"] is None


def test_a_limit_of_minus_one_is_the_pools_own_and_that_is_said(place: Place) -> None:
    free = [user("adm"), user("ann", pool_connlimit=-1)]
    assert place.apply(free, DATABASES)["warnings"] == []
    pooler.halt(place.pool)
    place.start(max_user_connections="40")
    said = "pool_connlimit -1 means PgBouncer's own max_user_connections, which is 40: ann"
    assert place.apply(free, DATABASES)["warnings"] == [said]


def test_former_names_of_keys_count_and_warn(place: Place) -> None:
    former = {"name": "app.main-1", "pool_size_reserve": 2, "pool_max_db_conn": 9}
    result = place.apply(USERS, [*DATABASES, former])
    assert sorted(result["warnings"]) == [
        "database app.main-1: pool_max_db_conn is the former name of pool_connlimit",
        "database app.main-1: pool_size_reserve is the former name of pool_reserve",
    ]
    row = place.show("SHOW DATABASES")["app.main-1"]
    assert (reserve_of(row), row["max_connections"]) == (2, 9)


def test_odd_names_of_users_are_only_names(place: Place) -> None:
    odd = ['we"ird', "it's", "sp ace", "Ünï", "a=b", ";", "two\nlines", "%include", 'q"" "']
    for name in odd:
        quoted = '"' + name.replace('"', '""') + '"'
        sql(place.server, f"CREATE ROLE {quoted} LOGIN PASSWORD 'of all of them'")
    place.apply([*USERS, *map(user, odd)], DATABASES)
    assert {name: place.enter(name, "of all of them") for name in odd} == {name: f"{name}@postgres" for name in odd}
    assert place.apply([*USERS, *map(user, odd)], DATABASES)["changed"] is False


@pytest.mark.skipif(pooler.version() >= (1, 25), reason="this PgBouncer reads names in quotes")
def test_names_that_this_pgbouncer_cannot_read_are_refused_all_at_once(place: Place) -> None:
    sql(
        place.server,
        'CREATE ROLE "sp ace" LOGIN PASSWORD \'long enough\';\nCREATE DATABASE "it\'s";\nCREATE DATABASE "a b"',
    )
    before = place.text("database.txt")
    said = place.failure([*USERS, user("sp ace", pool_mode="session")], [*DATABASES, {"name": "it's"}, {"name": "a b"}])
    assert "user sp ace: a name with other characters" in said
    assert "database a b: a name with other characters" in said
    assert f"(this one is {'.'.join(map(str, pooler.version()))}): rename it, or update PgBouncer" in said
    assert "database it's: a name with a single quote" in said
    assert place.text("database.txt") == before


@pytest.mark.skipif(pooler.version() < (1, 25), reason="this PgBouncer reads no names in quotes")
def test_odd_names_are_only_names_in_the_configuration_as_well(place: Place) -> None:
    odd = ['we"ird', "sp ace", "Ünï", "a=b", ";", "[users]", "%include x", "#"]
    for name in odd:
        quoted = '"' + name.replace('"', '""') + '"'
        sql(place.server, f"CREATE DATABASE {quoted};\nCREATE ROLE {quoted} LOGIN PASSWORD 'of all of them'")
    users = [*USERS, *(user(name, pool_mode="session") for name in odd)]
    databases = [*DATABASES, *({"name": name} for name in odd)]
    assert place.apply(users, databases)["changed"]
    found = {name: place.enter(name, "of all of them", name) for name in odd}
    assert found == {name: f"{name}@{name}" for name in odd}
    assert place.apply(users, databases)["changed"] is False
    assert [place.apply(users, databases, pause=wanted)["changed"] for wanted in (True, False)] == [True, True]


def test_an_error_elsewhere_in_the_configuration_puts_everything_back(place: Place) -> None:
    sql(place.server, "ALTER ROLE ann PASSWORD 'another one now'")
    before = {name: place.text(name) for name in ("userlist.txt", "useropts.txt", "database.txt")}
    place.pool.ini.write_text(place.pool.ini.read_text() + "nonsense = 1\n")
    said = place.failure([*USERS[:2], user("bob", pool_mode="session")], DATABASES)
    assert "PgBouncer has not read the files since they were written" in said or "RELOAD failed" in said
    assert "the former files are back" in said
    assert {name: place.text(name) for name in before} == before
    assert place.enter("bob") == "bob@postgres"


def test_a_pool_that_reads_other_files_is_told_from_the_outside(place: Place) -> None:
    said = place.failure(USERS, DATABASES, userlist_file="elsewhere.txt", databases_file="nowhere.txt")
    assert f"PgBouncer reads auth_file {place.file('userlist.txt')}: set it to {place.file('elsewhere.txt')}" in said
    assert not place.file("elsewhere.txt").exists()
    assert not place.file("nowhere.txt").exists()


def test_a_file_that_the_pool_may_not_read_is_put_back(place: Place) -> None:
    if os.geteuid():
        pytest.skip("only root can give files to another user")
    said = place.failure([*USERS, user("eve")], DATABASES, owner="root")
    assert "no such role: eve" in said
    said = place.failure(USERS[:2], DATABASES, owner="root")
    assert said.endswith("the former files are back")
    assert place.enter("bob") == "bob@postgres"
    assert place.apply(USERS, DATABASES)["changed"] is False


def test_two_lists_of_one_size_in_one_second_are_both_read(place: Place) -> None:
    for turn in range(3):
        sql(place.server, f"ALTER ROLE ann PASSWORD 'number {turn} now'")
        place.apply(USERS, DATABASES, reload=False)
        sql(place.server, f"ALTER ROLE ann PASSWORD 'number {turn} later'")
        place.apply(USERS, DATABASES)
        assert place.enter("ann", f"number {turn} later") == "ann@postgres"


def test_a_list_that_pgbouncer_takes_for_the_one_it_knows_is_read_all_the_same(place: Place) -> None:
    file = place.file("userlist.txt")
    status, text = file.stat(), file.read_text()
    stamp = text.splitlines()[-1][:-4]
    file.write_text(text.replace(stamp, stamp[:-2] + ("00" if stamp[-2:] != "00" else "11")))
    os.utime(file, (status.st_mtime, status.st_mtime))
    assert [change["action"] for change in place.apply(USERS, DATABASES)["changes"]] == ["reload"]
    assert place.apply(USERS, DATABASES)["changed"] is False


def test_a_run_that_is_killed_before_the_reload_is_finished_by_the_next(place: Place, tmp_path: Path) -> None:
    sql(place.server, "ALTER ROLE ann PASSWORD 'another one now'")
    killed_after_writing(place, tmp_path)
    assert place.enter("ann", "another one now") != "ann@postgres"
    assert [change["action"] for change in place.apply(USERS, DATABASES)["changes"]] == ["reload"]
    assert place.enter("ann", "another one now") == "ann@postgres"


def test_a_run_that_is_interrupted_puts_everything_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = place.text("userlist.txt")
    with monkeypatch.context() as patched:
        patched.setattr(apply, "bring_into_force", interrupt)
        assert place.failure(USERS[:2], DATABASES, pause=True) == "interrupted by the signal SIGINT (Ctrl-C)"
    assert place.text("userlist.txt") == before
    assert place.show("SHOW DATABASES")["postgres"]["paused"] == 0
    assert place.apply(USERS, DATABASES)["changed"] is False


def test_bad_items_are_named_with_key_and_remedy(place: Place) -> None:
    cases: list[tuple[list[Any], list[Any], str]] = [
        ([user("ann", pool_mod="session")], [], "users, item 1 (ann): unknown key pool_mod; did you mean pool_mode?"),
        ([user("ann", pool_mode="turbo")], [], "pool_mode has to be one of session, transaction, statement"),
        ([user("ann", pool_connlimit=0)], [], "pool_connlimit is 0; give a number from 1 to"),
        ([user("ann", pool_connlimit="many")], [], "pool_connlimit has to be a whole number"),
        ([{"pgbouncer": True}], [], "users, item 1: name is missing"),
        ([user("nobody here")], [], "no such role: nobody here; declare it in an earlier task"),
        ([], [{"name": "pgbouncer"}], "for PgBouncer that name means something else: give pgbouncer: false"),
        ([], [{"name": "not there"}], "no such database: not there"),
        ([], [{"name": "postgres", "pool_size": 0}], "databases, item 1 (postgres): pool_size is 0; give a number"),
        ([], [{"name": "postgres", "pool_reserve": 1, "pool_size_reserve": 2}], "they differ: keep pool_reserve"),
    ]
    for users, databases, expected in cases:
        assert expected in place.failure(users, databases)
    assert "ann is in console_users and has pgbouncer: true" in place.failure(USERS, [], console_users=["ann"])
    assert "owner: this host has no nobody-at-all" in place.failure(USERS, [], owner="nobody-at-all")
    assert "there is no folder /nowhere/at/all" in place.failure(USERS, [], folder="/nowhere/at/all")
    said = place.failure(USERS, [], console={"login_host": "127.0.0.1", "login_port": "1"})
    assert "Connection refused" in said


def test_a_login_that_may_not_read_verifiers_is_told_the_ways_out(place: Place) -> None:
    options = {"login_user": "bob", "login_password": PASSWORDS["bob"]}
    said = place.failure(USERS, DATABASES, **options)
    assert "the login bob may not read verifiers (pg_authid)" in said
    assert "log in as a superuser, or use auth_query" in said


KILLED = """
import os, signal, sys
sys.path[:0] = [{checkout!r}, {checkout!r} + "/.ansible/collections"]
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer import apply
from ansible_collections.leastpriv.pgsql.plugins.modules import pgbouncer_users
from tests.server import modules
apply.bring_into_force = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
modules.output(pgbouncer_users, **{arguments!r})
"""


def reserve_of(row: pool.Item) -> int:
    """Give the reserve, which has another name from 1.24."""
    return int(row.get("reserve_pool", row.get("reserve_pool_size")))


def killed_after_writing(place: Place, tmp_path: Path) -> None:
    """Run the module in a process of its own, which kills itself when the last file is written."""
    program = tmp_path / "killed.py"
    arguments = place.arguments(USERS, DATABASES, {})
    program.write_text(KILLED.format(checkout=str(collection.CHECKOUT), arguments=arguments))
    ended = subprocess.run([sys.executable, str(program)], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
