"""Every way that is known to a green result that isn't true: each is an error, or named drift, or a warning."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import apply, change, connection, driver, errors, execute
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from testbed.servers import Server
from tests.server import crowd
from tests.server.isolation import PASSWORD, READ_ONLY, attempt, logins, sql, tidied
from tests.server.modules import Result, call, login, outcome

RAISES = "CREATE FUNCTION says() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE {level} '{text}'; END $$"
TRIGGER = "CREATE EVENT TRIGGER says ON ddl_command_end {when} EXECUTE FUNCTION says()"
# It takes back what a GRANT gives, as soon as it is given.
UNDOES = """
CREATE FUNCTION undo() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('undo.busy', true) = 'yes' THEN RETURN; END IF;
    PERFORM set_config('undo.busy', 'yes', true);
    EXECUTE '{statement}';
    PERFORM set_config('undo.busy', 'no', true);
END $$
"""
UNDOING = "CREATE EVENT TRIGGER undo ON ddl_command_end WHEN TAG IN ({tags}) EXECUTE FUNCTION undo()"
SELECTS = ["GRANT SELECT ON TABLES TO ann"]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A database of an owner, with a table, and logins."""
    with tidied(server):
        logins(server, "own", "ann", "ben", "carl")
        sql(server, "CREATE DATABASE shop OWNER own")
        sql(server, "CREATE SCHEMA app AUTHORIZATION own;\nCREATE TABLE app.t (a int)", "shop")
        sql(server, "ALTER TABLE app.t OWNER TO own;\nGRANT USAGE ON SCHEMA app TO PUBLIC", "shop")
        yield server


@pytest.fixture(params=["psycopg2", "psycopg"])
def either_driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the modules use one driver and then the other."""
    monkeypatch.setenv("LEASTPRIV_DRIVER", request.param)
    driver.driver.cache_clear()
    yield
    driver.driver.cache_clear()


def session(server: Server, user: str = "", dbname: str = "shop") -> connection.Login:
    """Give how to log in, with the password unless it is the superuser."""
    parameters = {"host": str(server.socket_dir), "port": str(server.port), "user": user or server.superuser}
    return connection.Login({**parameters, **({"password": PASSWORD} if user else {})}, dbname)


def as_user(server: Server, user: str) -> dict[str, str]:
    """Give the login options of somebody with the password."""
    return login(server, user, PASSWORD)


def objects(server: Server, *privileges: str, **params: object) -> Result:
    """Apply rules to the database's objects."""
    return outcome(pg_object_privs, **{"databases": ["shop"], "privileges": privileges, **login(server), **params})


def defaults(server: Server, **params: object) -> Result:
    """Apply a rule to what somebody will create."""
    given = {"databases": ["shop"], "creators": ["own"], "privileges": SELECTS, **login(server), **params}
    return outcome(pg_default_privs, **given)


def partial_effect(server: Server, user: str, action: str, statement: str) -> str:
    """Run one statement of a plan as somebody, which has to fail, and give the message."""
    one = change.Change(action, "TABLE", "t", "what was planned", statement)
    failed = pytest.raises(errors.AccessError, match="only part of its effect and was rolled back")
    with apply.opened(session(server, user)) as here, failed as caught, here.transaction(connection.CLUSTER_LOCK):
        execute.execute(here, [one])
    return str(caught.value)


PARTIAL = {
    "01007 none": ("ann", change.GRANT, "GRANT CONNECT ON DATABASE shop TO carl"),
    "01007 not all": ("ben", change.GRANT, "GRANT SELECT, INSERT ON app.t TO carl"),
    "01006 none": ("ann", change.REVOKE, "REVOKE CONNECT ON DATABASE shop FROM PUBLIC"),
    "01006 not all": ("ben", change.REVOKE, "REVOKE SELECT, INSERT ON app.t FROM PUBLIC"),
    "01000 membership": ("", change.REVOKE_MEMBERSHIP, "REVOKE own FROM carl"),
}


