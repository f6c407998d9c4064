"""pg_role_set: roles that own things in many databases are shut, handed on everywhere, and dropped last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from testbed import servers
from tests.server import modules
from tests.server.role_set import Item, Roles

READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}
HEIR = {"user": "heir", "password": "other password"}
OLD: Item = {"name": "old", "state": "absent", "reassign_to": "heir"}
TO_OWNERS: Item = {"name": "old", "state": "absent", "reassign_to": {"database_owner": True}}

# In database shop, which seller owns, old has made things, was granted things, and stands in policies and defaults.
SHOP = """
CREATE SCHEMA app AUTHORIZATION old;
CREATE TABLE app.orders (id int PRIMARY KEY, note text);
CREATE SEQUENCE app.numbers;
CREATE VIEW app.seen AS SELECT 1 AS one;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE app.mood AS ENUM ('well');
CREATE DOMAIN app.small AS int;
ALTER TABLE app.orders OWNER TO old;
ALTER SEQUENCE app.numbers OWNER TO old;
ALTER VIEW app.seen OWNER TO old;
ALTER FUNCTION app.f(int) OWNER TO old;
ALTER TYPE app.mood OWNER TO old;
ALTER DOMAIN app.small OWNER TO old;
INSERT INTO app.orders VALUES (1, 'kept');
SELECT lo_create(4711);
ALTER LARGE OBJECT 4711 OWNER TO old;
CREATE TABLE theirs (a int, b int);
GRANT SELECT, INSERT ON theirs TO old WITH GRANT OPTION;
GRANT UPDATE (b) ON theirs TO old;
SET ROLE old;
GRANT SELECT ON theirs TO reader;
GRANT SELECT ON app.orders TO reader;
RESET ROLE;
ALTER TABLE theirs ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON theirs TO old USING (true);
CREATE POLICY ours ON theirs TO old, reader USING (true);
ALTER DEFAULT PRIVILEGES FOR ROLE old GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE seller GRANT SELECT ON TABLES TO old;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER remote FOREIGN DATA WRAPPER wrapper;
CREATE USER MAPPING FOR old SERVER remote;
GRANT USAGE ON FOREIGN SERVER remote TO old;
"""
OWNED = """
SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind <> 'i'
UNION SELECT pg_get_userbyid(proowner)::text FROM pg_proc WHERE pronamespace = 'app'::regnamespace
UNION SELECT pg_get_userbyid(typowner)::text FROM pg_type WHERE typnamespace = 'app'::regnamespace
UNION SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'app'
UNION SELECT pg_get_userbyid(lomowner)::text FROM pg_largeobject_metadata WHERE oid = 4711
"""
TRACES = "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'old'::regrole AND classid <> 'pg_auth_members'::regclass"


def spread(roles: Roles) -> None:
    """Let old have something in two databases."""
    roles.sql("CREATE ROLE old LOGIN PASSWORD 'some password'; CREATE ROLE seller; CREATE ROLE reader")
    roles.sql("CREATE ROLE heir LOGIN PASSWORD 'other password'")
    roles.sql("CREATE DATABASE shop OWNER seller")
    roles.sql("CREATE TABLE local (); ALTER TABLE local OWNER TO old; GRANT CONNECT ON DATABASE shop TO old")
    roles.sql(SHOP, "shop")


@pytest.fixture
def empty(cluster: servers.Server) -> Roles:
    return Roles(cluster)


@pytest.fixture
def roles(cluster: servers.Server) -> Roles:
    spread(Roles(cluster))
    return Roles(cluster)


def steps(result: modules.Result) -> list[tuple[str | None, str, str]]:
    return [(change["database"], change["action"], change["role"]) for change in result["changes"]]


def snapshot(roles: Roles) -> list[Any]:
    """Give what depends on whom, all roles, and all memberships."""
    return [
        roles.sql(
            "SELECT dbid, classid, objid, objsubid, refobjid, deptype FROM pg_shdepend ORDER BY 1, 2, 3, 4, 5, 6"
        ),
        roles.sql("SELECT oid, rolname, rolcanlogin FROM pg_roles ORDER BY 1"),
        roles.sql("SELECT roleid, member, grantor, admin_option FROM pg_auth_members ORDER BY 1, 2, 3"),
    ]


def removed(roles: Roles, *items: Item, **options: Any) -> modules.Result:
    """Look at it in check mode, do it, and find nothing more to do."""
    before = snapshot(roles)
    foreseen = roles.check(*items, **options)
    assert snapshot(roles) == before, "check mode wrote something"
    result = roles.apply(*items, **options)
    for part in ("changes", "sql", "undo_sql", "destructive", "diff", "warnings"):
        assert foreseen[part] == result[part], part
    assert all(line.startswith(("--", "\\")) for line in result["undo_sql"])
    roles.unchanged(*items, **{**options, **READ_ONLY})
    return result


def test_a_role_is_shut_handed_on_in_every_database_and_dropped_last(roles: Roles) -> None:
    result = removed(roles, OLD)
    assert steps(result) == [
        (None, "alter role", "old"),
        ("postgres", "reassign owned", "heir"),
        ("postgres", "drop owned", "old"),
        ("shop", "reassign owned", "heir"),
        ("shop", "drop owned", "old"),
        (None, "drop role", "old"),
    ]
    assert result["destructive"]
    assert roles.sql(OWNED, "shop") == [("heir",)]
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname = 'old'") == []
    kept = "INSERT INTO app.orders VALUES (2); SELECT note FROM app.orders ORDER BY id LIMIT 1"
    assert roles.sql(kept, "shop", **HEIR) == [("kept",)]
    roles.sql("ALTER TABLE app.orders ADD COLUMN more int; DROP FUNCTION app.f(int)", "shop", **HEIR)


def test_the_preflight_counts_and_names_what_moves_where(roles: Roles) -> None:
    changes = {(change["database"], change["action"]): change for change in roles.check(OLD)["changes"]}
    moved = changes["shop", "reassign owned"]
    assert moved["summary"] == (
        "hand to heir what old owns: function app.f(integer); large object 4711; schema app; sequence app.numbers; "
        "table app.orders; type app.mood, app.small; view app.seen"
    )
    assert moved["roles"] == ["old", "heir"]
    assert "table app.orders" in moved["objects"]
    dropped = changes["shop", "drop owned"]["summary"]
    for words in (
        "its privileges on table public.theirs",
        "its privileges on table column public.theirs.b",
        "its privileges on server remote",
        "its privileges on default acl for role seller on tables",
        "its part in policy mine on public.theirs, ours on public.theirs",
        "default acl for role old on tables",
        "user mapping old on server remote",
        "policies for nobody else: mine on public.theirs",
    ):
        assert words in dropped
    assert changes["postgres", "drop owned"]["summary"] == "drop of old: its privileges on database shop"
    roles.sql("CREATE TABLE app.a(); CREATE TABLE app.b(); CREATE TABLE app.c()", "shop")
    roles.sql("ALTER TABLE app.a OWNER TO old; ALTER TABLE app.b OWNER TO old; ALTER TABLE app.c OWNER TO old", "shop")
    again = {(change["database"], change["action"]): change for change in roles.check(OLD)["changes"]}
    assert "table app.a, app.b, app.c and 1 more" in again["shop", "reassign owned"]["summary"]


def test_what_others_have_stays_and_what_was_passed_on_goes(roles: Roles) -> None:
    result = removed(roles, OLD)
    assert result["warnings"] == [
        "database shop: policies for nobody else go with the roles that are dropped: mine on public.theirs"
    ]
    assert roles.sql("SELECT polname::text FROM pg_policy", "shop") == [("ours",)]
    acl = "SELECT grantee::regrole::text FROM pg_class, aclexplode(relacl) WHERE oid = {} AND grantee <> relowner"
    assert roles.sql(acl.format("'theirs'::regclass"), "shop") == []
    assert roles.sql(acl.format("'app.orders'::regclass"), "shop") == [("reader",)]
    assert roles.sql("SELECT 1 FROM pg_default_acl WHERE defaclrole = 'seller'::regrole AND defaclacl IS NULL") == []
    assert roles.sql("SELECT 1 FROM pg_user_mapping", "shop") == []
    assert roles.sql("SELECT count(*) FROM pg_foreign_server", "shop") == [(1,)]


def test_objects_go_to_the_owner_of_their_database(roles: Roles) -> None:
    result = removed(roles, TO_OWNERS)
    assert [(d, r) for d, action, r in steps(result) if action == "reassign owned"] == [
        ("postgres", "postgres"),
        ("shop", "seller"),
    ]
    assert roles.sql(OWNED, "shop") == [("seller",)]


def test_an_owner_that_goes_too_takes_nothing_over(roles: Roles) -> None:
    seller: Item = {"name": "seller", "state": "absent", "reassign_to": "heir"}
    message = roles.failure(TO_OWNERS, seller)
    assert message == (
        "role old: what it owns in database shop would go to seller, which owns the database and is declared absent: "
        "let reassign_to name a role"
    )
    removed(roles, OLD, seller)
    assert roles.sql(OWNED, "shop") == [("heir",)]


def test_databases_tablespaces_and_parameters_go_with_the_role(roles: Roles) -> None:
    roles.sql("CREATE DATABASE lake OWNER old")
    with closing(servers.connect(roles.server)) as connection, connection.cursor() as cursor:
        cursor.execute("SET allow_in_place_tablespaces = on")
        cursor.execute("CREATE TABLESPACE space OWNER old LOCATION ''")
    if roles.server.version >= 15:
        roles.sql("GRANT SET ON PARAMETER log_statement TO old")
    message = roles.failure(TO_OWNERS)
    assert message == (
        "role old owns database lake, tablespace space, for which reassign_to has to name a role: the owner of a "
        "database takes over only what is inside of it"
    )
    result = removed(roles, OLD)
    summary = result["changes"][1]["summary"]
    assert summary == "hand to heir what old owns: database lake; table public.local; tablespace space"
    owners = """SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = 'lake'
                UNION ALL SELECT pg_get_userbyid(spcowner)::text FROM pg_tablespace WHERE spcname = 'space'"""
    assert roles.sql(owners) == [("heir",), ("heir",)]


def test_a_role_with_privileges_only_is_handed_to_nobody(empty: Roles) -> None:
    empty.sql("CREATE ROLE old; CREATE TABLE t (); GRANT SELECT ON t TO old")
    result = removed(empty, TO_OWNERS)
    assert steps(result) == [("postgres", "drop owned", "old"), (None, "drop role", "old")]


def test_a_role_on_which_nothing_depends_is_shut_and_dropped(empty: Roles) -> None:
    empty.sql("CREATE ROLE old LOGIN; CREATE ROLE p; CREATE ROLE m; GRANT p TO old; GRANT old TO m")
    result = removed(empty, TO_OWNERS)
    assert result["sql"] == ['ALTER ROLE "old" NOLOGIN;', 'DROP ROLE "old";']
    assert result["undo_sql"] == [
        "-- role old was dropped; it is not made again",
        "-- not undone, for the role is removed: alter role old: NOLOGIN",
    ]


def test_several_roles_go_at_once_to_one_that_the_call_makes(roles: Roles) -> None:
    roles.sql("CREATE ROLE second; CREATE TABLE other (); ALTER TABLE other OWNER TO second; DROP ROLE heir")
    roles.sql("SET ROLE old; GRANT SELECT ON local TO second WITH GRANT OPTION")
    roles.sql("SET ROLE second; GRANT SELECT ON local TO reader")
    items: list[Item] = [OLD, {"name": "second", "state": "absent", "reassign_to": "heir"}]
    assert "no such role: heir" in roles.failure(*items)
    heir: Item = {"name": "heir", "login": False}
    foreseen = roles.check(*items, heir)
    result = roles.apply(*items, heir)
    assert (result["changes"], result["sql"]) == (foreseen["changes"], foreseen["sql"])
    roles.unchanged(*items, heir)
    owners = "SELECT relowner::regrole::text FROM pg_class WHERE relname IN ('other', 'local')"
    assert roles.sql(owners) == [("heir",), ("heir",)]


def test_a_removal_is_no_drift_and_is_done_in_mode_report_too(roles: Roles) -> None:
    result = removed(roles, OLD, mode="report", unlisted_roles="report", unlisted_except=["seller", "reader"])
    assert result["drift"] == []


# Memberships


def granted(roles: Roles) -> list[tuple[Any, ...]]:
    return roles.sql("SELECT grantor::regrole::text FROM pg_auth_members WHERE member = 'm'::regrole")


MEMBERS = """
CREATE ROLE p; CREATE ROLE m; CREATE ROLE old LOGIN; CREATE ROLE heir; GRANT p TO old WITH ADMIN OPTION;
SET ROLE old; GRANT p TO m
"""


@pytest.mark.since(16)
def test_memberships_that_it_granted_are_revoked_with_its_login(empty: Roles) -> None:
    empty.sql(MEMBERS)
    result = removed(empty, OLD)
    assert [change["summary"] for change in result["changes"]] == [
        "alter role old: NOLOGIN",
        "revoke p from m granted by old",
        "drop role old",
    ]
    assert granted(empty) == []


@pytest.mark.since(16)
def test_a_declared_membership_that_it_granted_is_granted_again(empty: Roles) -> None:
    empty.sql(MEMBERS)
    empty.sql("CREATE TABLE t (); GRANT SELECT ON t TO old")
    items: list[Item] = [OLD, {"name": "m", "roles": ["p"]}]
    foreseen = empty.check(*items)
    assert empty.apply(*items)["changes"] == foreseen["changes"]
    assert granted(empty) == [("postgres",)]
    empty.unchanged(*items)


@pytest.mark.before(16)
def test_memberships_that_it_granted_stay_before_16(empty: Roles) -> None:
    empty.sql(MEMBERS)
    result = removed(empty, OLD)
    assert [change["action"] for change in result["changes"]] == ["alter role", "drop role"]
    assert len(granted(empty)) == 1
    empty.unchanged({"name": "m", "roles": ["p"]}, mode="exact")


# What stands in the way


def test_databases_that_cant_be_entered_are_named_with_the_remedy(roles: Roles) -> None:
    for name in ("closed_one", "closed_two"):
        roles.sql(f"CREATE DATABASE {name}")
        roles.sql("CREATE TABLE t (); ALTER TABLE t OWNER TO old", name)
        roles.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    message = roles.failure(OLD)
    assert message == (
        "role old: something depends on it in databases that accept no connections (closed_one, closed_two): run ALTER "
        'DATABASE "closed_one" ALLOW_CONNECTIONS true; ALTER DATABASE "closed_two" ALLOW_CONNECTIONS true for the time '
        "of the removal"
    )
    assert roles.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'old'")
    for name in ("closed_one", "closed_two"):
        roles.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    removed(roles, OLD)


def test_without_reassign_to_the_error_names_it(roles: Roles) -> None:
    message = roles.failure({"name": "old", "state": "absent"})
    assert "database shop: owner of 1 in pg_namespace" in message
    assert "let reassign_to in its item name who takes over" in message
    assert "let reassign_to" in roles.failure({"name": "old", "state": "absent", "terminate": True})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("old", "reassign_to names old, which is declared absent"),
        ("other", "reassign_to names other, which is declared absent"),
        ("nobody_there", "no such role: nobody_there"),
        ("", "a name is empty"),
        ({"database_owner": False}, "has to be a role's name, or {database_owner: true}"),
        ({"owner": True}, "has to be a role's name, or {database_owner: true}"),
        (["heir"], "has to be a role's name, or {database_owner: true}"),
    ],
)
def test_who_cant_take_over_is_an_error(server: servers.Server, value: Any, words: str) -> None:
    items: list[Item] = [{**OLD, "reassign_to": value}, {"name": "other", "state": "absent"}]
    Roles(server).sql("DROP ROLE IF EXISTS old; CREATE ROLE old")
    assert words in Roles(server).failure(*items)
    Roles(server).sql("DROP ROLE old")


def test_who_runs_this_is_not_removed(empty: Roles) -> None:
    empty.sql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'some password'; CREATE ROLE heir")
    boss = Roles(empty.server, "boss", "some password")
    item: Item = {"name": "boss", "state": "absent", "reassign_to": "heir"}
    assert "role boss: state absent would lock out the login in use" in boss.failure(item)


def test_what_only_superusers_own_goes_to_no_other(empty: Roles) -> None:
    empty.sql("CREATE ROLE old SUPERUSER; CREATE ROLE heir; SET ROLE old; CREATE FOREIGN DATA WRAPPER wrapper")
    message = empty.failure(OLD)
    assert "foreign-data wrapper wrapper of role old can only be owned by a superuser, and heir is none" in message
    removed(empty, TO_OWNERS)


def test_a_removal_that_fails_leaves_the_account_shut_and_the_next_run_finishes_it(roles: Roles) -> None:
    roles.sql(
        """CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
        CREATE EVENT TRIGGER stopper ON ddl_command_start WHEN TAG IN ('DROP OWNED') EXECUTE FUNCTION stop()""",
        "shop",
    )
    with pytest.raises(modules.Failed) as caught:
        roles.apply(OLD)
    result = caught.value.result
    assert "database shop: stopped" in result["msg"]
    assert [change["action"] for change in result["changes"]] == ["alter role", "reassign owned", "drop owned"]
    assert roles.sql(OWNED, "shop") == [("old",)]
    with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
        servers.connect(roles.server, user="old", password="some password")
    roles.sql("DROP EVENT TRIGGER stopper", "shop")
    assert steps(removed(roles, OLD))[0][0] == "shop"
    assert roles.sql(OWNED, "shop") == [("heir",)]


def test_drop_owned_is_not_run_on_what_is_owned_still(roles: Roles) -> None:
    statement = next(line for line in roles.check(OLD)["sql"] if "DROP OWNED" in line)
    with pytest.raises(psycopg2.errors.InvalidTextRepresentation, match="still owned: "):
        roles.sql(statement, "shop")
    assert roles.sql(OWNED, "shop") == [("old",)]


def test_hostile_names_are_taken_literally(empty: Roles) -> None:
    old, heir = "o'ld\" \\ %s {name};--", 'he"ir $$ %(x)s\n'
    for name in (old, heir):
        empty.apply({"name": name})
    quoted = '"' + old.replace('"', '""') + '"'
    empty.sql(f"CREATE TABLE t (); ALTER TABLE t OWNER TO {quoted}; CREATE TABLE u (); GRANT SELECT ON u TO {quoted}")
    removed(empty, {"name": old, "state": "absent", "reassign_to": heir})
    assert empty.value("SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 't'") == heir


# Sessions


@pytest.fixture
def session(roles: Roles) -> Iterator[psycopg2.extensions.connection]:
    with closing(servers.connect(roles.server, "shop", "old", "some password")) as connection:
        yield connection


def test_sessions_are_ended_where_the_item_says_so(roles: Roles, session: psycopg2.extensions.connection) -> None:
    with session.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE app.orders; CREATE TABLE app.unfinished ()")
    item = {**OLD, "terminate": True}
    assert roles.check(item)["warnings"][0] == "role old: its sessions are ended (1)"
    started = time.monotonic()
    result = roles.apply(item)
    assert time.monotonic() - started < 5
    assert "role old: its sessions are ended (1)" in result["warnings"]
    with pytest.raises(psycopg2.OperationalError), session.cursor() as cursor:
        cursor.execute("SELECT 1")
    roles.unchanged(item)


def test_sessions_go_on_otherwise_and_are_told(roles: Roles, session: psycopg2.extensions.connection) -> None:
    result = roles.apply(OLD)
    assert "role old has sessions (1), which go on" in result["warnings"][0]
    with session.cursor() as cursor:
        cursor.execute("SELECT 1")


# Logins that are no superusers


@pytest.fixture
def manager(empty: Roles) -> Roles:
    """A login without superuser that has made old and heir; old owns a schema, a table and a default ACL."""
    empty.sql("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'some password'")
    manager = Roles(empty.server, "manager", "some password")
    manager.apply({"name": "old"}, {"name": "heir"})
    empty.sql("CREATE SCHEMA app AUTHORIZATION old; CREATE TABLE app.t (); ALTER TABLE app.t OWNER TO old")
    empty.sql("ALTER DEFAULT PRIVILEGES FOR ROLE old GRANT SELECT ON TABLES TO heir")
    empty.sql("GRANT CREATE ON DATABASE postgres TO heir")
    return manager


def test_a_login_without_superuser_is_told_what_it_lacks_and_then_does_it(empty: Roles, manager: Roles) -> None:
    if empty.server.version >= 16:
        empty.sql("REVOKE old, heir FROM manager; CREATE ROLE able; GRANT old TO able WITH ADMIN OPTION")
        empty.sql("GRANT able TO manager")
    names, options = '"heir", "old"', ""
    if empty.server.version >= 16:
        names, options = '"heir"', " WITH INHERIT TRUE, SET TRUE"
    message = manager.failure(OLD)
    assert message == (
        f"role old can't be handed on by manager, who isn't a member of {names}: run GRANT {names} TO "
        f'"manager"{options}'
    )
    assert empty.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'old'")
    empty.sql(f'GRANT {names} TO "manager"{options}')
    result = manager.apply(OLD)
    assert [change["action"] for change in result["changes"]] == [
        "alter role",
        "reassign owned",
        "drop owned",
        "drop role",
    ]
    manager.unchanged(OLD)
    assert empty.value("SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'") == "heir"


@pytest.mark.since(16)
def test_a_login_that_administers_both_roles_makes_itself_a_member_for_a_moment(empty: Roles, manager: Roles) -> None:
    before = empty.sql("SELECT grantor, admin_option FROM pg_auth_members WHERE roleid = 'heir'::regrole")
    foreseen = manager.check(OLD)
    result = manager.apply(OLD)
    assert (foreseen["changes"], foreseen["sql"]) == (result["changes"], result["sql"])
    assert result["warnings"] == []
    assert "WITH INHERIT TRUE, SET TRUE; REASSIGN OWNED" in result["sql"][2]
    assert empty.value("SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'") == "heir"
    assert empty.sql("SELECT grantor, admin_option FROM pg_auth_members WHERE roleid = 'heir'::regrole") == before


# The two calls of a play

PARTS = ["absent", "database_parameters"]


def test_the_later_of_two_calls_removes(roles: Roles) -> None:
    first = roles.apply(OLD, defer=PARTS)
    assert (first["changed"], first["deferred"]) == (False, True)
    result = removed(roles, OLD, only=PARTS)
    assert steps(result)[-1] == (None, "drop role", "old")


def test_check_mode_foresees_the_later_call_before_the_earlier_tasks_ran(roles: Roles) -> None:
    roles.sql("DROP ROLE heir")
    roles.sql("CREATE DATABASE lake OWNER old")
    roles.sql("CREATE TABLE t (); ALTER TABLE t OWNER TO old", "lake")
    assume = {"roles": [{"name": "heir"}], "databases": [{"name": "lake", "owner": "heir"}]}
    result = roles.check(TO_OWNERS, only=PARTS, assume=assume)
    assert ("lake", "reassign owned", "heir") in steps(result)
    assert steps(result)[-1] == (None, "drop role", "old")
    assert "unless earlier tasks change that: role old owns database lake" in result["warnings"][0]
    named = roles.check(OLD, only=PARTS, assume=assume)
    assert ("shop", "reassign owned", "heir") in steps(named)
    with pytest.raises(modules.Failed, match="no such role: heir"):
        roles.check(OLD, only=PARTS, assume={"roles": [], "databases": []})
