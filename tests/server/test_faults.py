"""Runs that are stopped at every statement: nothing is half done, nothing is left, the next run finishes it.

The next runs follow once on each state that is left. SIGKILL falls at every statement of the scene that touches roles
and three databases, but for the proof in the end, where it is every sixth; every other blow falls where something is
committed. With LEASTPRIV_TESTS=wide SIGKILL and the end of the session fall at every statement of every scene, every
other blow at every statement of that one.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from threading import main_thread
from typing import Any

import pytest

from testbed import catalogs, process, servers
from tests.server import faults
from tests.server.faults import Blow
from tests.server.isolation import sql
from tests.server.scenes import DATABASES, SCENES
from tests.server.stage import Stage
from tests.width import WIDE

Stages = Callable[[str], Stage]

pytestmark = pytest.mark.in_process

ALL = list(SCENES)
SURVIVED = ["Ctrl-C", "session terminated", "answer lost", "server restarted", "server stopped"]


@pytest.fixture(scope="module")
def stages(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    """Give the stages of scenes by their names, each made once, and as it was before any run."""
    made: dict[str, Stage] = {}

    def stage(name: str) -> Stage:
        if name not in made:
            made[name] = Stage.of(SCENES[name], pg_version, tmp_path_factory.mktemp("stage"))
        made[name].set_back()
        return made[name]

    yield stage
    for one in made.values():
        servers.stop(one.server)


def struck(stage: Stage, blow: Blow, numbers: list[int]) -> None:
    """Let the blow fall at each of the statements, and say how often it did."""
    for number in numbers:
        stage.strike(number, blow)
    driver = os.environ.get("LEASTPRIV_DRIVER") or "psycopg2"
    print(
        f"{stage.scene.name}, PostgreSQL {stage.server.version}, {driver}: {blow.name}: {len(numbers)} times in "
        f"{len(stage.statements)} statements"
    )


def every(stage: Stage) -> list[int]:
    """Give all statements."""
    return list(range(1, len(stage.statements) + 1))


def writing(stage: Stage) -> list[int]:
    """Give the statements that don't only read."""
    return [number for number in every(stage) if not stage.statements[number - 1].lstrip().startswith("SELECT")]


def ending(stage: Stage) -> list[int]:
    """Give the statements by which the state changes: commits, and what is done outside of transactions."""
    return [number for number in every(stage) if stage.after[number] != stage.after[number - 1]]


@pytest.mark.parametrize("name", ALL if WIDE else ["roles"])
def test_a_run_killed_at_any_statement_leaves_each_part_as_it_was_or_as_declared(name: str, stages: Stages) -> None:
    stage = stages(name)
    numbers = every(stage)
    proof = ending(stage)[-1] + 1  # which only reads
    struck(stage, faults.blows(stage.server)["killed before"], numbers if WIDE else numbers[:proof] + numbers[proof::6])


@pytest.mark.parametrize("name", ALL if WIDE else ["roles"])
def test_a_statement_that_was_sent_before_the_kill_takes_effect_as_a_whole(name: str, stages: Stages) -> None:
    stage = stages(name)
    numbers = writing(stage) if WIDE else ending(stage)
    struck(stage, faults.blows(stage.server)["killed with the statement sent"], numbers)


def test_a_run_that_gets_sigterm_is_as_one_that_is_killed(stages: Stages) -> None:
    stage = stages("roles")
    struck(stage, faults.blows(stage.server)["SIGTERM"], every(stage) if WIDE else ending(stage)[:1])


@pytest.mark.parametrize("blow", SURVIVED)
@pytest.mark.parametrize("name", ALL if WIDE else ["roles"])
def test_a_run_that_loses_its_session_says_how_far_it_came(name: str, blow: str, stages: Stages) -> None:
    stage = stages(name)
    found = faults.blows(stage.server)[blow]
    thorough = WIDE and (name == "roles" or blow == "session terminated")
    numbers = writing(stage) if found.sent else every(stage)
    struck(stage, found, numbers if thorough else ending(stage)[:: 1 if WIDE else 2])


@pytest.mark.parametrize("blow", ["session terminated", "answer lost", "killed with the statement sent"])
def test_a_database_that_was_created_or_dropped_counts(blow: str, stages: Stages) -> None:
    stage = stages("databases by a manager")
    outside = ("CREATE DATABASE", "ALTER DATABASE", "DROP DATABASE")
    numbers = [number for number in ending(stage) if stage.statements[number - 1].startswith(outside)]
    struck(stage, faults.blows(stage.server)[blow], numbers if WIDE or blow == "answer lost" else numbers[:1])


