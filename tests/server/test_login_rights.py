"""Each kind of login, each right: it converges, or is refused in the plan with what is lacking and how to get it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from typing import Any

import psycopg2
import pytest

from testbed import catalogs, servers
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import READ_ONLY, sql
from tests.server.rights import ACTIONS, FAR, KINDS, Action, Kind
from tests.server.rights_scene import arranged, common, filled
from tests.width import WIDE

MODULES = "ansible_collections.leastpriv.pgsql.plugins.modules."
NARROW = ("managed", "owner", "becomer")
STATEMENT = re.compile(r"run ((?:GRANT|ALTER ROLE) .+?)(?=, log in|, or |;|$)")
WHERE = re.compile(r"database (\S+): ")


@pytest.fixture(scope="module")
def scene(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A cluster that all cells of a version share."""
    server = servers.start(pg_version, tmp_path_factory.mktemp("rights"))
    common(server)
    yield server
    servers.stop(server)


def run(server: Server, kind: Kind, action: Action, check: bool = False, **more: Any) -> modules.Result:
    """Run an action as a login."""
    login = {**modules.login(server, kind.name), "login_db": "postgres"}
    role = {"session_role": kind.me} if kind.session_role else {}
    module = import_module(MODULES + action.module)
    return modules.outcome(module, check, **login, **role, **filled(action.params, kind), **more)


def digests(server: Server, kind: Kind) -> dict[str, str]:
    """Give the catalogs of the cluster, of the login's database and of somebody else's."""
    with closing(servers.connect(server)) as connection:
        shared = catalogs.tables(connection, shared=True)
        found = {f"cluster: {table}": catalogs.digest(connection, table) for table in shared}
    for name in (kind.name, FAR):
        with closing(servers.connect(server, name)) as connection:
            local = catalogs.tables(connection, shared=False)
            found |= {f"{name}: {table}": catalogs.digest(connection, table) for table in local}
    return found


def refusal_faults(action: Action, words: str, check: modules.Result, apply: modules.Result) -> list[str]:
    """Say what is wrong with a refusal."""
    if not (check.get("failed") and apply.get("failed")):
        return [f"{action.name}: should be refused ({words}), but check and apply gave {kept(check)} and {kept(apply)}"]
    message = check["msg"]
    faults = [] if message == apply["msg"] else [f"check and apply differ: {message} / {apply['msg']}"]
    faults += [f"the server refused it: {message}"] if "SQLSTATE" in message or "sqlstate" in check else []
    faults += [] if re.search(words, message) else [f"{words} isn't in: {message}"]
    faults += [] if STATEMENT.search(message) or "superuser" in message else [f"no remedy in: {message}"]
    return [f"{action.name}: {fault}" for fault in faults]


def kept(result: modules.Result) -> Any:
    """Give what a report shows of a result."""
    return result.get("msg") or result.get("sql")


def success_faults(server: Server, kind: Kind, action: Action) -> list[str]:
    """Say what is wrong where an action has to converge: check equals apply, and the second run is unchanged."""
    check, apply = run(server, kind, action, check=True), run(server, kind, action)
    again = run(server, kind, action, **READ_ONLY)
    if check.get("failed") or apply.get("failed") or again.get("failed"):
        return [f"{action.name}: should work: {kept(check)} / {kept(apply)} / {kept(again)}"]
    faults = [] if apply["changed"] != action.unchanged else [f"changed is {apply['changed']}"]
    faults += [] if check["sql"] == apply["sql"] else [f"check and apply differ: {check['sql']} / {apply['sql']}"]
    faults += [f"again: {again['sql']}"] if again["changed"] else []
    return [f"{action.name}: {fault}" for fault in faults]


def remedied(server: Server, kind: Kind, action: Action) -> list[str]:
    """Do what the refusals say, as a superuser, and say if the action doesn't converge then."""
    said: list[str] = []
    for _turn in range(5):
        result = run(server, kind, action, check=True)
        if not result.get("failed"):
            return success_faults(server, kind, action)
        statements = STATEMENT.findall(result["msg"])
        if not statements or result["msg"] in said:
            stuck = "superuser" not in result["msg"] or bool(statements)
            return [f"{action.name}: following the advice doesn't help: {result['msg']}"] if stuck else []
        said.append(result["msg"])
        try:
            for statement in statements:
                here = WHERE.search(result["msg"]) if " ON SCHEMA " in statement else None
                sql(server, statement, here[1] if here else "postgres")
        except psycopg2.Error as error:
            return [f"{action.name}: {str(error).strip()}, by the advice of: {result['msg']}"]
    return [f"{action.name}: the advice has no end: {said}"]


def chosen(name: str, version: int) -> list[Action]:
    """Give the actions for a kind of login: all of them, or a share, so that each is somebody's."""
    actions = [action for action in ACTIONS if action.since <= version]
    return actions if WIDE else actions[NARROW.index(name) :: len(NARROW)]


@pytest.mark.parametrize("name", KINDS if WIDE else NARROW)
def test_whatever_a_login_declares_converges_or_is_refused_in_the_plan(scene: Server, name: str) -> None:
    kind, actions = KINDS[name], chosen(name, scene.version)
    arranged(scene, kind)
    verdicts = {action.name: action.verdict(kind, scene.version) for action in actions}
    before = digests(scene, kind)
    faults: list[str] = []
    for action in actions:
        if verdicts[action.name]:
            check, apply = run(scene, kind, action, check=True), run(scene, kind, action)
            faults += refusal_faults(action, verdicts[action.name], check, apply)
    faults += [f"refusals wrote to {where}" for where in catalogs.differences(before, digests(scene, kind))]
    for action in actions:
        if not verdicts[action.name]:
            faults += success_faults(scene, kind, action)
    for action in actions:
        if verdicts[action.name] and action.remedied:
            faults += remedied(scene, kind, action)
    assert not faults, "\n".join([f"{len(faults)} of {len(actions)} cells of {name}:", *faults])
