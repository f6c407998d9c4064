"""pg_role_set: what each key of an item does, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testbed import servers
from tests.server.role_set import Item, Roles

QUOTED = "quo\"te's \\ %s {} $1 $$ \n\r\t;--"
NAMES = [QUOTED, "ünïcödé 名", "Upper Case", "x" * 63, "%(name)s", "{{ jinja }}", "current_user", "-- comment"]


@pytest.fixture(scope="module")
def roles(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    server = servers.start(pg_version, tmp_path_factory.mktemp("keys"))
    yield Roles(server)
    servers.stop(server)


def today(roles: Roles) -> datetime:
    return datetime.combine(roles.value("SELECT (now() AT TIME ZONE 'UTC')::date"), datetime.min.time(), UTC)


FLAGS = ["login", "superuser", "createdb", "createrole", "inherit", "replication", "bypassrls"]


COLUMNS = ["canlogin", *(flag.replace("superuser", "super") for flag in FLAGS[1:])]


@pytest.mark.parametrize("value", [True, False])
def test_attributes_are_set_kept_and_repaired(roles: Roles, value: bool) -> None:
    name, found = f"flags_{value}", f"SELECT {', '.join(f'rol{column}' for column in COLUMNS)} FROM pg_roles"
    item = {"name": name, **dict.fromkeys(FLAGS, value)}
    roles.proved(item)
    assert roles.sql(f"{found} WHERE rolname = '{name}'") == [(value,) * 7]
    for flag in FLAGS:
        roles.sql(f'ALTER ROLE "{name}" {"NO" if value else ""}{flag.upper()}')
    roles.unchanged({"name": name})
    roles.unchanged({"name": name, **dict.fromkeys(FLAGS)})
    one = roles.apply({"name": name, "createdb": value})
    assert one["sql"] == [f'ALTER ROLE "{name}" {"" if value else "NO"}CREATEDB;']
    assert [change["action"] for change in roles.proved(item)["changes"]] == ["alter role"]
    assert roles.sql(f"{found} WHERE rolname = '{name}'") == [(value,) * 7]


OTHERS: list[tuple[str, Any, str, str]] = [
    ("connlimit", 5, "CONNECTION LIMIT 7", "SELECT rolconnlimit = 5 FROM pg_roles"),
    ("connlimit", -1, "CONNECTION LIMIT 7", "SELECT rolconnlimit = -1 FROM pg_roles"),
    ("expire_at", "2031-12-31", "VALID UNTIL '2030-01-01'", "SELECT rolvaliduntil = '2031-12-31 00:00Z' FROM pg_roles"),
    ("expire_at", "infinity", "VALID UNTIL '2030-01-01'", "SELECT rolvaliduntil = 'infinity' FROM pg_roles"),
    ("parameters", {"work_mem": "8MB"}, "SET work_mem TO '9MB'", "SELECT rolconfig = '{work_mem=8MB}' FROM pg_roles"),
    ("parameters", {"work_mem": None}, "SET work_mem TO '9MB'", "SELECT rolconfig IS NULL FROM pg_roles"),
    ("search_path", "a, b", "SET search_path TO c", "SELECT rolconfig = '{\"search_path=a, b\"}' FROM pg_roles"),
]


def test_values_are_set_kept_and_repaired(roles: Roles) -> None:
    items = [{"name": f"value_{number}", key: value} for number, (key, value, *_more) in enumerate(OTHERS)]
    roles.proved(*items)
    for number, (_key, _value, damage, _question) in enumerate(OTHERS):
        roles.sql(f"ALTER ROLE value_{number} {damage}")
    roles.unchanged(*({"name": item["name"]} for item in items))
    roles.unchanged(*(dict.fromkeys(item) | {"name": item["name"]} for item in items))
    roles.proved(*items)
    for number, (*_more, question) in enumerate(OTHERS):
        assert roles.value(f"{question} WHERE rolname = 'value_{number}'"), OTHERS[number]


def test_comments_are_set_kept_and_repaired(roles: Roles) -> None:
    texts = ["plain", QUOTED, "üñí", "100 %"]
    items = [{"name": f"commented_{number}", "comment": text} for number, text in enumerate(texts)]
    roles.proved(*items)
    for item in items:
        roles.sql(f"COMMENT ON ROLE {item['name']} IS 'other'")
    roles.unchanged(*({"name": item["name"]} for item in items))
    roles.proved(*items)
    for item in items:
        found = roles.value(f"SELECT shobj_description('{item['name']}'::regrole, 'pg_authid')")
        assert found == item["comment"]


def test_an_empty_comment_removes_it(roles: Roles) -> None:
    roles.apply({"name": "uncommented", "comment": "text"})
    roles.proved({"name": "uncommented", "comment": ""})
    assert roles.value("SELECT shobj_description('uncommented'::regrole, 'pg_authid')") is None


def test_a_new_role_may_log_in_and_has_the_defaults_otherwise(roles: Roles) -> None:
    result = roles.apply({"name": "fresh"})
    assert result["sql"] == ['CREATE ROLE "fresh" LOGIN;']
    assert result["undo_sql"] == ['DROP ROLE "fresh";']
    assert result["deferred"] is False


def test_every_key_null_is_an_item_with_a_name_only(roles: Roles) -> None:
    keys = [*FLAGS, "connlimit", "password", "expire_at", "expire_in", "comment", "roles", "parameters", "search_path"]
    keys += ["state", "database_parameters", "pgbouncer", "pool_mode", "pool_connlimit"]
    roles.proved({"name": "all_null", **dict.fromkeys(keys)})


def test_state_create_is_present_and_the_pool_keys_mean_nothing_here(roles: Roles) -> None:
    pool = {"pgbouncer": True, "pool_mode": "session", "pool_connlimit": 3}
    roles.proved({"name": "pooled", "state": "create", **pool})
    roles.unchanged({"name": "pooled", "state": "present", **pool})


def test_hostile_names_are_taken_literally(roles: Roles) -> None:
    parents = [f"in {name[:30]}" for name in NAMES]
    items: list[Item] = [{"name": parent, "login": False} for parent in parents]
    for name, parent in zip(NAMES, parents, strict=True):
        item = {"name": name, "comment": name, "parameters": {"application_name": name}, "roles": [parent]}
        items.append({**item, "password": f"password of {name}"})
    roles.proved(*items)
    assert {*NAMES, *parents} <= {row[0] for row in roles.sql("SELECT rolname FROM pg_roles")}
    roles.proved(*({"name": item["name"], "state": "absent"} for item in items), undo=False)


@pytest.mark.parametrize("name", ["", "x" * 64, "é" * 32, "nul\0", "pg_monitor", "pg_new", "public", "none"])
def test_a_name_that_cannot_be_is_refused(roles: Roles, name: str) -> None:
    before = roles.value("SELECT count(*) FROM pg_roles")
    message = roles.failure({"name": "innocent"}, {"name": name})
    assert "name" in message
    assert roles.value("SELECT count(*) FROM pg_roles") == before


@pytest.mark.parametrize("state", ["present", "absent"])
def test_predefined_roles_are_never_altered_or_dropped(roles: Roles, state: str) -> None:
    assert "pg_monitor" in roles.failure({"name": "pg_monitor", "state": state})


def test_one_name_twice_is_merged_unless_a_key_differs(roles: Roles) -> None:
    roles.proved(
        {"name": "twice", "comment": "c", "createdb": None}, {"name": "twice", "createdb": True, "comment": "c"}
    )
    message = roles.failure({"name": "twice", "password": "secret one"}, {"name": "twice", "password": "secret two"})
    assert message == "roles: twice stands twice, with different values for password: keep one"


# Expiry


def until(roles: Roles, name: str) -> Any:
    return roles.value(f"SELECT rolvaliduntil AT TIME ZONE 'UTC' FROM pg_roles WHERE rolname = '{name}'")


def test_expire_in_renews_when_too_few_or_too_many_days_are_left(roles: Roles) -> None:
    start = today(roles)
    for left in (0, 4, 5, 10, 11):
        roles.sql(f"CREATE ROLE expiring_{left} VALID UNTIL '{start + timedelta(days=left):%Y-%m-%d} 12:00Z'")
    roles.sql("CREATE ROLE expiring_never VALID UNTIL 'infinity'")
    names = [f"expiring_{left}" for left in (0, 4, 5, 10, 11, "never", "new")]
    result = roles.proved(*({"name": name, "expire_in": 10, "expire_at": "infinity"} for name in names))
    assert {change["role"] for change in result["changes"]} == set(names) - {"expiring_5", "expiring_10"}
    for name in {change["role"] for change in result["changes"]}:
        assert until(roles, name) == (start + timedelta(days=10)).replace(tzinfo=None)


def test_expire_renew_days_moves_the_threshold(roles: Roles) -> None:
    roles.sql(f"CREATE ROLE renewing VALID UNTIL '{today(roles) + timedelta(days=5):%Y-%m-%d} 00:00Z'")
    roles.unchanged({"name": "renewing", "expire_in": 10}, expire_renew_days=5)
    assert roles.proved({"name": "renewing", "expire_in": 10}, expire_renew_days=6)["changed"]


def test_a_timestamp_counts_as_the_moment_that_it_is(roles: Roles) -> None:
    texts = ["2031-12-31T18:00:00Z", "2031-12-31 19:00+01", "2031-12-31 18:00:00", "2031-12-31 20:30:00.000+0230"]
    roles.proved(*({"name": f"timed_{number}", "expire_at": text} for number, text in enumerate(texts)))
    for number in range(len(texts)):
        assert until(roles, f"timed_{number}") == datetime(2031, 12, 31, 18)  # noqa: DTZ001


def test_no_expiry_equals_infinity(roles: Roles) -> None:
    roles.sql("CREATE ROLE endless; CREATE ROLE infinite VALID UNTIL 'infinity'")
    roles.unchanged({"name": "endless", "expire_at": "infinity"}, {"name": "infinite", "expire_at": "Infinity"})


@pytest.mark.parametrize(
    "text", ["tomorrow", "now", "today", "-infinity", "epoch", "31.12.2031", "2031-13-01", "never", ""]
)
def test_what_is_no_fixed_time_is_refused(roles: Roles, text: str) -> None:
    message = roles.failure({"name": "relative", "expire_at": text})
    assert message.startswith("role relative: expire_at isn't a time: give a date")


def test_an_expiry_beyond_pythons_calendar_is_read(roles: Roles) -> None:
    roles.sql("CREATE ROLE ancient VALID UNTIL '0044-03-15 BC'; CREATE ROLE distant VALID UNTIL '20000-01-01'")
    roles.unchanged({"name": "ancient", "login": False}, {"name": "distant", "login": False})
    assert len(roles.proved({"name": "ancient", "expire_in": 5}, {"name": "distant", "expire_in": 5})["changes"]) == 2


# Parameters

STORED: list[tuple[str, Any, str]] = [
    ("work_mem", "64MB", "work_mem=64MB"),
    ("log_min_duration_statement", 1000, "log_min_duration_statement=1000"),
    ("seq_page_cost", 1.5, "seq_page_cost=1.5"),
    ("enable_seqscan", False, "enable_seqscan=off"),
    ("ENABLE_SEQSCAN", True, "enable_seqscan=on"),
    ("TimeZone", "Europe/Berlin", "TimeZone=Europe/Berlin"),
    ("datestyle", "ISO, DMY", "DateStyle=ISO, DMY"),
    ("role", "none", "role=none"),
    ("search_path", 'app, "$user", "Mixed ""Case"""', 'search_path=app, "$user", "Mixed ""Case"""'),
    ("search_path", ["app", "$user", "a, b"], 'search_path=app, "$user", "a, b"'),
    ("search_path", "", 'search_path=""'),
    ("session_preload_libraries", "auto_explain", "session_preload_libraries=auto_explain"),
    ("temp_tablespaces", "pg_default", "temp_tablespaces=pg_default"),
    ("myapp.tenant", QUOTED, f"myapp.tenant={QUOTED}"),
    ("MyApp.Deep.Name", "x", "myapp.deep.name=x"),
]