@pytest.mark.usefixtures("either_driver")
@pytest.mark.parametrize("case", sorted(PARTIAL))
def test_a_grant_or_revoke_with_part_of_its_effect_is_an_error_and_rolls_back(model: Server, case: str) -> None:
    user, action, statement = PARTIAL[case]
    sql(model, "GRANT SELECT ON app.t TO ben WITH GRANT OPTION", "shop")
    before = sql(model, "SELECT relacl::text FROM pg_class WHERE relname = 't'", "shop")
    assert partial_effect(model, user, action, statement)
    assert sql(model, "SELECT relacl::text FROM pg_class WHERE relname = 't'", "shop") == before


def test_a_notice_in_another_language_means_the_same(model: Server) -> None:
    try:
        sql(model, "ALTER ROLE ann SET lc_messages TO 'de_DE.UTF-8'")
        said = partial_effect(model, *PARTIAL["01007 none"])
    except psycopg2.Error as error:
        pytest.skip(f"the server can't speak German, for it has no such locale: {error}")
    if "no privileges were granted" in said:
        pytest.skip("the server has no German messages: it was built without them")
    assert "Privilegien" in said


@pytest.mark.usefixtures("either_driver")
def test_a_trigger_that_warns_of_a_grant_has_it_rolled_back(model: Server) -> None:
    sql(model, RAISES.format(level="WARNING", text="not without a ticket"), "shop")
    sql(model, TRIGGER.format(when="WHEN TAG IN ('GRANT')"), "shop")
    result = objects(model, "GRANT SELECT ON app.t TO ann")
    assert "not without a ticket" in result["msg"]
    assert "nothing was changed" in result["msg"]


@pytest.mark.usefixtures("either_driver")
def test_what_the_server_warns_of_reaches_the_result(model: Server) -> None:
    sql(model, RAISES.format(level="WARNING", text="a schema was made"), "shop")
    sql(model, TRIGGER.format(when="WHEN TAG IN ('CREATE SCHEMA')"), "shop")
    result = call(pg_db_isolation, databases=[{"name": "shop", "schemas": ["new"]}], **login(model))
    assert result["warnings"] == ["a schema was made"]


@pytest.mark.usefixtures("either_driver")
def test_what_the_server_warns_of_in_a_new_database_reaches_the_result(model: Server) -> None:
    sql(model, RAISES.format(level="WARNING", text="a schema was made"), "shop")
    sql(model, TRIGGER.format(when="WHEN TAG IN ('CREATE SCHEMA')"), "shop")
    items = [{"name": "second", "template": "shop", "schemas": ["new"]}]
    result = call(pg_db_isolation, databases=items, **login(model))
    assert result["warnings"] == ["a schema was made"]


@pytest.mark.usefixtures("either_driver")
def test_what_the_server_warned_of_is_told_by_a_run_that_fails_later(model: Server) -> None:
    sql(model, "CREATE DATABASE strict")
    for dbname, level in (("shop", "WARNING"), ("strict", "EXCEPTION")):
        sql(model, RAISES.format(level=level, text=f"a schema in {dbname}"), dbname)
        sql(model, TRIGGER.format(when="WHEN TAG IN ('CREATE SCHEMA')"), dbname)
    items = [{"name": name, "schemas": ["new"]} for name in ("shop", "strict")]
    result = outcome(pg_db_isolation, databases=items, **login(model))
    assert "a schema in strict" in result["msg"]
    assert result["warnings"] == ["a schema in shop"]


@pytest.mark.usefixtures("either_driver")
def test_a_notice_is_no_warning(model: Server) -> None:
    sql(model, RAISES.format(level="NOTICE", text="by the way"), "shop")
    sql(model, TRIGGER.format(when=""), "shop")
    result = call(pg_db_isolation, databases=[{"name": "shop", "schemas": ["new"]}], **login(model))
    assert result["warnings"] == []


