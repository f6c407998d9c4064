"""What is to be done, from what is declared and what is there: without any server or pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume, AssumedRole
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.files.model import TextFile
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import Membership
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.force import deviations
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.inspect import members_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.items import parse_databases, parse_users
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.members import decide_members
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.model import (
    Account,
    Accounts,
    Files,
    Pool,
    PoolDatabase,
    PoolUser,
    Running,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.plan import Found, Plan, make_plan
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

FILES = Files("/p/userlist.txt", "/p/useropts.txt", "/p/database.txt", "/p/pgb_hba.conf")
STORED = make_verifier(Secret("letters-of-ann"), 4096, b"salt of 16 bytes")
ANN = Account("ann", True, False, False, STORED)
POOL = Pool((PoolUser("ann"),), (PoolDatabase("app"),), (), FILES)
ACCOUNTS = Accounts({"ann": ANN}, frozenset({"app"}), True)
NOTHING: dict[str, TextFile | None] = dict.fromkeys([FILES.userlist, FILES.users, FILES.databases])
WHERE = ("/run/pg", 5432)


def planned(pool: Pool = POOL, accounts: Accounts = ACCOUNTS, found: Found | None = None, **assume: Any) -> Plan:
    members = decide_members(pool, accounts, Assume(**assume), "tester")
    return make_plan(pool, members, None, found or Found(NOTHING, frozenset(), WHERE))


def written(plan: Plan) -> dict[str, TextFile | None]:
    return {draft.path: TextFile(draft.path, draft.content.reveal()) for draft in plan.drafts}


def running(plan: Plan, **more: Any) -> Running:
    row = {"name": "app", "host": "/run/pg", "port": 5432, "database": "app", "pool_mode": None, "paused": 0}
    users = {name: {"name": name, "pool_mode": None} for name in ("ann", plan.stamp)}
    given: dict[str, Any] = {"version": (1, 18), "users": users, "databases": {"app": row}, **more}
    return Running(given["version"], given["users"], given["databases"], {"auth_file": FILES.userlist})


def test_the_list_of_users_is_written_last_and_nothing_twice() -> None:
    first = planned()
    assert [draft.path for draft in first.written()] == [FILES.databases, FILES.users, FILES.userlist]
    again = planned(found=Found(written(first), frozenset(), WHERE, running(first)))
    assert not again.anything()


def test_whatever_file_changes_the_list_gets_a_new_stamp() -> None:
    first = planned()
    more = replace(POOL, users=(PoolUser("ann", "session"),))
    then = planned(more, found=Found(written(first), frozenset(), WHERE, running(first)))
    assert [draft.path for draft in then.written()] == [FILES.users, FILES.userlist]
    assert then.stamp != first.stamp
    assert [change["action"] for change in then.changes()] == ["write file", "write file", "reload"]
    assert [entry["before_header"] for entry in then.diff()] == [FILES.users]


def test_a_stamp_that_the_pool_does_not_know_is_a_reload() -> None:
    first = planned()
    stale = planned(found=Found(written(first), frozenset(), WHERE, running(first, users={})))
    assert [change["summary"] for change in stale.changes()] == [
        "let PgBouncer read its files again, for PgBouncer has not read the files since they were written"
    ]


def test_what_is_in_force_otherwise_is_told() -> None:
    row = {"name": "app", "host": "/else", "port": 5432, "database": "app", "pool_mode": "session", "paused": 0}
    pool = replace(POOL, databases=(PoolDatabase("app", size=3, connections=7),))
    row |= {"pool_size": 3, "max_connections": "9"}
    found = deviations(pool, POOL.users, WHERE, running(planned(), databases={"app": row}))
    assert found == (
        "in PgBouncer, host of database app is /else and not /run/pg",
        "in PgBouncer, pool_mode of database app is session and not its own",
        "in PgBouncer, max_connections of database app is 9 and not 7",
    )


def test_newer_versions_with_other_columns_are_compared_as_well() -> None:
    users = {"ann": {"name": "ann", "pool_mode": None, "max_user_connections": 5}}
    row = {"name": "app", "host": "/run/pg", "port": 5432, "database": "app", "pool_mode": "", "reserve_pool_size": 1}
    pool = replace(POOL, databases=(PoolDatabase("app", reserve=2),))
    found = deviations(
        pool, (PoolUser("ann", connections=4),), WHERE, running(planned(), users=users, databases={"app": row})
    )
    assert found == (
        "in PgBouncer, reserve_pool_size of database app is 1 and not 2",
        "in PgBouncer, max_user_connections of user ann is 5 and not 4",
    )


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (replace(ANN, login=False), "can't log in"),
        (replace(ANN, expired=True), "its password has expired"),
        (replace(ANN, verifier=None), "it has no password"),
    ],
)
def test_who_cannot_come_in_is_left_out_with_the_reason(account: Account, why: str) -> None:
    plan = planned(accounts=replace(ACCOUNTS, roles={"ann": account}))
    assert plan.warnings == (f"left out of the pool: ann ({why})",)
    assert '"ann"' not in plan.drafts[-1].content.reveal()


def test_a_missing_role_is_an_error_unless_it_is_assumed() -> None:
    nobody = replace(ACCOUNTS, roles={})
    with pytest.raises(InputError, match="no such role: ann"):
        planned(accounts=nobody)
    plan = planned(accounts=nobody, roles=(AssumedRole("ann"),), check=True)
    assert "********" in plan.drafts[-1].after


def test_check_mode_knows_that_an_earlier_task_replaces_a_password() -> None:
    first = planned()
    there = Found(written(first), frozenset(), WHERE, running(first))
    same = replace(POOL, users=(PoolUser("ann", password=Secret("letters-of-ann")),))
    other = replace(POOL, users=(PoolUser("ann", password=Secret("another one")),))
    assert not planned(same, found=there, check=True).anything()
    assert planned(other, found=there, check=True).drafts[-1].after == '"ann" "********" (new)\n'
    assert not planned(other, found=there).anything()


def test_members_of_groups_are_found_through_other_groups() -> None:
    rows = [Membership("staff", "team", ""), Membership("team", "ann", ""), Membership("ann", "staff", "")]
    assert members_of(rows, ["staff", "bob"]) == {"staff": {"staff", "team", "ann"}, "bob": {"bob"}}


def test_what_is_absent_or_not_for_the_pool_is_left_alone() -> None:
    users = [{"name": "a", "pgbouncer": True, "state": "absent"}, {"name": "b"}, {"name": "c", "pgbouncer": True}]
    assert [user.name for user in parse_users(users)] == ["c"]
    items = [{"name": "a"}, {"name": "b", "pgbouncer": False}, {"name": "c", "state": "absent"}]
    assert [database.name for database in parse_databases(items)[0]] == ["a"]


def test_every_mistake_is_named_in_one_error() -> None:
    with pytest.raises(InputError) as caught:
        parse_users([{"name": "a", "pool_connlimit": 0}, {"name": "b", "pool_modes": 1}, 3])
    assert caught.value.message.count("users, item") == 3