def test_parameters_are_stored_as_the_server_means_them(roles: Roles) -> None:
    items = [{"name": f"stored_{n}", "parameters": {name: value}} for n, (name, value, _stored) in enumerate(STORED)]
    roles.proved(*items)
    for number, (*_more, stored) in enumerate(STORED):
        assert roles.value(f"SELECT rolconfig FROM pg_roles WHERE rolname = 'stored_{number}'") == [stored]
    resets = [None, "DEFAULT", "default"]
    for number, (name, *_more) in enumerate(STORED):
        items[number] = {"name": f"stored_{number}", "parameters": {name.upper(): resets[number % 3]}}
    assert len(roles.proved(*items)["changes"]) == len(STORED)
    assert roles.value("SELECT count(*) FROM pg_roles WHERE rolname ~ '^stored_' AND rolconfig IS NOT NULL") == 0


def test_a_search_path_finds_the_schemas_that_it_names(roles: Roles) -> None:
    roles.apply({"name": "pathed", "password": "some password", "search_path": ["Odd, name", "pg_catalog"]})
    roles.sql(
        'DROP SCHEMA IF EXISTS "Odd, name"; CREATE SCHEMA "Odd, name"; GRANT USAGE ON SCHEMA "Odd, name" TO pathed'
    )
    answer = roles.sql("SELECT current_schemas(false)", user="pathed", password="some password")
    assert answer == [(["Odd, name", "pg_catalog"],)]