@pytest.mark.usefixtures("either_driver")
def test_warnings_of_questions_and_of_the_commit_are_heard(model: Server) -> None:
    sql(model, "CREATE TABLE noisy (a int)", "shop")
    body = "BEGIN RAISE WARNING 'at the commit'; RETURN NULL; END"
    sql(model, f"CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$", "shop")
    constraint = "CREATE CONSTRAINT TRIGGER noise AFTER INSERT ON noisy DEFERRABLE INITIALLY DEFERRED"
    sql(model, f"{constraint} FOR EACH ROW EXECUTE FUNCTION noise()", "shop")
    how = session(model)
    with apply.opened(how) as here:
        here.rows("DO $$ BEGIN RAISE WARNING 'while reading' USING DETAIL = 'at length', HINT = 'read on'; END $$")
        with here.transaction(connection.DATABASE_LOCK):
            assert here.execute("INSERT INTO public.noisy VALUES (1)") == []
    assert how.heard.warnings == ["while reading; DETAIL:  at length; HINT:  read on", "at the commit"]


@pytest.mark.usefixtures("either_driver")
def test_no_warning_is_lost_among_many(model: Server) -> None:
    with apply.opened(session(model)) as here:
        said = here.execute("DO $$ BEGIN FOR n IN 1..600 LOOP RAISE WARNING 'number %', n; END LOOP; END $$")
    assert said == [f"number {n}" for n in range(1, 601)]


@pytest.mark.since(15)
@pytest.mark.usefixtures("either_driver")
def test_an_old_collation_is_told_as_the_server_tells_it_to_everybody(model: Server) -> None:
    sql(model, "UPDATE pg_database SET datcollversion = '0.1' WHERE datname = 'shop'")
    assert "database shop has a collation version mismatch" in str(defaults(model)["warnings"])
    facts = call(pg_access_info, gather=["default_privileges"], databases=["shop"], **login(model))
    assert "collation version" in str(facts["warnings"])


def test_a_commit_that_the_server_turns_into_a_rollback_is_an_error(model: Server) -> None:
    refused = pytest.raises(errors.AccessError, match="not committed: the server answered ROLLBACK")
    with apply.opened(session(model)) as here, contextlib.ExitStack() as both:
        both.enter_context(refused)
        both.enter_context(here.transaction(connection.DATABASE_LOCK))
        here.execute("CREATE SCHEMA new")
        with contextlib.suppress(errors.ServerError):
            here.rows("SELECT 1 / 0")
    assert sql(model, "SELECT 1 FROM pg_namespace WHERE nspname = 'new'", "shop") == []


def test_what_another_grantor_gave_goes_as_well(model: Server, pg_version: int) -> None:
    sql(model, "GRANT CONNECT ON DATABASE shop TO ben WITH GRANT OPTION;\nGRANT own TO ben WITH ADMIN OPTION")
    sql(model, "GRANT SELECT ON app.t TO ben WITH GRANT OPTION", "shop")
    for database, text in (
        ("postgres", "GRANT CONNECT ON DATABASE shop TO carl"),
        ("shop", "GRANT SELECT ON app.t TO carl"),
    ):
        sql(model, f"SET ROLE ben;\n{text}", database)
    sql(model, "SET ROLE ben;\nGRANT own TO carl")
    assert attempt(model, "carl", "shop", "SELECT * FROM app.t") == "ok"
    call(pg_role_set, roles=[{"name": "carl", "roles": []}], mode="exact", **login(model))
    call(pg_db_isolation, databases=[{"name": "shop", "revokeconn": True, "connect": ["ben"]}], **login(model))
    assert "msg" not in objects(model, "REVOKE SELECT ON app.t FROM carl")
    assert sql(model, "SELECT 1 FROM pg_auth_members WHERE member = 'carl'::regrole") == []
    assert "permission denied for database" in attempt(model, "carl", "shop")
    assert "carl" not in str(sql(model, "SELECT relacl::text FROM pg_class WHERE relname = 't'", "shop"))
    assert pg_version


