"""pg_role_set: what additive leaves, report tells and exact removes; and roles that no item declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from testbed import servers
from tests.server.role_set import Item, Roles

READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}
OWN = """
SELECT rolname::text FROM pg_roles WHERE oid >= 16384 ORDER BY rolname COLLATE "C"
"""


@pytest.fixture(scope="module")
def shared(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    server = servers.start(pg_version, tmp_path_factory.mktemp("modes"))
    yield Roles(server)
    servers.stop(server)


@pytest.fixture
def roles(shared: Roles) -> Iterator[Roles]:
    """A server where the names of the last test are free again."""
    yield shared
    left = ", ".join(name for (name,) in shared.sql(OWN.replace("rolname::text", "quote_ident(rolname)")))
    if left:
        shared.sql(f"DROP OWNED BY {left} CASCADE; DROP ROLE {left}")


def actions(changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(change["action"], change["summary"]) for change in changes]


MEMBER: Item = {"name": "m", "roles": ["p"]}
SETTINGS: Item = {"name": "m", "parameters": {}, "database_parameters": {}}
PLAIN: Item = {"name": "m", "attributes": "exact"}
STRAYS: list[tuple[Item, str, str, int]] = [
    (MEMBER, "GRANT q TO m", 'REVOKE "q" FROM "m";', 13),
    (MEMBER, "GRANT p TO m WITH ADMIN OPTION", 'GRANT "p" TO "m" WITH ADMIN FALSE;', 16),
    (MEMBER, "GRANT p TO m WITH INHERIT FALSE", 'GRANT "p" TO "m" WITH INHERIT TRUE;', 16),
    (MEMBER, "GRANT p TO m WITH SET FALSE", 'GRANT "p" TO "m" WITH SET TRUE;', 16),
    (MEMBER, "GRANT pg_monitor TO m", 'REVOKE "pg_monitor" FROM "m";', 13),
    (SETTINGS, "ALTER ROLE m SET jit TO off", 'ALTER ROLE "m" RESET "jit";', 13),
    (SETTINGS, "ALTER ROLE m IN DATABASE postgres SET jit TO off", "", 13),
    (PLAIN, "ALTER ROLE m NOLOGIN", 'ALTER ROLE "m" LOGIN;', 13),
    (PLAIN, "ALTER ROLE m SUPERUSER", 'ALTER ROLE "m" NOSUPERUSER;', 13),
    (PLAIN, "ALTER ROLE m CREATEDB CREATEROLE", 'ALTER ROLE "m" NOCREATEDB NOCREATEROLE;', 13),
    (PLAIN, "ALTER ROLE m NOINHERIT", 'ALTER ROLE "m" INHERIT;', 13),
    (PLAIN, "ALTER ROLE m REPLICATION BYPASSRLS", 'ALTER ROLE "m" NOREPLICATION NOBYPASSRLS;', 13),
    (PLAIN, "ALTER ROLE m CONNECTION LIMIT 3", 'ALTER ROLE "m" CONNECTION LIMIT -1;', 13),
    (PLAIN, "ALTER ROLE m VALID UNTIL '2031-01-01'", """ALTER ROLE "m" VALID UNTIL 'infinity';""", 13),
]


@pytest.mark.parametrize(("item", "stray", "statement", "since"), STRAYS, ids=[stray for _i, stray, _s, _v in STRAYS])
def test_a_stray_is_left_by_additive_told_by_report_and_removed_by_exact(
    roles: Roles, item: Item, stray: str, statement: str, since: int
) -> None:
    if roles.server.version < since:
        stray, statement = "GRANT p TO m WITH ADMIN OPTION", 'REVOKE ADMIN OPTION FOR "p" FROM "m";'
    groups: list[Item] = [{"name": "p"}, {"name": "q"}]
    roles.proved(*groups, item, mode="exact")
    assert roles.check(*groups, item, mode="report")["drift"] == []
    roles.sql(stray)
    roles.unchanged(*groups, item)
    told = roles.apply(*groups, item, mode="report", **READ_ONLY)
    assert not told["changed"]
    assert not told["destructive"]
    assert len(told["drift"]) == 1
    assert told["drift_sql"] == [statement or 'ALTER ROLE "m" IN DATABASE "postgres" RESET "jit";']
    assert "drift" in told["diff"][-1]["prepared"]
    assert roles.check(*groups, item, mode="exact")["sql"] == told["drift_sql"]
    roles.proved(*groups, item, mode="exact")
    assert roles.apply(*groups, item, mode="report")["drift"] == []


def test_report_adds_what_is_declared_and_tells_the_rest(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE q; CREATE ROLE m; GRANT q TO m")
    roles.sql("ALTER ROLE m SET jit TO on; ALTER ROLE m CREATEDB NOLOGIN")
    item = {"name": "m", "roles": ["p"], "parameters": {"work_mem": "8MB"}, "attributes": "exact", "login": False}
    result = roles.apply(item, mode="report")
    assert [change["summary"] for change in result["changes"]] == ["grant p to m", "set work_mem to 8MB for role m"]
    assert result["drift_sql"] == [
        'ALTER ROLE "m" NOCREATEDB;',
        'REVOKE "q" FROM "m";',
        'ALTER ROLE "m" RESET "jit";',
    ]
    assert all(change["destructive"] for change in result["drift"])
    assert "left as it is in mode report" in result["warnings"][-1]


def test_each_mode_counts_for_itself(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE m LOGIN; GRANT p TO m; ALTER ROLE m SET jit TO on")
    item = {"name": "m", "roles": [], "parameters": {}}
    result = roles.check(item, mode="exact", memberships="report")
    assert (result["sql"], result["drift_sql"]) == (['ALTER ROLE "m" RESET "jit";'], ['REVOKE "p" FROM "m";'])
    result = roles.check(item, mode="report", parameters_mode="additive")
    assert (result["sql"], result["drift_sql"]) == ([], ['REVOKE "p" FROM "m";'])
    result = roles.check(item, parameters_mode="report", memberships="exact")
    assert (result["sql"], result["drift_sql"]) == (['REVOKE "p" FROM "m";'], ['ALTER ROLE "m" RESET "jit";'])


def test_the_scope_says_what_exact_could_reach(roles: Roles) -> None:
    items: list[Item] = [{"name": "m", "roles": [], "attributes": "exact"}, {"name": "n", "parameters": {}}]
    scope = roles.check(*items, mode="exact", memberships="report", unlisted_roles="report")["scope"]
    assert scope == {
        "mode": "exact",
        "memberships": "report",
        "memberships_of": ["m"],
        "parameters_mode": "exact",
        "parameters_of": ["n"],
        "attributes_of": ["m"],
        "unlisted_roles": "report",
        "unlisted_except": [],
    }


def test_a_grant_by_the_module_itself_is_exact(roles: Roles) -> None:
    options = [{"name": "p", "admin": True}, {"name": "q"}]
    items: list[Item] = [{"name": "p"}, {"name": "q"}, {"name": "m", "inherit": False, "roles": options}]
    roles.proved(*items, mode="exact")
    roles.sql("GRANT q TO m")
    roles.unchanged(*items, mode="exact")


@pytest.mark.since(16)
def test_exact_options_follow_the_members_inherit(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE m NOINHERIT; GRANT p TO m WITH INHERIT TRUE")
    roles.unchanged(MEMBER)
    assert roles.proved(MEMBER, mode="exact")["sql"] == ['GRANT "p" TO "m" WITH INHERIT FALSE;']
    roles.unchanged({"name": "m", "inherit": False, "roles": ["p"]}, mode="exact")


@pytest.mark.since(16)
def test_exact_takes_an_option_from_every_grantor_and_is_satisfied_by_any(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE mgr; CREATE ROLE m; GRANT p TO mgr WITH ADMIN OPTION")
    roles.sql("GRANT p TO m WITH INHERIT FALSE; SET ROLE mgr; GRANT p TO m WITH ADMIN OPTION")
    told = roles.check(MEMBER, mode="report")
    assert told["drift_sql"] == ['GRANT "p" TO "m" WITH ADMIN FALSE GRANTED BY "mgr";']
    assert told["drift"][0]["grantor"] == "mgr"
    roles.proved(MEMBER, mode="exact")
    roles.unchanged({"name": "m", "roles": [{"name": "p", "admin": False}]}, mode="exact")


@pytest.mark.since(16)
def test_exact_leaves_a_login_the_admin_option_by_which_it_works(roles: Roles) -> None:
    roles.sql("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'some password'")
    manager = Roles(roles.server, "manager", "some password")
    items: list[Item] = [{"name": "p"}, {"name": "manager", "roles": ["p"]}]
    manager.proved(*items, mode="exact", undo=False)
    manager.apply({"name": "p", "comment": "still its own"})
    roles.sql("REVOKE p FROM manager GRANTED BY manager")


def test_drift_is_told_to_a_login_that_may_change_nothing(roles: Roles) -> None:
    roles.sql("CREATE ROLE viewer LOGIN PASSWORD 'some password'; CREATE ROLE p; CREATE ROLE m; GRANT p TO m")
    viewer = Roles(roles.server, "viewer", "some password")
    result = viewer.check({"name": "m", "roles": []}, mode="report", unlisted_roles="report", unlisted_except=["p"])
    assert [change["summary"].split(" granted by ")[0] for change in result["drift"]] == ["revoke p from m"]


# Attributes


def test_exact_attributes_do_nothing_in_mode_additive_and_spare_what_is_declared(roles: Roles) -> None:
    roles.sql("CREATE ROLE m CREATEDB CREATEROLE CONNECTION LIMIT 4; COMMENT ON ROLE m IS 'kept'")
    roles.unchanged({"name": "m", "attributes": "exact"})
    roles.unchanged({"name": "m", "attributes": "declared"}, mode="exact")
    item = {"name": "m", "attributes": "exact", "login": False, "createdb": True, "connlimit": 4}
    result = roles.proved(item, mode="exact")
    assert result["sql"] == ['ALTER ROLE "m" NOCREATEROLE;']
    assert result["destructive"]
    assert roles.value("SELECT shobj_description('m'::regrole, 'pg_authid')") == "kept"


def test_exact_attributes_dont_lock_out_who_runs_this(roles: Roles) -> None:
    message = roles.failure({"name": "postgres", "attributes": "exact"}, mode="exact")
    assert "role postgres: superuser false would lock out the bootstrap superuser: declare it as it is" in message
    told = roles.check({"name": "postgres", "attributes": "exact"}, mode="report")["drift_sql"]
    assert told == ['ALTER ROLE "postgres" NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;']


# Roles that no item declares


def test_unlisted_roles_are_ignored_unless_the_call_says_more(roles: Roles) -> None:
    roles.sql("CREATE ROLE stranger LOGIN")
    roles.unchanged({"name": "postgres"}, mode="exact")


def test_unlisted_roles_are_told_and_stay(roles: Roles) -> None:
    roles.sql("CREATE ROLE stranger LOGIN; CREATE ROLE team; CREATE ROLE m; CREATE ROLE rds_one; CREATE ROLE rdsadmin")
    roles.sql("CREATE TABLE held (); ALTER TABLE held OWNER TO stranger")
    for mode in ("additive", "report", "exact"):
        result = roles.apply(
            {"name": "m", "roles": ["team"]}, mode=mode, unlisted_roles="report", unlisted_except=["rds*"]
        )
        assert actions(result["drift"]) == [("drop role", "drop role stranger, which no item declares")], mode
        assert result["drift_sql"] == ['DROP ROLE "stranger";']
    assert roles.value("SELECT count(*) FROM pg_roles WHERE rolname = 'stranger'") == 1
    roles.sql("DROP TABLE held")


def test_unlisted_roles_lose_login(roles: Roles) -> None:
    roles.sql("CREATE ROLE stranger LOGIN PASSWORD 'some password'; CREATE ROLE shut; CREATE ROLE m")
    with servers.connect(roles.server, user="stranger", password="some password"):
        pass
    told = roles.check({"name": "m"}, mode="report", unlisted_roles="nologin")
    assert (told["sql"], told["drift_sql"]) == ([], ['ALTER ROLE "stranger" NOLOGIN;'])
    result = roles.proved({"name": "m"}, unlisted_roles="nologin")
    assert result["sql"] == ['ALTER ROLE "stranger" NOLOGIN;']
    assert result["destructive"]
    with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
        servers.connect(roles.server, user="stranger", password="some password")


def test_unlisted_roles_are_dropped_with_their_memberships(roles: Roles) -> None:
    roles.sql("CREATE ROLE stranger LOGIN; CREATE ROLE crowd; CREATE ROLE m; GRANT crowd TO stranger; GRANT crowd TO m")
    told = roles.check({"name": "m"}, mode="report", unlisted_roles="drop")
    assert (told["sql"], told["drift_sql"]) == ([], ['DROP ROLE "crowd";', 'DROP ROLE "stranger";'])
    result = roles.proved({"name": "m"}, unlisted_roles="drop", undo=False)
    assert result["sql"] == told["drift_sql"]
    assert roles.sql(OWN) == [("m",)]
    roles.unchanged({"name": "m"}, unlisted_roles="drop")


def test_an_unlisted_role_on_which_something_depends_is_not_dropped(roles: Roles) -> None:
    roles.sql("CREATE ROLE stranger; CREATE TABLE held (); ALTER TABLE held OWNER TO stranger")
    message = roles.failure({"name": "m"}, unlisted_roles="drop")
    assert message == (
        "role stranger can't be dropped, for things depend on it (database postgres: owner of 1 in pg_class): declare "
        "it absent with reassign_to, or spare it with unlisted_except"
    )
    assert roles.apply({"name": "m"}, unlisted_roles="drop", unlisted_except=["str?nger"])["changed"]
    told = roles.check({"name": "m"}, mode="report", unlisted_roles="drop")
    assert told["drift_sql"] == ['DROP ROLE "stranger";']
    roles.sql("DROP TABLE held")


def test_who_runs_this_and_postgresqls_own_are_never_unlisted(roles: Roles) -> None:
    roles.sql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'some password'; CREATE ROLE acting SUPERUSER")
    boss = Roles(roles.server, "boss", "some password")
    result = boss.apply({"name": "m"}, unlisted_roles="drop", session_role="acting")
    assert result["sql"] == ['CREATE ROLE "m" LOGIN;']


def test_what_takes_over_from_another_is_not_unlisted(roles: Roles) -> None:
    roles.sql("CREATE ROLE heir; CREATE ROLE old")
    roles.apply({"name": "old", "state": "absent", "reassign_to": "heir"}, unlisted_roles="drop")
    assert roles.sql(OWN) == [("heir",)]


PARTS = ["absent", "database_parameters"]


@pytest.mark.parametrize(
    ("option", "mode", "first", "deferred", "second"),
    [
        ("report", "exact", ("drift", 'DROP ROLE "stranger";'), False, None),
        ("nologin", "additive", ("sql", 'ALTER ROLE "stranger" NOLOGIN;'), False, None),
        ("drop", "additive", None, True, ("sql", 'DROP ROLE "stranger";')),
        ("drop", "report", ("drift", 'DROP ROLE "stranger";'), False, None),
    ],
)
def test_of_two_calls_one_sees_to_unlisted_roles(
    roles: Roles, option: str, mode: str, first: Any, deferred: bool, second: Any
) -> None:
    roles.sql("CREATE ROLE stranger LOGIN; CREATE ROLE m")
    for expected, parts in ((first, {"defer": PARTS}), (second, {"only": PARTS})):
        result = roles.apply({"name": "m"}, mode=mode, unlisted_roles=option, **parts)
        assert result["sql"] == ([expected[1]] if expected and expected[0] == "sql" else [])
        assert result["drift_sql"] == ([expected[1]] if expected and expected[0] == "drift" else [])
        assert result["deferred"] is (deferred and "defer" in parts)


def test_a_role_that_earlier_tasks_make_is_not_unlisted(roles: Roles) -> None:
    roles.sql("CREATE ROLE made_before; CREATE ROLE m")
    assume = {"roles": [{"name": "made_before"}], "databases": []}
    assert not roles.check({"name": "m"}, unlisted_roles="drop", assume=assume)["changed"]
    assert not roles.apply({"name": "m"}, unlisted_roles="drop", assume=assume)["changed"]
