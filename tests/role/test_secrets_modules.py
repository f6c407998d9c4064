"""Tasks that call the modules give away nothing, even where what they are given is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.role import runs
from tests.role.secret_stage import AROUND, Stage, running, told
from tests.width import WIDE

Case = tuple[str, dict[str, Any], str]
# A task costs most of a second; tests/server has these without Ansible around them.
ONLY_WIDE = {
    "the same",
    "a hash",
    "a list",
    "a text as item",
    "no list",
    "no name",
    "two",
    "libpq's text",
    "privileges",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("secrets")) as stage:
        yield stage


def user(**keys: Any) -> dict[str, Any]:
    return {"roles": [{"name": "user", **keys}]}


@pytest.fixture(scope="module")
def cases(stage: Stage) -> dict[str, Case]:
    """Give tasks: the module, its options, and what the message says, which is nothing where the task succeeds."""
    return {name: case for name, case in all_cases(stage).items() if WIDE or name not in ONLY_WIDE}


def all_cases(stage: Stage) -> dict[str, Case]:
    """Give all tasks that there are."""

    def secret(name: str, around: str = "{}", core: str = "") -> str:
        return stage.secret("tasks", name, around, core)

    texts = {name: secret(name, around) for name, around in AROUND.items() if "{{" not in around}
    short = secret("short", core="Q7xtas")
    texts["number"] = secret("number", core="90817263")
    users = [{"name": name, "password": text} for name, text in texts.items()]
    again = [{"name": name, "password": secret(f"another {name}")} for name in texts]
    scram, md5 = stage.passwords("given")["verifier"], stage.passwords("also")["md5"]
    both = [{"name": "twice", "password": secret("first of two")}, {"name": "twice", "password": secret("second")}]
    return {
        "new ones": ("pg_role_set", {"roles": users}, ""),
        "the same": ("pg_role_set", {"roles": users}, ""),
        "others": ("pg_role_set", {"roles": again}, ""),
        "a short one": ("pg_role_set", user(password=short), ""),
        "a verifier": ("pg_role_set", user(password=scram), ""),
        "a hash": ("pg_role_set", user(password=md5), ""),
        "a damaged one": ("pg_role_set", user(password=secret("damaged", "SCRAM-SHA-256$4096:{}")), "starts like"),
        "a dictionary": ("pg_role_set", user(password={"value": secret("in a dictionary")}), ""),
        "a list": ("pg_role_set", user(password=[secret("in a list")]), ""),
        "a misspelt key": ("pg_role_set", user(pasword=secret("misspelt", "it's {}")), "pasword"),
        "a misspelt option": ("pg_access_info", {"login_pasword": secret("misspelt option")}, "login_pasword"),
        "a text as item": ("pg_role_set", {"roles": [secret("text", "user:{}")]}, "dict"),
        "no list": ("pg_role_set", {"roles": secret("no list")}, "dict"),
        "no name": ("pg_role_set", {"roles": [{"password": secret("no name")}]}, "name"),
        "a wrong number": ("pg_role_set", user(password=secret("wrong", "it's\n{}"), connlimit="many"), "connlimit"),
        "a wrong state": ("pg_role_set", user(password=secret("wrong state"), state="gone"), "state has to be one of"),
        "two": ("pg_role_set", {"roles": both}, "stands twice"),
        "a refusal": ("pg_role_set", user(password=secret("refused"), parameters={"work_mem": "?"}), "invalid value"),
        "a wrong login": ("pg_access_info", {"login_password": secret("wrong login")}, "authentication failed"),
        "libpq's parameters": ("pg_access_info", {"connect_params": {"pasword": secret("libpq")}}, "pasword"),
        "libpq's text": ("pg_access_info", {"connect_params": secret("of libpq", "pasword {}")}, "dict"),
        "databases": ("pg_db_isolation", {"databases": [{"name": "x", "password": secret("base")}]}, "password"),
        "privileges": (
            "pg_default_privs",
            {"privileges": [{"password": secret("rule")}], "databases": "all", "creators": []},
            "password",
        ),
    }


@pytest.fixture(scope="module")
def seen(stage: Stage, cases: dict[str, Case]) -> tuple[runs.Run, dict[str, str]]:
    """Run all tasks, show what they returned, and put that into the cache of facts."""
    login = {**stage.connection("tasks")["pgsql_access_login"], "login_password": stage.login}
    given = [(name, module, {**login, **options}) for name, (module, options, _said) in cases.items()]
    tasks = [
        {
            "name": name,
            f"leastpriv.pgsql.{module}": {key: f"{{{{ given[{number}][2].{key} }}}}" for key in options},
            "register": f"result{number}",
            "ignore_errors": True,
        }
        for number, (name, module, options) in enumerate(given)
    ]
    results = "{{ [" + ", ".join(f"result{number}" for number in range(len(given))) + "] }}"
    keep = {"name": "keep", "ansible.builtin.set_fact": {"results": results, "cacheable": True}}
    show = {"name": "show", "ansible.builtin.debug": {"var": "results"}}
    book = runs.written(stage.folder / "book.json", runs.book(*tasks, keep, show))
    inventory = runs.written(stage.folder / "hosts.json", runs.hosts(here={}))
    variables = runs.written(stage.folder / "variables.json", {"given": given})
    return stage.run("tasks", "-vvvv", "--diff", "-i", str(inventory), "-e", f"@{variables}", str(book))


def test_each_task_ends_as_it_should(cases: dict[str, Case], seen: tuple[runs.Run, dict[str, str]]) -> None:
    messages = {name: said for name, (_module, _options, said) in cases.items()}
    wrong = {
        name: (entry["status"], entry["result"].get("msg"))
        for name, said in messages.items()
        for entry in runs.ok(seen[0]).of(task=name)[:1]
        if (entry["status"] == "failed") != bool(said) or said not in entry["result"].get("msg", "")
    }
    assert wrong == {}


def test_no_place_of_a_task_holds_a_password_or_a_verifier(stage: Stage, seen: tuple[runs.Run, dict[str, str]]) -> None:
    _run, places = seen
    assert {"ansible.log", "tree/here"} < places.keys()
    assert "Invoked with" in places["journal.txt"]
    assert "set the password of role quoted" in "".join(text for place, text in places.items() if "cache/" in place)
    assert stage.markers.found(places) == set()


def test_the_server_writes_no_secret_of_a_task_down(stage: Stage, seen: tuple[runs.Run, dict[str, str]]) -> None:
    assert json.dumps(seen[0].results).count("set the password of role")
    assert stage.markers.found(told(stage.server)) == set()