def test_a_grant_in_a_schema_that_the_grantee_cant_use_is_named(model: Server) -> None:
    sql(model, "REVOKE USAGE ON SCHEMA app FROM PUBLIC", "shop")
    grant = "GRANT SELECT ON app.t TO ann"
    warning = "database shop: ann lacks USAGE on schema app, so what it is granted there has no effect: grant that, too"
    assert objects(model, grant)["warnings"] == [warning]
    assert "permission denied for schema app" in attempt(model, "ann", "shop", "SELECT * FROM app.t")
    assert objects(model, grant)["warnings"] == [warning]
    assert objects(model, "GRANT SELECT ON ALL TABLES IN SCHEMA app TO ann")["warnings"] == [warning]
    assert objects(model, grant, "GRANT USAGE ON SCHEMA app TO ann")["warnings"] == []
    assert attempt(model, "ann", "shop", "SELECT * FROM app.t") == "ok"
    assert objects(model, grant)["warnings"] == []


def test_a_group_whose_members_come_in_another_way_is_granted_without_a_warning(model: Server) -> None:
    sql(model, "REVOKE USAGE ON SCHEMA app FROM PUBLIC;\nGRANT USAGE ON SCHEMA app TO ann", "shop")
    sql(model, "CREATE ROLE readers;\nGRANT readers TO ann")
    assert objects(model, "GRANT SELECT ON app.t TO readers")["warnings"] == []


UNDONE: dict[str, tuple[str, str, Callable[..., Result], str]] = {
    "objects": (
        "REVOKE SELECT ON app.t FROM ann",
        "'GRANT'",
        lambda server, **more: objects(server, "GRANT SELECT ON app.t TO ann", **more),
        "grant SELECT on table app.t to ann",
    ),
    "defaults": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE own REVOKE SELECT ON TABLES FROM ann",
        "'ALTER DEFAULT PRIVILEGES'",
        defaults,
        "grant SELECT on future tables of own to ann",
    ),
    "isolation": (
        "DROP SCHEMA IF EXISTS new",
        "'CREATE SCHEMA'",
        lambda server, **more: outcome(
            pg_db_isolation, databases=[{"name": "shop", "schemas": ["new"]}], **login(server), **more
        ),
        "create schema new",
    ),
}


@pytest.mark.parametrize("module", sorted(UNDONE))
def test_what_a_trigger_silently_undoes_is_named_unless_the_proof_is_switched_off(model: Server, module: str) -> None:
    statement, tags, run, remaining = UNDONE[module]
    with closing(servers.connect(model, "shop")) as admin, admin.cursor() as cursor:
        cursor.execute(UNDOES.replace("{statement}", statement))
    sql(model, UNDOING.format(tags=tags), "shop")
    result = run(model)
    assert "the server doesn't show what was applied" in result["msg"]
    assert remaining in result["msg"]
    assert "msg" not in run(model, verify=False)


REFUSALS = {
    "not allowed": ("ALTER DATABASE shut ALLOW_CONNECTIONS false", "postgres"),
    "no CONNECT": ("REVOKE CONNECT ON DATABASE shut FROM PUBLIC", "clerk"),
    "limit reached": ("ALTER DATABASE shut CONNECTION LIMIT 0", "clerk"),
}


@pytest.mark.parametrize("databases", [["shut"], "all"])
@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_a_database_that_cant_be_entered_is_an_error_or_named(cluster: Server, case: str, databases: object) -> None:
    statement, user = REFUSALS[case]
    logins(cluster, "ann", "own")
    sql(cluster, f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}';\nGRANT own TO clerk;\nCREATE DATABASE shut")
    sql(cluster, "CREATE TABLE t (a int);\nALTER TABLE t OWNER TO own", "shut")
    sql(cluster, statement)
    where = login(cluster) if user == "postgres" else as_user(cluster, user)
    privileges = ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO ann"]
    for result in (
        outcome(pg_default_privs, databases=databases, creators=["own"], privileges=SELECTS, **where),
        outcome(pg_object_privs, databases=databases, privileges=privileges, **where),
    ):
        assert "shut" in f"{result.get('msg')} {result['warnings']}"
        assert result.get("failed") or case == "not allowed"
        assert result.get("failed") or any("shut" in text for text in result["warnings"])


