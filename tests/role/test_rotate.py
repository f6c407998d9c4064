"""The playbook rotate: real logins through the pool while passwords are replaced."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pytest
import yaml

from testbed import pooler, servers
from testbed.standbys import standby_of
from tests.role.doors import DECLARED, PASSWORDS, Doors, doors_of
from tests.role.runs import PLAYBOOKS, READ_ONLY, Run, ok

FIRST, SECOND = "pg-doors-1", "pg-doors-2"
NEW, NEWER = "changed-by-plan-8", "never-in-force-9"
USER = "shop_app"
RELOAD = re.compile(r"^(\S+ \S+) UTC .*RELOAD command issued", re.MULTILINE)
STEPS = ("Provision the pool", "Set the new passwords")
VERIFIER = "SELECT rolpassword FROM pg_authid WHERE rolname = 'shop_app'"
pytestmark = pytest.mark.skipif(pooler.program() is None, reason=pooler.MISSING)


def steps(run: Run) -> list[str]:
    """The tasks that changed something, in their order."""
    return [task for task, _changes in groupby(task.rpartition(" : ")[2] for task, _summary in run.changes())]


def users(password: str) -> list[dict[str, Any]]:
    """The declared users, one of them with another password."""
    return [{**user, "password": password} if user["name"] == USER else user for user in DECLARED["pg_users"]]


@pytest.fixture(scope="module")
def doors(server: servers.Server) -> Iterator[Doors]:
    with standby_of(server) as standby, doors_of(server, standby) as found:
        yield found


@pytest.fixture(scope="module")
def go(run: Callable[..., Run], doors: Doors) -> Callable[..., Run]:
    """Run a playbook on the cluster; the servers let in whoever has a password."""

    def go(*arguments: str, **more: Any) -> Run:
        inventory = doors.inventory(pgsql_access_manage_hba=False, pgsql_access_rotate=[USER])
        return run(*arguments, inventory=[inventory], pgsql_access_hosts="pg_doors", **more)

    return go


@pytest.fixture(scope="module")
def rotate(go: Callable[..., Run], doors: Doors) -> Callable[..., Run]:
    """Run rotate.yml after site.yml has been applied."""
    ok(go())
    assert doors.knock("pool", USER) == USER
    return lambda *arguments, **more: go(*arguments, **{"book": PLAYBOOKS / "rotate.yml", **more})


@dataclass
class Knocking:
    """A client that has the new password already, and comes in again and again."""

    doors: Doors
    answers: list[tuple[float, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def knock(self) -> None:
        while not self.ended.is_set():
            began = time.time()
            self.answers.append((began, self.doors.knock("pool", USER, NEW)))
            time.sleep(0.02)

    def refused(self, since: float) -> list[str]:
        return [answer for began, answer in self.answers if began >= since and answer != USER]


@pytest.fixture(scope="module")
def knocking(doors: Doors) -> Knocking:
    return Knocking(doors)


@pytest.fixture(scope="module")
def rotated(rotate: Callable[..., Run], doors: Doors, knocking: Knocking) -> Run:
    """A rotation while two clients knock."""
    threads = [threading.Thread(target=knocking.knock) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        return ok(rotate("--diff", pg_users=users(NEW)))
    finally:
        time.sleep(0.5)
        knocking.ended.set()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="module")
def reloaded(rotate: Callable[..., Run], doors: Doors) -> Callable[[], list[float]]:
    """Read when the pool was told to read its files, since before the rotation."""
    before = len(doors.pool.log)
    return lambda: [
        datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in RELOAD.findall(doors.pool.log[before:])
    ]


@pytest.fixture(scope="module")
def times(reloaded: Callable[[], list[float]], rotated: Run) -> list[float]:
    return reloaded()


def test_nobody_with_the_new_password_is_refused_from_the_reload_on(times: list[float], knocking: Knocking):
    (since,) = times
    assert len([began for began, _answer in knocking.answers if began >= since]) > 1
    assert knocking.refused(since) == []


def test_before_the_reload_the_new_password_is_refused(times: list[float], knocking: Knocking):
    assert any("FATAL" in answer for began, answer in knocking.answers if began < times[0])


def test_the_pool_comes_first_then_the_server_then_the_pool_goes_on(rotated: Run):
    assert steps(rotated) == [STEPS[0], STEPS[1], STEPS[0]]
    said = [summary for task, summary in rotated.changes() if task.endswith(STEPS[0])]
    assert (said[0], said[-1]) == ("pause database shop", "resume database shop")
    assert rotated.changes(SECOND) == []


def test_the_old_password_is_refused_both_ways_and_the_new_one_is_not(rotated: Run, doors: Doors):
    for place in ("pool", "primary", "standby"):
        assert doors.knock(place, USER, NEW) == USER
        assert "FATAL" in doors.knock(place, USER, PASSWORDS[USER])


def test_the_pool_has_the_servers_verifier_and_nobody_is_shown_it(rotated: Run, doors: Doors, query: Callable):
    ((verifier,),) = query(VERIFIER)
    assert f'"{USER}" "{verifier}"' in (doors.pool.folder / "userlist.txt").read_text()
    for secret in (NEW, verifier, verifier.rpartition(":")[2]):
        assert secret not in rotated.output


@pytest.fixture(scope="module")
def again(rotated: Run, rotate: Callable[..., Run]) -> Run:
    return ok(rotate(pg_users=users(NEW)))


def test_a_second_rotation_changes_nothing_and_pauses_nothing(again: Run):
    assert again.changed == 0
    assert [entry for entry in again.of(FIRST) if entry["task"].endswith(STEPS) and entry["status"] == "ok"] == []
    assert "nobody: all are as declared" in again.said


@pytest.fixture(scope="module")
def checked(again: Run, rotate: Callable[..., Run], query: Callable) -> Run:
    """A check of another rotation, with a list of the pool and then with a pool that asks the server."""
    before = query(VERIFIER)
    (play,) = yaml.safe_load((PLAYBOOKS / "rotate.yml").read_text())
    plays = [{**play, "vars": {"pgbouncer_auth_query": asking}} for asking in (False, True)]
    run = ok(rotate("--check", book=plays, pg_users=users(NEWER)))
    assert query(VERIFIER) == before
    return run


def test_check_mode_names_the_steps_and_with_auth_query_there_is_one(checked: Run):
    assert steps(checked) == [STEPS[0], STEPS[1], STEPS[0], STEPS[1]]


@pytest.fixture(scope="module")
def failed(checked: Run, rotate: Callable[..., Run], doors: Doors) -> Run:
    """A rotation on a connection that may not write, so that the server keeps the old password."""
    login = doors.inventory()["all"]["children"]["pg_doors"]["hosts"][FIRST]["pgsql_access_login"]
    read_only = {**login, "connect_params": READ_ONLY["embedded_connect_params"]}
    return rotate("--limit", FIRST, pg_users=users(NEWER), pgsql_access_login=read_only)


def test_if_the_server_keeps_the_old_password_so_does_the_pool_and_goes_on(failed: Run, doors: Doors, query: Callable):
    assert failed.code == 2
    assert [entry["task"] for entry in failed.results if entry["status"] == "failed"] == [
        "leastpriv.pgsql.pgsql_access : Set the new passwords"
    ]
    assert failed.changes()[-1][1] == "resume database shop"
    assert f'"{USER}" "{query(VERIFIER)[0][0]}"' in (doors.pool.folder / "userlist.txt").read_text()
    for place in ("pool", "primary"):
        assert doors.knock(place, USER, NEW) == USER
        assert "FATAL" in doors.knock(place, USER, NEWER)


@pytest.fixture(scope="module")
def unreached(failed: Run, rotate: Callable[..., Run]) -> Run:
    """A rotation in a cluster whose other host says that it has a pool, and has none."""
    return rotate(pg_users=users(NEWER), pgbouncer_enabled=True)


def test_if_one_pool_can_not_take_the_new_password_the_server_keeps_the_old_one(unreached: Run, doors: Doors):
    assert unreached.code == 2
    reasons = {
        entry["host"]: " ".join(entry["result"]["msg"].split())
        for entry in unreached.results
        if entry["status"] == "failed" and not entry["task"].endswith("in the end")
    }
    assert f"{SECOND} can't take the new passwords, so the server keeps the old ones" in reasons[FIRST]
    assert steps(unreached) == [STEPS[0]]
    for place in ("pool", "primary"):
        assert doors.knock(place, USER, NEW) == USER
        assert "FATAL" in doors.knock(place, USER, NEWER)