def test_parameters_stored_in_another_spelling_are_found_and_reset(roles: Roles) -> None:
    roles.sql("""CREATE ROLE spelled; ALTER ROLE spelled SET "MyApp.Tenant" TO 'a'""")
    roles.unchanged({"name": "spelled", "parameters": {"myapp.tenant": "a"}})
    roles.proved({"name": "spelled", "parameters": {"myapp.TENANT": "b"}})
    assert roles.value("SELECT rolconfig FROM pg_roles WHERE rolname = 'spelled'") == ["MyApp.Tenant=b"]
    roles.proved({"name": "spelled", "parameters": {"myapp.tenant": None}})


def test_a_search_path_at_both_places_has_to_be_the_same(roles: Roles) -> None:
    both = {"search_path": "a, b", "parameters": {"search_path": ["a", "b"], "work_mem": "1MB"}}
    roles.proved({"name": "both_paths", **both})
    message = roles.failure({"name": "both_paths", "search_path": "a", "parameters": {"search_path": "b"}})
    assert message == "role both_paths: search_path and parameters.search_path differ: keep one of them"


@pytest.mark.parametrize("name", ["wrok_mem", "wörk_mem"])
def test_an_unknown_parameter_is_refused_before_anything_is_written(roles: Roles, name: str) -> None:
    message = roles.failure({"name": "unmade", "parameters": {name: 1}})
    assert f"the server knows no {name}" in message
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname = 'unmade'") == []