@pytest.mark.parametrize("databases", [["shut"], "all"])
def test_a_database_that_pg_hba_conf_refuses_is_an_error(cluster: Server, databases: object) -> None:
    logins(cluster, "own", "ann")
    sql(cluster, "CREATE DATABASE shut")
    lines = cluster.data_dir / "pg_hba.conf"
    lines.write_text("local shut all reject\n" + lines.read_text())
    servers.reload(cluster)
    result = outcome(pg_default_privs, databases=databases, creators=["own"], privileges=SELECTS, **login(cluster))
    assert result["failed"]
    assert "shut" in result["msg"]
    assert "pg_hba.conf" in result["msg"]


def test_a_server_without_a_free_connection_is_an_error_that_says_so(pg_version: int, tmp_path: Path) -> None:
    server = servers.start(pg_version, tmp_path / "full", settings={"max_connections": "5"})
    try:
        logins(server, "ann")
        with contextlib.ExitStack() as guests:
            with contextlib.suppress(psycopg2.OperationalError):
                for _number in range(9):
                    guests.enter_context(closing(servers.connect(server)))
            result = outcome(pg_role_set, roles=[{"name": "ann"}], **login(server))
        assert result["failed"]
        assert "too many clients" in result["msg"] or "remaining connection slots" in result["msg"]
        assert "nothing was changed" in result["msg"]
    finally:
        servers.stop(server)


def test_a_standby_with_nothing_to_do_is_unchanged_and_with_something_an_error(cluster: Server) -> None:
    crowd.prepare(cluster)
    calls = crowd.mixed(cluster)[::4]
    assert [one().get("msg") for one in calls] == [None] * 4
    sql(cluster, "REVOKE readers FROM u1;\nGRANT CONNECT ON DATABASE d1 TO PUBLIC")
    sql(cluster, "REVOKE SELECT ON app.t1 FROM readers", "d1")
    sql(cluster, "ALTER DEFAULT PRIVILEGES FOR ROLE owner REVOKE SELECT ON TABLES FROM readers", "d1")
    done = [crowd.roles(cluster, ["u0"]), crowd.isolation(cluster, ["d0"])]
    done += [crowd.defaults(cluster, ["d0"]), crowd.objects(cluster, ["d0"])]
    servers.append(cluster.data_dir / "standby.signal", "")
    servers.restart(cluster)
    assert [one().get("changed") for one in done] == [False] * 4
    for one in calls:
        result = one()
        assert result["failed"]
        assert "standby" in result["msg"]


NEWER = {
    "MAINTAIN": (17, ["GRANT MAINTAIN ON app.t TO ann"], "17"),
    "SET": (15, ["GRANT SET ON PARAMETER work_mem TO ann"], "15"),
}


@pytest.mark.before(15)
@pytest.mark.parametrize("privilege", sorted(NEWER))
def test_what_the_server_is_too_old_for_is_an_error_and_not_skipped(model: Server, privilege: str) -> None:
    _since, privileges, version = NEWER[privilege]
    said = objects(model, *privileges)["msg"]
    assert privilege in said
    assert version in said


@pytest.mark.before(18)
def test_a_class_that_the_server_lacks_is_an_error_and_not_skipped(model: Server) -> None:
    said = defaults(model, privileges=["GRANT SELECT ON LARGE OBJECTS TO ann"])["msg"]
    assert "LARGE OBJECTS" in said
    assert "18" in said


def test_a_catalog_that_cant_be_read_is_an_error_and_not_skipped(model: Server) -> None:
    sql(model, "REVOKE SELECT ON pg_default_acl FROM PUBLIC", "shop")
    sql(model, "GRANT own TO ben")
    result = defaults(model, **as_user(model, "ben"))
    assert result["failed"]
    assert "pg_default_acl" in result["msg"]


def test_a_run_that_has_nothing_to_do_says_so_on_a_session_that_cant_write(model: Server) -> None:
    assert objects(model, "GRANT SELECT ON app.t TO ann")["changed"]
    assert not objects(model, "GRANT SELECT ON app.t TO ann", **READ_ONLY)["changed"]