def test_a_run_in_check_mode_that_is_killed_writes_nothing(stages: Stages) -> None:
    stage = stages("databases by a manager")
    told = faults.traced(*called(stage, _ansible_check_mode=True), dict)
    before = catalogs.snapshot(stage.server)
    for number in range(1, len(told.trace) + 1):
        blow = faults.blows(stage.server)[["killed before", "Ctrl-C"][number % 2]]
        result = stage.run(*faults.at(number, blow), _ansible_check_mode=True).result
        assert result is None or "interrupted by the signal SIGINT (Ctrl-C); nothing was changed" in result["msg"]
    assert catalogs.differences(before, catalogs.snapshot(stage.server)) == []
    assert faults.left_over(stage.server) == []


def called(stage: Stage, **more: Any) -> tuple[Any, dict[str, Any]]:
    """Give the module and its arguments."""
    return faults.module_of(stage.scene.module), stage.scene.arguments(stage.server, **more)


def on_commit(which: int, hook: faults.Hook) -> faults.Hook:
    """Do something at one of the commits only."""
    met: list[str] = []

    def counted(number: int, here: Any, text: str, more: Any) -> None:
        if text == "COMMIT":
            met.append(text)
            if len(met) == which:
                hook(number, here, text, more)

    return counted


def test_a_commit_without_an_answer_is_found_to_be_done_and_the_run_goes_on(stages: Stages) -> None:
    stage = stages("roles")
    told = stage.run(after=on_commit(1, faults.lose_answer))
    assert told.result is not None
    assert told.result["changes"] == stage.whole["changes"]
    assert faults.looked_at(stage.server) == stage.states[-1]


def test_a_commit_that_nobody_can_tell_about_is_said_to_be_unknown(stages: Stages) -> None:
    stage = stages("roles")

    def lost_with_the_server(number: int, here: Any, text: str, cursor: Any) -> None:
        faults.stopped(stage.server, again=False)(number, here, text, cursor)
        cursor.execute("SELECT 1")

    result = stage.run(after=on_commit(1, lost_with_the_server)).result or {}
    process.wait(stage.server, process.spawn(stage.server))
    assert "whether this was committed isn't known (cluster), because looking again failed, too" in result["msg"]
    assert "; not known: cluster; not done: database alpha, " in result["msg"]
    assert not result["changed"]
    assert stage.run().result["changed"]  # type: ignore[index]
    assert faults.looked_at(stage.server) == stage.states[-1]


def test_what_is_lost_after_the_last_commit_is_only_the_proof(stages: Stages) -> None:
    stage = stages("default privileges")
    hooks = faults.at(len(stage.statements), faults.blows(stage.server)["session terminated"])
    result = stage.run(*hooks).result or {}
    assert result["msg"].endswith(
        "; everything was committed before: database alpha (3 changes), database beta (3 changes), "
        "database gamma (3 changes); only the proof of it failed"
    )
    assert result["changes"] == stage.whole["changes"]


def test_an_unforeseen_error_midway_says_what_was_committed(stages: Stages) -> None:
    stage = stages("default privileges")

    def broken(_number: int, _connection: Any, _sql: str, _more: Any) -> None:
        raise ZeroDivisionError

    result = stage.run(on_commit(2, broken)).result or {}
    assert "internal error ZeroDivisionError at " in result["msg"]
    assert result["msg"].endswith(
        "done before: database alpha (3 changes); not done: database beta, database gamma; run it again"
    )
    assert {change["database"] for change in result["changes"]} == {"alpha"}


def test_ctrl_c_while_databases_are_done_side_by_side_counts_those_that_are_finished(stages: Stages) -> None:
    stage = stages("default privileges")
    commits = itertools.count(1)

    def interrupt_the_second(_number: int, here: Any, text: str, _more: Any) -> None:
        which = next(commits) if text == "COMMIT" else 0
        if which == 2:
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
        if which >= 2:
            faults.until(lambda: here.login.heard.stopped, "the signal didn't arrive")

    result = stage.run(interrupt_the_second, jobs=3).result or {}
    assert "interrupted by the signal SIGINT (Ctrl-C); " in result["msg"]
    state = faults.looked_at(stage.server)
    done = [name for name in DATABASES if state[name] != stage.states[0][name]]
    assert sorted({change["database"] for change in result["changes"]}) == done
    assert len(done) < len(DATABASES)
    assert faults.left_over(stage.server) == []


def test_a_database_that_was_made_and_not_opened_is_said_to_be_closed(stages: Stages) -> None:
    stage = stages("databases by a manager")
    opening = ending(stage)[1]
    result = stage.run(*faults.at(opening, faults.blows(stage.server)["Ctrl-C"])).result or {}
    assert result["msg"].endswith(
        "done before: create database alpha from template1, owned by own; not done: cluster, database alpha, database "
        "beta, database gamma, database gone: is_template false, drop database gone; closed until then: database "
        "alpha; run it again"
    )
    assert sql(stage.server, "SELECT datconnlimit FROM pg_database WHERE datname = 'alpha'") == [(0,)]