@pytest.mark.parametrize("value", [{"a": 1}, ["a"]])
def test_a_value_that_no_parameter_takes_is_refused(roles: Roles, value: Any) -> None:
    assert "role wrong: parameters: work_mem" in roles.failure({"name": "wrong", "parameters": {"work_mem": value}})


def test_exact_resets_undeclared_parameters_of_declared_keys_only(roles: Roles) -> None:
    roles.sql("CREATE ROLE strict; ALTER ROLE strict SET work_mem TO '1MB'; ALTER ROLE strict SET seq_page_cost TO 2")
    roles.sql("ALTER ROLE strict IN DATABASE postgres SET work_mem TO '2MB'")
    item = {"name": "strict", "parameters": {"work_mem": "1MB"}}
    roles.unchanged(item)
    roles.unchanged(item, mode="exact", parameters_mode="additive")
    roles.unchanged({"name": "strict"}, mode="exact")
    result = roles.proved(item, parameters_mode="exact")
    assert result["sql"] == ['ALTER ROLE "strict" RESET "seq_page_cost";']
    assert result["changes"][0]["destructive"]
    assert roles.value("SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'strict'::regrole") == 2


def test_database_parameters_are_set_kept_and_repaired(roles: Roles) -> None:
    item = {
        "name": "placed",
        "database_parameters": {"postgres": {"search_path": "a", "jit": False}, "template1": None},
    }
    roles.proved(item)
    roles.sql("ALTER ROLE placed IN DATABASE postgres SET jit TO on")
    roles.sql("ALTER ROLE placed IN DATABASE template1 SET jit TO on; ALTER ROLE placed SET jit TO on")
    assert roles.proved(item)["sql"] == ["""ALTER ROLE "placed" IN DATABASE "postgres" SET "jit" TO 'off';"""]
    exact = roles.proved(item, mode="exact")
    assert exact["sql"] == ['ALTER ROLE "placed" IN DATABASE "template1" RESET "jit";']


def test_a_missing_database_is_named(roles: Roles) -> None:
    item = {"name": "misplaced", "database_parameters": {"nowhere": {"jit": "on"}}}
    assert "no such database: nowhere" in roles.failure(item)


# Protection

LOCKOUTS: list[Item] = [
    {"login": False},
    {"superuser": False},
    {"expire_at": "2001-01-01"},
    {"connlimit": 0},
    {"state": "absent"},
]


@pytest.mark.parametrize("item", LOCKOUTS, ids=str)
def test_the_bootstrap_superuser_is_not_locked_out(roles: Roles, item: Item) -> None:
    message = roles.failure({"name": "postgres", **item}, {"name": "innocent bystander"})
    assert "role postgres:" in message
    assert "would lock out the bootstrap superuser" in message
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname = 'innocent bystander'") == []


@pytest.mark.parametrize("item", [*LOCKOUTS, {"password": ""}], ids=str)
def test_the_login_in_use_is_not_locked_out(roles: Roles, item: Item) -> None:
    roles.apply({"name": "self", "superuser": True, "password": "own password"})
    own = Roles(roles.server, "self", "own password")
    lift = "" if item == {"state": "absent"} else ", or say allow_self: true"
    said = own.failure({"name": "self", **item})
    assert f"would lock out the login in use: leave it out{lift}" in said
    assert ("allow_self" in said) is bool(lift)
    become = Roles(roles.server).failure({"name": "self", **item}, session_role="self")
    assert "role self:" in become
    if item != {"state": "absent"}:
        assert own.apply({"name": "self", **item}, allow_self=True, verify=False)["changed"]
        roles.sql("ALTER ROLE self LOGIN SUPERUSER VALID UNTIL 'infinity' CONNECTION LIMIT -1")


def test_a_protected_role_takes_what_locks_nobody_out(roles: Roles) -> None:
    items = {"comment": "me", "connlimit": 50, "parameters": {"application_name": "x"}, "roles": ["pg_monitor"]}
    roles.proved({"name": "postgres", **items, "superuser": True, "login": True, "password": "a new password"})
    reset = {"comment": "", "connlimit": -1, "parameters": {"application_name": None}}
    roles.proved({"name": "postgres", **reset, "roles": [{"name": "pg_monitor", "state": "absent"}]})


# Removal


def test_a_role_is_dropped_and_stays_away(roles: Roles) -> None:
    roles.apply({"name": "leaving", "roles": ["pg_monitor"], "parameters": {"jit": "on"}, "password": "some password"})
    result = roles.apply({"name": "leaving", "state": "absent"})
    assert result["sql"] == ['DROP ROLE "leaving";']
    assert result["changes"][0]["destructive"]
    assert result["undo_sql"] == ["-- role leaving was dropped; it is not made again"]
    roles.unchanged({"name": "leaving", "state": "absent"})


def test_what_depends_on_a_role_is_counted_by_database_and_class(roles: Roles) -> None:
    roles.sql("CREATE ROLE holder")
    roles.sql("CREATE DATABASE held OWNER holder")
    roles.sql("CREATE SCHEMA AUTHORIZATION holder; CREATE TABLE holder.a(); CREATE TABLE holder.b()", "held")
    roles.sql("ALTER TABLE holder.a OWNER TO holder; GRANT SELECT ON holder.b TO holder", "held")
    message = roles.failure({"name": "holder", "state": "absent"})
    assert "role holder can't be dropped" in message
    assert "cluster: owner of 1 in pg_database" in message
    assert "database held: owner of 1 in pg_class" in message
    assert "database held: in the privileges of 1 in pg_class" in message
    assert "database held: owner of 1 in pg_namespace" in message


def test_what_earlier_tasks_may_still_take_from_a_role_is_a_warning_in_check_mode_and_an_error_otherwise(
    roles: Roles,
) -> None:
    roles.sql("CREATE ROLE former")
    roles.sql("CREATE DATABASE handed OWNER former")
    former = {"name": "former", "state": "absent"}
    foreseen = roles.check(former, only=["absent"], assume={})
    assert [change["action"] for change in foreseen["changes"]] == ["drop role"]
    assert "unless earlier tasks change that: role former can't be dropped" in foreseen["warnings"][0]
    assert "role former can't be dropped" in roles.failure(former, only=["absent"])
    assert "role former can't be dropped" in roles.failure(former, check=True, assume={})


def test_roles_that_are_parents_members_and_grantors_of_each_other_are_dropped_together(roles: Roles) -> None:
    roles.sql("CREATE ROLE w; CREATE ROLE x; CREATE ROLE y; CREATE ROLE z; CREATE ROLE stays")
    roles.sql("GRANT w TO x WITH ADMIN OPTION; SET ROLE x; GRANT w TO y WITH ADMIN OPTION; SET ROLE y; GRANT w TO z")
    roles.sql("GRANT stays TO x WITH ADMIN OPTION; SET ROLE x; GRANT stays TO y; RESET ROLE; GRANT w TO stays")
    roles.proved(*({"name": name, "state": "absent"} for name in "wxyz"), undo=False)
    assert roles.value("SELECT count(*) FROM pg_roles WHERE rolname IN ('w', 'x', 'y', 'z', 'stays')") == 1


@pytest.mark.since(16)
def test_the_grantor_of_a_membership_that_stays_is_not_dropped(roles: Roles) -> None:
    roles.sql("CREATE ROLE group16; CREATE ROLE grantor16; CREATE ROLE member16")
    roles.sql("GRANT group16 TO grantor16 WITH ADMIN OPTION; SET ROLE grantor16; GRANT group16 TO member16")
    message = roles.failure({"name": "grantor16", "state": "absent"})
    assert "role grantor16 can't be dropped" in message
    assert "cluster: grantor of 1 memberships" in message
    revoked = {"name": "member16", "roles": [{"name": "group16", "state": "absent"}]}
    assert roles.apply({"name": "grantor16", "state": "absent"}, revoked)["changed"]


@pytest.mark.before(16)
def test_a_membership_outlives_its_grantor_before_16(roles: Roles) -> None:
    roles.sql("CREATE ROLE group15; CREATE ROLE grantor15; CREATE ROLE member15")
    roles.sql("GRANT group15 TO grantor15 WITH ADMIN OPTION; SET ROLE grantor15; GRANT group15 TO member15")
    result = roles.proved({"name": "grantor15", "state": "absent"}, undo=False)
    assert [line for line in result["undo_sql"] if not line.startswith("--")] == []
    roles.unchanged({"name": "member15", "roles": ["group15"]}, mode="exact")


def test_a_role_cannot_be_absent_and_a_parent(roles: Roles) -> None:
    items = [{"name": "parted", "state": "absent"}, {"name": "child", "roles": ["parted"]}]
    message = "role parted is declared absent, and a parent in roles of child: keep one of the two"
    assert roles.failure(*items) == message
    assert roles.failure(*items, defer=["absent"]) == message


# Parts


def test_parts_are_deferred_and_done_later(roles: Roles) -> None:
    roles.sql("CREATE ROLE later_gone")
    settings = {"later_db": {"jit": "on"}}
    items = [
        {"name": "later_gone", "state": "absent"},
        {"name": "later", "createdb": True, "database_parameters": settings},
    ]
    parts = ["absent", "database_parameters"]
    first = roles.apply(*items, defer=parts)
    assert first["sql"] == ['CREATE ROLE "later" LOGIN CREATEDB;']
    assert first["deferred"] is True
    roles.sql("CREATE DATABASE later_db")
    roles.sql("ALTER ROLE later NOCREATEDB")
    second = roles.apply(*items, only=parts)
    expected = ["""ALTER ROLE "later" IN DATABASE "later_db" SET "jit" TO 'on';""", 'DROP ROLE "later_gone";']
    assert second["sql"] == expected
    assert roles.apply(*items, only=parts)["changed"] is False
    assert roles.apply({"name": "later"}, defer=parts)["deferred"] is False
    assert roles.apply(items[1], only=["absent"])["changed"] is False


def test_only_never_makes_a_role(roles: Roles) -> None:
    item = {"name": "never_made", "database_parameters": {"postgres": {"jit": "on"}}}
    assert "no such role: never_made" in roles.failure(item, only=["database_parameters"])
    assumed = {"roles": [{"name": "never_made"}]}
    result = roles.check(item, only=["database_parameters"], assume=assumed)
    assert result["sql"] == ["""ALTER ROLE "never_made" IN DATABASE "postgres" SET "jit" TO 'on';"""]
    unsaid = roles.check(item, only=["database_parameters"])
    assert unsaid["sql"] == result["sql"]
    assert "never_made" in unsaid["warnings"][0]


def test_defer_and_only_exclude_each_other(roles: Roles) -> None:
    assert "defer and only are both given" in roles.failure({"name": "x"}, defer=["absent"], only=["absent"])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"expire_in": 0}, "expire_in is 0"),
        ({"connlimit": -2}, "connlimit is -2"),
        ({"roles": [{"nam": "x"}]}, "unknown key nam; did you mean name?"),
        ({"roles": [{"name": "x", "state": "gone"}]}, "has to be one of"),
        ({"roles": [["x"]]}, "neither a role's name nor a dictionary"),
        ({"roles": [{"admin": True}]}, "name is missing"),
        ({"database_parameters": {"postgres": "x"}}, "has to be a dictionary"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(roles: Roles, item: Item, words: str) -> None:
    message = roles.failure({"name": "refused", **item})
    assert message.startswith("role refused")
    assert words in message
